"""When each decoded frame is shown: one time that only goes on, whatever the timestamps in the file do.

Zero of the clock is where players put it: the first moment of the file in any of its streams. A picture that begins
after the sound therefore does not begin at 0.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeVar

import av
from av.container import InputContainer

RAW_FORMATS = frozenset({
    "apv", "avs2", "avs3", "cavsvideo", "dirac", "evc", "h261", "h263", "h264", "hevc", "m4v", "mjpeg", "mpegvideo",
    "obu", "vc1", "vvc",
})  # fmt: skip
"""Formats that are a bare stream, without a container that would tell a time."""

ROUNDING_S = 1e-3
"""Containers such as webm round timestamps to the millisecond."""

_Item = TypeVar("_Item")

_RAW_RATE = Fraction(25)  # for streams that state neither timestamps nor a rate; FFmpeg assumes the same
_FORWARD_S = 12 * 3600.0  # no recording pauses so long: FFmpeg takes stamps that fall back far for a clock run over
_BACK_S = 0.25  # stamps that fall back further begin a new part; frames in disorder fall back by less
_SHORTEST_STEPS, _LONGEST_S = 0.1, 0.3  # a last frame that states less, or more than this and three frames, is wrong
_PAUSE_STEPS, _PAUSE_S = 4.0, 2.0  # a longer way between two frames is no part of the rate


def select_in_time(timed: Iterable[tuple[_Item, float]], rate_hz: float) -> Iterator[tuple[_Item, float]]:
    """The items whose time is the first to reach a multiple of 1 / `rate_hz`, none of them twice.

    Args:
        timed: items with their times in seconds from 0, increasing.
        rate_hz: wanted rate, 1/s; a slower source gives every item once.

    Example:
        >>> [t for _, t in select_in_time([(None, 0.0), (None, 0.04), (None, 0.12), (None, 0.21)], 10.0)]
        [0.0, 0.12, 0.21]
    """
    slack_s = min(ROUNDING_S, 0.05 / rate_hz)
    last_slot = -1
    for item, time_s in timed:
        slot = int((time_s + slack_s) * rate_hz)
        if slot > last_slot:
            last_slot = slot
            yield item, time_s


class Clock:
    """Times of the frames of one pass, in order of display.

    Attributes:
        start_s: time of the first frame on the file's own clock.
        last_s: seconds from the first frame to the latest.
        end_s: seconds from the first frame to where the latest ends.
        num_frames: frames that advanced the time.
        num_parts: 1, and one more for each time that the stamps fell back.
    """

    def __init__(self, container: InputContainer, stream: av.VideoStream) -> None:
        self._stream = stream
        self._by_packets = container.format.name == "avi"
        self._is_raw = container.format.name in RAW_FORMATS
        self._zero_s = max((container.start_time or 0) / av.time_base, -_BACK_S)  # sound may begin a little before 0
        self._offset_s: float | None = None  # from stamps to seconds after the first frame
        self._steady_s, self._num_steady = 0.0, 0
        self._length_s = 0.0  # of the latest frame
        self.start_s = self.last_s = self.end_s = 0.0
        self.num_frames, self.num_parts = 0, 1

    @property
    def rate_is_told(self) -> bool:
        """False for a bare stream whose header names no rate: its times are a guess."""
        return not self._is_raw or bool(self._stream.codec_context.framerate)

    @property
    def rate(self) -> Fraction:
        """Frames a second as the file states it."""
        if self._is_raw:  # its average is FFmpeg's default, not what the header says
            return self._stream.codec_context.framerate or self._stream.guessed_rate or _RAW_RATE
        return self._stream.average_rate or self._stream.guessed_rate or _RAW_RATE

    @property
    def fps(self) -> float:
        """Mean rate of the frames so far, pauses left out."""
        return self._num_steady / self._steady_s if self._steady_s else float(self.rate)

    @property
    def steady_s(self) -> float:
        """Seconds that the frames so far cover, pauses left out."""
        return self._steady_s

    def stamp_s(self, frame: av.VideoFrame) -> float | None:
        """The timestamp of a frame as the file has it, in seconds; None where it has none."""
        # AVI stores times of packets, and what FFmpeg makes of them for H.264 is out of order: the dts are in order.
        ticks = frame.dts if self._by_packets else frame.pts
        base = frame.time_base
        return None if ticks is None or base is None else ticks * base.numerator / base.denominator

    def stamp_at(self, elapsed_s: float) -> float | None:
        """The timestamp that stands in the file for a time since the first frame, while no stamps have fallen back."""
        return None if self._offset_s is None else self._offset_s + elapsed_s

    def place(self, frame: av.VideoFrame) -> float | None:
        """Seconds from the first frame to this one; None for a frame that does not get on in time."""
        stated_s = float((frame.duration or 0) * (frame.time_base or 0))
        stamp_s = self.stamp_s(frame)
        time_s = self._after_stamp(stamp_s) if stamp_s is not None else self._expected_s
        if self.num_frames and time_s <= self.last_s:
            return None
        step_s = time_s - self.last_s
        if self.num_frames and (self._num_steady < 2 or step_s <= max(_PAUSE_S, _PAUSE_STEPS / self.fps)):
            self._steady_s += step_s
            self._num_steady += 1
        self.num_frames += 1
        is_likely = _SHORTEST_STEPS / self.fps < stated_s <= max(_LONGEST_S, 3 / self.fps)
        self._length_s = stated_s if is_likely and not self._is_raw else 1 / self.fps
        self.last_s, self.end_s = time_s, time_s + self._length_s
        return time_s

    @property
    def _expected_s(self) -> float:
        return self.last_s + self._length_s

    def _after_stamp(self, stamp_s: float) -> float:
        """Seconds from the first frame by the stamp; stamps that fall back go on after what came before."""
        if self._offset_s is None:
            self._offset_s = stamp_s - self._expected_s
            if not (self.num_frames or self._is_raw):
                begin_s = stamp_s
                if self._by_packets:  # the decoder has given the first frame the stamp of a later packet
                    begin_s = float((self._stream.start_time or 0) * (self._stream.time_base or 0))
                since_zero_s = begin_s - self._zero_s
                self.start_s = since_zero_s if since_zero_s > ROUNDING_S else 0.0
        time_s = stamp_s - self._offset_s
        if self.num_frames and not self.last_s - _BACK_S <= time_s <= self.last_s + _FORWARD_S:
            self._offset_s = stamp_s - self._expected_s
            self.num_parts += 1
            return self._expected_s
        return time_s
