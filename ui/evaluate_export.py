"""Everything of an evaluation as files: a report in one page, JSON, and a CSV for each table."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from emo_core.evaluated import Evaluation

_TITLES = {
    "clips": "Every clip and its verdict", "scores": "Scores with intervals", "per_class": "Classification report",
    "confusion": "Confusion matrix", "verdicts": "Verdicts with unsure", "calibration": "Calibration",
    "coverage": "Coverage and accuracy", "roc": "ROC curves", "precision_recall": "Precision-recall curves",
    "slices": "Slices", "left_out": "Clips left out",
}  # fmt: skip


def render(evaluation: "Evaluation", figures: Mapping[str, Any]) -> None:
    """Download buttons; files are made when one is pressed."""
    from emo_core.evaluation_text import tables, to_csv

    st.subheader("Take it with you", anchor=False)
    st.caption("Every chart on the other tabs saves itself as PNG: point at it and press the camera in its corner.")
    stem = f"{evaluation.model}_on_{evaluation.data}".replace(" ", "_").lower()
    with st.container(horizontal=True):
        st.download_button(
            "Report (HTML)", data=lambda: _report(evaluation, figures), file_name=f"{stem}.html", mime="text/html",
            on_click="ignore", type="primary",
        )  # fmt: skip
        st.download_button(
            "Everything (JSON)", data=lambda: _json(evaluation, figures), file_name=f"{stem}.json",
            mime="application/json", on_click="ignore",
        )  # fmt: skip
    st.markdown("**Tables (CSV)**")
    with st.container(horizontal=True):
        for name, table in tables(evaluation, figures).items():
            st.download_button(
                _TITLES[name], data=to_csv(table), file_name=f"{stem}_{name}.csv", mime="text/csv", on_click="ignore",
                key=f"csv-{name}", disabled=not table[1],
            )  # fmt: skip
    st.caption("The same at the command line:")
    st.code(f".venv/bin/{evaluation.command}", language="bash", wrap_lines=True)


def _report(evaluation: "Evaluation", figures: Mapping[str, Any]) -> str:
    from emo_core.evaluation_report import to_html

    return to_html(evaluation, figures)


def _json(evaluation: "Evaluation", figures: Mapping[str, Any]) -> str:
    from emo_core.evaluated import content_of

    return json.dumps({"figures": figures, "evaluation": content_of(evaluation)}, ensure_ascii=False, indent=1)
