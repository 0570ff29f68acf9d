"""The live page's parts: start, picture, controls, and what is seen, redrawn every second."""

from typing import TYPE_CHECKING

import streamlit as st

from ui.live import connection, ice, status
from ui.shell import errors, navigation, preload
from ui.state import live_session, session
from ui.widgets import camera, charts, clip_picker

if TYPE_CHECKING:
    from ui.state.live_session import LiveSession

_PERIOD_S = 1.0
_START_LASTS_S = 10.0  # who left before the page got to it does not find a camera that is on
_TOO_SHORT = "_too_short"
# Not narrower: a change of width makes the connection's component start twice at once, and then it may never connect.
_OUT_OF_SIGHT = "max-height: 0; min-height: 0; overflow: hidden; visibility: hidden;"
_IN_SIGHT = "aspect-ratio: 4 / 3;"  # room for the first picture, which would push Stop away from the pointer otherwise


def render() -> None:
    """Everything between the notice and the foot of the page."""
    preload.wait()
    live = live_session.current()
    connections = _ice_settings()
    _problem(live)
    left, right = st.columns([7, 5], gap="large")
    with left:
        with st.container(key="live-picture"):
            _picture(live, connections)
        with st.container(key="live-gate"):
            if not live.wanted:
                _gate(live, connections)
        _controls(live)
        _snapshots(live)
    with right:
        st.fragment(_watch, run_every=_PERIOD_S if live.wanted else None)(live)


def _ice_settings() -> ice.IceSettings:
    """The installation's connection servers; without them if they are written wrongly."""
    try:
        return ice.settings()
    except ice.IceError as error:
        st.warning(
            f"The connection settings of this installation are wrong and are left out: {errors.plain(str(error))}"
        )
        return ice.IceSettings()


def _problem(live: "LiveSession") -> None:
    """Why it does not run, and the way on: an upload where the camera fails, else a recording."""
    if not live.problem:
        return
    st.error(live.problem, icon="⚠️")
    if live.problem in camera.PROBLEMS.values():
        st.button("Upload a clip instead", key="upload-instead", on_click=navigation.go, args=["analyze.py"])
    else:
        st.button("Record a clip instead", key="record-instead", on_click=_record_instead)


def _record_instead() -> None:
    clip_picker.open_recorder()
    navigation.go("analyze.py")


def _gate(live: "LiveSession", connections: ice.IceSettings) -> None:
    """The start button: the browser tries camera and connection before anything else begins."""
    data = {
        "rtc": connections.for_browser(), "device": live.device, "checking": "Trying camera and connection …",
        "off": "The camera is off.",
    }  # fmt: skip
    key = session.fresh_key("gate")
    found = camera.sent("gate", key, "checked", data, lasts_s=_START_LASTS_S)
    if found is not None:
        camera.taken(key)
        check = status.Check.from_message(found, relay_only=connections.policy == "relay")
        if check.problem:
            live.stop(check.problem)
        else:
            live.start(check.device, another=check.another)
        st.rerun()


def _picture(live: "LiveSession", connections: ice.IceSettings) -> None:
    """The connection's part of the page; it stays while stopped, out of sight, so that it can end in good order."""
    st.html(f"<style>.st-key-live-picture {{{_IN_SIGHT if live.wanted else _OUT_OF_SIGHT}}}</style>")
    connection.render(live, connections)


def _controls(live: "LiveSession") -> None:
    with st.container(horizontal=True, key="live-controls"):
        if live.wanted:
            st.button("Stop", key="live-stop", on_click=live.stop, type="primary")
            st.button("Go on" if live.worker.paused else "Pause", key="live-pause", on_click=live.toggle_pause)
            st.button("Snapshot", key="live-snapshot", on_click=live.take_snapshot)
        if live.wanted or live.worker.ring.span_s >= 1:
            st.button("Analyze the last ten seconds", key="live-analyze", on_click=_analyze, args=[live])
    if st.session_state.pop(_TOO_SHORT, False):
        st.info("Less than a second has come in so far; try again in a moment.")
    live.worker.smoothing_s = st.slider(
        "Smoothing", 0.0, 4.0, 1.0, 0.5, format="%.1f s", key="live-smoothing",
        help="How long the verdict lingers: 0 follows every window at once, more is calmer and slower.",
    )  # fmt: skip


def _analyze(live: "LiveSession") -> None:
    """Callback: the last seconds become a clip for the Analyze page."""
    source = live.clip()
    if source is None:
        st.session_state[_TOO_SHORT] = True
        return
    session.submit(source)
    navigation.go("analyze.py")


def _snapshots(live: "LiveSession") -> None:
    """The pictures that were taken, newest first, small enough to stand beside one another."""
    with st.container(horizontal=True, key="live-snapshots"):
        for number, picture in enumerate(reversed(live.snapshots)):
            with st.container(width=150):
                st.image(picture, width=150, alt=f"Snapshot {number + 1}")
                name = f"snapshot-{number + 1}.jpg"
                st.download_button(
                    "Download it", picture, name, "image/jpeg", key=f"snapshot-{number}", on_click="ignore"
                )


def _watch(live: "LiveSession") -> None:
    """Verdict, hints, speed and chart, as of now."""
    if live.waiting_s > live_session.CONNECT_S:
        live.stop(status.BROKEN if live.worker.latest else status.NO_PATH)
        st.rerun()
    if live.waiting_s > live_session.RETRY_S and not live.retried:
        live.retry()
        st.rerun()
    if live.settle():
        st.rerun()
    from ui.live import card, chart

    st.html(card.card_html(live))
    history = live.worker.history()
    if history:
        labels = live.worker.bundle.info.labels
        charts.render(chart.figure(history, labels), "live-chart", "Verdict, emotions, quality of the last 30 s")
        st.caption(
            "The last half minute. The verdict reads the last 3.2 seconds, so it follows a change by one or two."
        )
    elif not live.wanted:
        st.caption("Press start: the browser asks for the camera, and the verdict appears here within seconds.")
