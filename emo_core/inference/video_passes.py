"""Passes over a video, and what the last one has learned of the file."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from emo_core.analysis import SourceFrames, VideoInfo
from emo_core.inference.window_plan import find_gaps
from emo_core.types import Clip, Doubles
from emo_core.video.read_ahead import read_ahead
from emo_core.video.reader import VideoReader, open_video
from emo_core.video.source import DEFAULT_LIMITS, NO_LIMITS, VideoLimits, video_error

Tell = Callable[[str, float], None]
"""Called with what is being done and the share done in [0, 1]."""

_FRAMES_PER_CLIP = 16  # bounds the memory of decoded frames


class VideoPasses:
    """Passes over a video, or over the `part` of it between two times, and what the last one has learned of it."""

    def __init__(
        self,
        source: Path | str | bytes,
        name: str | None,
        rate_hz: float,
        tell: Tell,
        part: tuple[float, float] | None = None,
        limits: VideoLimits | None = DEFAULT_LIMITS,
    ) -> None:
        self._source, self._name, self._rate_hz, self._tell, self._part = source, name, rate_hz, tell, part
        self._limits = limits or NO_LIMITS
        self._length_s: float | None = None
        self.info: VideoInfo | None = None
        self.notes: tuple[str, ...] = ()
        self.sampled: SourceFrames | None = None

    def clips(self) -> Generator[Clip, None, None]:
        """A new pass, from the first frame."""
        with open_video(self._source, name=self._name, limits=self._limits) as reader:
            self._length_s = reader.duration_estimate_s
            if self._part is not None:
                yield from self._clips_of_part(reader, *self._part)
                return
            try:
                with closing(
                    read_ahead(partial(reader.clips, self._rate_hz, _FRAMES_PER_CLIP), self.tell_reached)
                ) as clips:
                    yield from clips
            finally:
                self.info, self.notes, self.sampled = reader.info(), reader.notes, reader.sampled

    def _clips_of_part(self, reader: VideoReader, start_s: float, end_s: float) -> Generator[Clip, None, None]:
        """Times stay those of the file, length and places in it are those of the part; no more than that is read."""
        read_s: list[Doubles] = []

        def noted() -> Iterator[Clip]:
            for clip in reader.clips(self._rate_hz, _FRAMES_PER_CLIP, self.tell_reached):
                read_s.append(clip.timestamps_s)
                yield clip

        yield from part_of(noted(), start_s, end_s)
        times_s = np.concatenate([np.empty(0), *read_s])
        inside, sampled = (times_s >= start_s) & (times_s < end_s), reader.sampled
        if not inside.any():
            raise video_error(
                reader.name, f"shows nothing between {start_s:g} and {end_s:g} s; correct start_s and end_s"
            )
        self.info, self.notes = changed_info(reader.info(), times_s[inside]), reader.notes
        self.sampled = SourceFrames(sampled.numbers[inside], sampled.stamps_s[inside])

    def tell_reached(self, elapsed_s: float) -> None:
        """Report how far the pass has come, in seconds from the first frame."""
        share = min(1.0, elapsed_s / self._length_s) if self._length_s else 0.5
        self._tell(f"Reading frames and following the face: {elapsed_s:.0f} s", 0.9 * share)


def part_of(clips: Iterator[Clip], start_s: float, end_s: float) -> Iterator[Clip]:
    """The frames between two times, from `start_s` on and before `end_s`; nothing behind them is read."""
    for clip in clips:
        inside = (clip.timestamps_s >= start_s) & (clip.timestamps_s < end_s)
        if inside.any():
            yield clip.at(inside)
        if clip.timestamps_s[-1] >= end_s:
            return


def changed_info(info: VideoInfo, times_s: Doubles) -> VideoInfo:
    """The source as its changed frames, at `times_s` (T,) seconds, have it: their number and how long they last."""
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    start_s, end_s = (float(times_s[0]), float(times_s[-1]) + step_s) if len(times_s) else (0.0, 0.0)
    return replace(info, duration_s=end_s - start_s, num_frames_sampled=len(times_s), start_s=start_s)


def without_gaps(info: VideoInfo, times_s: Doubles, rate_hz: float) -> VideoInfo:
    """The source with the gaps between its sampled frames, at `times_s` (T,), known and left out of its length."""
    if not len(times_s):
        return info
    gaps = find_gaps(times_s, rate_hz)
    return replace(info, gaps=gaps, duration_s=info.duration_s - sum(end_s - start_s for start_s, end_s in gaps))
