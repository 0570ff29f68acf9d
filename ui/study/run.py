"""The run of a study on the page: started, watched, stopped, gone on with; the app stays usable meanwhile."""

from typing import TYPE_CHECKING

import streamlit as st

from emo_core.errors import EmoError
from ui.shell import errors
from ui.state import models, trainings
from ui.study import server as studies
from ui.study.server import ServerStudy

if TYPE_CHECKING:
    from emo_core.jobs.queue import JobStatus

_PERIOD_S = 1.0
_PROBLEM = "_study_run_problem"
_ENDED = {
    "done": "The run is done.", "stopped": "Stopped; what is done is kept.",
    "interrupted": "The run was ended with the server; what is done is kept.",
}  # fmt: skip


def render(study: ServerStudy) -> None:
    """Progress and buttons; redrawn every second while the run is under way."""
    status = studies.status(study)
    active = status is not None and status.state in ("running", "waiting")
    st.fragment(_watch, run_every=_PERIOD_S if active else None)(study, active)


def _watch(study: ServerStudy, active: bool) -> None:
    status = studies.status(study)
    if active != (status is not None and status.state in ("running", "waiting")):
        st.rerun()  # it began or ended: what else is on the page depends on it
    with st.container(border=True, key=f"study-run-{study.key}"):
        words, button = st.columns([5, 1], vertical_alignment="center")
        if active and status is not None:
            with words:
                _progress(status)
            button.button("Stop", key="study-stop", width="stretch", on_click=studies.jobs().stop, args=[study.key])
        else:
            words.markdown(_told(study, status))
            goes_on = status is not None and status.state != "done"
            button.button(
                "Resume" if goes_on else "Run", key="study-start", type="primary", width="stretch", on_click=_start,
                args=[study],
            )  # fmt: skip
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(errors.plain(problem), icon="⚠️")


def _progress(status: "JobStatus") -> None:
    progress = status.progress
    if status.state == "waiting":
        if not status.ahead:
            st.info(trainings.HELD_BACK)
            return
        st.info(f"One study at a time: {status.ahead} before this one. It starts by itself; you may leave the page.")
        return
    share = progress.done / progress.total if progress.total else 0.0
    st.progress(min(share, 1.0), text=errors.plain(progress.what))
    st.caption("You can use the other pages meanwhile.")


def _told(study: ServerStudy, status: "JobStatus | None") -> str:
    if status is None and studies.found(study) is not None:
        return "These results were not made by this server. Run judges the clips that are new."
    if status is None:
        return "Not run yet. Every clip is judged as on the Analyze page; the model is the one chosen above."
    if status.state == "failed":
        return f"⚠️ {errors.plain(status.progress.message)}"
    return f"{_ENDED.get(status.state, '')} {errors.plain(status.progress.message)}".strip()


def _start(study: ServerStudy) -> None:
    """Callback: ask for the run, or say why not."""
    try:
        studies.submit(study, models.directory())
    except EmoError as error:
        st.session_state[_PROBLEM] = str(error)
    except OSError as error:
        st.session_state[_PROBLEM] = f"The run cannot be noted ({error.strerror}): free some space and try again."
