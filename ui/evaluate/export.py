"""Everything of an evaluation as files: a report in one page, JSON, and a CSV for each table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.files.folders import COMMAND
from emo_core.method_records import Ablation
from emo_core.records import ClipMetrics, Protocols
from ui.evaluate import run
from ui.evaluate.choice import Choice
from ui.state import models

if TYPE_CHECKING:
    from emo_core.evaluation.results import Evaluation
    from emo_core.evaluation.text import Table

_TITLES = {
    "clips": "Every clip and its verdict", "scores": "Scores with intervals", "per_class": "Classification report",
    "confusion": "Confusion matrix", "verdicts": "Verdicts with unsure", "calibration": "Calibration",
    "coverage": "Coverage and accuracy", "roc": "ROC curves", "precision_recall": "Precision-recall curves",
    "slices": "Slices", "left_out": "Clips left out",
}  # fmt: skip


def render(choice: Choice, evaluation: "Evaluation", figures: ClipMetrics) -> None:
    """Download buttons; the report and the JSON are made when they are asked for."""
    from emo_core.evaluation.text import made_by, tables, to_csv

    st.header("Export", anchor=False)
    st.caption("Every chart on the other tabs saves itself as PNG: point at it and press the camera in its corner.")
    stem = f"{evaluation.model}_on_{evaluation.data}".replace(" ", "_").lower()
    more = _records(choice)
    with st.container(horizontal=True):
        st.download_button(
            "Report (HTML)", data=lambda: _report(evaluation, figures, more), file_name=f"{stem}.html",
            mime="text/html", on_click="ignore", type="primary",
        )  # fmt: skip
        st.download_button(
            "Everything (JSON)", data=lambda: _json(evaluation, figures), file_name=f"{stem}.json",
            mime="application/json", on_click="ignore",
        )  # fmt: skip
    st.markdown("**Tables (CSV)**")
    own = {_TITLES[name]: table for name, table in tables(evaluation, figures).items()}
    origin = made_by(evaluation)
    with st.container(horizontal=True):
        for title, table in {**own, **more}.items():
            name = title.lower().replace(" ", "_")
            st.download_button(
                title, data=to_csv(table, origin), file_name=f"{stem}_{name}.csv", mime="text/csv", on_click="ignore",
                key=f"csv-{name}", disabled=not table[1],
            )  # fmt: skip
    st.caption("The same at the command line:")
    st.code(evaluation.command.replace("python -m emo_core", COMMAND), language="bash", wrap_lines=True)


def _records(choice: Choice) -> "dict[str, Table]":
    """What is known of the method behind the model, by title; empty tables where nothing was measured."""
    from emo_core.evaluation import record_tables

    measured = models.metrics(choice.model).ablation or Ablation()
    return {
        "Two protocols": record_tables.protocol_table(run.find_protocols(choice) or Protocols()),
        "What each part is worth": record_tables.effect_table(measured),
        "All heads of the ablation": record_tables.variant_table(measured),
        "Training": record_tables.history_table(models.history(choice.model)),
    }


def _report(evaluation: "Evaluation", figures: ClipMetrics, more: "Mapping[str, Table]") -> str:
    from emo_core.evaluation.html_report import to_html

    return to_html(evaluation, figures, more)


def _json(evaluation: "Evaluation", figures: ClipMetrics) -> str:
    from emo_core.evaluation.results import indented

    return indented({"figures": figures, "evaluation": evaluation})
