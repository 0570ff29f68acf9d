"""A sentence for whoever hears the page instead of seeing it, such as the verdict once it is there.

Errors need none: Streamlit's messages are alerts of their own.
"""

import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from ui.shell import browser

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_WAITING = "_announcement"


def say(text: str) -> None:
    """Have the next run of a page say `text`."""
    st.session_state[_WAITING] = {"text": text, "wish": uuid.uuid4().hex}


def render() -> None:
    """What says it; on every page, so that it is there before there is something to say."""
    _component()(key="announcer", data=st.session_state.get(_WAITING, {"text": "", "wish": ""}))


@lru_cache
def _component() -> "ComponentRenderer":
    return st.components.v2.component("studio_announce", js=browser.read("announce.js"))
