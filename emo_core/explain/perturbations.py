"""Changes of a clip's frames before anything looks at them: darker, blurred, covered, fewer, backwards."""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from emo_core.analysis import Analysis
from emo_core.inference.pipeline import Change, Passes
from emo_core.inference.video_passes import part_of
from emo_core.types import Bytes, Clip, Floats

UNCHANGED = "unchanged"
"""Key of no change at all."""

_BUFFER_BYTES = 64 * 2**20  # frames held at once to play a clip backwards
_BLUR_SHARE = 0.25  # of the eye distance: deviation of the blur at full strength
_COVER_MARGIN = 0.16  # of the eye distance: how far a cover reaches beyond the landmarks
_CHEEKS = (50, 280, 205, 425)
_REGIONS = {
    "brows": ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)),
    "eyes": ((33, 133, 159, 145, 160, 144, 158, 153, 246, 173), (263, 362, 386, 374, 387, 373, 385, 380, 466, 398)),
    "mouth": ((61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One change that can be tried.

    Attributes:
        key: short name.
        title: what is done, for the visitor.
        strengths: least, greatest and usual strength in [0, 1]; None where there is nothing to set.
        meaning: what a strength of 1 would be, in words; empty without strengths.
    """

    key: str
    title: str
    strengths: tuple[float, float, float] | None = None
    meaning: str = ""


KINDS: tuple[Kind, ...] = (
    Kind("darken", "Darken", (0.1, 0.95, 0.7), "black"),
    Kind("blur", "Blur", (0.1, 1.0, 0.5), "a quarter of the distance between the eyes"),
    Kind("shrink", "Shrink", (0.1, 0.95, 0.75), "nothing left of width and height"),
    Kind("grey", "Turn grey"),
    Kind("brows", "Cover the brows"),
    Kind("eyes", "Cover the eyes"),
    Kind("mouth", "Cover the mouth"),
    Kind("drop", "Drop frames", (0.1, 0.9, 0.5), "no frame left"),
    Kind("reverse", "Reverse time"),
)
"""Every change, in the order in which they are shown."""


def make_change(key: str, strength: float, original: Analysis, part: tuple[float, float]) -> Change:
    """The change `key` of :data:`KINDS`, or none, of a part of a clip, whose time then starts at 0.

    Args:
        key: of :data:`KINDS`, or :data:`UNCHANGED`.
        strength: how much, in [0, 1]; of no effect where the kind has no strengths.
        original: analysis of the unchanged clip; says where the face is.
        part: start and end in seconds.

    Raises:
        KeyError: there is no such change.
    """
    touch = _touch(key, strength, original)
    start_s, end_s = (0.0, math.inf) if is_whole(part, original) else part

    def change(passes: Passes) -> Generator[Clip, None, None]:
        def touched() -> Generator[Clip, None, None]:
            first_s: float | None = None
            for clip in part_of(passes(), start_s, end_s):
                first_s = float(clip.timestamps_s[0]) if first_s is None else first_s
                done = touch(clip)
                yield replace(done, timestamps_s=done.timestamps_s - first_s)

        if key == "drop":
            return _drop(touched, strength)
        return _reverse(touched) if key == "reverse" else touched()

    return change


def _touch(key: str, strength: float, original: Analysis) -> Callable[[Clip], Clip]:
    """What is done to each clip of a pass; times are still those of the source."""
    eye_px = float(np.nanmedian(original.track.eye_distance_px))
    if key in _REGIONS:
        return lambda clip: _cover(clip, key, original)
    picture: dict[str, Callable[[Bytes, float], Bytes]] = {
        "darken": lambda frame, scale: np.asarray(cv2.convertScaleAbs(frame, alpha=1 - strength), np.uint8),
        "blur": lambda frame, scale: _blur(frame, max(0.3, strength * _BLUR_SHARE * eye_px / scale)),
        "grey": lambda frame, scale: np.asarray(
            cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8
        ),
        "shrink": lambda frame, scale: _shrink(frame, 1 - strength),
    }
    if key in (UNCHANGED, "drop", "reverse"):
        return lambda clip: clip
    change = picture[key]

    def touch(clip: Clip) -> Clip:
        frames = np.stack([change(frame, clip.source_scale) for frame in clip.frames])
        if frames.shape == clip.frames.shape:
            return replace(clip, frames=frames)
        return replace(clip, frames=frames, width=frames.shape[2], height=frames.shape[1])  # as if filmed so small

    return touch


def _blur(frame: Bytes, deviation_px: float) -> Bytes:
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), deviation_px), np.uint8)


def _shrink(frame: Bytes, share: float) -> Bytes:
    height, width = (max(1, round(side * share)) for side in frame.shape[:2])
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _cover(clip: Clip, region: str, original: Analysis) -> Clip:
    """Patches of the colour of the cheeks over a region of the face, where the face was found at that time."""
    frames = clip.frames.copy()
    track = original.track
    for frame, time_s in zip(frames, clip.timestamps_s, strict=True):
        step = int(np.abs(original.timestamps_s - time_s).argmin())
        if not track.detected[step]:
            continue
        points = track.landmarks[step, :, :2] / clip.source_scale
        reach = _COVER_MARGIN * float(track.eye_distance_px[step]) / clip.source_scale
        colour = _cheek_colour(frame, points)
        for members in _REGIONS[region]:
            hull = cv2.convexHull(points[list(members)].astype(np.float32)).round().astype(np.int32)
            cv2.fillConvexPoly(frame, hull, colour)
            cv2.polylines(frame, [hull], True, colour, max(1, round(2 * reach)))
    return replace(clip, frames=frames)


def _cheek_colour(frame: Bytes, points: Floats) -> tuple[int, int, int]:
    height, width = frame.shape[:2]
    x, y = np.clip(points[list(_CHEEKS)].round().astype(int), 0, [width - 1, height - 1]).T
    red, green, blue = np.median(frame[y, x], axis=0)
    return int(red), int(green), int(blue)


def _drop(passes: Passes, share: float) -> Generator[Clip, None, None]:
    """Frames left out evenly, `share` of them; the first one stays."""
    kept = 1 - share
    count = 0
    for clip in passes():
        numbers = count + np.arange(len(clip.frames))
        count += len(clip.frames)
        stays = np.floor(numbers * kept + 1e-9) > np.floor((numbers - 1) * kept + 1e-9)
        if stays.any():
            yield clip.at(stays)


def _reverse(passes: Passes) -> Generator[Clip, None, None]:
    """The frames from the last to the first; decodes again for every part that fits the memory allowed for it."""
    ends_s, frame_bytes = [], 1
    for clip in passes():
        ends_s.append(float(clip.timestamps_s[-1]))
        frame_bytes = max(frame_bytes, clip.frames[0].nbytes * len(clip.frames))
    together = max(1, _BUFFER_BYTES // frame_bytes)
    for first in reversed(range(0, len(ends_s), together)):
        held: list[Clip] = []
        for number, clip in enumerate(passes()):
            if number >= first:
                held.append(clip)
            if number + 1 == first + together:
                break
        for clip in reversed(held):
            times_s = ends_s[-1] - clip.timestamps_s[::-1]
            yield replace(clip, frames=clip.frames[::-1], timestamps_s=times_s, framings=clip.framings[::-1])


def is_whole(part: tuple[float, float], original: Analysis) -> bool:
    """Whether the two times of `part` enclose the whole clip."""
    return part[0] <= original.video.start_s and part[1] >= original.video.end_s
