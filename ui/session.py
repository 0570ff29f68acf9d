"""What one visitor has here: the clip waiting for its analysis and the last result.

Clips stay in the memory of the session and go with it, or at once when the visitor says so; nothing is written to a
folder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if TYPE_CHECKING:
    from emo_core.types import Analysis

_JOB = "_job"
_RESULT = "_result"
_STOPPED = "_stopped"
_GENERATION = "_generation"
_KEPT = ("_entered", _GENERATION)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A clip to analyse: its name for the visitor, and a path of ours or the uploaded content."""

    name: str
    data: Path | bytes

    @property
    def mime(self) -> str:
        """Media type that lets a browser try to play it."""
        kinds = {"webm": "video/webm", "mkv": "video/x-matroska", "avi": "video/x-msvideo"}
        return kinds.get(Path(self.name).suffix.lower().lstrip("."), "video/mp4")


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A finished analysis and the clip it is of."""

    source: Source
    analysis: "Analysis"


def submit(source: Source) -> None:
    """Ask for an analysis; the Analyze page runs it."""
    st.session_state[_JOB] = source
    st.session_state[_STOPPED] = False


def submit_upload(key: str) -> None:
    """Ask for an analysis of what the file uploader `key` holds; nothing happens when it was just emptied."""
    upload: Any = st.session_state.get(key)
    if upload is not None:
        submit(Source(upload.name, upload.getvalue()))


def job() -> Source | None:
    """The clip waiting for its analysis."""
    found: Source | None = st.session_state.get(_JOB)
    return found


def drop_job() -> None:
    """Forget the waiting clip."""
    st.session_state[_JOB] = None


def stop() -> None:
    """Callback of the stop button: forget the running analysis; an earlier result stays."""
    drop_job()
    st.session_state[_STOPPED] = True


def was_stopped() -> bool:
    """Whether the visitor stopped an analysis just now; true once."""
    return bool(st.session_state.pop(_STOPPED, False))


def keep(source: Source, analysis: "Analysis") -> None:
    """Make `analysis` the result on show."""
    st.session_state[_RESULT] = Result(source, analysis)
    drop_job()


def again() -> None:
    """Ask for the clip on show once more, such as with another model; what was said of it is dropped."""
    found = result()
    if found is not None:
        st.session_state[_RESULT] = None
        submit(found.source)


def result() -> Result | None:
    """The last finished analysis."""
    found: Result | None = st.session_state.get(_RESULT)
    return found


def fresh_key(name: str) -> str:
    """Key of a widget that holds something of the visitor; another one after :func:`forget`, so that it is empty."""
    generation = st.session_state.get(_GENERATION, 0)
    return f"{name}-{generation}" if generation else name


def forget() -> None:
    """Drop everything the visitor brought and everything made of it, the server's copies of uploads included."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
    generation = st.session_state.get(_GENERATION, 0)
    for key in list(st.session_state):
        if key not in _KEPT:
            del st.session_state[key]
    st.session_state[_GENERATION] = generation + 1
