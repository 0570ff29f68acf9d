"""How much decoding a video may cost: frames that do not get on in time are counted, and the work they make."""

import time
from collections.abc import Callable

from emo_core.video.source import RECOPY, VideoLimits, video_error

_FREE_FRAMES, _FRAMES_PER_S = 100, 1000.0  # more frames than this for a second of video is no recording
_STEP_S = 0.1  # a video that has got on by this has earned new time
_MAX_WORK_S = 4.0
_MANY = 60  # frames and packets within a step that an honest video stays under, however slow the machine
_TELL_EVERY_S = 0.2

Tick = Callable[[float], None]
"""Called with the seconds reached, several times a second while frames are decoded; what it raises ends the pass."""


class DecodeBudget:
    """Counts what one pass over a video costs.

    Args:
        name: of the video, for the error.
        limits: frames in all.
        tick: called while decoding goes on.
    """

    def __init__(self, name: str, limits: VideoLimits, tick: Tick | None) -> None:
        self._name, self._limits, self._tick = name, limits, tick
        self._num_frames = self._num_since = 0
        self._reached_s = 0.0
        self._work_began_s, self._told_s = time.process_time(), time.monotonic()

    def count_frame(self, time_s: float) -> None:
        """A frame was decoded, `time_s` seconds after the first.

        Raises:
            VideoError: there are too many frames, or they do not get on.
        """
        self._num_frames += 1
        self._num_since += 1
        if time_s >= self._reached_s + _STEP_S:
            self._reached_s, self._num_since, self._work_began_s = time_s, 0, time.process_time()
        if self._num_frames > _FREE_FRAMES + _FRAMES_PER_S * max(time_s, self._reached_s):
            self._refuse("its pictures do not get on in time")
        if self._num_frames > self._limits.max_frames:
            self._refuse(f"it has more than {self._limits.max_frames:,} pictures")
        self._check()

    def count_packet(self) -> None:
        """A packet was given to the decoder, which may make a frame of it or not.

        Raises:
            VideoError: there is too much work in packets that give no frames.
        """
        self._num_since += 1
        self._check()

    def _check(self) -> None:
        now_s = time.monotonic()
        if self._tick and now_s >= self._told_s + _TELL_EVERY_S:
            self._told_s = now_s
            self._tick(self._reached_s)
        if self._num_since > _MANY and time.process_time() - self._work_began_s > _MAX_WORK_S:
            self._refuse("decoding it takes long and does not get on in time")

    def _refuse(self, why: str) -> None:
        raise video_error(self._name, f"is damaged or no recording, {why}; {RECOPY}")
