"""The clip with what the model says drawn on it.

The face's box, and below the picture a band with the verdict of the moment, its quality and a timeline with a playhead.
"""

from collections.abc import Generator, Iterable
from contextlib import closing
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from emo_core.analysis import Analysis, VideoInfo
from emo_core.emotions import UNSURE, class_colour
from emo_core.inference.pipeline import Progress
from emo_core.model.presence import sure_words
from emo_core.report.annotations import Annotations
from emo_core.report.tables import mark_words, segment_at
from emo_core.types import Bytes, Floats
from emo_core.video.reader import open_video
from emo_core.video.sound import Sound
from emo_core.video.source import NO_LIMITS
from emo_core.video.writer import write_timed

if TYPE_CHECKING:
    from PIL import ImageFont

MAX_FPS = 30
"""Most frames a second of the written video."""

_MAX_SIDE_PX = 960
_BACKGROUND = (20, 23, 31)
_INK = (235, 238, 245)
_GOOD, _FAIR, _POOR = (62, 156, 106), (217, 164, 65), (200, 85, 61)  # as under the frames on the page
_MARK_S = 1.5
_LEAST_LETTERS_PX = 9  # words that do not fit are drawn smaller, then cut off
_DARK_LEVEL = 24  # of a frame that stands for no picture
_SAME_S = 1e-3
_SLACK_S = 0.05


def write_annotated(
    path: Path,
    source: Path | str | bytes,
    analysis: Analysis,
    annotations: Annotations,
    progress: Progress | None = None,
) -> None:
    """Write the clip as an H.264 mp4 with its sound, on its own clock and at its rate, with verdict and timeline drawn.

    Args:
        path: target; it appears only when it is whole.
        source: the clip that `analysis` is of; decoded once more.
        analysis: what to draw.
        annotations: marks of a person, drawn as triangles on the timeline and named as such.
        progress: called as the work goes on; an exception that it raises ends it.

    Raises:
        VideoError: the clip cannot be read any more.
    """
    tell = progress or (lambda stage, share: None)
    video = analysis.video
    rate = Fraction(min(max(video.fps, 1.0), MAX_FPS)).limit_denominator(1001)
    with closing(_timed_frames(source, analysis, rate)) as timed, Sound(source, video.end_s) as sound:
        frames = _drawn(_steady(timed, rate, video), rate, analysis, annotations, tell)
        kept = sound if video.num_parts == 1 else None  # stamps that start anew fit no second clock
        write_timed(path, frames, rate, crf=23, preset="veryfast", sound=kept)


def _timed_frames(
    source: Path | str | bytes, analysis: Analysis, rate: Fraction
) -> Generator[tuple[Bytes, float], None, None]:
    with open_video(source, name=analysis.video.name, limits=NO_LIMITS, max_side_px=_MAX_SIDE_PX) as reader:
        for clip in reader.clips(float(rate), frames_per_clip=8):
            for frame, time_s in zip(clip.frames, clip.timestamps_s.tolist(), strict=True):
                if analysis.video.start_s - _SAME_S <= time_s < analysis.video.end_s:  # it may be a part of the file
                    yield frame, time_s
            if clip.timestamps_s[-1] >= analysis.video.end_s:
                return


def _steady(
    timed: Iterable[tuple[Bytes, float]], rate: Fraction, video: VideoInfo
) -> Generator[tuple[Bytes, int], None, None]:
    """Frames and their ticks of 1 / `rate`: each stays until the next one is due, the last one until the end.

    Where there is no picture, one dark frame stands for all of that time.
    """
    count, shown = 0, None
    nothing = [(0.0, video.start_s)] if video.start_s * rate >= 1 else []
    nothing += video.gaps
    for frame, time_s in timed:
        stop_s = time_s
        is_behind = bool(nothing) and time_s >= nothing[0][1] - _SAME_S
        if is_behind:
            stop_s = nothing.pop(0)[0]
        while shown is not None and (count + 0.5) / rate < stop_s:
            yield shown, count
            count += 1
        if is_behind:
            yield np.full_like(frame, _DARK_LEVEL), count
            count = max(count + 1, round(time_s * rate))
        shown = frame
    first = count
    while shown is not None and (count + 0.5) / rate < max(video.end_s, float((first + 1) / rate) * (count == first)):
        yield shown, count
        count += 1


