"""Many files at once from a visitor, in a zip or as a folder: put into a folder of ours, within limits.

What the system of the sender adds of its own (``__MACOSX``, hidden files) is passed over.
"""

import io
import lzma
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from emo_core.errors import DatasetError

MOST_FILES = 5000
MOST_BYTES = 2 * 2**30
"""Bytes of all files once they are unpacked."""

DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, RuntimeError, EOFError, ValueError, LookupError,
    OverflowError, MemoryError,
)  # fmt: skip
"""What reading a damaged or locked zip may raise, beside an OSError without a number, as bzip2 does."""


@contextmanager
def opened(content: bytes | Path) -> Iterator[zipfile.ZipFile]:
    """A zip to read, from its content or its file; damage that only shows while its members are read counts, too.

    Raises:
        ValueError: it is no zip, damaged, locked, or packed in a way that cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content) as archive:
            yield archive
    except DAMAGED as error:
        raise ValueError("the zip is damaged") from error
    except OSError as error:
        if error.errno is not None:  # of a disk that is written to meanwhile
            raise
        raise ValueError("the zip is damaged") from error


def unpack(content: bytes | Path, folder: Path) -> None:
    """Put the files of a zip, its content or its file, into a folder.

    Raises:
        DatasetError: it is no zip, is damaged or locked by a password, holds too much, or a name leads outside.
    """
    try:
        with opened(content) as archive:
            members = [item for item in archive.infolist() if not item.is_dir() and not _is_foreign(item.filename)]
            _check_room(len(members), sum(item.file_size for item in members))
            for item in members:
                if item.flag_bits & 1:
                    raise DatasetError("The zip is locked by a password: make one without.")
                if stat.S_ISLNK(item.external_attr >> 16):
                    raise DatasetError("The zip holds links instead of files: make it with the files themselves.")
                with archive.open(item) as member:
                    place(item.filename, member, folder)
    except ValueError as error:
        raise DatasetError("This is no zip that can be read: make it again, or choose the folder itself.") from error


def place_all(files: Iterable[tuple[str, Path]], folder: Path) -> None:
    """Put copies of files, each with its path in the folder that was sent, into a folder.

    Raises:
        DatasetError: there are too many or they are too large, or a name leads outside.
    """
    kept = [(name, path) for name, path in files if not _is_foreign(name)]
    _check_room(len(kept), sum(path.stat().st_size for _, path in kept))
    for name, path in kept:
        place(name, path, folder)


def place(name: str, content: IO[bytes] | bytes | Path, folder: Path) -> None:
    """Write one file, its content, what can be read of it, or a copy, below a folder.

    Raises:
        DatasetError: its name leads outside of the folder or cannot be one, or the disk takes no more.

    Example:
        >>> place("../a.mp4", b"", Path("x"))
        Traceback (most recent call last):
            ...
        emo_core.errors.DatasetError: A name in it leads outside of it: make the zip again from the folder itself.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name or ":" in path.parts[0]:
        raise DatasetError("A name in it leads outside of it: make the zip again from the folder itself.")
    target = folder.joinpath(*path.parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        elif isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            with target.open("wb") as file:
                shutil.copyfileobj(content, file)
    except (NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        raise DatasetError("Two names in it are alike: a file and a folder cannot have one name.") from error
    except OSError as error:
        if error.errno is None:  # of what is read, as bzip2 has it
            raise
        reason = (error.strerror or "it was refused").lower()
        raise DatasetError(
            f"A file in it cannot be unpacked here ({reason}): free some space or shorten its name, then send it again."
        ) from error


def content_root(folder: Path) -> Path:
    """The folder itself, or the only folder in it, as of a zip that was made of one."""
    inner = list(folder.iterdir())
    return content_root(inner[0]) if len(inner) == 1 and inner[0].is_dir() else folder


def _is_foreign(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.replace("\\", "/").split("/"))


def _check_room(count: int, num_bytes: int) -> None:
    if count > MOST_FILES or num_bytes > MOST_BYTES:
        raise DatasetError(
            f"It holds too much: at most {MOST_FILES:,} files of {MOST_BYTES / 2**30:.0f} GB together, so send it in "
            "parts."
        )
