"""Rows of numbers in files: what every frame of a clip adds takes disk instead of memory, however long the clip is.

A file of rows is an ordinary ``.npy``. Opened, it is an array like any other, of which only what is looked at comes
into memory; and it is handed to another process by its path and not by its content.
"""

import mmap
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from emo_core.errors import ExportError
from emo_core.files import scratch
from emo_core.files.arrays import DAMAGED_HEADER


class FileRows(np.memmap[Any, np.dtype[Any]]):
    """A read-only array in a file; what is picked or computed from it is an ordinary array in memory.

    It holds on to the temporary folder that it lies in, if that is one of :class:`~emo_core.files.scratch.Lasting`.

    Attributes:
        path: of its file; None for a part of it.
    """

    path: Path | None
    _held: object

    def __array_finalize__(self, source: Any) -> None:
        super().__array_finalize__(source)
        self.path, self._held = None, getattr(source, "_held", None)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        made = np.asarray(array)
        return made[()] if return_scalar else made

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(self)[index]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (open_rows, (self.path,)) if self.path else np.array(self).__reduce_ex__(protocol)


def open_rows(path: Path) -> FileRows:
    """The array in a ``.npy``, which stays in its file.

    Raises:
        ValueError: the file holds no array of numbers, or is damaged.
        OSError: it cannot be opened, such as when the folder that it lay in is gone.
    """
    try:
        opened: FileRows = npy.open_memmap(path, mode="r").view(FileRows)
    except DAMAGED_HEADER as error:
        raise ValueError("the file of rows is damaged") from error
    opened.path, opened._held = Path(path), scratch.lasting_around(Path(path))
    return opened


def release(rows: NDArray[Any]) -> None:
    """Give back the memory that looking at rows of a file took; looked at again, they are read again.

    Nothing happens to an array in memory, nor where the system cannot (Windows).
    """
    mapped = getattr(rows, "_mmap", None)
    if mapped is not None and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)


class RowWriter:
    """Writes the rows of a new ``.npy`` one block after the other.

    Args:
        path: of the file.
        shape: of all rows together.
        dtype: of the numbers.

    Raises:
        ExportError: the disk is full or does not take it; so from :meth:`append`.

    Example:
        >>> with scratch.folder() as folder:
        ...     writer = RowWriter(folder / "a.npy", (3, 2), np.float32)
        ...     writer.append(np.ones((1, 2)))
        ...     writer.append(np.zeros((2, 2)))
        ...     writer.open().sum(axis=1).tolist()
        [2.0, 0.0, 0.0]
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._path, self._dtype = path, np.dtype(dtype)
        with _written():
            self._file = path.open("wb", buffering=0)
            weakref.finalize(self, self._file.close)
            header = {"descr": npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
            npy.write_array_header_1_0(self._file, header)

    def append(self, rows: NDArray[Any]) -> None:
        """Write the next rows."""
        with _written():
            _write(self._file, np.ascontiguousarray(rows, self._dtype))

    def open(self) -> FileRows:
        """The array, once all of its rows are written."""
        self._file.close()
        return open_rows(self._path)


class RowLog:
    """Rows in a file without a name, to be read again in any order; gone with this object, or with its process.

    Args:
        folder: on whose disk it lies.

    Example:
        >>> with scratch.folder() as folder:
        ...     log = RowLog(folder)
        ...     log.append(np.arange(6).reshape(3, 2)), log.append(np.arange(6, 10).reshape(2, 2))
        ...     log.read(np.array([0, 3, 4])).tolist()
        (0, 3)
        [[0, 1], [6, 7], [8, 9]]
    """

    def __init__(self, folder: Path) -> None:
        with _written():
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  (closed with this object)
        weakref.finalize(self, self._file.close)
        self._like: NDArray[Any] | None = None
        self._count = 0

    def append(self, rows: NDArray[Any]) -> int:
        """Write rows, all of one kind and shape; the place of the first.

        Raises:
            ExportError: the disk is full or does not take them.
        """
        if self._like is None:
            self._like = np.empty((0, *rows.shape[1:]), rows.dtype)
        first, self._count = self._count, self._count + len(rows)
        with _written():
            self._file.seek(first * self._row_bytes)
            _write(self._file, np.ascontiguousarray(rows, self._like.dtype))
        return first

    def read(self, places: NDArray[np.intp]) -> NDArray[Any]:
        """The rows at some places (n,), in the order of these: (n, …)."""
        assert self._like is not None  # something was written
        rows = np.empty((len(places), *self._like.shape[1:]), self._like.dtype)
        breaks = np.flatnonzero(np.diff(places) != 1) + 1
        for start, stop in zip([0, *breaks], [*breaks, len(places)], strict=True):
            if stop > start:
                self._file.seek(int(places[start]) * self._row_bytes)
                self._file.readinto(rows[start:stop].data.cast("B"))
        return rows

    @property
    def _row_bytes(self) -> int:
        assert self._like is not None
        return self._like.dtype.itemsize * int(np.prod(self._like.shape[1:]))


def _write(file: Any, rows: NDArray[Any]) -> None:
    """Write all bytes: a write without a buffer may take only some of them, such as where the disk is nearly full."""
    left = rows.data.cast("B") if rows.size else memoryview(b"")
    while left:
        left = left[file.write(left) :]


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise ExportError(
            f"What is seen of every frame finds no room on the disk for temporary files ({reason}): free some space "
            "there, or use a shorter clip."
        ) from error
