"""A camera, watched live: the verdict on the picture, and beside it how it came about."""

import streamlit as st

from ui import entry, errors, live_view, model_choice, privacy

entry.guard(__file__)

st.title("Watch it live")
st.caption("Your camera, the verdict on the last three seconds of it, and what would make the picture better.")
model_choice.render("live")
with errors.shown():
    if privacy.ask("live"):
        live_view.render()
st.divider()
words, button = st.columns([3, 1], vertical_alignment="center")
words.caption("Nothing of the live view is kept: it ends, and is forgotten, when you leave this page.")
with button:
    privacy.delete_button("live")
