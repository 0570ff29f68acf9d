"""Video file or bytes → frames with timestamps (the only decoder); :mod:`emo_core.video.writer` goes the other way.

A reader streams: whatever the length of the video, it holds one :class:`~emo_core.types.Clip` of sampled frames.
Sampling is in time, by the container's timestamps, so a variable frame rate needs no care anywhere else.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Self, TypeVar

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter

from emo_core.types import Bytes, Clip, Doubles, VideoInfo
from emo_core.video.source import (
    COMPLETE_SHARE,
    DEFAULT_LIMITS,
    EXPORT,
    RECOPY,
    VideoLimits,
    clean_name,
    declared_duration_s,
    is_cut_off,
    open_container,
    open_file,
    video_error,
    video_stream,
)
from emo_core.video.writer import write_video

__all__ = ["VideoLimits", "VideoReader", "clean_name", "open_video", "select_in_time", "write_video"]

_Item = TypeVar("_Item")

_JITTER_S = 1e-3  # containers such as webm round timestamps to the millisecond
_MAX_THREADS = 4  # each decoder thread holds frames of its own
_WORTH_A_SEEK_S, _SEEK_MARGIN_S = 5.0, 0.5
_RAW_RATE = Fraction(25)  # for streams that state neither timestamps nor a rate


def select_in_time(timed: Iterable[tuple[_Item, float]], rate_hz: float) -> Iterator[tuple[_Item, float]]:
    """The items whose time is the first to reach a multiple of 1 / `rate_hz`, none of them twice.

    Args:
        timed: items with their times in seconds from 0, increasing.
        rate_hz: wanted rate, 1/s; a slower source gives every item once.

    Example:
        >>> [t for _, t in select_in_time([(None, 0.0), (None, 0.04), (None, 0.12), (None, 0.21)], 10.0)]
        [0.0, 0.12, 0.21]
    """
    slack_s = min(_JITTER_S, 0.05 / rate_hz)
    last_slot = -1
    for item, time_s in timed:
        slot = int((time_s + slack_s) * rate_hz)
        if slot > last_slot:
            last_slot = slot
            yield item, time_s


def open_video(
    source: Path | str | bytes,
    *,
    name: str | None = None,
    limits: VideoLimits = DEFAULT_LIMITS,
    max_side_px: int = 960,
) -> "VideoReader":
    """Open a video for one pass over its frames; use it as a context manager.

    Args:
        source: path of a video file, or its content.
        name: what the user calls the file; by default the name of the path.
        limits: what the video may cost, checked as early as the file tells.
        max_side_px: longer side of the frames handed out; bigger ones are reduced, smaller ones stay.

    Raises:
        VideoError: the file is missing, empty, no video, cut off or breaks a limit.

    Example:
        >>> with open_video("assets/pexels_distress_to_laughter.mp4") as reader:
        ...     clip = next(reader.clips(sample_rate_hz=10.0))
        >>> clip.frames.shape, float(clip.timestamps_s[1].round(3))
        ((32, 360, 640, 3), 0.125)
    """
    if max_side_px < 1:
        raise ValueError(f"max_side_px is {max_side_px}, expected at least 1")
    shown = clean_name(name or ("video" if isinstance(source, bytes) else os.fspath(source)))
    with ExitStack() as opened:
        file, num_bytes = open_file(source, shown, limits)
        opened.enter_context(file)
        container = opened.enter_context(open_container(file, shown, limits))
        reader = VideoReader(container, num_bytes, shown, limits, max_side_px)
        reader._resources = opened.pop_all()
    return reader


class VideoReader:
    """One pass over the frames of a video; made by :func:`open_video`.

    Attributes:
        name: file name for the user, without folders.
        duration_estimate_s: seconds as the container states them; None where it does not (browser recordings).
    """

    def __init__(
        self, container: InputContainer, num_bytes: int, name: str, limits: VideoLimits, max_side_px: int
    ) -> None:
        self.name = name
        self._resources = ExitStack()
        self._container = container
        self._limits = limits
        self._max_side_px = max_side_px
        self._stream = video_stream(container, name)
        self._size = (self._stream.width, self._stream.height)
        limits.check_pixels(name, *self._size)
        self._declared_s = declared_duration_s(container, self._stream)
        whole_s = container.duration / av.time_base if container.duration else None
        self.duration_estimate_s = self._declared_s or whole_s
        limits.check_duration(name, self.duration_estimate_s or 0.0)
        if is_cut_off(container, self._stream, num_bytes):
            raise video_error(name, f"is cut off, its end is missing; {RECOPY}")
        self._stream.thread_type = "AUTO"
        self._stream.thread_count = min(_MAX_THREADS, os.cpu_count() or 1)
        self._reformatter = VideoReformatter()
        self._quarter_turns = 0
        self._offset_s: float | None = None
        self._last_s = self._end_s = 0.0
        self._num_decoded = self._num_sampled = self._num_damaged = 0
        self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the decoder and the file; harmless when repeated."""
        self._resources.close()

    def clips(self, sample_rate_hz: float, frames_per_clip: int = 32) -> Iterator[Clip]:
        """Frames sampled in time, as consecutive clips of bounded size.

        Frames are upright RGB. A video whose frame size changes on the way is scaled to the size of its first frame.

        Args:
            sample_rate_hz: frames per second of video, > 0; a slower video gives each of its frames once.
            frames_per_clip: frames in each clip but the last, which may hold fewer.

        Raises:
            VideoError: while iterating: the video is cut off, damaged, a single frame, or breaks a limit.
            RuntimeError: the reader was iterated before.
        """
        if not sample_rate_hz > 0 or frames_per_clip < 1:
            raise ValueError(f"sample_rate_hz {sample_rate_hz} and frames_per_clip {frames_per_clip} must be positive")
        if self._started:
            raise RuntimeError("a reader makes one pass; open the video again")
        self._started = True
        return self._clips(sample_rate_hz, frames_per_clip)

    def frames_at(self, times_s: Doubles) -> Iterator[tuple[int, Bytes]]:
        """The frames that :meth:`clips` gave at these times, read from the key frame before the first of them on.

        Args:
            times_s: (n,) seconds, increasing, as :attr:`Clip.timestamps_s <emo_core.types.Clip>` told them.

        Yields:
            Index into `times_s` and frame (H, W, 3) uint8 RGB; a frame that cannot be read again is left out.
        """
        self._started = True
        index = 0
        for frame, time_s in self._timed_frames():
            if self._num_decoded == 1 and len(times_s) and times_s[0] > _WORTH_A_SEEK_S:
                self._seek(float(times_s[0]))
            while index < len(times_s) and times_s[index] < time_s - _JITTER_S:
                index += 1
            if index == len(times_s):
                return
            if times_s[index] <= time_s + _JITTER_S:
                yield index, self._to_rgb(frame)
                index += 1

    def info(self) -> VideoInfo:
        """The source as far as it has been decoded; final once :meth:`clips` is exhausted."""
        fps = (self._num_decoded - 1) / self._last_s if self._last_s > 0 else float(self._rate)
        return VideoInfo(self.name, self._end_s, fps, *self._upright_size, self._num_decoded, self._num_sampled)

    def _clips(self, sample_rate_hz: float, frames_per_clip: int) -> Iterator[Clip]:
        frames: Bytes = np.empty((0, 0, 0, 3), np.uint8)
        times_s: list[float] = []
        for frame, time_s in select_in_time(self._timed_frames(), sample_rate_hz):
            image = self._to_rgb(frame)
            if not times_s:
                frames = np.empty((frames_per_clip, *image.shape), np.uint8)
            frames[len(times_s)] = image
            times_s.append(time_s)
            self._num_sampled += 1
            if len(times_s) == frames_per_clip:
                yield Clip(frames, np.array(times_s, np.float64), *self._upright_size)
                times_s = []
        self._check_complete()
        if times_s:
            yield Clip(frames[: len(times_s)], np.array(times_s, np.float64), *self._upright_size)

    def _seek(self, time_s: float) -> None:
        """Go on from a key frame before `time_s`; where the file cannot be searched, reading just goes on."""
        if self._offset_s is None or self._stream.time_base is None or self._container.format.name == "avi":
            return
        ticks = int((time_s + self._offset_s - _SEEK_MARGIN_S) / self._stream.time_base)
        with suppress(av.FFmpegError):
            self._container.seek(ticks, stream=self._stream)

    def _timed_frames(self) -> Iterator[tuple[av.VideoFrame, float]]:
        """Every frame with its time from the first; frames that do not advance in time are skipped."""
        for frame in self._decoded_frames():
            self._limits.check_pixels(self.name, frame.width, frame.height)
            step_s = self._last_s / (self._num_decoded - 1) if self._num_decoded > 1 else 1 / float(self._rate)
            time_s = self._time_of(frame, step_s)
            if self._num_decoded == 0:
                self._measure(frame)
            elif time_s <= self._last_s:
                continue
            self._limits.check_duration(self.name, time_s)
            self._num_decoded += 1
            self._last_s = time_s
            stated_s = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else None
            self._end_s = time_s + (stated_s or step_s)
            yield frame, time_s

    def _time_of(self, frame: av.VideoFrame, step_s: float) -> float:
        """Seconds from the first frame; a frame without a timestamp follows its predecessor at the mean rate."""
        expected_s = self._last_s + step_s if self._num_decoded else 0.0
        # AVI stores times of packets, and what FFmpeg makes of them for H.264 is out of order: the dts are in order.
        ticks = frame.dts if self._container.format.name == "avi" else frame.pts
        if ticks is None or frame.time_base is None:
            return expected_s
        stamp_s = float(ticks * frame.time_base)
        if self._offset_s is None:
            self._offset_s = stamp_s - expected_s
        return stamp_s - self._offset_s

    def _decoded_frames(self) -> Iterator[av.VideoFrame]:
        """Frames in order of display; damaged packets are counted and skipped, a broken end is an end."""
        try:
            for packet in self._container.demux(self._stream):
                yield from self._decode(packet)
        except av.FFmpegError:  # nothing can be read from here on: empty the decoder, _check_complete judges
            yield from self._decode(None)

    def _decode(self, packet: "av.Packet[av.VideoStream] | None") -> list[av.VideoFrame]:
        try:
            return self._stream.decode(packet)
        except av.FFmpegError:
            self._num_damaged += 1
            return []

    @property
    def _rate(self) -> Fraction:
        return self._stream.average_rate or self._stream.guessed_rate or _RAW_RATE

    def _measure(self, frame: av.VideoFrame) -> None:
        """Take size and rotation from the first frame; pixels that are not square are made so."""
        aspect = float(self._stream.sample_aspect_ratio or 1)
        self._size = (round(frame.width * aspect) if 0.25 <= aspect <= 4 else frame.width, frame.height)
        self._quarter_turns = round(frame.rotation / 90) % 4

    @property
    def _upright_size(self) -> tuple[int, int]:
        width, height = self._size
        return (height, width) if self._quarter_turns % 2 else (width, height)

    def _to_rgb(self, frame: av.VideoFrame) -> Bytes:
        """Upright RGB, reduced to the longer side allowed; FFmpeg does not turn phone videos by itself."""
        scale = min(1.0, self._max_side_px / max(self._size))
        width, height = (max(1, round(side * scale)) for side in self._size)
        rgb = self._reformatter.reformat(frame, width, height, "rgb24", interpolation="AREA", threads=1)
        return np.rot90(rgb.to_ndarray(), k=self._quarter_turns)

    def _check_complete(self) -> None:
        """Judge the whole pass: a file that lost much of what it announces must not pass for a shorter one."""
        if self._num_decoded == 0:
            raise video_error(self.name, f"holds no frame that can be decoded; {EXPORT}")
        announced, declared_s = self._stream.frames, self._declared_s
        shares = [self._num_decoded / announced] if announced else []
        shares += [self._end_s / declared_s] if declared_s else []
        share = max(shares, default=1.0)  # edit lists hide frames, variable rates stretch time: either may suffice
        if share < COMPLETE_SHARE:
            raise video_error(self.name, f"is cut off or damaged, only {share:.0%} of it can be read; {RECOPY}")
        if self._num_damaged > (1 - COMPLETE_SHARE) * (self._num_decoded + self._num_damaged):
            raise video_error(self.name, f"is damaged, too many of its frames cannot be decoded; {RECOPY}")
        if self._num_decoded == 1:
            raise video_error(self.name, "has a single frame; choose a video of at least a second")
