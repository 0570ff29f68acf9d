"""Presenting mode: large type and no controls but the tabs, for a room that looks at one screen."""

import streamlit as st

_ON = "_presenting"
_CSS = """
<style>
html { font-size: 21px !important; }
.stMainBlockContainer { max-width: 1500px; }
@media (max-width: 1600px) { [class*="st-key-stack-"] [data-testid="stColumn"] { min-width: 100%; } }
[data-testid="stMain"] :is([data-testid="stSelectbox"], [data-testid="stFileUploader"], [data-testid="stExpander"],
  [data-testid="stDownloadButton"], [data-testid="stPopover"], [data-testid="stCode"], [data-testid="stCheckbox"],
  [data-testid="stNumberInput"], [data-testid="stTextInput"], [data-testid="stRadio"], [data-testid="stMultiSelect"],
  [data-testid="stForm"]) { display: none; }
.st-key-entries, .st-key-at-command-line { display: none; }
[data-testid="stMain"] [data-testid="stButton"]:not(.st-key-tour *, .st-key-presenting *, .st-key-ways *) {
  display: none; }
</style>
"""


def is_on() -> bool:
    """Whether this visit is being presented."""
    return bool(st.session_state.get(_ON))


def switch() -> None:
    """Callback: begin or end it."""
    st.session_state[_ON] = not is_on()


def render() -> None:
    """Its styles, and the way out of it; nothing while it is off."""
    if is_on():
        st.html(_CSS)
        with st.container(key="presenting", horizontal=True, horizontal_alignment="right"):
            st.button("Leave presenting mode", key="leave-presenting", type="tertiary", on_click=switch)
