"""Objects from one process of ours to another, as bytes."""

import copyreg
import io
import pickle
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any


def to_bytes(value: Any) -> bytes:
    """What :func:`from_bytes` reads; mappings that nobody may change stay such.

    Raises:
        pickle.PicklingError, TypeError, AttributeError: it holds what cannot be handed over, such as an open file.
    """
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, MappingProxyType: _reduced}
    pickler.dump(value)
    return buffer.getvalue()


def from_bytes(content: bytes) -> Any:
    """What was given to :func:`to_bytes`; never for bytes from outside, for pickles can do anything."""
    return pickle.loads(content)


def _read_only(values: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(values)


def _reduced(values: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    return _read_only, (dict(values),)
