"""Which study is on show: a known one, a new one of uploaded clips, or a folder of the server."""

from pathlib import Path

import streamlit as st

from emo_core.errors import EmoError, os_remedy
from ui.shell import errors, navigation
from ui.state import session, sources
from ui.study import server as studies
from ui.study.server import ServerStudy
from ui.widgets import uploads

_CHOSEN, _PROBLEM, _TAKES = "_study_chosen", "_study_problem", "_study_takes"


def render() -> ServerStudy | None:
    """Show the choice; None while nothing is chosen."""
    known = studies.known()
    chosen: ServerStudy | None = st.session_state.get(_CHOSEN)
    if chosen is not None and not chosen.path.is_dir():
        chosen = None
    names = list(known) if chosen is None or chosen.name in known else [*known, chosen.name]
    left, right = st.columns([5, 3], vertical_alignment="bottom")
    name = left.selectbox(
        "Study", names, index=names.index(chosen.name) if chosen else None,
        key=f"study-choice-{chosen.name if chosen else ''}",
        placeholder="Choose a study" if names else "None yet: make a new one",
    )  # fmt: skip
    with right.popover("Open a server folder", width="stretch"), st.form("study-folder", border=False):
        st.text_input("Folder below the studies of this server", key="study-folder-name", placeholder="2026/interviews")
        st.form_submit_button("Open the folder", on_click=_open_folder)
    if name is not None and (chosen is None or name != chosen.name):
        chosen = known[name]
        st.session_state[_CHOSEN] = chosen
    with st.expander("New study", expanded=not names):
        _new()
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(errors.plain(problem), icon="⚠️")
    return chosen


def _open_folder() -> None:
    """Callback: show the study in a folder, or say that there is none."""
    try:
        st.session_state[_CHOSEN] = studies.named(st.session_state["study-folder-name"])
    except EmoError as error:
        st.session_state[_PROBLEM] = str(error)


def _new() -> None:
    takes = st.session_state.get(_TAKES, 0)
    st.text_input("Name", key="study-name", placeholder="my_study", max_chars=40)
    files = uploads.many("Clips", session.fresh_key(f"study-upload-{takes}"))
    table = st.file_uploader(
        "Who is shown when (manifest.csv, optional)", type=["csv"], key=session.fresh_key(f"study-table-{takes}"),
        help="Columns: path (name of the clip); participant, condition, session, start_s, end_s, mark_s if known.",
    )  # fmt: skip
    st.caption(
        "Clips of a study are kept on this server, where every visitor sees them, until the study is deleted here. "
        "Upload only clips of adults who agreed to that."
    )
    agreed = st.checkbox("Everyone shown agreed", key="study-agreed")
    if navigation.pressed("Create", type="primary", key="study-create", disabled=not (agreed and files)):
        clips = [sources.uploaded(file) for file in files]
        manifest = sources.uploaded(table) if table else None
        _create([(item.name, item.path) for item in clips], manifest.path if manifest else None)
        st.rerun()


def _create(files: list[tuple[str, Path]], manifest: Path | None) -> None:
    try:
        st.session_state[_CHOSEN] = studies.make(str(st.session_state["study-name"]).strip(), files, manifest)
        st.session_state[_TAKES] = st.session_state.get(_TAKES, 0) + 1
    except EmoError as error:
        st.session_state[_PROBLEM] = str(error)
    except OSError as error:
        words = f"The clips cannot be kept ({error.strerror or error}). {os_remedy(error)}"
        st.session_state[_PROBLEM] = words