def _drawn(
    frames: Iterable[tuple[Bytes, int]], rate: Fraction, analysis: Analysis, annotations: Annotations, tell: Progress
) -> Generator[tuple[Bytes, int], None, None]:
    boxes = _boxes_at(analysis)
    bar: Bytes | None = None
    for number, (frame, tick) in enumerate(frames):
        time_s = float(tick / rate)
        height, width = frame.shape[:2]
        if bar is None:
            bar = _timeline(width, max(10, round(0.03 * height)), analysis, annotations)
        yield draw(frame, time_s, boxes(time_s), bar, analysis, annotations), tick
        if number % 25 == 0:
            tell(f"Drawing the video: {time_s:.0f} s", _share(time_s, analysis.video))


def _share(time_s: float, video: VideoInfo) -> float:
    """How far a time lies between the first picture and the end, in [0, 1]."""
    return min(max((time_s - video.start_s) / max(video.end_s - video.start_s, 1e-6), 0.0), 1.0)


def _has_picture(time_s: float, video: VideoInfo) -> bool:
    gone = any(start_s <= time_s < end_s - _SLACK_S for start_s, end_s in video.gaps)
    return time_s >= video.start_s - _SLACK_S and not gone


class _boxes_at:  # noqa: N801  (called like a function)
    """Box of the face in source pixels at any time, between two sampled frames in proportion; None without a face."""

    def __init__(self, analysis: Analysis) -> None:
        self._times_s, self._detected = analysis.timestamps_s, analysis.track.detected
        self._boxes = analysis.track.boxes_xyxy

    def __call__(self, time_s: float) -> Floats | None:
        after = int(self._times_s.searchsorted(time_s, side="right"))
        before = max(after - 1, 0)
        after = min(after, len(self._times_s) - 1)
        if not self._detected[before]:
            return None
        if not self._detected[after] or after == before:
            return np.asarray(self._boxes[before], np.float32)
        share = (time_s - self._times_s[before]) / (self._times_s[after] - self._times_s[before])
        return np.asarray((1 - share) * self._boxes[before] + share * self._boxes[after], np.float32)


