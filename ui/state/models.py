"""The models the application serves: each loaded once, shared by all visitors, never changed; a visit chooses one."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.errors import BundleError
from emo_core.files import folders
from emo_core.files.csv_files import parse_csv
from emo_core.files.folders import ROOT

if TYPE_CHECKING:
    from emo_core.explain.numpy_lstm import LstmHead
    from emo_core.model.bundle import Bundle

MODEL_DIR = ROOT / "models" / "hybrid"
"""The model that came with the application."""

_CHOSEN = "_chosen_model"
_MANIFEST = "bundle.json"


def found() -> dict[str, Path]:
    """Finished models by name, that of the application first; half-written ones have no manifest yet."""
    places = {MODEL_DIR.parent, folders.models()}
    begun = {path.parent for place in places for path in place.glob(f"[!.]*/{_MANIFEST}")}
    finished = [folder for folder in begun if (folder / "head.tflite").exists()]
    return {folder.name: folder for folder in sorted(finished, key=lambda folder: (folder != MODEL_DIR, folder.name))}


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
    return load(folder, changed_ns(folder))


@st.cache_resource(max_entries=4, show_spinner="Loading the model …")
def load(folder: Path, changed_ns: int) -> "Bundle":
    """The bundle in a folder whose manifest was written at `changed_ns`.

    Raises:
        BundleError: it is damaged or of another schema.
    """
    from emo_core.model.bundle import load_bundle

    del changed_ns  # part of the key
    return load_bundle(folder)


def changed_ns(folder: Path) -> int:
    """When the model in a folder was written; 0 where there is none."""
    manifest = folder / _MANIFEST
    return manifest.stat().st_mtime_ns if manifest.exists() else 0


def manifest(folder: Path) -> dict[str, Any]:
    """Entries of ``bundle.json`` of the model in a folder; {} where there is none or it is damaged."""
    try:
        return dict(json.loads(_read(folder / _MANIFEST) or "{}"))
    except ValueError:
        return {}


@st.cache_resource(show_spinner=False)
def lstm() -> "LstmHead":
    """The LSTM of the served bundle, to look into.

    Raises:
        BundleError: as :func:`bundle`, or it has none.
    """
    from emo_core.explain.numpy_lstm import load_lstm

    return load_lstm(bundle().path)


def card() -> str:
    """Text of the model card (Markdown); empty if the model has none."""
    return _read(directory() / "MODEL_CARD.md")


def metrics(folder: Path | None = None) -> dict[str, Any]:
    """What was measured on the model, or on that in `folder`, as the evaluation wrote it; empty if nothing was.

    Raises:
        BundleError: the file is not a JSON object.
    """
    text = _read((folder or directory()) / "metrics.json")
    try:
        values = json.loads(text) if text else {}
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise BundleError("The model's metrics.json cannot be read; run the evaluation again to rewrite it.")
    return values


def history(folder: Path | None = None) -> dict[str, list[dict[str, float]]]:
    """Training record by stage (``frames``, ``head``): one row per epoch, NaN where nothing was measured."""
    stages: dict[str, list[dict[str, float]]] = {}
    text = _read((folder or directory()) / "history.csv")
    for line in parse_csv(text.encode(), "history.csv").rows if text else ():
        row = dict(line.cells)
        stage = stages.setdefault(str(row.pop("stage", None) or "training"), [])
        stage.append({name: _number(value) for name, value in row.items() if name})
    return stages


def trust_line(folder: Path | None = None) -> str:
    """One sentence on how often the model was right, on which data, out of how many; honest if nothing is known."""
    measured = metrics(folder)
    if "taught_clips" in measured:
        return _taught_line(measured["taught_clips"])
    composed = measured.get("composed_clips", {})
    clean = composed.get("clean", {}) if isinstance(composed, dict) else {}
    accuracy, count = clean.get("accuracy"), clean.get("num_clips")
    if not isinstance(accuracy, (int, float)) or not isinstance(count, int):
        return "No accuracy has been measured for this model yet, so treat every verdict as a guess."
    return (
        f"In tests the model was right on {accuracy:.0%} of {count:,} clips composed from photos kept out of training; "
        "expect less on real video."
    )


def _taught_line(row: dict[str, Any]) -> str:
    accuracy = row["scores"]["accuracy"]
    people, interval = row["num_people"], accuracy["interval"]
    who = "1 person" if people == 1 else f"{people} people"
    sure = f"95 % interval over people {interval[0]:.0%} – {interval[1]:.0%}" if interval else "too few to trust it"
    return (
        f"In tests it was right on {accuracy['value']:.0%} of {row['num_clips']:,} clips of {who} kept out of its "
        f"training ({sure})."
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan
