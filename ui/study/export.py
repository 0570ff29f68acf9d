"""Everything of a study as files, and its end on this server."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.errors import os_remedy
from ui.shell import errors, navigation
from ui.study import groups
from ui.study import server as studies
from ui.study.server import ServerStudy

if TYPE_CHECKING:
    from emo_core.studies.tables import Study

_FILES = ("clips.csv", "segments.csv", "clips.parquet", "windows.parquet", "frames.parquet", "study.json")


def render(study: ServerStudy, found: "Study") -> None:
    """Download buttons; each file is read when it is asked for."""
    st.caption("Every chart saves itself as PNG: point at it and press the camera in its corner.")
    st.download_button(
        "Report (HTML)", data=partial(_report, found, everybody=groups.counts_everybody()),
        file_name=f"{study.key}.html", mime="text/html", on_click="ignore", type="primary", key="study-report",
    )  # fmt: skip
    with st.container(horizontal=True):
        for name in _FILES:
            st.download_button(
                name, data=(found.path / name).read_bytes, file_name=name, on_click="ignore", key=f"study-file-{name}"
            )
    st.caption(
        "The same tables as data frames: `load_study(folder).clips()`, `.frames()`, `.windows()`, `.segments()`."
    )


def removal(study: ServerStudy) -> None:
    """Delete what was found, and what was uploaded."""
    with st.expander("Delete this study"):
        st.caption("Deletes what was found, and the clips that were uploaded. Clips in a folder of the server stay.")
        sure = st.checkbox("Delete this study for good; this cannot be undone.", key=f"study-sure-{study.key}")
        if navigation.pressed("Delete", key="study-delete", disabled=not sure):
            try:
                studies.remove(study)
            except OSError as error:
                st.error(errors.plain(f"Deleting failed ({error.strerror or error}). {os_remedy(error)}"), icon="⚠️")
                return
            st.rerun()


def _report(found: "Study", *, everybody: bool) -> str:
    from emo_core.studies.report import to_html

    return to_html(found, everybody=everybody)
