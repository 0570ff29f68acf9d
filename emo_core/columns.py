"""The tables of an analysis as columns by name: the one definition behind CSV files, data frames and Parquet.

Times are seconds on the file's own clock, boxes pixels of the source, angles degrees, probabilities and qualities in
[0, 1]. A number that would be invented is NaN.

frames     time_s; source_frame, source_timestamp_s: place in the file from 0 and timestamp as the file has it; person;
           face: whether the frame counts; quality and its five components; box_x0 … box_y1; yaw_deg, pitch_deg,
           roll_deg; emotion_<basic emotion>; probability_<class>: running verdict; verdict: of its segment, empty while
           the person is away; model, model_version
windows    start_s, end_s; person; verdict; probability_<class>; score_<class>: normalized, accepted above 0; quality;
           num_valid_frames; model, model_version
segments   start_s, end_s; person; verdict; probability: of the verdict, of the most probable class if unsure; is_blend;
           presence_<component>, salience_<component>: of a pair; emotion_<basic emotion>; model, model_version
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core import SOFTWARE
from emo_core.emotions import EMOTIONS, class_named
from emo_core.prediction import ModelInfo, PersonAnalysis, Segment, SourceFrames
from emo_core.types import Doubles

BOX = ("box_x0", "box_y0", "box_x1", "box_y1")
POSE = ("yaw_deg", "pitch_deg", "roll_deg")

Columns = dict[str, NDArray[Any]]
"""Column name → values, one a row."""


def frame_columns(
    times_s: Doubles, source: SourceFrames | None, person: PersonAnalysis, model: ModelInfo
) -> Columns:  # fmt: skip
    """Every sampled frame of a person.

    Args:
        times_s: (T,) seconds.
        source: which frames of the file they are; None where they are not told.
        person: everything of T frames.
        model: that judged.

    Returns:
        T values of each column.
    """
    track, clip, prediction = person.track, person.normalized, person.prediction
    nothing = np.full(len(times_s), np.nan)
    return {
        "time_s": times_s,
        "source_frame": source.numbers.astype(np.float64) if source else nothing,
        "source_timestamp_s": source.stamps_s if source else nothing,
        "person": np.full(len(times_s), person.number),
        "face": clip.mask,
        "quality": clip.quality,
        **clip.components,
        **_parted(BOX, track.boxes_xyxy),
        **_parted(POSE, track.pose_deg),
        **_parted([f"emotion_{name}" for name in EMOTIONS], person.features.emotions),
        **_parted([f"probability_{name}" for name in prediction.labels], prediction.step_probabilities),
        "verdict": np.array([label_at(prediction.segments, float(time_s)) for time_s in times_s], np.object_),
        **_of_model(len(times_s), model),
    }


def window_columns(person: PersonAnalysis, model: ModelInfo) -> Columns:
    """Every overlapping window of a person."""
    labels, windows = person.prediction.labels, person.prediction.windows
    return {
        "start_s": np.array([window.start_s for window in windows], np.float64),
        "end_s": np.array([window.end_s for window in windows], np.float64),
        "person": np.full(len(windows), person.number),
        "verdict": np.array([window.label for window in windows], np.object_),
        **_parted(
            [f"probability_{name}" for name in labels], _stacked([item.probabilities for item in windows], labels)
        ),
        **_parted([f"score_{name}" for name in labels], _stacked([item.scores for item in windows], labels)),
        "quality": np.array([window.quality for window in windows], np.float32),
        "num_valid_frames": np.array([window.num_valid_frames for window in windows], np.int64),
        **_of_model(len(windows), model),
    }


def segment_columns(person: PersonAnalysis, model: ModelInfo) -> Columns:
    """Every span of one verdict on a person."""
    segments = person.prediction.segments
    parts = components(person.prediction.labels)
    return {
        "start_s": np.array([segment.start_s for segment in segments], np.float64),
        "end_s": np.array([segment.end_s for segment in segments], np.float64),
        "person": np.full(len(segments), person.number),
        "verdict": np.array([segment.label for segment in segments], np.object_),
        "probability": np.array([segment.probability for segment in segments], np.float32),
        "is_blend": np.array([segment.is_blend for segment in segments], np.bool_),
        **_named("presence_", parts, [segment.presence for segment in segments]),
        **_named("salience_", parts, [segment.salience for segment in segments]),
        **_named("emotion_", EMOTIONS, [segment.emotions for segment in segments]),
        **_of_model(len(segments), model),
    }


def components(labels: Sequence[str]) -> tuple[str, ...]:
    """Components of all classes that are pairs, in order, each once.

    Example:
        >>> components(("amusement_surprise", "sadness_fear", "other"))
        ('amusement', 'surprise', 'sadness', 'fear')
    """
    return tuple(dict.fromkeys(name for label in labels for name in class_named(label).components))


def label_at(segments: Sequence[Segment], time_s: float) -> str:
    """Verdict of the segment that covers a time; nothing where none does, as while a person is away."""
    if not segments:
        return ""
    last_s = segments[-1].end_s
    covers = (item for item in segments if item.start_s - 1e-6 <= time_s < item.end_s)
    found = next(covers, segments[-1] if last_s <= time_s < last_s + 1e-6 else None)
    return found.label if found else ""


def _parted(names: Sequence[str], values: NDArray[Any]) -> Columns:
    """Columns of a table of numbers, (rows, names)."""
    return {name: values[:, index] for index, name in enumerate(names)}


def _stacked(rows: Sequence[NDArray[Any]], labels: Sequence[str]) -> NDArray[Any]:
    return np.stack(rows) if rows else np.empty((0, len(labels)), np.float32)


def _named(prefix: str, names: Sequence[str], rows: Sequence[Mapping[str, float]]) -> Columns:
    """A column for each name; NaN in rows that do not have it."""
    return {f"{prefix}{name}": np.array([row.get(name, np.nan) for row in rows], np.float32) for name in names}


def _of_model(count: int, model: ModelInfo) -> Columns:
    told = {"model": model.name, "model_version": model.version, "software": SOFTWARE}
    return {name: np.full(count, text, np.object_) for name, text in told.items()}
