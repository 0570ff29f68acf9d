"""The model the application serves: loaded once, shared by all visitors, never changed."""

import csv
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.errors import BundleError

if TYPE_CHECKING:
    from emo_core.bundle import Bundle
    from emo_core.lstm import LstmHead

ROOT = Path(__file__).resolve().parent.parent
MODEL_DIR = ROOT / "models" / "hybrid"


@st.cache_resource(show_spinner="Loading the model …")
def bundle() -> "Bundle":
    """The served bundle.

    Raises:
        BundleError: it is missing, damaged or of another schema.
    """
    from emo_core.bundle import load_bundle

    if not MODEL_DIR.is_dir():
        raise BundleError("This installation has no model yet: run “make model”, then reload the page.")
    return load_bundle(MODEL_DIR)


@st.cache_resource(show_spinner=False)
def lstm() -> "LstmHead":
    """The LSTM of the served bundle, to look into.

    Raises:
        BundleError: as :func:`bundle`, or it has none.
    """
    from emo_core.lstm import load_lstm

    return load_lstm(bundle().path)


def card() -> str:
    """Text of the model card (Markdown); empty if the model has none."""
    return _read(MODEL_DIR / "MODEL_CARD.md")


def metrics(directory: Path | None = None) -> dict[str, Any]:
    """What was measured on the model, or on that in `directory`, as the evaluation wrote it; empty if nothing was.

    Raises:
        BundleError: the file is not a JSON object.
    """
    text = _read((directory or MODEL_DIR) / "metrics.json")
    try:
        values = json.loads(text) if text else {}
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise BundleError("The model's metrics.json cannot be read; run the evaluation again to rewrite it.")
    return values


def history(directory: Path | None = None) -> dict[str, list[dict[str, float]]]:
    """Training record by stage (``frames``, ``head``): one row per epoch, NaN where nothing was measured."""
    stages: dict[str, list[dict[str, float]]] = {}
    for row in csv.DictReader(_read((directory or MODEL_DIR) / "history.csv").splitlines()):
        stage = stages.setdefault(str(row.pop("stage", None) or "training"), [])
        stage.append({name: _number(value) for name, value in row.items() if name})
    return stages


def trust_line() -> str:
    """One sentence on how often the model was right, on which data, out of how many; honest if nothing is known."""
    found = metrics().get("composed_clips", {})
    clean = found.get("clean", {}) if isinstance(found, dict) else {}
    accuracy, count = clean.get("accuracy"), clean.get("num_clips")
    if not isinstance(accuracy, (int, float)) or not isinstance(count, int):
        return "No accuracy has been measured for this model yet, so treat every verdict as a guess."
    return (
        f"In tests the model was right on {accuracy:.0%} of {count:,} clips composed from photos kept out of training; "
        "expect less on real video."
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan
