"""The ways to a clip: a sample by one click, an upload, a recording."""

from typing import TYPE_CHECKING

import streamlit as st

from ui.state import samples, session, sources
from ui.widgets import recorder, uploads

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

_OPEN = "_recorder_open"
_CHOOSER, _TURN = "choose-clip", "_chooser_turn"
_TAKES = "_takes"


def render() -> None:
    """Show the ways; what comes in is submitted for its analysis.

    They fold away with every clip that comes in, also with the second one, and open at a click.
    """
    with _chooser():
        if recorder_open():
            left, right = st.columns([3, 2], gap="large")
            with left:
                _recorder()
        else:
            left, right = st.columns(2, gap="large")
            with left:
                _samples()
        with right:
            _upload()
            _record_button()
        if not recorder_open():
            _gallery()


def _chooser() -> "ExpanderContainer":
    """What folds; while a clip is analyzed it tells the server of no click, for a run would begin the analysis anew."""
    if session.job() is not None:
        _fold(is_open=False)
        return st.expander("Choose a clip", key=f"{_CHOOSER}-meanwhile")
    st.session_state.setdefault(_CHOOSER, session.result() is None or recorder_open())
    key = f"{_CHOOSER}-{st.session_state.get(_TURN, 0)}"
    st.session_state.setdefault(key, st.session_state[_CHOOSER])
    return st.expander("Choose a clip", key=key, on_change="rerun")


def _fold(*, is_open: bool) -> None:
    """Have the next run show it folded or open, as another element: the browser tells what it remembers of this one."""
    st.session_state[_CHOOSER] = is_open
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def unfold() -> None:
    """Have the next run show the ways to a clip."""
    _fold(is_open=True)


def open_recorder() -> None:
    """Show the recorder from now on; the camera is still off."""
    st.session_state[_OPEN] = True
    _fold(is_open=True)


def recorder_open() -> bool:
    """Whether the recorder is on show."""
    return bool(st.session_state.get(_OPEN))


def _close_recorder() -> None:
    """Take the recorder away, and with it the camera."""
    st.session_state[_OPEN] = False
    st.session_state[_TAKES] = st.session_state.get(_TAKES, 0) + 1


def _samples() -> None:
    """The real clip."""
    for number, sample in enumerate(item for item in samples.load() if item.is_real):
        st.image(sample.poster, width=320, alt=sample.look_for)
        st.markdown(f"**{sample.title}** (real clip, {sample.duration_s:.0f} s). {sample.look_for}")
        st.caption(f"{sample.credit}, {sample.licence}")
        source = sources.Source(sample.file.name, sample.file)
        st.button(
            "Analyze this sample",
            key=f"sample-{number}",
            type="primary",
            on_click=_submit,
            args=[source],
        )


def _gallery() -> None:
    """Rendered people, one for each kind of verdict, labelled as what they are."""
    found = [item for item in samples.load() if not item.is_real]
    if not found:
        return
    st.markdown("**Or a rendered person**, one for each kind of verdict")
    with st.container(key="gallery"):
        for sample in found:
            with st.container(border=True):
                st.image(sample.poster, width="stretch", alt=sample.look_for)
                st.markdown(f"**{sample.title}** (rendered, {sample.duration_s:.0f} s). {sample.look_for}")
                source = sources.Source(sample.file.name, sample.file)
                st.button(
                    f"Analyze “{sample.title}”", key=f"sample-{sample.poster.stem}", on_click=_submit, args=[source]
                )


def _upload() -> None:
    key = session.fresh_key("upload")
    uploads.one(
        "Upload a clip of one face",
        key,
        session.submit_upload,
        "One person, face to the camera, evenly lit, at least a second.",
    )
    st.caption("The analysis starts by itself. The clip is dropped after your visit.")


def _submit(source: sources.Source) -> None:
    _close_recorder()
    session.submit(source)


def _record_button() -> None:
    if recorder_open():
        st.button("Close the recorder", key="close-recorder", on_click=_close_recorder)
    else:
        st.button("Record with the camera", key="open-recorder", on_click=open_recorder)


def _recorder() -> None:
    """The recorder; a clip from it is submitted, and with that the recorder goes."""
    source = recorder.record(f"recorder-{st.session_state.get(_TAKES, 0)}")
    if source is not None:
        _submit(source)
        st.rerun()
