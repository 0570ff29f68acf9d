"""Labelled windows in feature space: what heads are trained and measured on, whether composed or seen in videos."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emo_core.types import Booleans, Floats, check_shape


@dataclass(frozen=True, slots=True, eq=False)
class LabelledClips:
    """Windows of clips in feature space with their classes: what heads are trained and measured on.

    Attributes:
        features: (N, T, m) float32; 0 where masked.
        weights: (N, T) float32 in [0, 1], quality; 0 = no face or padding.
        labels: (N,) int, index of the class.
        stories: (N,) what is shown, such as the names of the peaks joined by arrows.
        people: (N,) who is shown; empty where that is unknown, as in composed clips.
        clips: (N,) int, the clip that each window is of; empty where each is a clip of its own.
        pictures: (N, 2) int, the stills of both peaks of composed clips, twice the same where there is one; else empty.
    """

    features: Floats
    weights: Floats
    labels: NDArray[np.intp]
    stories: tuple[str, ...]
    people: tuple[str, ...] = ()
    clips: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    pictures: NDArray[np.intp] = field(default_factory=lambda: np.zeros((0, 2), np.intp))

    def __post_init__(self) -> None:
        check_shape("features", self.features, (len(self.labels), None, None))
        check_shape("weights", self.weights, self.features.shape[:2])

    @property
    def quality(self) -> Floats:
        """Mean quality of the valid frames of each window, (N,) float32."""
        valid = np.maximum((self.weights > 0).sum(axis=1), 1)
        return np.asarray(self.weights.sum(axis=1) / valid, np.float32)

    @staticmethod
    def joined(parts: Sequence["LabelledClips"]) -> "LabelledClips":
        """All windows of the parts in turn, each from then on a clip of its own."""
        return LabelledClips(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.weights for part in parts]),
            np.concatenate([part.labels for part in parts]),
            tuple(story for part in parts for story in part.stories),
        )

    def chosen(self, which: Booleans) -> "LabelledClips":
        """The windows where `which` (N,) is True."""
        kept = np.flatnonzero(which).tolist()
        return LabelledClips(
            self.features[which],
            self.weights[which],
            self.labels[which],
            tuple(self.stories[index] for index in kept),
            tuple(self.people[index] for index in kept) if self.people else (),
            self.clips[which] if len(self.clips) else self.clips,
            self.pictures[which] if len(self.pictures) else self.pictures,
        )
