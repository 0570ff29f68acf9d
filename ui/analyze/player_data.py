"""What the player in the browser is given: the clip's numbers once, its pictures stretch by stretch.

Workers make it, so nothing here loads Streamlit. Numbers in [0, 1] travel as bytes in steps of 1/200, 255 for "none
here"; what is binary is base64, for components carry JSON.
"""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_core.analysis import Analysis
from emo_core.emotions import EMOTION_COLOURS, EMOTIONS, class_colour, display_name
from emo_core.errors import VideoError
from emo_core.model.bundle import Bundle
from emo_core.types import Bytes, Floats

Progress = Callable[[str, float], None]
Indices = NDArray[np.intp]

SPAN_FRAMES = 256
"""Frames in a stretch: about 25 seconds, 3 MB on the wire."""

_PICTURE_PX = 480  # longer side
_NO_NUMBER = 255


def clip_data(analysis: Analysis, identity: str, label: str) -> dict[str, Any]:
    """Everything about the clip that is no picture; a hundred bytes a frame at most.

    Args:
        analysis: of the clip.
        identity: another one for another result.
        label: class whose heatmap is shown at first.
    """
    from emo_core.report.charts.analysis import COMPONENT_COLOURS, window_curve
    from emo_core.report.charts.style import NEUTRAL_INK

    prediction, clip = analysis.prediction, analysis.normalized
    labels = prediction.labels
    times, rows = window_curve(prediction, analysis.video)
    quality = np.column_stack([clip.quality, *clip.components.values()])
    return {
        "id": identity,
        "start_s": analysis.video.start_s,
        "end_s": analysis.video.end_s,
        "rate_hz": len(analysis.timestamps_s) / max(analysis.video.duration_s, 1e-3),
        "width": analysis.video.width,
        "height": analysis.video.height,
        "span_frames": SPAN_FRAMES,
        "label": labels.index(label),
        "no_picture": "The pictures of this clip cannot be read again; the rest is not affected.",
        "times": _text(analysis.timestamps_s),
        "series": {
            "verdict": _shares(prediction.step_probabilities),
            "emotions": _shares(analysis.features.emotions),
            "quality": _shares(np.where(clip.mask[:, np.newaxis], quality, np.nan)),
        },
        "groups": {
            "verdict": [_item(display_name(label), class_colour(label, labels)) for label in labels],
            "emotions": [_item(emotion.capitalize(), EMOTION_COLOURS[emotion]) for emotion in EMOTIONS],
            "quality": [
                _item("Overall", NEUTRAL_INK),
                *(
                    _item(name.replace("_", " ").capitalize(), COMPONENT_COLOURS.get(name, NEUTRAL_INK))
                    for name in clip.components
                ),
            ],
        },
        "curve": {"times": times.round(3).tolist(), "rows": _or_none(rows)},
        "segments": [
            {"start_s": item.start_s, "end_s": item.end_s, "colour": class_colour(item.label, labels)}
            for item in prediction.segments
        ],
    }


def frames_of(analysis: Analysis, number: int) -> Indices:
    """Indices (n,) of the frames in stretch `number`, from 0."""
    return np.arange(number * SPAN_FRAMES, min((number + 1) * SPAN_FRAMES, len(analysis.timestamps_s)))


def span_data(source: Path | bytes, analysis: Analysis, number: int, *, progress: Progress) -> dict[str, Any]:
    """The pictures of one stretch of the clip: frames, crops, boxes, landmarks.

    Args:
        source: the clip.
        analysis: of it.
        number: of the stretch.
        progress: called as the clip is read; an exception that it raises ends it.
    """
    frames = frames_of(analysis, number)
    pictures = _pictures(source, analysis, frames, progress)
    boxes = analysis.track.boxes_xyxy[frames]
    size = np.array([analysis.video.width, analysis.video.height], np.float32)
    points = np.nan_to_num(analysis.track.landmarks[frames, :, :2] / size)
    return {
        "number": number,
        "first": int(frames[0]),
        "lengths": [len(picture) for picture in pictures],
        "pictures": base64.b64encode(b"".join(pictures)).decode("ascii"),
        "side": analysis.normalized.faces.shape[1],
        "crops": _text((analysis.normalized.faces[frames] * 255).clip(0, 255).astype(np.uint8)),
        "boxes": [box.round(1).tolist() if np.isfinite(box).all() else None for box in boxes],
        "points": _text((points.clip(-1, 1) * 32767).astype("<i2")),
    }


def heat_data(analysis: Analysis, bundle: Bundle, number: int, *, progress: Progress) -> dict[str, Any]:
    """The heatmaps of one stretch for every class.

    Args:
        analysis: of the clip.
        bundle: the model that made it.
        number: of the stretch.
        progress: called as the work goes on; an exception that it raises ends it.
    """
    from emo_core.explain.attribution import find_evidence
    from emo_core.explain.numpy_lstm import load_lstm

    frames, cnn = frames_of(analysis, number), bundle.frame_network(2)
    progress("Drawing the heatmaps", 0.0)
    parts: list[Floats] = []
    for some in find_evidence(bundle, load_lstm(bundle), cnn, analysis, frames):
        parts.append(some.heatmaps)
        progress("Drawing the heatmaps", sum(part.shape[1] for part in parts) / len(frames))
    maps = np.concatenate(parts, axis=1)
    return {"number": number, "grid": list(maps.shape[-2:]), "heat": _text((maps * 255).round().astype(np.uint8))}


def _pictures(source: Path | bytes, analysis: Analysis, frames: Indices, progress: Progress) -> list[bytes]:
    """The frames as small JPEGs; empty where one cannot be read again."""
    from emo_core.video.reader import open_video
    from emo_core.video.source import NO_LIMITS

    found: dict[int, bytes] = {}
    times_s = analysis.timestamps_s[frames]
    try:
        with open_video(source, name=analysis.video.name, limits=NO_LIMITS, max_side_px=_PICTURE_PX) as reader:
            for index, frame in reader.frames_at(times_s, seek=analysis.video.num_parts == 1):
                progress("Reading the frames", len(found) / len(frames))
                found[index] = _jpeg(frame)
    except VideoError:
        pass  # the player says that there is no picture; all else comes from the analysis
    return [found.get(index, b"") for index in range(len(frames))]


def _jpeg(frame: Bytes) -> bytes:
    return cv2.imencode(".jpg", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 72])[1].tobytes()


def _shares(rows: Floats) -> str:
    """(T, n) numbers in [0, 1] or NaN as bytes."""
    steps = np.nan_to_num(rows, nan=_NO_NUMBER / 200).clip(0, _NO_NUMBER / 200) * 200
    return _text(steps.round().astype(np.uint8))


def _or_none(rows: NDArray[np.float64]) -> list[list[float] | None]:
    """(n, C) shares; None for a row of NaN, which JSON cannot hold."""
    return [None if np.isnan(row).any() else row.round(3).tolist() for row in rows]


def _item(name: str, colour: str) -> Mapping[str, str]:
    return {"name": name, "colour": colour}


def _text(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
