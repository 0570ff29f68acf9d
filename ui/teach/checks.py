"""What to look at before training, on the Teach page: findings with their clips and remedies."""

import hashlib
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ui.shell import errors, preload
from ui.state import models
from ui.state.datasets import CACHE, KnownSet
from ui.widgets import progress
from ui.work import turns

if TYPE_CHECKING:
    from emo_core.datasets.checks import CheckReport, Finding
    from emo_core.datasets.clips import DatasetClip

_JOB, _FOUND = "_teach_check", "_teach_findings"
_SIGNS = {"error": ":red[●]", "warning": ":orange[●]", "note": ":blue[●]"}
_SHOWN = 30


def render(chosen: KnownSet, clips: tuple["DatasetClip", ...]) -> None:
    """The button, the work, and what was found the last time the data set was as it is now."""
    state = _state(clips)
    asked = st.session_state.get(_JOB)
    report: CheckReport | None = st.session_state.get(_FOUND, {}).get(state)
    st.button("Check the data set" if report is None else "Check again", key="teach-check", on_click=_ask, args=[state],
              disabled=asked is not None)  # fmt: skip
    if asked == state:
        with errors.shown():
            _run(chosen, clips, state)
            drop()
            st.rerun()
        drop()
    if report is None:
        st.caption(
            "Looks at every clip: can it be read, is there a face, is it a copy, is the same face under two names, are "
            "classes and people balanced? What is found is kept and makes the training faster."
        )
        return
    if not report.findings:
        st.success("No problems found.")
    for finding in report.findings:
        _finding(finding)


def _finding(finding: "Finding") -> None:
    with st.expander(f"{_SIGNS[finding.severity]} {errors.plain(finding.text)}", expanded=finding.severity == "error"):
        st.markdown(f"**What to do:** {errors.plain(finding.remedy)}")
        for name in finding.clips[:_SHOWN]:
            st.markdown(f"- {errors.plain(name)}")
        if len(finding.clips) > _SHOWN:
            st.caption(f"and {len(finding.clips) - _SHOWN} more; `python -m emo_core dataset check` lists all.")


def _ask(state: str) -> None:
    st.session_state[_JOB] = state


def drop() -> None:
    """Forget the check that waits or runs; what was seen so far is kept."""
    st.session_state.pop(_JOB, None)


def _run(chosen: KnownSet, clips: tuple["DatasetClip", ...], state: str) -> None:
    """Check with progress on the page."""
    preload.wait()
    from emo_core.datasets.checks import check_with
    from emo_core.datasets.clips import count_skipped

    with progress.shown(chosen.name, "Checking", drop) as report:
        work = partial(check_with, models.MODEL_DIR, CACHE, clips, count_skipped(chosen.path, clips))
        found = turns.run(work, "check", report, report.waiting)
    st.session_state[_FOUND] = {state: found}


def _state(clips: tuple["DatasetClip", ...]) -> str:
    """Another one when a clip is added, removed, changed or named otherwise."""
    parts = []
    for clip in clips:
        info = clip.path.stat()
        parts.append(f"{clip.path} {clip.label} {clip.person} {clip.session} {info.st_size} {info.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
