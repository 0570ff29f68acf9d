"""The data that flows from stage to stage: frozen dataclasses, shapes checked on entry.

T sampled frames, H×W pixels, S crop side, m features, C classes. A frame in which no face was found keeps its place in
every array: `detected` and `mask` are False there, numbers are NaN or 0 as documented, and nothing is invented.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]
Bytes: TypeAlias = NDArray[np.uint8]
Booleans: TypeAlias = NDArray[np.bool_]

QUALITY_COMPONENTS: tuple[str, ...] = ("sharpness", "exposure", "face_size", "frontalness", "confidence")
"""Named components of the quality of a frame, each in [0, 1] (terms of ISO/IEC 29794-5)."""


def check_shape(name: str, array: NDArray[np.generic], shape: tuple[int | None, ...]) -> None:
    """Raise ``ValueError`` unless `array` has `shape`; None stands for any extent."""
    fits = array.ndim == len(shape) and all(s is None or s == n for s, n in zip(shape, array.shape, strict=True))
    if not fits:
        expected = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
        raise ValueError(f"{name} has shape {array.shape}, expected {expected}")


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A bounded run of sampled frames.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB, upright; may be smaller than the source.
        timestamps_s: (T,) float64, seconds on the file's own clock (see :class:`VideoInfo`), strictly increasing.
        width, height: size of the source in pixels, after rotation.
    """

    frames: Bytes
    timestamps_s: Doubles
    width: int
    height: int

    def __post_init__(self) -> None:
        check_shape("frames", self.frames, (None, None, None, 3))
        check_shape("timestamps_s", self.timestamps_s, (len(self.frames),))
        if np.any(np.diff(self.timestamps_s) <= 0):
            raise ValueError("timestamps_s must increase")

    @property
    def source_scale(self) -> float:
        """Source pixels per pixel of `frames`."""
        return float(self.width / self.frames.shape[2])


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """One person's face through the frames of a clip.

    Attributes:
        crops: (T, S, S) uint8 grey, aligned by the eyes; 0 where no face was found.
        boxes_xyxy: (T, 4) float32, source pixels; NaN where no face was found.
        landmarks: (T, 478, 3) float32, source pixels (z in the same unit, smaller is nearer); NaN where none.
        pose_deg: (T, 3) float32 yaw, pitch, roll in degrees; yaw > 0 turns to the image's right, pitch > 0 looks down,
            roll > 0 leans clockwise in the image; NaN where none.
        confidence: (T,) float32 in [0, 1]: how sure the detector is that an unobstructed face is there; 0 where none.
        eye_distance_px: (T,) float32, source pixels between the eye centres; NaN where none.
        detected: (T,) bool.
    """

    crops: Bytes
    boxes_xyxy: Floats
    landmarks: Floats
    pose_deg: Floats
    confidence: Floats
    eye_distance_px: Floats
    detected: Booleans

    def __post_init__(self) -> None:
        frames = len(self.crops)
        check_shape("crops", self.crops, (None, None, None))
        check_shape("boxes_xyxy", self.boxes_xyxy, (frames, 4))
        check_shape("landmarks", self.landmarks, (frames, None, 3))
        check_shape("pose_deg", self.pose_deg, (frames, 3))
        check_shape("confidence", self.confidence, (frames,))
        check_shape("eye_distance_px", self.eye_distance_px, (frames,))
        check_shape("detected", self.detected, (frames,))


@dataclass(frozen=True, slots=True, eq=False)
class NormalizedClip:
    """What the network sees, and how good each frame is.

    Attributes:
        faces: (T, S, S) float32 in [0, 1], intensity-normalized aligned crops (mean 0.5); 0 where no face was found.
        quality: (T,) float32 in [0, 1]; 0 where no face was found.
        components: name of :data:`QUALITY_COMPONENTS` → (T,) float32 in [0, 1].
        mask: (T,) bool, frames that count.
    """

    faces: Floats
    quality: Floats
    components: Mapping[str, Floats]
    mask: Booleans

    def __post_init__(self) -> None:
        frames = len(self.faces)
        check_shape("faces", self.faces, (None, None, None))
        check_shape("quality", self.quality, (frames,))
        check_shape("mask", self.mask, (frames,))
        if tuple(self.components) != QUALITY_COMPONENTS:
            raise ValueError(f"components are {tuple(self.components)}, expected {QUALITY_COMPONENTS}")
        for name, values in self.components.items():
            check_shape(name, values, (frames,))
        object.__setattr__(self, "components", MappingProxyType(dict(self.components)))


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSequence:
    """What the frame CNN says of every frame (paper eq. 2, 3).

    Attributes:
        features: (T, m) float32, the pooled feature u_t; 0 where no face was found.
        emotions: (T, 8) float32, softmax over the basic emotions, rows sum to 1; NaN where no face was found.
        mask: (T,) bool.
    """

    features: Floats
    emotions: Floats
    mask: Booleans

    def __post_init__(self) -> None:
        check_shape("emotions", self.emotions, (len(self.features), 8))
        check_shape("mask", self.mask, (len(self.features),))


