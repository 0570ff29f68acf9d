"""Trees of dataclasses with arrays as one ``.npz``, data only: what is read back is of the classes that are named.

An array that stands in several places is stored once.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.files.arrays import read_npz

_TREE = "tree"
_SMALL = 64  # numbers; a long clip has thousands of windows, and an archive should not have as many members


def pack(value: Any) -> bytes:
    """Content of a file that :func:`unpack` reads.

    Args:
        value: dataclasses, arrays, mappings with names as keys, tuples, lists, texts, numbers, None.

    Raises:
        TypeError: it holds something else.
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
            return {"array": name}
        if isinstance(part, (tuple, list)):
            return {"items": [told(item) for item in part]}
        if isinstance(part, Mapping):
            return {"names": {str(key): told(item) for key, item in part.items()}}
        if is_dataclass(part):
            return {"type": type(part).__name__, "fields": {f.name: told(getattr(part, f.name)) for f in fields(part)}}
        raise TypeError(f"{type(part).__name__} cannot be packed")

    tree = json.dumps(told(value)).encode()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{**arrays, _TREE: np.frombuffer(tree, np.uint8)})
    return buffer.getvalue()


def unpack(content: bytes, types: Mapping[str, type], most_bytes: int) -> Any:
    """What :func:`pack` was given, lists as tuples.

    Args:
        content: of the file.
        types: name → class of every dataclass that may be in it.
        most_bytes: bytes that its arrays may take.

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
        if "items" in part:
            return tuple(made(item) for item in part["items"])
        if "names" in part:
            return {key: made(item) for key, item in part["names"].items()}
        return types[part["type"]](**{key: made(item) for key, item in part["fields"].items()})

    try:
        arrays = dict(read_npz(content, most_bytes))
        return made(json.loads(arrays[_TREE].tobytes()))
    except (OSError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("what was packed is damaged") from error
