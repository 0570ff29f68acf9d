"""What is said of one clip, piece by piece: verdicts by window, segment and clip, and what they are of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from emo_core.types import Doubles, FaceTrack, FeatureSequence, Floats, NormalizedClip, check_shape


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
    """Wall time of each stage in milliseconds; `total` is that of the whole analysis.

    `decode` is what was waited for frames: they are read while those before them are looked at.
    """

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
