"""What this is, in one screen, and the ways in."""

import streamlit as st

from emo_core import config
from emo_core.files.folders import COMMAND
from ui.shell import navigation, presenting, tour
from ui.state import samples, session, sources
from ui.widgets import clip_picker, method_diagram

navigation.guard(__file__)

sample = next(iter(samples.load()), None)
words, picture = st.columns([3, 1], vertical_alignment="center", gap="large")
with words:
    st.title("Hybrid Emotion Studio", anchor=False)
    st.html(
        '<p class="es-lead">A face can show two emotions at once: amusement with surprise, sadness with fear. '
        "For researchers and demos: upload a face video, see which emotions it shows over time, why, and how sure the "
        "model is.</p>"
    )
if sample is not None:
    picture.image(sample.poster, alt=sample.look_for)

with st.container(key="entries"):
    sample_column, own_column, live_column = st.columns(3, border=True)
with sample_column:
    st.header("Try the sample", anchor=False)
    if sample is None:
        st.write("No sample came with this installation. Upload a clip instead.")
    else:
        st.write(f"{sample.title}: a clip of {sample.duration_s:.0f} seconds, ready to go.")
        if navigation.pressed("Analyze the sample", "home-sample", type="primary", width="stretch"):
            session.submit(sources.Source(sample.file.name, sample.file))
            st.switch_page("pages/analyze.py")
with own_column:
    st.header("Use your own clip", anchor=False)
    st.write("One face, well lit, at least a second. It stays on this server and is dropped after your visit.")
    with st.container(horizontal=True):  # wraps where there is no room for both
        if navigation.pressed("Record a clip", "home-record"):
            clip_picker.open_recorder()
            st.switch_page("pages/analyze.py")
        if navigation.pressed("Upload a clip", "home-upload"):
            st.switch_page("pages/analyze.py")
with live_column:
    st.header("Watch it live", anchor=False)
    st.write("Your camera with the verdict on the picture, and tips for a better picture.")
    if navigation.pressed("Open the live view", "home-live", width="stretch"):
        st.switch_page("pages/live.py")

with st.container(horizontal=True, key="ways"):
    st.button("Take the tour: five stops", key="tour-start", on_click=tour.start)
    if not presenting.is_on():
        st.button("Presenting mode", key="present", on_click=presenting.switch, help="Large type, no controls.")

st.header("How it works", anchor=False)
st.caption("Choose a step to see it on the clip you analyzed.")
method_diagram.render()
st.page_link("pages/about.py", label="Against the paper, figure by figure →", query_params={"see": "paper"})
if not config.is_public():
    st.page_link("pages/teach.py", label="Teach it your own people and emotions →")
st.caption(
    "It judges what a face shows, as people would name it, not what a person feels. "
    "The About page says how well, and on which data."
)
with st.container(key="at-command-line"):
    st.caption("The same analysis at the command line, as text or JSON:")
    st.code(f"{COMMAND} analyze clip.mp4", language="bash", wrap_lines=True)
