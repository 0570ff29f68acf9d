"""What runs or is drawn in the visitor's browser: the files of ``ui/browser``, wherever the pages are installed.

Among them a sentence for whoever hears the page instead of seeing it, such as the verdict once it is there. Errors need
none: Streamlit's messages are alerts of their own.
"""

import uuid
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


_WAITING = "_announcement"


def read(name: str) -> str:
    """Text of a file there."""
    return (resources.files("ui") / "browser" / name).read_text("utf-8")


def keep_focus() -> None:
    """Keep the focus on a tab that its own choice disables for a moment; on every page."""
    _focus()(key="focus")


@lru_cache
def _focus() -> "ComponentRenderer":
    return st.components.v2.component("studio_focus", js=read("focus.js"))


def say(text: str) -> None:
    """Have the next run of a page say `text`."""
    st.session_state[_WAITING] = {"text": text, "wish": uuid.uuid4().hex}


def announcer() -> None:
    """What says it; on every page, so that it is there before there is something to say."""
    _announcer()(key="announcer", data=st.session_state.get(_WAITING, {"text": "", "wish": ""}))


@lru_cache
def _announcer() -> "ComponentRenderer":
    return st.components.v2.component("studio_announce", js=read("announce.js"))
