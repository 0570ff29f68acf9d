"""A camera watched live: a thread of its own analyses the newest frame, and whoever asks sees the newest result.

Whoever receives the camera's frames hands each of them to :meth:`LiveWorker.submit`, which never waits. One thread
takes the newest frame whenever it is free, owns every interpreter it uses, and leaves a
:class:`~emo_core.live.analyzer.LiveResult`. Memory is bounded: one frame in the mailbox, one window of features, half a
minute of results, the last seconds as JPEG.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emo_core.errors import EmoError
from emo_core.live.analyzer import LiveAnalyzer, LiveResult
from emo_core.live.buffers import FrameRing, Mailbox
from emo_core.model.bundle import Bundle
from emo_core.types import Bytes

RING_S = 10.0
"""Seconds of video that can be handed over for an analysis."""

HISTORY_S = 30.0
"""Seconds of results kept for the chart."""

FAILED = "The analysis on the server failed and was ended; stop and start again."
"""What the visitor is told of a failure that nobody foresaw; the log knows more."""

_RATE_SPAN_S = 3.0


@dataclass(frozen=True, slots=True)
class LiveStats:
    """Speed over the last seconds: frames that came and that were analysed per second, and how long a result took."""

    received_hz: float
    analysed_hz: float
    latency_ms: float


class LiveWorker:
    """One visitor's live analysis: at most one thread, which starts with the first frame and ends without frames.

    Args:
        bundle: the model.
        idle_s: the thread ends after this many seconds without a frame; the next frame starts another.
        make_analyzer: makes what analyses the frames, inside the thread.
    """

    def __init__(
        self, bundle: Bundle, *, idle_s: float = 4.0, make_analyzer: Callable[[Bundle], LiveAnalyzer] = LiveAnalyzer
    ) -> None:
        self.smoothing_s = 1.0
        self.ring = FrameRing(RING_S, bundle.config.sample_rate_hz)
        self.bundle = bundle
        self._idle_s = idle_s
        self._make_analyzer = make_analyzer
        self._mailbox: Mailbox[tuple[Bytes, float]] = Mailbox()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._started_s = time.monotonic()
        self._paused = False
        self._error = ""
        self._results: deque[LiveResult] = deque(maxlen=round(HISTORY_S * bundle.config.sample_rate_hz))
        self._latest: LiveResult | None = None
        self._received_s: deque[float] = deque(maxlen=256)
        self._finished: deque[tuple[float, float]] = deque(maxlen=256)  # when, and how long after the frame came

    def submit(self, image: Bytes) -> None:
        """Hand over an RGB frame (H, W, 3) uint8 that nobody changes afterwards; returns at once, from any thread."""
        now_s = time.monotonic() - self._started_s
        self._received_s.append(now_s)
        if self._paused or self._error:
            return
        self._mailbox.put((image, now_s))
        with self._lock:
            if not self._mailbox.closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._work, name="live-analysis", daemon=True)
                self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End for good: the thread ends, and every frame and result is forgotten; harmless when repeated."""
        self._mailbox.close()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
        self.ring.clear()
        self._results.clear()
        self._latest = None

    def pause(self) -> None:
        """Analyse and keep nothing from now on; what was seen so far stays."""
        self._paused = True

    def resume(self) -> None:
        """Go on after a pause, with an empty ring: a clip must not jump over the pause."""
        self.ring.clear()
        self._paused = False

    @property
    def paused(self) -> bool:
        """Whether frames are left alone for now."""
        return self._paused

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._mailbox.closed

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        with self._lock:
            return self._thread is not None and self._thread.is_alive()

    @property
    def error(self) -> str:
        """Why the analysis ended by itself, one sentence for the visitor; empty if it did not."""
        return self._error

    @property
    def latest(self) -> LiveResult | None:
        """The newest result."""
        return self._latest

    def history(self) -> list[LiveResult]:
        """Results of the last half minute, at most `sample_rate_hz` a second, old to new."""
        return list(self._results)

    @property
    def last_received_s(self) -> float:
        """When the last frame came (monotonic clock); minus infinity before the first."""
        return self._started_s + self._received_s[-1] if self._received_s else -math.inf

    def stats(self) -> LiveStats:
        """How fast it went over the last three seconds."""
        since_s = time.monotonic() - self._started_s - _RATE_SPAN_S
        received = sum(time_s > since_s for time_s in list(self._received_s))
        finished = [latency_s for time_s, latency_s in list(self._finished) if time_s > since_s]
        latency_ms = 1e3 * float(np.median(finished)) if finished else math.nan
        return LiveStats(received / _RATE_SPAN_S, len(finished) / _RATE_SPAN_S, latency_ms)

    def _work(self) -> None:
        """The thread: take the newest frame, analyse it, leave the result."""
        try:
            analyzer = self._make_analyzer(self.bundle)
            while (taken := self._mailbox.take(self._idle_s)) is not None:
                image, time_s = taken
                result = analyzer.analyze(image, time_s, self.smoothing_s)
                if self.stopped or self._paused:
                    continue
                self._latest = result
                self.ring.add(image, time_s)
                now_s = time.monotonic() - self._started_s
                self._finished.append((now_s, now_s - time_s))
                if not self._results or time_s - self._results[-1].time_s >= 0.95 / self.ring.rate_hz:
                    self._results.append(result)
        except EmoError as error:
            self._error = str(error)
        except Exception:
            logging.getLogger(__name__).exception("the live analysis ended")
            self._error = FAILED
