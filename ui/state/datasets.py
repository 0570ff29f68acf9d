"""The data sets that the application knows: the demo clips that came with it, and those in the folder of data sets."""

import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.state.models import ROOT

DEMO = Path(os.environ.get("EMO_DEMO") or ROOT / "assets" / "demo")
"""Rendered clips of synthetic people; never written to."""

DEMO_NAME = "Demo clips of synthetic people"

FOLDER = Path(os.environ.get("EMO_DATA") or ROOT / "data")
"""Where data sets of one's own lie, unless the visitor names another folder."""

CACHE = Path(os.environ.get("EMO_CACHE") or ROOT / ".cache")
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
        return str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else str(self.path)


def folder() -> Path:
    """Where data sets lie, as this visit said."""
    return Path(st.session_state.get(_FOLDER) or FOLDER)


def choose_folder(path: Path) -> None:
    """Take data sets from another folder during this visit."""
    st.session_state[_FOLDER] = str(path)


def known() -> dict[str, KnownSet]:
    """Data sets by name: the demo clips first, then those in the folder of data sets."""
    place = folder()
    own = sorted(path for path in place.iterdir() if _is_dataset(path)) if place.is_dir() else []
    sets = [KnownSet(DEMO_NAME, DEMO, writable=False)] if (DEMO / _MANIFEST).exists() else []
    return {item.name: item for item in [*sets, *(KnownSet(path.name, path) for path in own)]}


def paths() -> dict[str, Path]:
    """Paths of the known data sets by name."""
    return {name: item.path for name, item in known().items()}


def _is_dataset(path: Path) -> bool:
    """Whether a folder is a data set: it has a manifest, or a folder with clips."""
    from emo_core.datasets.clips import is_clip

    if not path.is_dir() or path.name.startswith("."):
        return False
    if (path / _MANIFEST).exists():
        return True
    folders = [item for item in path.iterdir() if item.is_dir() and not item.name.startswith(".")]
    return any(is_clip(file) for folder in folders for file in folder.iterdir())
