"""The connection that carries the camera's frames here and back, as streamlit-webrtc makes it."""

from functools import partial
from typing import TYPE_CHECKING, Any

from ui.state import session

if TYPE_CHECKING:
    from ui.live.ice import IceSettings
    from ui.state.live_session import LiveSession

_MARK = "studio_newest_only"


def render(live: "LiveSession", connections: "IceSettings") -> None:
    """The picture with the overlay; it plays while the visitor wants it to."""
    from streamlit_webrtc import WebRtcMode, webrtc_streamer

    _hand_on_the_newest_only()
    video: dict[str, Any] = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30, "max": 30}}
    if live.device:
        video["deviceId"] = {"exact": live.device}
    webrtc_streamer(
        key=session.fresh_key(f"live-{live.attempt}"),
        mode=WebRtcMode.SENDRECV,
        frontend_rtc_configuration=connections.for_browser(),
        server_rtc_configuration=connections.for_server(),
        media_stream_constraints={"video": video, "audio": False},
        video_frame_callback=live.receive,
        async_processing=False,  # it takes two milliseconds; a thread between would cost a frame of delay
        desired_playing_state=live.plays,
        video_html_attrs={"autoPlay": True, "muted": True, "playsInline": True, "style": {"width": "100%"}},
        media_toggle_controls=False,
    )


def _hand_on_the_newest_only() -> None:
    """Let the library's relay drop frames that nobody took yet.

    It queues them without limit, so on a busy server, where encoding falls behind the camera, the picture would come
    ever later and memory would grow as long as the visitor watches.
    """
    from streamlit_webrtc.relay import get_global_relay

    relay = get_global_relay()
    if not getattr(relay, _MARK, False):
        relay.subscribe = partial(relay.subscribe, buffered=False)  # type: ignore[method-assign]
        setattr(relay, _MARK, True)
