"""Which model is measured on which data set: the choice at the top of the Evaluate page."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from emo_core.files import folders
from ui.state import datasets as own_datasets
from ui.state import models as model
from ui.widgets import model_picker

CACHE = own_datasets.CACHE
"""What is seen of clips, and evaluations, so that the same one opens at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to evaluate.

    Attributes:
        model: bundle directory.
        data: folder or manifest of the data set.
        name: of the data set for people.
        everyone: whether people that the model has seen are judged, too.
    """

    model: Path
    data: Path
    name: str
    everyone: bool = False

    @property
    def command(self) -> str:
        """The command line that measures the same."""
        words = ["python -m emo_core evaluate --data", self.shown_data, "--model", self.shown_model]
        return " ".join([*words, *(["--everyone"] if self.everyone else [])])

    @property
    def protocols_command(self) -> str:
        """The command line that compares the two protocols."""
        return f"python -m emo_core evaluate --data {self.shown_data} --model {self.shown_model} --protocol both"

    @property
    def shown_data(self) -> str:
        """The data set as a person gives it on the command line."""
        return folders.shown(self.data)

    @property
    def shown_model(self) -> str:
        """The model as a person gives it on the command line."""
        return folders.shown(self.model)


def models() -> dict[str, Path]:
    """Finished bundles by name, that of the application first."""
    return model.found()


def datasets() -> dict[str, Path]:
    """Data sets by name."""
    return own_datasets.paths()


def render() -> Choice | None:
    """Show the choice; None while there is nothing to choose from."""
    found, sets = models(), datasets()
    if not found:
        st.info("There is no model to evaluate yet. Run `make model`, or teach one on the Teach page.")
        return None
    left, middle, right = st.columns([3, 4, 3], vertical_alignment="bottom", gap="medium")
    own = [folder == model.directory() for folder in found.values()]
    name = left.selectbox(
        "Model", list(found), own.index(True) if any(own) else 0, key="evaluate-model", on_change=_use, args=[found]
    )
    data = middle.selectbox("Data set", list(sets), key="evaluate-data")
    everyone = right.toggle(
        "Include people it was trained on",
        key="evaluate-everyone",
        help="A model does better on people it was trained on, so with them its figures flatter it.",
    )
    return Choice(found[name], sets[data], data, everyone)


def _use(found: dict[str, Path]) -> None:
    """Callback: the clips that are opened from here are judged by the model that is measured here."""
    model_picker.use(found[st.session_state["evaluate-model"]])
