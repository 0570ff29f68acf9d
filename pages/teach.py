"""Teach a model your own people and emotions: a data set, its checks, a training, a model."""

import streamlit as st

from ui.shell import errors, navigation
from ui.teach import checks, data, exchange, training
from ui.teach import clips as teach_clips

navigation.guard(__file__)

st.title("Teach")
st.caption("Record or upload labeled clips of people, check them, and train a model of your own on them.")
chosen = data.choose()
if chosen is None:
    teach_clips.tell()
    st.info("Open the demo data set to see how it works, or make a new data set and add clips of your own.")
else:
    with errors.shown():
        labels, clips = data.read(chosen)
        left, right = st.columns([11, 9], gap="large")
        with left:
            st.header("1. Clips", anchor=False)
            with st.container():  # grows without moving the recorder, which would turn its camera off
                data.overview(labels, clips)
            teach_clips.render(chosen, labels)
            teach_clips.render_removal(chosen, clips)
        with right:
            st.header("2. Checks", anchor=False)
            if clips:
                checks.render(chosen, clips)
            else:
                st.info("No clips yet. Add a few of each class, of several people, then check and train.")
            st.header("3. Training", anchor=False)
            training.form(chosen, has_clips=bool(clips))
            training.status()
if chosen is None:
    st.header("Trainings", anchor=False)
    training.status()
exchange.render()
