"""Trees of dataclasses with arrays as a folder, data only: what is read back is of the classes that are named.

    tree.npz    the tree, and arrays that are small
    a<n>.npy    each large array, which is never whole in memory; one that lies in a file already is linked

An array that stands in several places is stored once.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.files.arrays import read_npz
from emo_core.files.rows import open_rows, release

_FILE, _TREE = "tree.npz", "tree"
_SMALL = 64  # numbers; a long clip has thousands of windows, and an archive should not have as many members
_LARGE_BYTES = 2**20  # from here on an array has a file of its own


def pack(value: Any, folder: Path) -> None:
    """Write what :func:`unpack` reads.

    Args:
        value: dataclasses, arrays, mappings with names as keys, tuples, lists, texts, numbers, None.
        folder: an empty one.

    Raises:
        TypeError: it holds something else.
        OSError: the disk takes no more.
    """
    arrays: dict[str, NDArray[Any]] = {}
    known: dict[int, str] = {}

    def told(part: Any) -> Any:
        if part is None or isinstance(part, (str, bool, int, float)):
            return part
        if isinstance(part, np.generic):
            return part.item()
        if isinstance(part, np.ndarray) and part.ndim == 1 and part.size <= _SMALL:
            return {"values": part.tolist(), "dtype": part.dtype.str}
        if isinstance(part, np.ndarray):
            name = known.setdefault(id(part), f"a{len(known)}")
            arrays[name] = part
            return {"file" if part.nbytes >= _LARGE_BYTES else "array": name}
        if isinstance(part, (tuple, list)):
            return {"items": [told(item) for item in part]}
        if isinstance(part, Mapping):
            return {"names": {str(key): told(item) for key, item in part.items()}}
        if is_dataclass(part):
            return {"type": type(part).__name__, "fields": {f.name: told(getattr(part, f.name)) for f in fields(part)}}
        raise TypeError(f"{type(part).__name__} cannot be packed")

    tree = json.dumps(told(value)).encode()
    for name in [name for name, array in arrays.items() if array.nbytes >= _LARGE_BYTES]:
        _write(arrays.pop(name), folder / f"{name}.npy")
    with (folder / _FILE).open("wb") as file:
        np.savez(file, allow_pickle=False, **{**arrays, _TREE: np.frombuffer(tree, np.uint8)})


def _write(array: NDArray[Any], path: Path) -> None:
    if (own := getattr(array, "path", None)) is not None:
        same_file(own, path)
    else:
        np.save(path, array, allow_pickle=False)
        release(array)


def same_file(source: Path, target: Path) -> None:
    """Have a file that nobody changes at another place as well: by a link where one disk holds both, else by a copy.

    Raises:
        OSError: the disk takes no more, or there is no such file.
    """
    try:
        os.link(source, target)
    except OSError:  # two disks, or one that knows no links
        shutil.copyfile(source, target)


def unpack(folder: Path, types: Mapping[str, type], most_bytes: int) -> Any:
    """What :func:`pack` was given, lists as tuples; large arrays stay in their files.

    Args:
        folder: that it wrote.
        types: name → class of every dataclass that may be in it.
        most_bytes: bytes that its arrays may take in memory.

    Raises:
        ValueError: it is damaged, too large or holds another class.
    """

    def made(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        if "values" in part:
            return np.array(part["values"], part["dtype"])
        if "array" in part:
            return arrays[part["array"]]
        if "file" in part:
            name = Path(part["file"]).name
            if name not in files:
                files[name] = open_rows(folder / f"{name}.npy")
            return files[name]
        if "items" in part:
            return tuple(made(item) for item in part["items"])
        if "names" in part:
            return {key: made(item) for key, item in part["names"].items()}
        return types[part["type"]](**{key: made(item) for key, item in part["fields"].items()})

    files: dict[str, Any] = {}
    try:
        arrays = read_npz((folder / _FILE).read_bytes(), most_bytes)
        return made(json.loads(arrays[_TREE].tobytes()))
    except (OSError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("what was packed is damaged") from error
