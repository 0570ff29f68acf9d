"""One visitor's live view: the worker, what the camera's frames become on the way back, and how the connection fares.

Frames arrive on a thread of the connection, where nothing of Streamlit may be called. The worker survives reruns of the
page, because it stays in the session; it ends when the page is left, the visit is deleted or no frame comes any more.
"""

import threading
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from emo_core.config import ServerConfig
from emo_core.files import scratch
from ui.state import sources, visits

if TYPE_CHECKING:
    import av

    from emo_core.live.analyzer import LiveResult
    from emo_core.live.worker import LiveWorker
    from emo_core.types import Bytes

MAX_SIDE_PX = 960
"""Longer side of the frames that are analysed and sent back; a camera that gives more is reduced."""

RETRY_S = 7.0
"""No frame for this long after the start, and the connection is made anew, once."""

SETTLE_S = 1.5
"""So long a new connection gets before it is to start; the browser needs less to load its part of the page."""

CONNECT_S = 15.0
"""No frame for this long, and the connection has failed."""

_SESSION = "_live"
_LEAST_S = 1.0
_starting = threading.Lock()


@dataclass(eq=False, slots=True, weakref_slot=True)
class LiveSession:
    """What belongs to one live view.

    Attributes:
        worker: analyses the frames.
        device: id of the camera that was chosen.
        attempt: counts the connections; another number is another connection.
        renewed_s: when the connection was made anew (monotonic), until it is settled.
        retried: whether this start has had its second attempt.
        started_s: when the visitor started it (monotonic), None while it is stopped.
        problem: why it is not running although the visitor wanted it, one sentence; empty otherwise.
        told: the result that the card beside the picture tells; the words on the picture are those of it, so that
            both say the same also where the card comes late.
        shown: the last picture sent back, (H, W, 3) uint8 RGB, as the visitor saw it.
        snapshots: pictures the visitor took, JPEG.
        visit: whose it is.
    """

    worker: "LiveWorker"
    device: str = ""
    attempt: int = 0
    renewed_s: float | None = None
    retried: bool = False
    started_s: float | None = None
    problem: str = ""
    told: "LiveResult | None" = None
    shown: "Bytes | None" = None
    snapshots: list[bytes] = field(default_factory=list)
    visit: str = field(default_factory=visits.own_id)

    def receive(self, frame: "av.VideoFrame") -> "av.VideoFrame":
        """Callback of the connection: leave the frame to the worker, send it back mirrored with what is known."""
        import av

        from emo_core.live.overlay import draw

        if self.worker.stopped:  # the last frames of a connection that is being closed
            return frame
        if not (self.worker.paused and self.shown is not None):
            scale = min(1.0, MAX_SIDE_PX / max(frame.width, frame.height))
            width, height = round(frame.width * scale), round(frame.height * scale)
            image = np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height), np.uint8)
            self.worker.submit(image)
            self.shown = draw(image, self.worker.latest, self.worker.bundle.info.labels, self.told)
        answer = av.VideoFrame.from_ndarray(self.shown, format="rgb24")
        answer.pts, answer.time_base = frame.pts, frame.time_base
        return answer

    def tell(self) -> "LiveResult | None":
        """The newest result, for the card to tell; from now on the picture tells it, too."""
        self.told = self.worker.latest
        return self.told

    @property
    def wanted(self) -> bool:
        """Whether the visitor started it and has not stopped it."""
        return self.started_s is not None

    @property
    def is_watched(self) -> bool:
        """Whether it is wanted, and its page still open: whoever closes the tab makes room at once."""
        return self.wanted and visits.is_open(self.visit)

    @property
    def waiting_s(self) -> float:
        """Seconds since the start in which no frame came; 0 once frames come."""
        if self.started_s is None or self.worker.stats().received_hz > 0:
            return 0.0
        return time.monotonic() - max(self.started_s, self.worker.last_received_s)

    def start(self, device: str, *, another: bool = False) -> None:
        """The visitor wants to see the camera called `device`.

        Args:
            device: its id.
            another: it is another than before, and a connection stays with the one that it first had. Nothing is made
                anew before this moment: the former connection may still be ending, and make the browser remember its
                camera.
        """
        with _starting:
            most = ServerConfig.from_environment().live_views
            if sum(other.is_watched for other in list(_known) if other is not self) >= most:
                self.stop(
                    f"As many cameras are watched as this server takes at a time, {most}: try again when somebody has "
                    "stopped, or record a clip instead."
                )
                return
            _known.add(self)
            self.device, self.started_s, self.problem, self.retried = device, time.monotonic(), "", False
        if another:
            self._renew()
        self.worker.resume()

    def retry(self) -> None:
        """Make the connection anew."""
        self.retried = True
        self._renew()

    def _renew(self) -> None:
        self.attempt += 1
        self.renewed_s = time.monotonic()

    def settle(self) -> bool:
        """Let a connection that was made anew start, once its part of the page is there; whether that was just now."""
        if self.renewed_s is None or time.monotonic() - self.renewed_s < SETTLE_S:
            return False
        self.renewed_s = None
        return True

    @property
    def plays(self) -> bool:
        """Whether the connection is to run: told so from its first moment it would start twice, and keep one camera."""
        return self.wanted and self.renewed_s is None

    def stop(self, problem: str = "") -> None:
        """The visitor has seen enough, or there is a problem; the last seconds stay until the page is left."""
        self.started_s, self.problem = None, problem
        self.worker.pause()

    def toggle_pause(self) -> None:
        """Freeze picture and analysis, or go on."""
        (self.worker.resume if self.worker.paused else self.worker.pause)()

    def take_snapshot(self) -> None:
        """Keep the picture on show, with everything drawn on it; the last four are kept."""
        import cv2

        if self.shown is not None:
            done, data = cv2.imencode(".jpg", self.shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
            if done:
                self.snapshots[:] = [*self.snapshots[-3:], data.tobytes()]

    def clip(self) -> sources.Source | None:
        """The last seconds as a clip for the Analyze page; None if there is too little of them."""
        from emo_core.video.writer import write_video

        ring = self.worker.ring
        if ring.span_s < _LEAST_S:
            return None
        with scratch.folder() as folder:
            path = folder / "live.mp4"
            write_video(path, ring.frames(), ring.rate_hz)
            return sources.brought("live.mp4", path.read_bytes())


_known: weakref.WeakSet[LiveSession] = weakref.WeakSet()
"""Every live view of the server that was ever started and still lasts."""


def current() -> LiveSession:
    """The live view of this visit, made on first use."""
    from emo_core.live.worker import LiveWorker
    from ui.state import models

    found: LiveSession | None = st.session_state.get(_SESSION)
    if found is not None and found.worker.error and not found.wanted:
        end()  # what failed starts anew
        found = None
    if found is None or found.worker.stopped:
        found = LiveSession(LiveWorker(models.bundle()))
        st.session_state[_SESSION] = found
    return found


def end() -> None:
    """End the live view of this visit, if there is one, and forget its pictures."""
    found: LiveSession | None = st.session_state.pop(_SESSION, None)
    if found is not None:
        found.worker.stop()
        found.started_s, found.shown = None, None
        found.snapshots.clear()