@dataclass(frozen=True, slots=True, eq=False)
class WindowPrediction:
    """The verdict on one window of the clip.

    Attributes:
        start_s, end_s: span of the window in seconds.
        label: a class of the model or ``unsure``.
        probabilities: (C,) float32, calibrated, sums to 1.
        scores: (C,) float32, normalized scores s′ = s − θ(q) (method §4); a class is accepted when its score is > 0.
        quality: quality of the window in [0, 1], the mean over its valid frames.
        num_valid_frames: frames with a usable face.
        face_s: seconds for which a usable face is seen.
    """

    start_s: float
    end_s: float
    label: str
    probabilities: Floats
    scores: Floats
    quality: float
    num_valid_frames: int
    face_s: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of the clip with one verdict.

    Attributes:
        start_s, end_s: seconds.
        label: a class of the model or ``unsure``.
        probability: in [0, 1], of the label; of the most probable class if unsure.
        salience: as in :class:`Prediction`, from the frames of the span; empty if none of them is usable.
        is_blend: as in :class:`Prediction`.
        presence, emotions: as in :class:`Prediction`, from the frames of the span.
    """

    start_s: float
    end_s: float
    label: str
    probability: float
    salience: Mapping[str, float] = field(default_factory=dict)
    is_blend: bool = False
    presence: Mapping[str, float] = field(default_factory=dict)
    emotions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The verdict on a clip.

    Attributes:
        labels: classes of the model, in the order of every probability vector.
        label: a class of the model or ``unsure``.
        probability: calibrated probability of `label` (of the most probable class if unsure), in [0, 1].
        probabilities: (C,) float32, sums to 1.
        salience: component → share of the pair in [0, 1], sums to 1; empty unless `label` is a pair.
        is_blend: whether both components are present in the frames, together or one after the other.
        reason: why the verdict is unsure, one sentence; empty otherwise.
        windows: overlapping windows in order of time.
        step_probabilities: (T, C) float32, running verdict at every sampled frame; NaN where no face was found.
        segments: spans of one verdict that cover the clip.
        presence: component → mean probability of its emotion in the frames, in [0, 1]; empty unless `label` is a pair.
        emotions: basic emotion → mean probability in the frames, weighted by quality; empty if none is usable.
    """

    labels: tuple[str, ...]
    label: str
    probability: float
    probabilities: Floats
    salience: Mapping[str, float]
    is_blend: bool
    reason: str
    windows: tuple[WindowPrediction, ...]
    step_probabilities: Floats
    segments: tuple[Segment, ...]
    presence: Mapping[str, float] = field(default_factory=dict)
    emotions: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_shape("probabilities", self.probabilities, (len(self.labels),))
        check_shape("step_probabilities", self.step_probabilities, (None, len(self.labels)))
        object.__setattr__(self, "salience", MappingProxyType(dict(self.salience)))


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The source as a whole.

    Every time is on the file's own clock: 0 is where a player begins, the first moment of the file in any of its
    streams, so pictures that begin after the sound begin later than 0.

    Attributes:
        name: file name as the user gave it, without folders.
        duration_s: seconds from the first frame to the end of the last, `gaps` left out.
        fps: mean frame rate of the source, 1/s.
        width, height: pixels, upright and square.
        num_frames_decoded, num_frames_sampled: counts.
        start_s: when the first frame is shown.
        gaps: start and end in seconds of each stretch without a picture, in order.
        num_parts: recordings that were joined in it: 1, and one more for each time that its timestamps start anew.
    """

    name: str
    duration_s: float
    fps: float
    width: int
    height: int
    num_frames_decoded: int
    num_frames_sampled: int
    start_s: float = 0.0
    gaps: tuple[tuple[float, float], ...] = ()
    num_parts: int = 1

    @property
    def end_s(self) -> float:
        """When the last frame ends."""
        return self.start_s + self.duration_s + sum(end_s - start_s for start_s, end_s in self.gaps)


@dataclass(frozen=True, slots=True, eq=False)
class SourceFrames:
    """Which frames of the file were sampled.

    Attributes:
        numbers: (T,) int64, place of each among the frames of the file in order of display, from 0.
        stamps_s: (T,) float64, its timestamp as the file has it, in seconds; NaN where it has none.
    """

    numbers: NDArray[np.int64]
    stamps_s: Doubles


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model spoke: name and version of the bundle, its classes in order."""

    name: str
    version: str
    labels: tuple[str, ...]

    @property
    def title(self) -> str:
        """Name and version, as every card, row and export names the model."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class StageTimings:
    """Wall time of each stage in milliseconds; `total` is that of the whole analysis."""

    decode: float
    faces: float
    cnn: float
    head: float
    total: float


@dataclass(frozen=True, slots=True, eq=False)
class PersonAnalysis:
    """What is known of one person in a clip of T frames.

    Attributes:
        number: from 1; 1 is the one who is largest and longest in view.
        track, normalized, features, prediction: of this person, over all frames of the clip.
        warnings: what to know of the clip and of this person.
    """

    number: int
    track: FaceTrack
    normalized: NormalizedClip
    features: FeatureSequence
    prediction: Prediction
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything about one clip: the input of every page, report and export.

    `timestamps_s` is (T,) float64, on the file's own clock; every array inside has the same T. What is told beside
    `people` is about one of them, the largest and longest in view unless :meth:`about` chose another. `source_frames`
    is None where the frames were changed first, and so are none of the file's.
    """

    video: VideoInfo
    model: ModelInfo
    timestamps_s: Doubles
    track: FaceTrack
    normalized: NormalizedClip
    features: FeatureSequence
    prediction: Prediction
    timing_ms: StageTimings
    warnings: tuple[str, ...]
    source_frames: SourceFrames | None = None
    people: tuple[PersonAnalysis, ...] = ()
    person: int = 1

    def __post_init__(self) -> None:
        if len(self.people) < 2:
            only = PersonAnalysis(1, self.track, self.normalized, self.features, self.prediction, self.warnings)
            object.__setattr__(self, "people", (only,))
        frames = len(self.timestamps_s)
        for name, length in (
            ("track", len(self.track.crops)),
            ("normalized", len(self.normalized.faces)),
            ("features", len(self.features.features)),
            ("step_probabilities", len(self.prediction.step_probabilities)),
            ("source_frames", len(self.source_frames.numbers) if self.source_frames else frames),
        ):
            if length != frames:
                raise ValueError(f"{name} has {length} frames, expected {frames}")

    def about(self, number: int) -> "Analysis":
        """The same clip, told about another person.

        Raises:
            ValueError: there is no person of this number.
        """
        found = next((person for person in self.people if person.number == number), None)
        if found is None:
            raise ValueError(f"there is no person {number}; known are 1 to {len(self.people)}")
        return replace(
            self, track=found.track, normalized=found.normalized, features=found.features,
            prediction=found.prediction, warnings=found.warnings, person=number,
        )  # fmt: skip


