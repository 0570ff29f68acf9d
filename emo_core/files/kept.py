"""Files that are kept to be found again and may go at any time: what was seen of clips, checkpoints, evaluations.

One that is damaged is dropped, said once, and made anew by whoever asks.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from numpy.typing import NDArray

from emo_core.files.arrays import read_npy, read_npz
from emo_core.files.atomic_write import replaced_whole

_MOST_BYTES = 8 * 2**30  # what was seen of a whole training set is kept in one file

_Made = TypeVar("_Made")


def keep(path: Path, write: Callable[[Path], object]) -> bool:
    """Write a file of the cache whole, if the disk takes it; else say so once and go on without.

    Args:
        path: of the file; its folder is made.
        write: writes the file that it is given.

    Returns:
        Whether it is kept.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_whole(path) as part:
            write(part)
    except OSError as error:
        _say_once(error.strerror or str(error))
        return False
    return True


@lru_cache
def _say_once(reason: str) -> None:
    logging.getLogger(__name__).warning(
        "The cache cannot be written (%s): what is computed is not kept, and the work goes on.", reason
    )


def kept_arrays(path: Path, make: Callable[[Mapping[str, NDArray[Any]]], _Made]) -> _Made | None:
    """What `make` makes of the arrays in a kept ``.npz``; None where there is none, or a damaged one, which is dropped.

    Args:
        path: of the file.
        make: given the arrays by name, of whatever shape and type they have in the file; raises KeyError, TypeError or
            ValueError where they are not what was written.
    """
    return _kept(path, lambda content: make(read_npz(content, _MOST_BYTES)))


def kept_array(path: Path) -> NDArray[Any] | None:
    """The array in a kept ``.npy``, of the shape and type it was written with; None as in :func:`kept_arrays`."""
    return _kept(path, read_npy)


def kept_lines(path: Path, kind: type[_Made]) -> list[_Made]:
    """The records in the lines of a kept file; lines that are damaged are dropped, such as the last, half one."""
    if not path.exists():
        return []
    lines = path.read_bytes().splitlines()
    rows = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            rows.append(msgspec.json.decode(line, type=kind))
    if len(rows) < len(lines):
        logging.getLogger(__name__).warning("%s in the cache is damaged: what lacks is made anew.", path.name)
        path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return rows


def drop(path: Path) -> None:
    """Remove a damaged file and say so, once, for it is gone then."""
    logging.getLogger(__name__).warning("%s in the cache is damaged: it is dropped and made anew.", path.name)
    with suppress(OSError):
        path.unlink()


def _kept(path: Path, make: Callable[[bytes], _Made]) -> _Made | None:
    try:
        return make(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        drop(path)
        return None
