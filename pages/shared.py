"""A result that somebody shared: to look at, not to change."""

import streamlit as st

from ui.analyze import people, tabs, verdict
from ui.shell import errors, navigation, preload
from ui.state import sharing

navigation.guard(__file__)

key = st.query_params.get("key", "")
st.title("Shared result")
with errors.shown():
    preload.wait()
    found = sharing.opened(key)
    st.caption("Somebody shared this with you: you can look at everything, and change nothing.")
    people.render(found, sharing.show_person)
    verdict.beside_clip(found)
    tabs.render_for_reader(found, lambda: sharing.opened(key))
