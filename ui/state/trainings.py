"""The trainings of this server, shared by all visitors."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.files import folders
from ui.state import models
from ui.state.datasets import CACHE, KnownSet

if TYPE_CHECKING:
    from emo_core.jobs.queue import JobQueue


@st.cache_resource(show_spinner=False)
def jobs() -> "JobQueue":
    """The queue of this server."""
    from emo_core.jobs.queue import JobQueue

    return JobQueue(CACHE / "trainings", folders.ROOT)


def out_of(name: str) -> Path:
    """Where the model of that name lies or will lie."""
    return folders.models() / name


def submit(name: str, chosen: KnownSet, protocol: str, seed: int, epochs: int, *, cnn: bool = False) -> None:
    """Ask for a training.

    Raises:
        DatasetError: the name, the data set or the protocol cannot be used.
        BundleError: another kind of model has that name.
    """
    from emo_core.datasets.clips import read_dataset
    from emo_core.datasets.editable import check_name
    from emo_core.datasets.splits import check_enough
    from emo_core.errors import BundleError
    from emo_core.jobs.queue import Order

    out = out_of(check_name(name))
    if out == models.MODEL_DIR or (out.exists() and "taught" not in models.manifest(out)):
        raise BundleError(f"{name} is the name of a model that was not taught here: choose another name for yours.")
    check_enough(read_dataset(chosen.path), "random" if protocol == "random" else "subject")
    jobs().submit(
        Order("train", name, chosen.shown_path, folders.shown(out), str(CACHE), protocol, seed, epochs, cnn=cnn)
    )
