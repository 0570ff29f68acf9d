"""The trainings of this server, shared by all visitors."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui.state import models
from ui.state.datasets import CACHE, KnownSet

if TYPE_CHECKING:
    from emo_core.jobs.queue import JobQueue


@st.cache_resource(show_spinner=False)
def jobs() -> "JobQueue":
    """The queue of this server."""
    from emo_core.jobs.queue import JobQueue

    return JobQueue(CACHE / "trainings", models.ROOT)


def out_of(name: str) -> Path:
    """Where the model of that name lies or will lie."""
    return models.taught_dir() / name


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
    shown = str(out.relative_to(models.ROOT)) if out.is_relative_to(models.ROOT) else str(out)
    jobs().submit(Order("train", name, chosen.shown_path, shown, str(CACHE), protocol, seed, epochs, cnn=cnn))
