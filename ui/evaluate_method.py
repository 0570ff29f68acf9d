"""Tabs of the Evaluate page on the method behind a model: two protocols, ablation, training curves."""

import streamlit as st

from ui import charts, measured, model, preload
from ui.evaluate_choice import Choice


def render_protocols(choice: Choice) -> None:
    """One recipe, the same clips, split at random and by person."""
    st.subheader("Two protocols, one recipe", anchor=False)
    st.caption(
        "At random, as in the paper, clips of one person are on both sides of the split, and the model is rewarded for "
        "knowing them. By person, nobody is. The difference is leakage, not skill: believe the second figure."
    )
    found = model.metrics(choice.model).get("protocols")
    if not isinstance(found, dict):
        st.info(
            f"Not measured with this model yet. Run `python -m emo_core protocols --out models/{choice.model.name}`."
        )
        return
    preload.wait()
    from emo_core.evaluation_figures import protocols_figure

    st.metric("Leakage (accuracy)", f"{100 * found['leakage']:+.1f} points", border=True, width=260)
    charts.render(
        protocols_figure(found, measured.SPLITS), "evaluate-protocols", "Accuracy by protocol", picture="protocols"
    )
    measured.render_protocols(found)
    st.caption(f"Measured by `{found.get('command', 'a command that was not kept')}`.")


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
