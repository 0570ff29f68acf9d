"""What was measured on a model that was taught from a data set: on people it never saw, with intervals over people."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emo_core.emotions import display_name
from emo_core.records import span
from ui.shell import errors, preload
from ui.widgets import charts, tables


def render(record: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """Data, split and figures.

    Args:
        record: what ``bundle.json`` says of the training.
        figures: of the test clips, as ``metrics.json`` has them.
    """
    parts = record["parts"]
    honest = record["protocol"] == "subject"
    st.markdown(
        f"Taught from **{errors.plain(record['data'])}**: {parts['train']['num_clips']} clips of "
        f"{len(parts['train']['people'])} people trained, {parts['validation']['num_clips']} of "
        f"{len(parts['validation']['people'])} chose, {figures['num_clips']} of {figures['num_people']} are only "
        "measured on."
    )
    if not honest:
        st.warning(
            "The clips were parted at random, as in the paper: other clips of the same people trained it. The figures "
            "flatter it and do not tell how it works on anybody else."
        )
    scores = figures["scores"]
    rows = {
        "Accuracy": scores["accuracy"], "Macro-F1": scores["f1"], "Macro-precision": scores["precision"],
        "Macro-recall": scores["recall"], "Gives a verdict": figures["coverage"],
        "Right when it does": figures["accuracy_when_decided"], "Calibration error": figures["calibration"]["error"],
    }  # fmt: skip
    tables.render(("Figure", "Value", "95 % interval over people"), [(name, *_told(row)) for name, row in rows.items()])
    tables.render(
        ("Class", "Precision", "Recall", "F1", "n"),
        [
            (errors.plain(display_name(row["label"])), *(f"{row[key]:.0%}" for key in ("precision", "recall", "f1")),
             str(row["support"]))
            for row in figures["per_class"]
        ],
    )  # fmt: skip
    preload.wait()
    from emo_core.report.charts.analysis import confusion_figure

    figure = confusion_figure(figures["labels"], figures["confusion"])
    charts.render(figure, "confusion-taught", "Confusion matrix of the test clips")
    st.caption("The Evaluate page has everything about it, clip by clip.")


def _told(row: Mapping[str, Any]) -> tuple[str, str]:
    value, interval = row["value"], row["interval"]
    return (
        "not measured" if value is None else f"{value:.1%}",
        span(interval) or "too few people",
    )