_Part = TypeVar("_Part", FaceTrack, NormalizedClip, FeatureSequence)


def concatenate(parts: Sequence[_Part]) -> _Part:
    """One stage's results over consecutive clips, joined in time; at least one part.

    Example:
        >>> part = FeatureSequence(np.zeros((2, 5), "f"), np.zeros((2, 8), "f"), np.ones(2, bool))
        >>> concatenate([part, part]).features.shape
        (4, 5)
    """
    joined: dict[str, Any] = {}
    for name in parts[0].__slots__:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], Mapping):
            joined[name] = {key: np.concatenate([value[key] for value in values]) for key in values[0]}
        else:
            joined[name] = np.concatenate(values)
    return type(parts[0])(**joined)


def select(whole: _Part, frames: Booleans) -> _Part:
    """One stage's results at some of the frames, (T,) bool.

    Example:
        >>> whole = FeatureSequence(np.zeros((2, 5), "f"), np.zeros((2, 8), "f"), np.ones(2, bool))
        >>> select(whole, np.array([True, False])).features.shape
        (1, 5)
    """
    chosen: dict[str, Any] = {}
    for name in whole.__slots__:
        values = getattr(whole, name)
        is_named = isinstance(values, Mapping)
        chosen[name] = {key: value[frames] for key, value in values.items()} if is_named else values[frames]
    return type(whole)(**chosen)
