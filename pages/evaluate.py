"""A model against a data set: how often it is right, on whom, and where it errs."""

import streamlit as st

from ui.evaluate import choice as evaluate_choice
from ui.evaluate import run as evaluate_run
from ui.evaluate import tabs
from ui.shell import errors, navigation, parts, preload

navigation.guard(__file__)


def run_asked() -> None:
    """Run the waiting evaluation; then start over with its result, or say why there is none."""
    waiting = evaluate_run.asked()
    if waiting is None:
        return
    with errors.shown():
        preload.wait()
        evaluate_run.run(waiting)
        evaluate_run.drop()
        st.rerun()
    evaluate_run.drop()


def show(choice: evaluate_choice.Choice) -> None:
    """The stored evaluation of what is chosen, or how to get one."""
    found = None
    with errors.shown():
        preload.wait()
        found = evaluate_run.find(choice)
    label, kind = ("Evaluate", "primary") if found is None else ("Evaluate again", "secondary")
    st.button(label, type=kind, key="evaluate-run", on_click=evaluate_run.ask, args=[choice])
    if found is None:
        st.info(
            "Not evaluated yet. Press Evaluate: every clip is judged as on the Analyze page, and the result is kept. "
            "The first time takes about a quarter of the length of the clips; later evaluations are faster."
        )
        return
    with errors.shown():
        wanted = parts.take({tabs.MATRIX})
        tabs.render(tabs.Shown(choice, found.evaluation, found.figures), begin=wanted is not None)
        parts.scroll_to(wanted)


st.title("Evaluate")
st.caption("How often a model is right on a data set of clips, and how far these numbers can be trusted.")
chosen = evaluate_choice.render()
run_asked()
if chosen is not None:
    show(chosen)
