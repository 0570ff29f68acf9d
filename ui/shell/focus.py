"""Keeps the focus on a tab that its own choice disables for a moment, on every page."""

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from ui.shell import browser

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def render() -> None:
    """What keeps it."""
    _component()(key="focus")


@lru_cache
def _component() -> "ComponentRenderer":
    return st.components.v2.component("studio_focus", js=browser.read("focus.js"))
