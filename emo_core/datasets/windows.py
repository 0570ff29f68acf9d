"""Labelled windows in feature space: what heads are trained and measured on, whether composed or seen in videos."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core.config import PipelineConfig
from emo_core.datasets.clips import DatasetClip
from emo_core.datasets.feature_cache import ClipReader
from emo_core.errors import DatasetError, NoFaceError, VideoError
from emo_core.inference.window_plan import NOTHING, plan_windows
from emo_core.model.bundle import FrameNetwork
from emo_core.types import Booleans, Floats, check_shape


@dataclass(frozen=True, slots=True, eq=False)
class WindowDataset:
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
    def joined(parts: Sequence["WindowDataset"]) -> "WindowDataset":
        """All windows of the parts in turn, each from then on a clip of its own."""
        return WindowDataset(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.weights for part in parts]),
            np.concatenate([part.labels for part in parts]),
            tuple(story for part in parts for story in part.stories),
        )

    def chosen(self, which: Booleans) -> "WindowDataset":
        """The windows where `which` (N,) is True."""
        kept = np.flatnonzero(which).tolist()
        return WindowDataset(
            self.features[which],
            self.weights[which],
            self.labels[which],
            tuple(self.stories[index] for index in kept),
            tuple(self.people[index] for index in kept) if self.people else (),
            self.clips[which] if len(self.clips) else self.clips,
            self.pictures[which] if len(self.pictures) else self.pictures,
        )


def see_clips(
    clips: Sequence[DatasetClip],
    labels: Sequence[str],
    cnn: FrameNetwork,
    config: PipelineConfig,
    cache: Path,
    say: Callable[[str], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> WindowDataset:
    """The clips in feature space, blendshapes behind the features of the CNN; kept in the folder `cache` by content.

    Clips in which no face can be judged are left out and named by `say`.

    Args:
        clips: what to see.
        labels: classes in label order; every clip has one of them.
        cnn: frame CNN.
        config: how to sample, crop and part in windows.
        cache: folder for what was seen.
        say: called with a line of text as the work goes on.
        progress: called with the number of clips seen and of all.

    Raises:
        DatasetError: a label is unknown, or no clip can be judged.
    """
    if unknown := {clip.label for clip in clips} - set(labels):
        raise DatasetError(f"Clips are labeled {', '.join(sorted(unknown))}; this model knows {', '.join(labels)}.")
    eyes = ClipReader(cnn, config, cache)
    rows: list[tuple[int, Floats, Floats]] = []
    for index, clip in enumerate(clips):
        progress(index, len(clips))
        if not index % 50:
            say(f"Seeing clip {index + 1} of {len(clips)}")
        try:
            seen = eyes.read(clip.path).within(clip.start_s, clip.end_s)
        except (NoFaceError, VideoError) as error:
            say(f"Left out: {error}")
            continue
        for places in plan_windows(seen.times_s, config).places:
            rows.append((index, *_window(seen.features, seen.weights, places)))
    progress(len(clips), len(clips))
    if not rows:
        raise DatasetError("None of the clips shows a face that can be judged: use other clips.")
    members = [clips[index] for index, _, _ in rows]
    return WindowDataset(
        np.stack([features for _, features, _ in rows]),
        np.stack([weights for _, _, weights in rows]),
        np.array([labels.index(clip.label) for clip in members]),
        tuple(clip.story for clip in members),
        tuple(clip.person for clip in members),
        np.array([index for index, _, _ in rows]),
    )


def _window(features: Floats, weights: Floats, places: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """One window (steps, m), (steps,) of frames `places`; 0 where a step holds none."""
    own = np.where(places == NOTHING, 0, weights[places]).astype(np.float32)
    return (features[places] * (own > 0)[:, np.newaxis]).astype(np.float32), own


def clip_probabilities(probabilities: Floats, windows: WindowDataset) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Windows together as clips: probabilities (M, C), qualities (M,) and the first window (M,) of each clip.

    A window counts by its evidence, the summed quality of its frames, as in the verdict on a clip.
    """
    _, first, member = np.unique(windows.clips, return_index=True, return_inverse=True)
    evidence = windows.weights.sum(axis=1)
    sums = np.zeros((len(first), probabilities.shape[1]))
    np.add.at(sums, member, probabilities * evidence[:, np.newaxis])
    total = np.bincount(member, evidence)
    quality = np.bincount(member, windows.quality * evidence) / total
    return (sums / total[:, np.newaxis]).astype(np.float32), quality.astype(np.float32), first
