"""Training on the Teach page: what to ask for, and how it goes, redrawn every second while it runs."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.errors import EmoError
from emo_core.model.limits import PUBLISHED, trust_line
from ui.shell import errors, navigation, preload
from ui.state import models, trainings
from ui.state.datasets import KnownSet
from ui.widgets import charts, model_picker

if TYPE_CHECKING:
    from emo_core.jobs.queue import JobStatus

_PERIOD_S = 1.0
_PROBLEM = "_teach_train_problem"
_PROTOCOLS = {
    "subject": "By person (honest): measured only on people it was not trained on",
    "random": "At random, as in the paper: trained on other clips of the same people, which flatters the figures",
}
_RECIPES = {
    "studio": "The studio's: features and thresholds as in the shipped model",
    "published": "As published: no class other, features normalized by quality, never unsure",
}
_STATES = {
    "waiting": "waiting", "running": "training", "done": "done", "failed": "failed", "stopped": "stopped",
    "interrupted": "interrupted",
}  # fmt: skip


def form(chosen: KnownSet, *, has_clips: bool) -> None:
    """What to train, and the button, which waits for the first clip."""
    if not has_clips:
        st.info("There is nothing to train on yet: add clips of at least two classes, each of several people.")
    name = st.text_input(
        "Name of the model", value=_default_name(chosen), key=f"teach-name-{chosen.name}", max_chars=40
    )
    recipe = st.radio(
        "Recipe", list(_RECIPES), key="teach-recipe", format_func=lambda value: _RECIPES[value], on_change=_split_alike,
    )  # fmt: skip
    if recipe == PUBLISHED:
        st.caption(
            "The paper's method, to be compared with: clips of other are left out, and a neutral face is then called "
            "one of your classes. Afterwards the recipe is measured by person as well, which trains ten more heads."
        )
    st.radio(
        "How to split clips into training, validation and test", list(_PROTOCOLS), key="teach-protocol",
        format_func=lambda value: _PROTOCOLS[value],
    )  # fmt: skip
    with st.expander("More"):
        st.number_input(
            "Seed", 0, 10_000, 7, key="teach-seed", help="The same seed and the same data give the same figures."
        )
        st.number_input("Epochs at most", 1, 200, 40, key="teach-epochs",
                        help="It ends earlier when it no longer gets better on held-out people.")  # fmt: skip
        st.checkbox("Also tune the last stage of the frame network", key="teach-cnn",
                    help="It then learns what your classes differ in. Every clip is read twice more.")  # fmt: skip
    if (trainings.out_of(name) / "bundle.json").exists() and name:
        st.caption(f"A model {errors.plain(name)} exists; it stays as it is until the new one is whole.")
    st.button("Train", type="primary", key="teach-train", on_click=_submit, args=[chosen], disabled=not has_clips)
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(errors.plain(problem), icon="⚠️")


def _split_alike() -> None:
    """Callback: a recipe brings its own way to part clips, which may be changed after."""
    state = st.session_state
    state["teach-protocol"] = "random" if state["teach-recipe"] == PUBLISHED else "subject"


def _default_name(chosen: KnownSet) -> str:
    return chosen.path.name if chosen.writable else "demo"


def _submit(chosen: KnownSet) -> None:
    """Callback: ask for the training, or say why not; fields count as they are at the click."""
    state = st.session_state
    name, protocol = str(state[f"teach-name-{chosen.name}"]).strip(), str(state["teach-protocol"])
    try:
        seed, epochs, cnn = int(state["teach-seed"]), int(state["teach-epochs"]), bool(state["teach-cnn"])
        trainings.submit(name, chosen, protocol, seed, epochs, cnn=cnn, recipe=str(state["teach-recipe"]))
    except EmoError as error:
        st.session_state[_PROBLEM] = str(error)
    except OSError as error:
        st.session_state[_PROBLEM] = f"The training cannot be noted ({error.strerror}): free some space and try again."


def status() -> None:
    """Every training that is known, the running one first; redrawn while one is under way."""
    active = bool(trainings.jobs().active())
    st.fragment(_watch, run_every=_PERIOD_S if active else None)(active)


def _watch(active: bool) -> None:
    jobs = trainings.jobs()
    now, others = jobs.active(), jobs.all()
    if active != bool(now):
        st.rerun()  # one began or the last one ended: what else is on the page depends on it
    names = {status.order.name for status in now}
    ended = [status for status in others if status.order.name not in names]
    if not now and not ended:
        st.info("Nothing has been trained yet. Open a data set and press Train: a few hundred clips take minutes.")
    for status in now:
        with st.container(border=True, key=f"training-{status.order.name}"):
            _active(status, now)
    for status in ended[:3]:
        with st.container(border=True, key=f"training-{status.order.name}"):
            _ended(status)


def _active(status: "JobStatus", now: list["JobStatus"]) -> None:
    order, progress = status.order, status.progress
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(f"**{errors.plain(order.name)}**: {_STATES[status.state]} on {errors.plain(Path(order.data).name)}")
    button.button("Stop", key=f"stop-{order.name}", on_click=trainings.jobs().stop, args=[order.name], width="stretch")
    if status.state == "waiting":
        if not status.ahead:
            st.info(trainings.HELD_BACK)
            return
        first = errors.plain(now[0].order.name)
        st.info(
            f"One training at a time: {status.ahead} before this one ({first} is under way{_left(now[0])}). It starts "
            "by itself; you may leave the page."
        )
        return
    share = progress.done / progress.total if progress.total else 0.0
    count = f" {progress.done} of {progress.total}" if progress.total else ""
    what = f"Epoch{count}" if progress.what == "Training" else f"{errors.plain(progress.what)}{count}"
    st.progress(min(share, 1.0), text=f"{what}{_left(status)}")
    _curves(status)
    st.caption("You can use the other pages meanwhile. If you stop it, it can resume after the last whole epoch.")


def _left(status: "JobStatus") -> str:
    seconds = status.progress.seconds_left
    if seconds is None or status.progress.what != "Training":
        return ""
    return f", at most {seconds:.0f} s left" if seconds < 90 else f", at most {seconds / 60:.0f} min left"


def _curves(status: "JobStatus") -> None:
    """Loss and accuracy so far."""
    rows = status.progress.history
    if not rows:
        return
    preload.wait()
    from emo_core.report.charts.analysis import history_figure

    epochs = [int(row["epoch"]) + 1 for row in rows]
    best = min(rows, key=lambda row: row.get("val_loss", math.inf))
    for quantity, key in {"Loss": "loss", "Accuracy": "accuracy"}.items():
        curves = {"Training": [row[key] for row in rows], "Validation": [row[f"val_{key}"] for row in rows]}
        figure = history_figure(epochs, curves, quantity, int(best["epoch"]) + 1).update_layout(height=260)
        charts.render(figure, f"curves-{status.order.name}-{key}", f"{quantity} per epoch")


def _ended(status: "JobStatus") -> None:
    order, folder = status.order, trainings.out_of(status.order.name)
    exists = (folder / "bundle.json").exists()
    st.markdown(f"**{errors.plain(order.name)}**: {_STATES[status.state]}")
    if status.state == "done":
        st.success(errors.plain(trust_line(models.record(folder)) if exists else status.progress.message))
    elif status.state == "failed":
        st.error(errors.plain(status.progress.message))
    else:
        epochs = len(status.progress.history)
        st.warning(f"It stopped early; {epochs} epochs are kept. Resume continues from there.")
    with st.container(horizontal=True, key=f"after-{order.name}"):
        if status.state != "done":
            st.button(
                "Resume", key=f"resume-{order.name}", on_click=trainings.jobs().submit, args=[order], type="primary"
            )
        elif exists:
            used = models.directory() == folder
            if navigation.pressed(
                "In use" if used else "Use this model", key=f"use-{order.name}", disabled=used, type="primary"
            ):
                model_picker.use(folder)
                st.rerun()
            if navigation.pressed("Evaluate it", key=f"evaluate-{order.name}"):
                _evaluate(status)
    if status.state == "done":
        with st.expander("How training went"):
            _curves(status)


def _evaluate(status: "JobStatus") -> None:
    """Leave for the Evaluate page, with this model and its data set."""
    from ui.state import datasets

    model_picker.use(trainings.out_of(status.order.name))
    names = {item.shown_path: name for name, item in datasets.known().items()}
    if status.order.data in names:
        st.session_state["evaluate-data"] = names[status.order.data]
    st.switch_page("pages/evaluate.py")
