"""What was measured on a model that was taught from a data set: on people it never saw, with intervals over people."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from emo_core.emotions import display_name
from emo_core.model.published import warning_of
from emo_core.records import span
from ui.shell import errors, preload
from ui.widgets import charts, tables

_ELSEWHERE = {
    "untouched_real_clips": "Real clips, neither trained on nor chosen with",
    "forced_clips": "Clips of the data set that show none of its classes",
}


def render(record: Mapping[str, Any], measured: Mapping[str, Any]) -> None:
    """Data, split and figures; before them what a model of the published recipe is.

    Args:
        record: what ``bundle.json`` says of the training.
        measured: content of ``metrics.json``.
    """
    figures = measured["taught_clips"]
    if limits := warning_of(measured, figures["labels"]):
        st.warning(errors.plain(limits))
    for name, words in _ELSEWHERE.items():
        if name in measured:
            _elsewhere(words, measured[name])
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
            "The clips were split at random, as in the paper: other clips of the same people trained it. The figures "
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


def _elsewhere(words: str, found: Mapping[str, Any]) -> None:
    """Verdicts on clips that are not of the test part, by what they are."""
    st.markdown(f"**{words}** ({found['num_clips']} clips of {found['num_people']} people)")
    columns = [errors.plain(display_name(name)) for name in found["verdict_columns"]]
    tables.render(
        ("Clips", "Is", *(f"Called {name.lower()}" for name in columns)),
        [
            (errors.plain(part["clips"]), errors.plain(display_name(row["label"])), *map(str, row["verdicts"]))
            for part in found["parts"]
            for row in part["rows"]
        ],
    )


def _told(row: Mapping[str, Any]) -> tuple[str, str]:
    value, interval = row["value"], row["interval"]
    return (
        "not measured" if value is None else f"{value:.1%}",
        span(interval) or "too few people",
    )
