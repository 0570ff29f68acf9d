"""Video file or bytes → frames with timestamps (the only decoder); :mod:`emo_core.video.writer` goes the other way.

A reader streams: whatever the length of the video, it holds one :class:`~emo_core.types.Clip` of sampled frames.
Sampling is in time, by the container's timestamps, so a variable frame rate needs no care anywhere else.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer

from emo_core.analysis import SourceFrames, VideoInfo
from emo_core.types import Bytes, Clip, Doubles
from emo_core.video.clock import ROUNDING_S, Clock, select_in_time
from emo_core.video.decode_budget import DecodeBudget, Tick
from emo_core.video.file_end import is_followed_by_another, present_share
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
    whole_duration_s,
)  # fmt: skip
from emo_core.video.stream_choice import StreamChoice, choose_stream
from emo_core.video.upright import Upright

_MAX_THREADS = 4  # each decoder thread holds frames of its own
_JOIN = "join them with a video editor, or give them one by one"
_WORTH_A_SEEK_S, _SEEK_MARGIN_S = 5.0, 0.5


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
        place = file.tell()  # FFmpeg reads on from there
        is_joined = is_followed_by_another(file, container.format.name)
        share = present_share(file, container.format.name)
        file.seek(place)
        if is_joined:
            raise video_error(shown, f"is several recordings put one behind the other, of which one is read; {_JOIN}")
        chosen = choose_stream(container, shown)
        if chosen.is_used_up:
            file.seek(0)
            container = opened.enter_context(open_container(file, shown, limits))
        reader = VideoReader(container, chosen, shown, limits, max_side_px)
        reader.check_size(num_bytes, share)
        reader._resources = opened.pop_all()
    return reader


class VideoReader:
    """One pass over the frames of a video; made by :func:`open_video`.

    Attributes:
        name: file name for the user, without folders.
        duration_estimate_s: seconds as the container states them; None where it does not (browser recordings).
    """

    def __init__(
        self, container: InputContainer, chosen: StreamChoice, name: str, limits: VideoLimits, max_side_px: int
    ) -> None:
        self.name = name
        self._resources = ExitStack()
        self._container, self._limits = container, limits
        self._stream = next(stream for stream in container.streams.video if stream.index == chosen.index)
        self._stream_note = chosen.note
        limits.check_pixels(name, self._stream.width, self._stream.height)
        is_stated = container.format.name not in ("mpegts", "mpeg")  # a difference of stamps, which may jump on the way
        self._declared_s = declared_duration_s(container, self._stream) if is_stated else None
        self.duration_estimate_s = self._declared_s or whole_duration_s(container, self._stream)
        if is_stated:
            limits.check_duration(name, self.duration_estimate_s or 0.0)
        self._stream.thread_type = "AUTO"
        self._stream.thread_count = min(_MAX_THREADS, os.cpu_count() or 1)
        self._clock = Clock(container, self._stream)
        self._upright = Upright(self._stream, max_side_px)
        self._present_share: float | None = None
        self._ends_inside_a_picture = False
        self._num_decoded = self._num_damaged = 0
        self._sampled: list[tuple[int, float | None]] = []
        self._started = False

    def check_size(self, num_bytes: int, present_share: float | None) -> None:
        """Refuse a file that is seen to be cut off before any decoding; `present_share` of its bytes are there."""
        self._present_share = present_share
        is_short = present_share is not None and present_share < COMPLETE_SHARE
        if present_share == 0.0 and self._container.format.name == "flv" and self._container.duration:
            is_short = False  # its last tag is incomplete, and it says elsewhere how long it should be
        if is_short or is_cut_off(self._container, self._stream, num_bytes):
            raise video_error(self.name, f"is cut off, its end is missing; {RECOPY}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the decoder and the file; harmless when repeated."""
        self._resources.close()

    def clips(self, sample_rate_hz: float, frames_per_clip: int = 32, tick: Tick | None = None) -> Iterator[Clip]:
        """Frames sampled in time, as consecutive clips of bounded size.

        Frames are upright RGB. Where the frame size changes on the way, frames are padded into the size of the first.

        Args:
            sample_rate_hz: frames per second of video, > 0; a slower video gives each of its frames once.
            frames_per_clip: frames in each clip but the last, which may hold fewer.
            tick: called while frames are decoded, those between the samples included.

        Raises:
            VideoError: while iterating: the video is cut off, damaged, a single frame, or breaks a limit.
            RuntimeError: the reader was iterated before.
        """
        if not sample_rate_hz > 0 or frames_per_clip < 1:
            raise ValueError(f"sample_rate_hz {sample_rate_hz} and frames_per_clip {frames_per_clip} must be positive")
        if self._started:
            raise RuntimeError("a reader makes one pass; open the video again")
        self._started = True
        return self._clips(sample_rate_hz, frames_per_clip, tick)

    def frames_at(self, times_s: Doubles, *, seek: bool = True) -> Iterator[tuple[int, Bytes]]:
        """The frames that :meth:`clips` gave at these times, read from the key frame before the first of them on.

        Args:
            times_s: (n,) seconds, increasing, as :attr:`Clip.timestamps_s <emo_core.types.Clip>` told them.
            seek: False where the same stamp may come twice, in a video of several parts: it is read from its start.

        Yields:
            Index into `times_s` and frame (H, W, 3) uint8 RGB; a frame that cannot be read again is left out.
        """
        self._started = True
        index = 0
        for frame, elapsed_s in self._timed_frames(None):
            time_s = self._clock.start_s + elapsed_s
            if self._clock.num_frames == 1 and seek and len(times_s) and times_s[0] - time_s > _WORTH_A_SEEK_S:
                self._seek(float(times_s[0]) - self._clock.start_s)
            while index < len(times_s) and times_s[index] < time_s - ROUNDING_S:
                index += 1
            if index == len(times_s):
                return
            if times_s[index] <= time_s + ROUNDING_S:
                yield index, self._upright.to_rgb(frame)
                index += 1

    def info(self) -> VideoInfo:
        """The source as far as it has been decoded; final once :meth:`clips` is exhausted."""
        clock = self._clock
        return VideoInfo(
            self.name, clock.end_s, clock.fps, *self._upright.size, clock.num_frames, len(self._sampled),
            start_s=clock.start_s, num_parts=clock.num_parts,
        )  # fmt: skip

    @property
    def sampled(self) -> SourceFrames:
        """Which frames of the file :meth:`clips` has given so far."""
        numbers = np.array([number for number, _ in self._sampled], np.int64)
        return SourceFrames(numbers, np.array([np.nan if s is None else s for _, s in self._sampled], np.float64))

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the file as a whole, a sentence each; final once :meth:`clips` is exhausted."""
        found = [self._stream_note] if self._stream_note else []
        if not self._clock.rate_is_told:
            found.append(
                f"The file tells neither times nor a rate: {float(self._clock.rate):g} frames a second are assumed, "
                "and every time and duration here with them."
            )
        if self._clock.num_parts > 1:
            found.append(
                f"The timestamps of the file start anew on the way, as in {self._clock.num_parts} recordings that were "
                "joined: time goes on after what came before."
            )
        if self._upright.framing:
            found.append("The size of the picture changes on the way; later pictures are fitted into the first size.")
        return tuple(found)

    def _clips(self, sample_rate_hz: float, frames_per_clip: int, tick: Tick | None) -> Iterator[Clip]:
        frames: Bytes = np.empty((0, 0, 0, 3), np.uint8)
        times_s, framings = list[float](), list[int]()
        for frame, elapsed_s in select_in_time(self._timed_frames(tick), sample_rate_hz):
            image = self._upright.to_rgb(frame)
            if not times_s:
                frames, framings = np.empty((frames_per_clip, *image.shape), np.uint8), []
            frames[len(times_s)] = image
            times_s.append(self._clock.start_s + elapsed_s)
            framings.append(self._upright.framing)
            self._sampled.append((self._num_decoded - 1, self._clock.stamp_s(frame)))
            if len(times_s) == frames_per_clip:
                yield Clip(frames, np.array(times_s), *self._upright.size, np.array(framings, np.intp))
                times_s = []
        self._check_complete()
        if times_s:
            yield Clip(frames[: len(times_s)], np.array(times_s), *self._upright.size, np.array(framings, np.intp))

    def _seek(self, elapsed_s: float) -> None:
        """Go on from a key frame before a time; where the file cannot be searched, reading just goes on."""
        stamp_s = self._clock.stamp_at(elapsed_s - _SEEK_MARGIN_S)
        if stamp_s is None or self._stream.time_base is None or self._container.format.name == "avi":
            return
        with suppress(av.FFmpegError):
            self._container.seek(int(stamp_s / self._stream.time_base), stream=self._stream)

    def _timed_frames(self, tick: Tick | None) -> Iterator[tuple[av.VideoFrame, float]]:
        """Every frame with its time from the first; frames that do not advance in time are skipped."""
        budget = DecodeBudget(self.name, self._limits, tick)
        for frame in self._decoded_frames(budget):
            self._limits.check_pixels(self.name, frame.width, frame.height)
            elapsed_s = self._clock.place(frame)
            self._num_decoded += 1
            budget.count_frame(self._clock.last_s)
            if elapsed_s is None:
                continue
            self._limits.check_duration(self.name, self._clock.steady_s)
            self._upright.measure(frame)
            yield frame, elapsed_s

    def _decoded_frames(self, budget: DecodeBudget) -> Iterator[av.VideoFrame]:
        """Frames in order of display; damaged packets are counted and skipped; :meth:`_check_complete` judges."""
        for packet in self._packets():
            if packet and packet.size:
                self._ends_inside_a_picture = packet.is_corrupt
            budget.count_packet()
            yield from self._decode(packet)

    def _packets(self) -> Iterator["av.Packet[av.VideoStream] | None"]:
        try:
            yield from self._container.demux(self._stream)
        except (av.FFmpegError, OSError):  # nothing can be read from here on: empty the decoder
            yield None

    def _decode(self, packet: "av.Packet[av.VideoStream] | None") -> list[av.VideoFrame]:
        try:
            return self._stream.decode(packet)
        except av.FFmpegError:
            self._num_damaged += 1
            return []

    def _check_complete(self) -> None:
        """Judge the whole pass: a file that lost much of what it announces must not pass for a shorter one."""
        if self._num_decoded == 0:
            raise video_error(self.name, f"holds no frame that can be decoded; {EXPORT}")
        share = self._share_read()
        if share < COMPLETE_SHARE:
            raise video_error(self.name, f"is cut off or damaged, only {share:.0%} of it can be read; {RECOPY}")
        if self._num_damaged > (1 - COMPLETE_SHARE) * (self._num_decoded + self._num_damaged):
            raise video_error(self.name, f"is damaged, too many of its frames cannot be decoded; {RECOPY}")
        if self._clock.num_frames == 1:
            raise video_error(self.name, "has a single frame; choose a video of at least a second")

    def _share_read(self) -> float:
        """Share of what the file announces that was decoded, in [0, 1] or a little above."""
        announced = self._stream.frames
        shares = [self._clock.num_frames / announced] if announced else []
        shares += [self._clock.end_s / self._declared_s] if self._declared_s else []
        if not (self._ends_inside_a_picture or self._present_share == 0.0):
            return max(shares, default=1.0)  # edit lists hide frames, variable rates stretch time: either may suffice
        whole_s = whole_duration_s(self._container, self._stream)
        return min([*shares, self._clock.end_s / whole_s] if whole_s else shares, default=1.0)
