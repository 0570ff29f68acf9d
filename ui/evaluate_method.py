"""Tabs of the Evaluate page on the method behind a model: two protocols, ablation, training curves."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui import charts, evaluate_run, measured, model, preload, tables
from ui.evaluate_choice import Choice


def render_protocols(choice: Choice) -> None:
    """One recipe, the same clips, split at random and by person."""
    st.subheader("Two protocols, one recipe", anchor=False)
    st.caption(
        "At random, as in the paper, clips of one person are on both sides of the split, and the model is rewarded for "
        "knowing them. By person, nobody is. The difference is leakage, not skill: believe the second figure."
    )
    preload.wait()
    found = evaluate_run.find_protocols(choice)
    if found is None:
        st.info("Not measured yet. It trains ten heads on this data set: minutes for a few hundred clips.")
    else:
        _protocols(found)
    st.caption("At the command line:")
    st.code(f".venv/bin/{choice.protocols_command}", language="bash", wrap_lines=True)


def _protocols(found: Mapping[str, Any]) -> None:
    from emo_core.evaluation_figures import protocols_figure

    spread = tables.interval({"interval": found.get("leakage_interval")})
    st.metric(
        "Leakage (accuracy)", f"{100 * found['leakage']:+.1f} points", spread or None, delta_color="off",
        delta_arrow="off", border=True, width=260,
    )  # fmt: skip
    names = {name: title for name, title in measured.SPLITS.items() if name in found}
    charts.render(protocols_figure(found, names), "evaluate-protocols", "Accuracy by protocol", picture="protocols")
    measured.render_protocols(found)
    when = f" on {found['made_at'][:10]}" if "made_at" in found else ""
    st.caption(f"Measured{when} by `{found.get('command', 'a command that was not kept')}`.")


def render_ablation(choice: Choice) -> None:
    """What each part of the method is worth, from the records of the model."""
    st.subheader("What each part of the method is worth", anchor=False)
    found = model.metrics(choice.model).get("ablation")
    if not isinstance(found, dict):
        st.info(
            "Not measured with this model. It takes the photos of FER+: "
            f"`python -m emo_core ablate --data DIR --out models/{choice.model.name}`."
        )
        return
    measured.render_ablation(found)
    st.caption(f"Measured by `{found.get('command', 'a command that was not kept')}`.")


def render_training(choice: Choice) -> None:
    """Loss and accuracy per epoch, and the epoch that was kept."""
    st.subheader("How training went", anchor=False)
    st.caption("Dotted: the epoch that was kept, that of the least loss on validation clips.")
    measured.render_history(choice.model)
