"""A camera, watched live: the verdict on the picture, and beside it how it came about."""

import streamlit as st

from ui.live import view
from ui.shell import errors, navigation
from ui.widgets import model_picker, privacy

navigation.guard(__file__)

st.title("Watch it live")
st.caption("Your camera with the verdict on its last three seconds, and tips for a better picture.")
model_picker.render("live")
with errors.shown():
    if privacy.ask("live"):
        view.render()
st.divider()
st.caption("Nothing of the live view is kept: it ends when you leave this page.")
privacy.delete_button("live")