def draw(
    frame: Bytes, time_s: float, box_xyxy: Floats | None, bar: Bytes, analysis: Analysis, annotations: Annotations
) -> Bytes:
    """A frame (H, W, 3) uint8 with the box on it and the band below it, (H + band, W, 3) uint8.

    Args:
        frame: RGB; may be smaller than the source.
        time_s: when it is shown.
        box_xyxy: of the face in source pixels; None for no box.
        bar: the timeline (h, W, 3) as :func:`_timeline` draws it.
        analysis: what to say.
        annotations: marks; one is named for a second and a half.
    """
    height, width = frame.shape[:2]
    row = max(22, round(0.075 * height))
    foot = max(14, row // 2)
    picture = np.full((height + row + len(bar) + foot, width, 3), _BACKGROUND, np.uint8)
    picture[:height] = frame
    prediction = analysis.prediction
    segment = segment_at(prediction.segments, time_s)
    is_seen = _has_picture(time_s, analysis.video)
    colour = _rgb(class_colour(segment.label if is_seen else UNSURE, prediction.labels))
    if box_xyxy is not None:
        x0, y0, x1, y1 = (int(value) for value in box_xyxy * (width / analysis.video.width))
        cv2.rectangle(picture[:height], (x0, y0), (x1, y1), colour, max(2, height // 180), cv2.LINE_AA)
    step = max(int(analysis.timestamps_s.searchsorted(time_s + 1e-6, side="right")) - 1, 0)
    quality = float(analysis.normalized.quality[step])
    size = max(11, round(0.5 * row))
    margin = size // 2
    cv2.circle(picture, (margin + size // 3, height + row // 2), size // 3, colour, -1, cv2.LINE_AA)
    right = f"quality {quality:.0%}   {time_s:5.1f} s" if box_xyxy is not None else f"no face   {time_s:5.1f} s"
    marks = [m for m in annotations.markers if m.time_s <= time_s < m.time_s + _MARK_S]
    if marks:
        cv2.convertScaleAbs(picture[height - row : height], dst=picture[height - row : height], alpha=0.3)
        words = _fitting(mark_words(marks[-1]), size, width - 2 * margin)
        _write(picture, words, margin, height - row // 2, size)
    taken = _write(picture, right, width - margin, height + row // 2, size, right=True)
    room = width - taken - 4 * margin - size
    words = sure_words(segment) if is_seen else "No picture"
    fit = max(min(size, _LEAST_LETTERS_PX), min(size, size * room // _text(words, size).shape[1]))
    _write(picture, _fitting(words, fit, room), 2 * margin + size // 2, height + row // 2, fit)
    tone = _GOOD if quality >= 0.6 else _FAIR if quality >= 0.3 else _POOR
    cv2.line(picture, (width - margin - taken, height + row - 3), (width - margin, height + row - 3), tone, 2)
    picture[height + row : height + row + len(bar)] = bar
    model = _fitting(f"model {analysis.model.title}", foot - 3, width - 2 * margin)
    _write(picture, model, width - margin, height + row + len(bar) + foot // 2, foot - 3, right=True)
    at = round(_share(time_s, analysis.video) * (width - 1))
    thick = max(1, width // 320)
    cv2.line(picture, (at, height + row - 2), (at, height + row + len(bar) + 1), _INK, thick)
    return picture


def _timeline(width: int, height: int, analysis: Analysis, annotations: Annotations) -> Bytes:
    """The segments as coloured spans (height, width, 3), a white triangle at every mark."""
    bar = np.full((height, width, 3), _BACKGROUND, np.uint8)
    video = analysis.video
    for segment in analysis.prediction.segments:
        colour = _rgb(class_colour(segment.label, analysis.prediction.labels))
        bar[:, round(_share(segment.start_s, video) * width) : round(_share(segment.end_s, video) * width)] = colour
    for marker in annotations.markers:
        x = round(_share(marker.time_s, video) * width)
        tip = np.array([[x - height // 2, 0], [x + height // 2, 0], [x, height - 1]], np.int32)
        cv2.fillConvexPoly(bar, tip, _INK, cv2.LINE_AA)
        cv2.polylines(bar, [tip], True, _BACKGROUND, 1, cv2.LINE_AA)
    return bar


def _write(picture: Bytes, text: str, x: int, y: int, size: int, *, right: bool = False) -> int:
    """Light text, its left or right end at `x`, its middle at `y`; returns its width in pixels."""
    cover = _text(text, size)
    height, width = map(int, cover.shape)
    x, y = max(x - width if right else x, 0), y - height // 2
    place = picture[y : y + height, x : x + width]
    cover = cover[: place.shape[0], : place.shape[1]]
    np.maximum(place, cover[..., np.newaxis], out=place)
    return width


def _fitting(text: str, size: int, width: int) -> str:
    """Text cut off so that it fits `width` pixels."""
    if _text(text, size).shape[1] <= width:
        return text
    while text and _text(f"{text}…", size).shape[1] > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


@lru_cache(maxsize=512)
def _text(text: str, size: int) -> Bytes:
    """White letters on black, (h, w) uint8."""
    from PIL import Image, ImageDraw

    font = _font(size)
    left, _, right, _ = font.getbbox(text)
    sheet = Image.new("L", (round(right - left) + 2, round(1.4 * size)))
    ImageDraw.Draw(sheet).text((-left, 0), text, 255, font)
    return np.asarray(sheet, np.uint8)


@lru_cache(maxsize=8)
def _font(size: int) -> "ImageFont.FreeTypeFont":
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
