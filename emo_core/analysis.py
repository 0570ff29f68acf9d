"""What an analysis says: verdicts by window, segment and clip, for everybody in it; shapes checked on entry."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emo_core import extras
from emo_core.columns import frame_columns, segment_columns, window_columns
from emo_core.prediction import (
    ModelInfo,
    PersonAnalysis,
    Prediction,
    Segment,
    SourceFrames,
    StageTimings,
    VideoInfo,
    WindowPrediction,
)
from emo_core.types import Doubles, FaceTrack, FeatureSequence, NormalizedClip

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "Analysis", "ModelInfo", "PersonAnalysis", "Prediction", "Segment", "SourceFrames", "StageTimings", "VideoInfo",
    "WindowPrediction",
]  # fmt: skip


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

    @property
    def told(self) -> PersonAnalysis:
        """The person that this is about."""
        return next(person for person in self.people if person.number == self.person)

    def frames(self) -> "DataFrame":
        """A row for every sampled frame of the person that this is about, as documented in :mod:`emo_core.columns`.

        Raises:
            MissingPackageError: pandas is not installed; so for the other tables.

        Example:
            >>> analysis.frames().query("face").groupby("verdict").quality.mean()   # doctest: +SKIP
        """
        extras.need("pandas")
        from pandas import DataFrame

        table = DataFrame(frame_columns(self.timestamps_s, self.source_frames, self.told, self.model))
        return table.astype({"source_frame": "Int64"})

    def windows(self) -> "DataFrame":
        """A row for every window that the LSTM read, as documented in :mod:`emo_core.columns`."""
        extras.need("pandas")
        from pandas import DataFrame

        return DataFrame(window_columns(self.told, self.model))

    def segments(self) -> "DataFrame":
        """A row for every span of one verdict, as documented in :mod:`emo_core.columns`."""
        extras.need("pandas")
        from pandas import DataFrame

        return DataFrame(segment_columns(self.told, self.model))
