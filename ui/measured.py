"""What was measured on the model, each figure with its data and its count; missing files say how to make them."""

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui import charts, model, tables

_CLIP_SETS = {
    "clean": "Clips composed from photos kept out of training",
    "degraded": "The same clips, made worse (blur, noise, dark, hidden faces)",
}
_STAGES = {"frames": "Frame network (CNN)", "head": "Sequence network (LSTM)"}
_PARTS = {"Training": "", "Validation": "val_"}
_QUANTITIES = {"Loss": "loss", "Accuracy": "accuracy"}


def render_metrics() -> None:
    """Scores by data set, then the confusion matrices."""
    measured = model.metrics()
    clips = {
        name: found for name in _CLIP_SETS if (found := _mapping(_mapping(measured.get("composed_clips")).get(name)))
    }
    stills = _mapping(measured.get("real_stills"))
    if not clips and not stills:
        st.info("Nothing has been measured on this model yet. Run `make model` to train and evaluate it.")
        return
    rows = [(_CLIP_SETS[name], _count(found, "num_clips"), *_scores(found)) for name, found in clips.items()]
    if stills:
        rows.append(
            (
                "Real photos kept out of training (frame network alone, eight emotions)",
                _count(stills, "num_images"),
                *_scores(stills),
            )
        )
    tables.render(("Measured on", "n", "Accuracy", "Macro-F1"), rows)
    st.caption(
        "Macro-F1 is the mean over classes, so a rare class counts as much as a common one. No labelled videos of real "
        "people were at hand: accuracy on real video has not been measured, and less is to be expected."
    )
    drawn = {name: found for name, found in clips.items() if found.get("confusion") and found.get("labels")}
    for column, (name, found) in zip(st.columns(max(len(drawn), 1)), drawn.items(), strict=False):
        with column:
            _confusion(_CLIP_SETS[name], found)


def render_history() -> None:
    """Loss and accuracy per epoch, training against validation, for each stage that was trained."""
    stages = model.history()
    if not stages:
        st.info("No training record came with this model. Run `make model` to train it and keep one.")
        return
    from emo_core.figures import history_figure

    for stage, rows in stages.items():
        st.markdown(f"**{_STAGES.get(stage, stage)}**, {len(rows)} epochs")
        epochs = [
            number if math.isnan(row.get("epoch", math.nan)) else int(row["epoch"])
            for number, row in enumerate(rows, start=1)
        ]
        for column, (quantity, key) in zip(st.columns(2), _QUANTITIES.items(), strict=True):
            found = {title: [row.get(prefix + key, math.nan) for row in rows] for title, prefix in _PARTS.items()}
            curves = {title: values for title, values in found.items() if not all(map(math.isnan, values))}
            figure = history_figure(epochs, curves, quantity)
            with column:
                charts.render(figure, f"history-{stage}-{key}", f"{quantity} per epoch of training")


def _confusion(title: str, found: Mapping[str, Any]) -> None:
    from emo_core.figures import confusion_figure

    st.markdown(f"**{title}** (n = {_count(found, 'num_clips')})")
    try:
        figure = confusion_figure(found["labels"], found["confusion"])
    except (TypeError, ValueError):
        st.info("The confusion matrix in metrics.json does not fit its labels; run the evaluation again.")
        return
    charts.render(figure, f"confusion-{title}", f"Confusion matrix: {title}")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return f"{value:,}" if isinstance(value, int) else "not stated"


def _scores(found: Mapping[str, Any]) -> tuple[str, str]:
    values = (found.get("accuracy"), found.get("macro_f1"))
    first, second = (f"{value:.1%}" if isinstance(value, (int, float)) else "not measured" for value in values)
    return first, second
