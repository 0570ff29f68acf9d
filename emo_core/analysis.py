"""What an analysis says: verdicts by window, segment and clip, for everybody in it; shapes checked on entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

    Example:
        >>> from emo_core import analyze, load_bundle
        >>> analysis = analyze("assets/demo/clips/person_01/other_4.mp4", load_bundle())
        >>> len(analysis.people), analysis.about(1).person, analysis.video.name
        (1, 1, 'other_4.mp4')
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
