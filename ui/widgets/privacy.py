"""Before any camera: what is computed, where, and what is not allowed. After it: delete everything of the visit."""

import streamlit as st

from emo_core.errors import EmoError
from ui.state import keeping, live_session, session
from ui.work import background, what_if_run

NOTICE = """
- **What happens:** this server finds the face in the pictures of your camera, measures how good each one is, and
  estimates which emotions the face *shows*, as people would name them. What you feel cannot be read from a face.
- **Where it stays:** pictures and results stay in memory and temporary files of this server for your visit, the live
  view only for its last ten seconds. Nothing is stored for longer, nothing is sent elsewhere, nothing is used for
  training, unless you ask for it: results that you keep for this browser stay for a day at most, and clips that you add
  to a data set on the Teach page stay until you remove them there, and train your models.
- **What is prohibited:** inferring emotions of people at work or in education is prohibited in the European Union, save
  for medical or safety reasons (AI Act, Article 5(1)(f)).
- **Tell people:** everybody before the camera must be told that emotions are recognized (Article 50(3)). Film only
  adults who agreed.
"""

AGREE = "I have read this and agree"
DELETE = "Delete my clips and results"
CONFIRM = "Yes, delete everything"

_KEEP, _NOT_KEPT = "keep-visit", "_not_kept"
_AGREED = "_agreed"
_DELETED = "_deleted"


def agreed() -> bool:
    """Whether the visitor agreed to the use of the camera during this visit."""
    return bool(st.session_state.get(_AGREED))


def ask(key: str) -> bool:
    """Show the notice until the visitor agrees; True once that is done."""
    if agreed():
        return True
    with st.container(border=True, key=f"notice-{key}"):
        st.markdown("## Before the camera is used")
        st.markdown(NOTICE)
        st.button(AGREE, type="primary", key=f"agree-{key}", on_click=_agree)
    return False


def delete_button(key: str) -> None:
    """A button that asks, then deletes everything of the visit, and afterwards the confirmation that it is done."""
    if st.session_state.pop(_DELETED, False):
        st.success("Everything of this visit was deleted: clips, pictures, results and your agreement.")
    with st.popover(DELETE):
        st.markdown(
            "Every clip, picture, mark and result of your visit is removed from this server at once, and links that "
            "you shared stop working. This cannot be undone. Data sets and models on the Teach page stay."
        )
        st.button(CONFIRM, key=f"delete-{key}", type="primary", on_click=delete_everything)


def keep_toggle() -> None:
    """Whether results and marks are there after a reload; off unless the visitor wants it."""
    if problem := st.session_state.pop(_NOT_KEPT, ""):
        st.error(problem, icon="⚠️")
    if keeping.is_behind():
        st.warning(
            "This server has no more room, so your newest results are not kept yet: export what you need. "
            "It is tried again whenever you do something here.",
            icon="⚠️",
        )
    key = session.fresh_key(_KEEP)
    st.session_state.setdefault(key, bool(keeping.key()))
    st.toggle(
        "Keep my results for this browser",
        key=key,
        on_change=_switch_keeping,
        args=[key],
        help="Clips, results and marks are then still there after a reload and in another tab of this browser. They "
        "are stored on the disk of this server for at most a day, under a key that only this browser has, and go when "
        "you delete them. While a result is kept, you can also share it by a link.",
    )


def _switch_keeping(key: str) -> None:
    """Callback: keep from now on, or no more; say so where that cannot be."""
    if not st.session_state[key]:
        keeping.end()
        return
    try:
        keeping.begin()
    except EmoError as error:
        st.session_state[key], st.session_state[_NOT_KEPT] = False, str(error)


def delete_everything() -> None:
    """Forget clips, pictures, results, live view and agreement of this visit; nothing of it is on disk by then."""
    live_session.end()
    what_if_run.stop()
    background.stop_all()
    keeping.end()
    session.forget()
    keeping.end()  # the browser is told to forget its key
    st.session_state[_DELETED] = True


def _agree() -> None:
    st.session_state[_AGREED] = True
