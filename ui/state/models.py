"""The models the application serves: each loaded once, shared by all visitors, never changed; a visit chooses one."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import streamlit as st

from emo_core.errors import BundleError, DatasetError
from emo_core.files import folders
from emo_core.files.csv_files import parse_csv
from emo_core.measured import Measured, TaughtRecord, read_measured
from emo_core.model.limits import PUBLISHED

if TYPE_CHECKING:
    from emo_core.model.bundle import Bundle

MODEL_DIR = folders.SHIPPED_MODEL
"""The model that came with the application."""


def published_dir() -> Path:
    """The model beside it that was made as the paper says."""
    return MODEL_DIR.parent / PUBLISHED


_CHOSEN = "_chosen_model"
_MANIFEST = "bundle.json"


def found() -> dict[str, Path]:
    """Finished models by name, that of the application first; half-written ones have no manifest yet."""
    from emo_core.model.library import finished

    models = finished((MODEL_DIR.parent, folders.models()))
    return {folder.name: folder for folder in sorted(models, key=lambda folder: folder != MODEL_DIR)}


def directory() -> Path:
    """The model of this visit: the chosen one while it is there, else that of the application."""
    chosen: Path | None = st.session_state.get(_CHOSEN)
    return chosen if chosen is not None and (chosen / _MANIFEST).exists() else MODEL_DIR


def choose(folder: Path) -> None:
    """Use another model from now on, on every page of this visit."""
    st.session_state[_CHOSEN] = folder


def bundle() -> "Bundle":
    """The bundle of this visit.

    Raises:
        BundleError: it is missing, damaged or of another schema.
    """
    folder = directory()
    if not folder.is_dir():
        raise BundleError("This installation has no model yet: run “make model”, then reload the page.")
    return load(folder)


def load(folder: Path) -> "Bundle":
    """The bundle in a folder, read again when one of its files was written since.

    Raises:
        BundleError: it is damaged or of another schema.
    """
    found = _loaded(folder, _state(folder))
    if isinstance(found, str):
        raise BundleError(found)
    return found


@st.cache_resource(max_entries=16, show_spinner="Loading the model …")
def _loaded(folder: Path, state: tuple[Any, ...]) -> "Bundle | str":
    """The bundle, or what is wrong with it: that is kept, too, for finding it out takes as long."""
    from emo_core.model.bundle import load_bundle

    del state  # part of the key
    try:
        return load_bundle(folder)
    except BundleError as error:
        return str(error)


def _state(folder: Path) -> tuple[Any, ...]:
    """Another one whenever a file of the model was written."""
    try:
        files = sorted(folder.iterdir())
        return tuple((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.exists())
    except OSError:
        return ()


def manifest(folder: Path) -> dict[str, Any]:
    """Entries of ``bundle.json`` of the model in a folder; {} where there is none or it is damaged."""
    from emo_core.model.bundle_files import read_entries

    try:
        return read_entries(folder)
    except BundleError:
        return {}


def taught(folder: Path) -> TaughtRecord:
    """What the model in a folder says of the data set that it was taught from.

    Raises:
        BundleError: it was not taught from one, or does not say so as it should.
    """
    with reading("bundle.json"):
        return msgspec.convert(manifest(folder)["taught"], TaughtRecord)


def card() -> str:
    """Text of the model card (Markdown); empty if the model has none."""
    return _read(directory() / "MODEL_CARD.md")


def record(folder: Path) -> dict[str, Any]:
    """``metrics.json`` of the model in a folder, as it stands there; empty if there is none.

    Raises:
        BundleError: the file is not a JSON object.
    """
    from emo_core.model.bundle_files import METRICS, json_object

    with reading(METRICS):
        text = _read(folder / METRICS)
        return json_object(folder, METRICS, text.encode()) if text else {}


def metrics(folder: Path | None = None) -> Measured:
    """What was measured on the model, or on that in `folder`; nothing where nothing was.

    Raises:
        BundleError: the file does not hold what an evaluation writes.
    """
    with reading("metrics.json"):
        return read_measured(record(folder or directory()))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """While a record of the model is shown: what it holds need not be what an evaluation or a training writes.

    Raises:
        BundleError: an entry lacks, or has another type than it should.
    """
    try:
        yield
    except BundleError as error:
        raise BundleError(f"The model's {name} cannot be read; run the evaluation again to rewrite it.") from error
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, DatasetError) as error:
        raise BundleError(
            f"The model's {name} does not hold what it should; run the evaluation again to rewrite it."
        ) from error


def history(folder: Path | None = None) -> dict[str, list[dict[str, float]]]:
    """Training record by stage (``frames``, ``head``): one row per epoch, NaN where nothing was measured."""
    stages: dict[str, list[dict[str, float]]] = {}
    with reading("history.csv"):
        text = _read((folder or directory()) / "history.csv")
        for line in parse_csv(text.encode(), "history.csv").rows if text else ():
            row = dict(line.cells)
            stage = stages.setdefault(str(row.pop("stage", None) or "training"), [])
            stage.append({name: _number(value) for name, value in row.items() if name})
    return stages


def _read(path: Path) -> str:
    from emo_core.model.bundle_files import MOST_RECORD_BYTES

    if not path.is_file():
        return ""
    if path.stat().st_size > MOST_RECORD_BYTES:
        raise BundleError(f"The model's {path.name} is larger than any record that a training writes: restore it.")
    return path.read_text(encoding="utf-8", errors="replace")


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan
