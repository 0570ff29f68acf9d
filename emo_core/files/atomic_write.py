"""Files that appear whole or not at all: written beside their place under a name of their own, then moved there."""

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MARK = ".part"
_OLD_S = 3600.0


@contextmanager
def replaced_whole(path: Path) -> Iterator[Path]:
    """A new file to write in the block; at its end it takes the place of `path`, after an error it is gone.

    The name is hidden, ends as that of `path` does, and nobody else has it: writers in several processes do not meet.

    Args:
        path: the file to make or to replace, in a folder that exists.

    Raises:
        OSError: the disk refuses; what was at `path` is unchanged.

    Example:
        >>> with replaced_whole(Path("clips.npz")) as part:   # doctest: +SKIP
        ...     np.savez(part, features=features)
    """
    part = path.with_name(f".{uuid.uuid4().hex}{_MARK}{''.join(path.suffixes[-2:])[-24:]}")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # some file systems have nothing to say about folders
        _sync_folder(path.parent)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill in the block; at its end it is at `path`, after an error it is gone.

    Args:
        path: where nothing is yet, in a folder that exists.

    Raises:
        OSError: the disk refuses, or something is at `path`.
    """
    part = path.with_name(f".{uuid.uuid4().hex}{_MARK}")
    try:
        part.mkdir()
        yield part
        part.rename(path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def write_whole(path: Path, content: bytes | str | Path) -> None:
    """Replace a file by `content`, text as UTF-8, or by a copy of the file at a path; nobody ever sees half of it.

    Raises:
        OSError: the disk refuses; what was at `path` is unchanged.
    """
    with replaced_whole(path) as part:
        if isinstance(content, Path):
            shutil.copyfile(content, part)
        else:
            part.write_bytes(content.encode() if isinstance(content, str) else content)


def remove_leftovers(folder: Path, *, older_than_s: float = _OLD_S) -> None:
    """Delete what writers that were killed left in a folder.

    Args:
        folder: where they wrote; one that is missing or cannot be read is left as it is.
        older_than_s: the age in seconds from which nobody can be writing a file any more; 0 under a lock.
    """
    latest = time.time() - older_than_s
    with suppress(OSError):
        for path in folder.glob(f".*{_MARK}*"):
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime <= latest:
                    path.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
