"""The data sets that the application knows: the demo clips that came with it, and those in the folder of data sets."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from emo_core.files import folders

DEMO = folders.demo()
"""Rendered clips of synthetic people; never written to."""

DEMO_NAME = "Demo clips of synthetic people"

CACHE = folders.cache()
"""What is seen of clips, trainings under way, evaluations."""

_FOLDER = "_datasets_folder"
_MANIFEST = "manifest.csv"


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A data set to choose.

    Attributes:
        name: for people.
        path: its folder.
        writable: whether clips may be added and removed.
    """

    name: str
    path: Path
    writable: bool = True

    @property
    def shown_path(self) -> str:
        """Its path as a person gives it on the command line."""
        return folders.shown(self.path)


def folder() -> Path:
    """Where data sets lie, as this visit said, as long as visitors may open that."""
    chosen: Path | None = st.session_state.get(_FOLDER)
    return chosen if chosen is not None and folders.is_visitors(chosen) else folders.data()


def choose_folder(path: Path) -> None:
    """Take data sets from a folder of :func:`emo_core.files.folders.visitors_folder` during this visit."""
    st.session_state[_FOLDER] = path


def known() -> dict[str, KnownSet]:
    """Data sets by name: the demo clips first, then those in the folder of data sets; what cannot be read is none."""
    try:
        own = sorted(path for path in folder().iterdir() if folders.is_visitors(path) and _is_shown(path))
    except (OSError, ValueError):
        own = []
    sets = [KnownSet(DEMO_NAME, DEMO, writable=False)] if (DEMO / _MANIFEST).exists() else []
    return {item.name: item for item in [*sets, *(KnownSet(path.name, path) for path in own)]}


def paths() -> dict[str, Path]:
    """Paths of the known data sets by name."""
    return {name: item.path for name, item in known().items()}


def _is_shown(path: Path) -> bool:
    """Whether a folder is a data set, or says that it is one, so that the page can say what is wrong with it."""
    from emo_core.datasets.clips import is_dataset

    try:
        return is_dataset(path) or (not path.name.startswith(".") and (path / _MANIFEST).is_file())
    except OSError:
        return False
