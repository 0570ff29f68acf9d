"""Two models on the same clips: which is better, whether that is chance, and the clips on which they differ."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core import SOFTWARE
from emo_core.emotions import display_name
from ui.evaluate import choice as evaluate_choice
from ui.evaluate import run
from ui.evaluate.choice import Choice
from ui.shell import errors, navigation
from ui.widgets import clip_list, tables

if TYPE_CHECKING:
    from emo_core.evaluation.results import Evaluation


def render(choice: Choice, evaluation: "Evaluation", folder: Path) -> None:
    """Choose another model and compare it with the one on show."""
    st.header("Compare with another model", anchor=False)
    others = {name: path for name, path in evaluate_choice.models().items() if path != choice.model}
    if not others:
        st.info("There is only one model. Teach another one on the Teach page, then compare it here.")
        return
    name = st.selectbox("Other model", list(others), key="evaluate-other")
    other = Choice(others[name], choice.data, choice.name, choice.everyone)
    second = run.find(other)
    if second is None:
        st.info(f"The model {errors.plain(name)} has not been evaluated on this data set yet.")
        if navigation.pressed(f"Evaluate {errors.plain(name)} on it", key="evaluate-other-run"):
            run.ask(other)
            st.rerun()
        return
    _comparison(evaluation, second.evaluation, folder)


def _comparison(first: "Evaluation", second: "Evaluation", folder: Path) -> None:
    from emo_core.evaluation.model_comparison import compare
    from emo_core.evaluation.record_tables import comparison_table
    from emo_core.evaluation.text import to_csv

    found = compare(first, second)
    if found.num_clips < max(len(first.clips), len(second.clips)):
        st.caption("Each model leaves out the people it was trained on; only clips that both judged count.")
    rows = [
        (errors.plain(f"{item.model} {item.version}"), f"{accuracy:.1%}", str(only))
        for item, accuracy, only in zip(
            (first, second), found.accuracies, (found.only_first, found.only_second), strict=True
        )
    ]
    tables.render(("Model", "Accuracy", "Clips only this model gets right"), rows)
    chance = "significant at the 5% level" if found.p_value < 0.05 else "not significant at the 5% level"
    st.markdown(
        f"Difference in percentage points {found.difference.text('+.1%')} on {found.num_clips} clips of "
        f"{found.num_people} people. McNemar's exact test: p = {found.p_value:.3f}, {chance}."
    )
    st.caption(
        "The test treats clips as independent. The interval in brackets resamples people and is the more cautious one."
    )
    if not found.differing:
        st.info("Both models give every clip the same class.")
        return
    st.header(f"{len(found.differing)} clips on which they differ", anchor=False)
    by_path = {row.path: row for row in found.differing}
    names = (f"{first.model} {first.version}", f"{second.model} {second.version}")
    st.download_button(
        "Download them as CSV", data=to_csv(comparison_table(found, *names), {"software": SOFTWARE}), mime="text/csv",
        file_name=f"{first.model}_and_{second.model}.csv", on_click="ignore",
    )  # fmt: skip
    clips = [clip for clip in first.clips if clip.path in by_path]
    notes = {
        path: f"{first.model}: {display_name(row.first)}; {second.model}: {display_name(row.second)}"
        for path, row in by_path.items()
    }
    clip_list.render(clips, first.labels, folder, "differing", notes)
