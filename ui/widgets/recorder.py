"""Record a clip in the browser: its own recorder films at full rate whatever the network does, then sends one file."""

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import streamlit as st

from emo_core.errors import VideoError
from ui.shell import errors, preload
from ui.state import session, sources
from ui.widgets import camera, privacy

MIN_S, MAX_S = 2.0, 15.0
MAX_BYTES = 12 * 1024 * 1024
"""Most bytes of a recording: 16 MB as text, while Streamlit loses more than 25 MB in silence."""

COUNTDOWN_S = 3
BITS_PER_S = 2_500_000

_LEAST_HZ = 8.0  # the analysis takes ten frames a second; much less is a picture that stands still
_LEAST_SHARE = 0.5
_KINDS = {"video/webm": "webm", "video/mp4": "mp4"}
_REMEDY = "record again, or upload a clip"


@dataclass(frozen=True, slots=True)
class Recording:
    """What the browser sent, checked for form: content, kind of file, length as the browser timed it in seconds."""

    data: bytes
    kind: str
    length_s: float

    @classmethod
    def from_message(cls, message: Any) -> Self:
        """Take a component's message apart; it comes from outside, so anything may be in it.

        Raises:
            VideoError: it is no recording of ours.
        """
        fields = message if isinstance(message, Mapping) else {}
        text, kind = fields.get("b64"), _KINDS.get(str(fields.get("mime")).partition(";")[0])
        length_ms = fields.get("ms")
        if not isinstance(text, str) or kind is None or not isinstance(length_ms, (int, float)):
            raise VideoError(f"The recording did not arrive as a video; {_REMEDY}.")
        if len(text) > 1.4 * MAX_BYTES:
            raise VideoError("The recording is too large; record a shorter one, or upload a clip.")
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise VideoError(f"The recording was damaged on its way; {_REMEDY}.") from None
        return cls(data, kind, min(float(length_ms) / 1000, 2 * MAX_S))

    @property
    def name(self) -> str:
        """File name for the visitor."""
        return f"recording.{self.kind}"


def record(key: str) -> sources.Source | None:
    """The recorder with all that belongs to it; works on any page that holds it under a key of its own.

    Shows the notice until the visitor agrees, then the recorder with the camera off. What goes wrong with the camera
    is told by the recorder itself; a clip that arrives and cannot be used is told above it, and the visitor records
    again. After a clip the same recorder takes the next one.

    Args:
        key: one for each place a recorder stands; a new key is a new recorder, with the camera off.

    Returns:
        The clip, in the one run of the script in which it arrived; None in every other run. It is whole: it decodes,
        has enough frames for its length and an index to seek in. Whoever wants to keep it keeps it in the session.

    Example:
        >>> clip = record("teach-recorder")             # doctest: +SKIP
        >>> if clip is not None:                        # doctest: +SKIP
        ...     st.session_state["clips"].append(clip)
    """
    if not privacy.ask(key):
        return None
    own = session.fresh_key(key)
    message, clip = camera.sent("recorder", own, "clip", settings()), None
    if message is None:
        return None
    with errors.shown(), st.spinner("Checking the recording …"):
        preload.wait()
        clip = receive(message)
    camera.taken(own)
    return clip


def receive(message: Any) -> sources.Source:
    """The clip in a component's message, checked and with an index.

    Raises:
        VideoError: what arrived cannot be used.
    """
    recording = Recording.from_message(message)
    check(recording)
    return sources.brought(recording.name, indexed(recording))


def settings() -> dict[str, Any]:
    """What the browser's side of the recorder has to know."""
    return {
        "problems": camera.PROBLEMS, "countdown": COUNTDOWN_S, "min_seconds": MIN_S, "bits_per_s": BITS_PER_S,
        "max_bytes": MAX_BYTES,
    }  # fmt: skip


def check(recording: Recording) -> None:
    """Decode the whole recording, and hold what is in it against the clock of the browser.

    Raises:
        VideoError: it cannot be decoded, has too few frames to judge a face by, or is shorter than what was filmed.
    """
    from emo_core.video.reader import open_video

    with open_video(recording.data, name=recording.name) as reader:
        for _ in reader.clips(1.0):
            pass
        video = reader.info()
    rate_hz = video.num_frames_decoded / max(video.duration_s, 1e-3)
    if rate_hz < _LEAST_HZ:
        raise VideoError(
            f"The camera gave only {rate_hz:.0f} pictures a second: close other programs and turn on a light, then "
            "record again; or upload a clip."
        )
    if video.duration_s < _LEAST_SHARE * recording.length_s:
        raise VideoError(
            f"Only {video.duration_s:.1f} of {recording.length_s:.1f} seconds arrived: close other programs, then "
            "record again; or upload a clip."
        )


def indexed(recording: Recording) -> bytes:
    """The same pictures in a file that states its length, so that a player can seek in it; browsers write none."""
    import av

    target = io.BytesIO()
    with av.open(io.BytesIO(recording.data), "r") as source, av.open(target, "w", format=recording.kind) as copy:
        stream = source.streams.video[0]
        out = copy.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = out
                copy.mux(packet)
    return target.getvalue()
