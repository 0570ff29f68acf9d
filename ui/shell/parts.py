"""Leads to a part of a page: told by the address (``?see=heatmaps``), or wished for by what leads to the page."""

import uuid
from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from ui.shell import browser

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_WANTED = "_wanted_part"


def want(part: str) -> None:
    """Have the next run of the page show one of its parts, such as the verdict that has just come."""
    st.session_state[_WANTED] = part


def take(known: Collection[str]) -> str | None:
    """The part that the address, or :func:`want`, asked for, once; None for one that is not `known`."""
    wished = st.session_state.pop(_WANTED, None)
    asked = st.query_params.pop("see", None) if st.query_params.get("see") in known else wished
    return asked if asked in known else None


def scroll_to(part: str | None) -> None:
    """Scroll to an anchor of the page as soon as it is there, unless it is in sight; to nothing if None."""
    if part is not None:
        _scroll()(key="scroll-to-part", data={"part": part, "wish": uuid.uuid4().hex})


@lru_cache
def _scroll() -> "ComponentRenderer":
    return st.components.v2.component("studio_scroll", js=browser.read("scroll.js"))
