"""Stored evaluations with their figures: those of the cache, and the one of the demo clips that came with the app."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from emo_core.errors import EmoError
from emo_core.records import ClipMetrics
from ui.state.datasets import DEMO

if TYPE_CHECKING:
    from emo_core.evaluation.results import Evaluation

_OF_DEMO = "evaluation.json"  # in the folder of the demo clips, written by tools/evaluate_demo.py


class Found(NamedTuple):
    """A stored evaluation with the figures of it; neither is ever changed."""

    evaluation: "Evaluation"
    figures: ClipMetrics


@st.cache_resource(max_entries=8, show_spinner=False)
def stored(path: Path, changed_ns: int) -> Found:
    """The evaluation in a file that was changed at `changed_ns`.

    Raises:
        DatasetError: the file cannot be read.
    """
    from emo_core.evaluation.clip_metrics import summarize
    from emo_core.evaluation.results import load

    del changed_ns  # part of the key
    evaluation = load(path)
    return Found(evaluation, summarize(evaluation))


def of_demo(model: Path) -> Found | None:
    """The evaluation of a model on the demo clips that came with the app; None where it is of another model."""
    from emo_core.model.bundle_files import model_digest

    path = DEMO / _OF_DEMO
    try:
        found = stored(path, path.stat().st_mtime_ns)
        return found if found.evaluation.model_digest == model_digest(model) else None
    except (OSError, EmoError):
        return None
