"""The clearest frames of a clip as small pictures: source with box, normalized crop, and where the evidence lies."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_core.analysis import Analysis
from emo_core.emotions import UNSURE, class_colour
from emo_core.explain.attribution import heatmaps
from emo_core.explain.numpy_lstm import load_lstm
from emo_core.inference.pipeline import Progress
from emo_core.model.bundle import Bundle
from emo_core.report.tables import segment_at
from emo_core.types import Bytes, Floats
from emo_core.video.reader import open_video
from emo_core.video.source import NO_LIMITS

_NUM_PARTS = 6
_WIDTH_PX = 360
_CROP_PX = 192
_HEAT_OPACITY = 0.5


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """One frame in pictures.

    Attributes:
        time_s: seconds from the start of the clip.
        quality: in [0, 1].
        label: verdict of its segment.
        shown: class whose evidence the heatmap shows; the most probable one where the verdict is unsure.
        picture, crop, heatmap: JPEG of the source frame with the face's box; PNG of the normalized face, without and
            with the heatmap over it.
    """

    time_s: float
    quality: float
    label: str
    shown: str
    picture: bytes
    crop: bytes
    heatmap: bytes


def key_frames(
    source: Path | str | bytes,
    bundle: Bundle,
    analysis: Analysis,
    *,
    progress: Progress | None = None,
) -> tuple[KeyFrame, ...]:
    """The frame of highest quality in each of six equal parts of the clip; a part without a usable face has none.

    Args:
        source: the clip that `analysis` is of; decoded once more.
        bundle: the model that made it.
        analysis: what is known of the clip.
        progress: called as the clip is read; an exception that it raises ends it.

    Raises:
        VideoError: the clip cannot be read any more.
        BundleError: the bundle has no head to look into.
    """
    steps = clearest(analysis, _NUM_PARTS)
    if not len(steps):
        return ()
    maps = heatmaps(bundle, load_lstm(bundle), bundle.frame_network(), analysis, steps)
    with closing(_frames_at(source, bundle.config.sample_rate_hz, analysis, steps, progress)) as frames:
        return tuple(
            _key_frame(analysis, int(step), frame, maps[:, place])
            for place, (step, frame) in enumerate(zip(steps, frames, strict=True))
        )


def clearest(analysis: Analysis, most: int) -> NDArray[np.intp]:
    """Indices (n ≤ most,) of the usable frame of highest quality in each of `most` equal spans of time.

    Args:
        analysis: of T frames.
        most: spans, at least 1.
    """
    clip = analysis.normalized
    elapsed_s, video = analysis.timestamps_s - analysis.video.start_s, analysis.video
    spans = np.minimum((elapsed_s / (video.end_s - video.start_s) * most).astype(int), most - 1)
    quality = np.where(clip.mask, clip.quality, -1)
    best = [np.flatnonzero(spans == part)[quality[spans == part].argmax()] for part in np.unique(spans)]
    return np.array([step for step in best if clip.mask[step]], np.intp)


def _frames_at(
    source: Path | str | bytes, rate_hz: float, analysis: Analysis, steps: NDArray[np.intp], progress: Progress | None
) -> Generator[Bytes, None, None]:
    """The sampled frames `steps`, reduced."""
    wanted, first = set(analysis.timestamps_s[steps].tolist()), 0  # times, for an analysis may be of a part of the file
    with open_video(source, name=analysis.video.name, limits=NO_LIMITS, max_side_px=2 * _WIDTH_PX) as reader:
        for clip in reader.clips(rate_hz):
            if progress is not None:
                progress("Reading the clearest frames", first / len(analysis.timestamps_s))
            for time_s, frame in zip(clip.timestamps_s.tolist(), clip.frames, strict=True):
                if time_s in wanted:
                    yield frame
            first += len(clip.frames)


def _key_frame(analysis: Analysis, step: int, frame: Bytes, maps: Floats) -> KeyFrame:
    """One frame; `maps` (C, h, w) of its classes."""
    prediction = analysis.prediction
    time_s = float(analysis.timestamps_s[step])
    label = segment_at(prediction.segments, time_s).label
    running = prediction.step_probabilities[step]
    shown = prediction.labels[int(running.argmax())] if label == UNSURE else label
    grey = (np.clip(analysis.normalized.faces[step], 0, 1) * 255).round().astype(np.uint8)
    crop = cv2.cvtColor(cv2.resize(grey, (_CROP_PX,) * 2, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB)
    return KeyFrame(
        time_s,
        float(analysis.normalized.quality[step]),
        label,
        shown,
        _encoded(".jpg", _with_box(analysis, step, frame, class_colour(label, prediction.labels))),
        _encoded(".png", crop),
        _encoded(".png", _with_heat(crop, maps[prediction.labels.index(shown)])),
    )


def _with_box(analysis: Analysis, step: int, frame: Bytes, colour: str) -> Bytes:
    height, width = frame.shape[:2]
    scale = min(1.0, _WIDTH_PX / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    x0, y0, x1, y1 = (int(v) for v in analysis.track.boxes_xyxy[step] * (size[0] / analysis.video.width))
    rgb = tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
    cv2.rectangle(picture, (x0, y0), (x1, y1), rgb, 2, cv2.LINE_AA)
    return picture


def _with_heat(crop: Bytes, heat: Floats) -> Bytes:
    """A crop (S, S, 3) under its map (h, w) in [0, 1]: as much colour as there is evidence."""
    large = np.clip(cv2.resize(heat, (_CROP_PX,) * 2, interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((large * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    opacity = _HEAT_OPACITY * (0.35 + 0.65 * large[..., np.newaxis])
    return np.asarray((1 - opacity) * crop + opacity * colours, np.uint8)


def _encoded(suffix: str, picture: Bytes) -> bytes:
    """JPEG or PNG of an RGB picture."""
    done, data = cv2.imencode(suffix, np.ascontiguousarray(picture[..., ::-1]))
    if not done:
        raise ValueError(f"a picture of shape {picture.shape} cannot be written as {suffix}")
    return data.tobytes()
