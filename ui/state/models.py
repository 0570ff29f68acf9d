"""The models the application serves: each loaded once, shared by all visitors, never changed; a visit chooses one."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.emotions import display_name
from emo_core.errors import BundleError, DatasetError
from emo_core.files import folders
from emo_core.files.csv_files import parse_csv
from emo_core.model.published import PUBLISHED, is_published
from emo_core.records import span

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


def card() -> str:
    """Text of the model card (Markdown); empty if the model has none."""
    return _read(directory() / "MODEL_CARD.md")


def metrics(folder: Path | None = None) -> dict[str, Any]:
    """What was measured on the model, or on that in `folder`, as the evaluation wrote it; empty if nothing was.

    Raises:
        BundleError: the file is not a JSON object.
    """
    from emo_core.model.bundle_files import METRICS, json_object

    place = folder or directory()
    with reading(METRICS):
        text = _read(place / METRICS)
        return json_object(place, METRICS, text.encode()) if text else {}


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


def trust_line(measured: Mapping[str, Any]) -> str:
    """One sentence on how often a model was right, on which data, out of how many; honest if nothing is known.

    Args:
        measured: its ``metrics.json``.
    """
    try:
        if "taught_clips" in measured:
            line = _taught_line(measured["taught_clips"])
            return f"The published method. {line}{_forced_words(measured)}" if is_published(measured) else line
        if real := measured.get("real_clips"):
            return _real_line(real)
        return _composed_line(measured)
    except (LookupError, TypeError, ValueError):
        return "What was measured on this model cannot be read, so treat every verdict as a guess."


def _composed_line(measured: Mapping[str, Any]) -> str:
    composed = measured.get("composed_clips", {})
    clean = composed.get("clean", {}) if isinstance(composed, dict) else {}
    accuracy, count = clean.get("accuracy"), clean.get("num_clips")
    if not isinstance(accuracy, (int, float)) or not isinstance(count, int):
        return "No accuracy has been measured for this model yet, so treat every verdict as a guess."
    return (
        f"In tests the model was right on {accuracy:.0%} of {count:,} clips composed from photos kept out of training; "
        "expect less on real video."
    )


def _real_line(record: dict[str, Any]) -> str:
    """What real clips say, whose figures are cross-validated by person; the weakest class with its number."""
    found = record["parts"][0]["cross_validated"]["by_class"]
    weakest = min(found, key=lambda row: row["right"] / max(row["num"], 1))
    return (
        f"On {record['num_clips']} real clips of {record['num_people']} people that it was not trained on, "
        f"{sum(row['right'] for row in found)} verdicts were right or held back where there was no pair; weakest is "
        f"{display_name(weakest['label']).lower()}, {weakest['right']} of {weakest['num']}."
    )


def _taught_line(row: dict[str, Any]) -> str:
    accuracy = row["scores"]["accuracy"]
    people, interval = row["num_people"], accuracy["interval"]
    who = "1 person" if people == 1 else f"{people} people"
    sure = f"95 % interval over people {span(interval, '.0%')}" if interval else "too few to trust it"
    if row.get("protocol") == "random":
        return (
            f"It was right on {accuracy['value']:.0%} of {row['num_clips']:,} clips set aside at random, of {who}, of "
            "whom other clips trained it: that does not tell how it works on anybody else."
        )
    if row.get("protocol") == "subject":
        return (
            f"In tests it was right on {accuracy['value']:.0%} of {row['num_clips']:,} clips of {who} kept out of its "
            f"training ({sure})."
        )
    return (
        f"It was right on {accuracy['value']:.0%} of {row['num_clips']:,} test clips of {who} ({sure}); its records do "
        "not say whether other clips of these people trained it."
    )


def _forced_words(measured: Mapping[str, Any]) -> str:
    """What it makes of clips that it has no class for, as a further sentence; empty where that was not measured."""
    if not (found := measured.get("forced_clips")):
        return ""
    counts = found["parts"][0]["rows"][0]["verdicts"]
    return f" Of {sum(counts)} clips that show none of its classes it called {sum(counts[:-1])} one of them."


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
