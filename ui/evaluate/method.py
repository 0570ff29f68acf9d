"""Tabs of the Evaluate page on the method behind a model: ablation, training curves."""

import streamlit as st

from ui.evaluate.choice import Choice
from ui.shell import errors
from ui.state import models
from ui.widgets import measured


def render_ablation(choice: Choice) -> None:
    """What each part of the method is worth, from the records of the model."""
    st.header("What each part of the method is worth", anchor=False)
    found = models.metrics(choice.model).ablation
    if found is None:
        st.info(
            "Not measured for this model. To measure it, with the photos of FER+: "
            f"`python -m emo_core ablate --data DIR --out models/{choice.model.name}`."
        )
        return
    measured.render_ablation(found)
    st.caption(f"Measured by {errors.plain(found.command or 'a command that was not kept')}.")


def render_training(choice: Choice) -> None:
    """Loss and accuracy per epoch, and the epoch that was kept."""
    st.header("How training went", anchor=False)
    st.caption("Dotted: the epoch that was kept, with the lowest loss on validation clips.")
    measured.render_history(choice.model)
