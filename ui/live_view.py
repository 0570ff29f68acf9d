"""The live page's parts: start, picture, controls, and what is seen, redrawn every second."""

from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.emotions import UNSURE, class_colour
from ui import camera, charts, choose, ice, live_session, live_status, model, preload, session

if TYPE_CHECKING:
    from ui.live_session import LiveSession

_PERIOD_S = 1.0
_OUT_OF_SIGHT = ".st-key-live-picture { height: 0; overflow: hidden; visibility: hidden; }"
_SOFT_CHECK = {True: "🟢", False: "⚪"}


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
        st.warning(f"The connection settings of this installation are wrong and are left out: {error}")
        return ice.IceSettings()


def _problem(live: "LiveSession") -> None:
    """Why it does not run, and recording as the way on."""
    if live.problem:
        st.error(live.problem, icon="⚠️")
        if st.button("Record a clip instead", key="record-instead"):
            choose.open_recorder()
            st.switch_page("pages/analyze.py")


def _gate(live: "LiveSession", connections: ice.IceSettings) -> None:
    """The start button: the browser tries camera and connection before anything else begins."""
    data = {"rtc": connections.for_browser(), "checking": "Trying camera and connection …"}
    message = camera.component("gate")(key=session.fresh_key("gate"), data=data, on_checked_change=lambda: None).checked
    if message is not None:
        check = live_status.Check.from_message(message, relay_only=connections.policy == "relay")
        if check.problem:
            live.stop(check.problem)
        else:
            live.start(check.device)
        st.rerun()


def _picture(live: "LiveSession", connections: ice.IceSettings) -> None:
    """The camera's picture with the overlay; the connection stays in the page while stopped, out of sight."""
    from streamlit_webrtc import WebRtcMode, webrtc_streamer

    video: dict[str, Any] = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30, "max": 30}}
    if live.device:
        video["deviceId"] = {"exact": live.device}
    st.html("<style></style>" if live.wanted else f"<style>{_OUT_OF_SIGHT}</style>")
    webrtc_streamer(
        key=session.fresh_key("live"),
        mode=WebRtcMode.SENDRECV,
        frontend_rtc_configuration=connections.for_browser(),
        server_rtc_configuration=connections.for_server(),
        media_stream_constraints={"video": video, "audio": False},
        video_frame_callback=live.receive,
        desired_playing_state=live.wanted,
        video_html_attrs={"autoPlay": True, "muted": True, "playsInline": True, "style": {"width": "100%"}},
        media_toggle_controls=False,
    )


def _controls(live: "LiveSession") -> None:
    seconds = live.worker.ring.span_s
    with st.container(horizontal=True, key="live-controls"):
        if live.wanted:
            st.button("Stop", key="live-stop", on_click=live.stop, type="primary")
            st.button("Go on" if live.worker.paused else "Pause", key="live-pause", on_click=live.toggle_pause)
            st.button("Snapshot", key="live-snapshot", on_click=live.take_snapshot)
        if (live.wanted or seconds >= 1) and st.button("Analyze the last ten seconds", key="live-analyze"):
            with st.spinner("Putting the clip together …"):
                source = live.clip()
            if source is None:
                st.info("There is less than a second yet; try again in a moment.")
            else:
                session.submit(source)
                st.switch_page("pages/analyze.py")
    live.worker.smoothing_s = st.slider(
        "Smoothing", 0.0, 4.0, 1.0, 0.5, format="%.1f s", key="live-smoothing",
        help="How long the verdict lingers: 0 follows every window at once, more is calmer and slower.",
    )  # fmt: skip


def _snapshots(live: "LiveSession") -> None:
    for number, picture in enumerate(reversed(live.snapshots)):
        st.image(picture, caption="Snapshot")
        st.download_button(
            "Download", picture, f"snapshot-{number + 1}.jpg", "image/jpeg", key=f"snapshot-{number}", on_click="ignore"
        )


def _watch(live: "LiveSession") -> None:
    """Verdict, hints, speed and chart, as of now."""
    if live.waiting_s > live_session.CONNECT_S:
        live.stop(live_status.BROKEN if live.worker.latest else live_status.NO_PATH)
        st.rerun()
    from ui import live_chart

    st.html(_card(live))
    history = live.worker.history()
    if history:
        labels = model.bundle().info.labels
        charts.render(live_chart.figure(history, labels), "live-chart", "Verdict, emotions, quality of the last 30 s")
        st.caption(
            "The last half minute. The verdict reads the last 3.2 seconds, so it follows a change by one or two."
        )
    elif not live.wanted:
        st.caption("Press start: the browser asks for the camera, and the verdict appears here within seconds.")


def _card(live: "LiveSession") -> str:
    """The verdict card of this moment, with hints and the chain from camera to server."""
    from ui.live_overlay import words

    latest = live.worker.latest if live.wanted else None
    tone = class_colour(latest.label if latest else UNSURE)
    title = words(latest) if latest else ("Waiting for the first picture …" if live.wanted else "Not started")
    kicker = "Paused" if live.worker.paused and live.wanted else "Now"
    hints = latest.hints if latest else ()
    lines = [f'<p data-testid="live-hint">💡 {escape(hint)}</p>' for hint in hints]
    if latest and not hints:
        lines.append('<p data-testid="live-hint" class="es-soft">The picture is good as it is.</p>')
    return (
        f'<div class="es-card" style="--tone:{tone}"><div class="es-kicker">{kicker}</div>'
        f'<div class="es-verdict" data-testid="live-verdict">{escape(title)}</div>{"".join(lines)}{_chain(live)}</div>'
    )


def _chain(live: "LiveSession") -> str:
    """Camera, connection, server: how each of them is, with frame rates and delay."""
    if not live.wanted:
        return ""
    rows = live_status.chain(live.worker.stats(), failure=live.worker.error, paused=live.worker.paused)
    items = "".join(f"<div>{_SOFT_CHECK[fine]} <b>{escape(name)}</b> {escape(text)}</div>" for name, text, fine in rows)
    return f'<div class="es-soft" data-testid="live-chain" style="margin-top:.7rem">{items}</div>'
