"""Running an evaluation on the page, and finding the stored one again."""

from functools import partial
from pathlib import Path

import streamlit as st

from emo_core.errors import DatasetError
from emo_core.records import Protocols
from ui.evaluate.choice import CACHE, Choice
from ui.state import evaluations, models
from ui.state.datasets import DEMO
from ui.state.evaluations import Found
from ui.widgets import progress
from ui.work import turns

_JOB, _UNSTORED = "_evaluate_job", "_evaluate_unstored"


def stored_path(choice: Choice) -> Path:
    """Where the evaluation is kept; another one when the model or a clip of the data set has changed.

    Raises:
        DatasetError: the data set cannot be read.
    """
    from emo_core.datasets.clips import read_dataset
    from emo_core.evaluation.store import evaluation_path

    return evaluation_path(CACHE, choice.model, read_dataset(choice.data), everyone=choice.everyone)


def find(choice: Choice) -> Found | None:
    """The stored evaluation, if there is one, or the one that came with the demo clips.

    A damaged one is dropped, and the page says so.

    Raises:
        DatasetError: the data set cannot be read.
    """
    path = stored_path(choice)
    try:
        if path.exists():
            return evaluations.stored(path, path.stat().st_mtime_ns)
    except DatasetError:
        _drop(path, "evaluation")
        return None
    unstored: dict[Path, Found] = st.session_state.get(_UNSTORED, {})
    if path in unstored:
        return unstored[path]
    return evaluations.of_demo(choice.model) if choice.data == DEMO and not choice.everyone else None


def protocols_path(choice: Choice) -> Path:
    """Where the comparison of the two protocols is kept.

    Raises:
        DatasetError: the data set cannot be read.
    """
    from emo_core.datasets.clips import read_dataset
    from emo_core.evaluation import store as evaluation_store

    return evaluation_store.protocols_path(CACHE, choice.model, read_dataset(choice.data))


def find_protocols(choice: Choice) -> Protocols | None:
    """Two protocols on the data set with the recipe of the model, if they were compared; those of the model itself too.

    A damaged file is dropped, and the page says so.

    Raises:
        DatasetError: the data set cannot be read.
        BundleError: what the records of the model say of it cannot.
    """
    from emo_core.evaluation.store import load_protocols

    path = protocols_path(choice)
    try:
        table = load_protocols(path)
    except DatasetError:
        _drop(path, "comparison of protocols")
        table = None
    if table is None and choice.data == DEMO:
        return models.metrics(choice.model).protocols
    return table


def _drop(path: Path, what: str) -> None:
    """Remove a damaged file and say so, once, for it is gone then."""
    from emo_core.files.kept import drop as drop_damaged

    drop_damaged(path)
    st.warning(f"The stored {what} was damaged and is gone; measure it again with the button for it.")


def ask(choice: Choice) -> None:
    """Callback: ask for an evaluation; the page runs it."""
    st.session_state[_JOB] = choice


def asked() -> Choice | None:
    """The evaluation that waits to be run."""
    found: Choice | None = st.session_state.get(_JOB)
    return found


def drop() -> None:
    """Forget the waiting or running evaluation; what was seen of clips so far is kept."""
    st.session_state[_JOB] = None


def run(choice: Choice) -> None:
    """Evaluate with progress on the page and store the result.

    Raises:
        EmoError: the model or the data set cannot be used.
    """
    from emo_core.datasets.clips import read_dataset
    from emo_core.evaluation.clip_metrics import summarize
    from emo_core.evaluation.results import store
    from emo_core.evaluation.run import choose_clips, evaluate_dataset

    bundle = models.load(choice.model)
    clips = choose_clips(choice.model, read_dataset(choice.data), bundle.info.labels, everyone=choice.everyone)
    with progress.shown(choice.name, "Evaluating", drop) as report:
        work = partial(evaluate_dataset, bundle, clips, choice.data, CACHE, name=choice.name, command=choice.command)
        evaluation = turns.run(work, "evaluation", report, report.waiting)
    if not store(evaluation, path := stored_path(choice)):
        st.session_state[_UNSTORED] = {path: Found(evaluation, summarize(evaluation))}
