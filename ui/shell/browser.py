"""What runs or is drawn in the visitor's browser: the files of ``ui/browser``, wherever the pages are installed."""

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def read(name: str) -> str:
    """Text of a file there."""
    return (resources.files("ui") / "browser" / name).read_text("utf-8")


def keep_focus() -> None:
    """Keep the focus on a tab that its own choice disables for a moment; on every page."""
    _focus()(key="focus")


@lru_cache
def _focus() -> "ComponentRenderer":
    return st.components.v2.component("studio_focus", js=read("focus.js"))
