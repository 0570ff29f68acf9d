"""The way in: every page runs inside the entry script, whatever address the visitor typed.

On a fresh server Streamlit serves a deep link such as ``/about`` by running that page alone, without the entry script:
no page settings, no navigation. A page that finds itself alone hands over to the entry script, which then opens the
page that was asked for.
"""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from ui import live_session, preload, theme

_ENTERED = "_entered"
_WANTED = "_wanted_page"


def run(pages: Sequence[Page]) -> None:
    """Show the navigation and run the current page, or the one that a deep link asked for."""
    page = st.navigation(list(pages), position="top")
    st.session_state[_ENTERED] = True
    wanted = st.session_state.pop(_WANTED, None)
    if wanted is not None:
        st.switch_page(wanted)
    theme.apply()
    page.run()
    preload.start()


def guard(page_file: str) -> None:
    """Call first in every page, with its ``__file__``: leaves for the entry script if the page runs alone.

    A page that is not the live page ends the live view, for the visitor has left it.
    """
    if Path(page_file).stem != "live":
        live_session.end()
    if not st.session_state.get(_ENTERED):
        st.session_state[_WANTED] = f"pages/{Path(page_file).name}"
        st.switch_page("streamlit_app.py")
