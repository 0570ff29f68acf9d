"""Arrays from an ``.npz`` that nobody vouches for: no pickle, and nothing is allocated before its size is known."""

import io
import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MOST_BYTES = 256 * 2**20
"""Most bytes that all arrays of one archive may take, if nothing else is said."""

_MOST_MEMBERS = 1000
_KINDS = "biufU"  # truth values, numbers and text; no objects, which only a pickle can hold
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
DAMAGED_HEADER = (
    EOFError, LookupError, MemoryError, OverflowError, RuntimeError, SyntaxError, TypeError, struct.error,
    tokenize.TokenError,
)  # fmt: skip
"""What NumPy raises, beside ValueError, on an ``.npy`` whose beginning was changed: it is read as words of Python."""

_DAMAGED = (*DAMAGED_HEADER, OSError, lzma.LZMAError, zipfile.BadZipFile, zlib.error)


def read_npz(content: bytes, most_bytes: int = MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Arrays by name.

    Args:
        content: of the file.
        most_bytes: that all arrays together may take.

    Raises:
        ValueError: it is no archive of arrays, is damaged, holds objects, or takes more.

    Example:
        >>> buffer = io.BytesIO()
        >>> np.savez(buffer, edges=np.array([0.25, 0.5]))
        >>> read_npz(buffer.getvalue())["edges"].tolist()
        [0.25, 0.5]
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > most_bytes:
                raise ValueError(f"the arrays take more than {most_bytes} bytes or are more than {_MOST_MEMBERS}")
            arrays: dict[str, NDArray[Any]] = {}
            for member in members:
                arrays[member.filename.removesuffix(".npy")] = _array(archive.read(member))
            return arrays
    except _DAMAGED as error:
        raise ValueError("the archive of arrays is damaged") from error


def read_npy(content: bytes) -> NDArray[Any]:
    """The array of an ``.npy``, of any shape.

    Raises:
        ValueError: it is none, is damaged, or holds objects.
    """
    try:
        return _array(content)
    except _DAMAGED as error:
        raise ValueError("the array is damaged") from error


def _array(content: bytes) -> NDArray[Any]:
    """One array; its header must not ask for more than is there."""
    stream: BinaryIO = io.BytesIO(content)
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"an array is in version {version} of the format, expected 1 or 2")
    shape, fortran_order, dtype = _HEADERS[version](stream)
    if dtype.kind not in _KINDS or any(extent < 0 for extent in shape):
        raise ValueError(f"an array has type {dtype} and shape {shape}, expected numbers")
    count, start = math.prod(shape), stream.tell()
    if count * dtype.itemsize != len(content) - start:
        raise ValueError(f"an array of shape {shape} has {len(content) - start} bytes")
    values = np.frombuffer(content, dtype, count, start) if count and dtype.itemsize else np.zeros(count, dtype)
    return values.reshape(shape, order="F" if fortran_order else "C").copy()
