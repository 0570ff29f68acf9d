"""Many clips at once: a study of them run on the server, its clips, its groups, its files."""

import streamlit as st

from ui.shell import errors, navigation, preload
from ui.study import choose, clips, export, groups, run
from ui.study import server as studies
from ui.widgets import model_picker

navigation.guard(__file__)


def show(study: studies.ServerStudy) -> None:
    """What was found in a study so far."""
    preload.wait()
    found = studies.found(study)
    if found is None:
        st.info("There are no results yet. Press Run: the tables appear here when the run ends or is stopped.")
        return
    titles = ["Clips", "Groups", "Export"]
    for title, place in zip(titles, st.tabs(titles, key="study-tab", on_change="rerun"), strict=True):
        if place.open:
            with place, errors.shown():
                if title == "Clips":
                    clips.render(study, found)
                elif title == "Groups":
                    groups.render(found)
                else:
                    export.render(study, found)


st.title("Study")
st.caption("Many clips of many people, judged one after another on this server, and compared by group.")
model_picker.render("study")
with errors.shown():
    chosen = choose.render()
    if chosen is None:
        st.info("Choose a study, make a new one from uploaded clips, or open a folder of the server.")
    else:
        run.render(chosen)
        with errors.shown():
            show(chosen)
        export.removal(chosen)
