"""Figures of a trained head on clips that nothing was chosen on: composed, neutral and rendered ones, never merged."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from msgspec.structs import asdict
from numpy.typing import NDArray

from emo_core.datasets.windows import WindowDataset, clip_probabilities
from emo_core.emotions import HybridClass
from emo_core.evaluation.clip_metrics import figures_of_tables
from emo_core.evaluation.metrics import bootstrap_interval, evaluate_clips, macro_f1
from emo_core.evaluation.people_intervals import percentile_interval
from emo_core.inference.windows import ABSTAIN, decide
from emo_core.measured import ComposedClips, ComposedSet, NeutralSet, Part, RenderedClips, Stories
from emo_core.method_records import FeatureBin, Normalization, ScoreBin
from emo_core.model.evidence import families
from emo_core.training.head import TrainedHead
from emo_core.training.head_thresholds import mean_frame_emotions
from emo_core.training.synthesis.composed_clips import LOOK_ALIKES
from emo_core.types import Booleans, Doubles, Floats

Predictions = dict[str, NDArray[Any]]

_NUM_DRAWS = 1000


def measure_head(
    head: TrainedHead,
    composed: Mapping[str, WindowDataset],
    neutral: Mapping[str, WindowDataset],
    rendered: WindowDataset,
    undamaged: Collection[int],
    classes: Sequence[HybridClass],
    cnn: keras.Model,
) -> tuple[ComposedClips, RenderedClips, Predictions]:
    """Measure a head.

    Args:
        head: the head.
        composed: field of :class:`ComposedClips` → composed clips.
        neutral: the same of faces that show nothing, labelled *other*.
        rendered: windows of rendered clips of people that were neither trained nor calibrated on.
        undamaged: numbers of the rendered clips whose pictures are as they were drawn.
        classes: hybrid classes in label order.
        cnn: frame CNN in Keras, for the mean of frame emotions that an LSTM has to beat.

    Returns:
        Figures on the composed and neutral clips, those on the rendered clips, and the predictions behind both.
    """
    figures: dict[str, Any] = {}
    kept: Predictions = {}
    for name, clips in {**composed, **neutral}.items():
        probabilities = head.probabilities(clips)
        if name in composed:
            figures[name] = _against_mean(head, clips, probabilities, classes, cnn)
        else:
            figures[name] = _called_hybrid(head, clips, probabilities)
        kept |= _kept(f"composed_{name}", probabilities, clips.labels, clips.quality)
    of_rendered, stored = _measure_rendered(head, rendered, undamaged, classes, cnn)
    return ComposedClips(**figures), of_rendered, kept | stored


def _against_mean(
    head: TrainedHead, clips: WindowDataset, probabilities: Floats, classes: Sequence[HybridClass], cnn: keras.Model
) -> ComposedSet:
    """Figures of clip verdicts with the gain over the mean of frame emotions, clip by clip; intervals over pictures."""
    scores = head.scores.transform(probabilities, clips.quality)
    baseline = families(classes, mean_frame_emotions(cnn, clips)).argmax(axis=1)
    guesses, pictures = probabilities.argmax(axis=1), Pictures(clips.pictures)
    ours = guesses == clips.labels
    gain = ours.astype(np.float64) - (baseline == clips.labels)
    found: dict[str, Any] = {
        "mean_of_frame_emotions_accuracy": float((baseline == clips.labels).mean()),
        "gain_over_mean": float(gain.mean()),
        "gain_interval": pictures.mean(gain),
        **pictures.verdicts(clips.labels, guesses, len(classes)),
        "without_look_alikes": _part(probabilities, clips.labels, _plain(clips.stories), len(classes)),
        "by_story": _by_story(clips.stories, ours),
    }
    return ComposedSet(**asdict(evaluate_clips(probabilities, scores, clips.labels, classes)) | found)


def _called_hybrid(head: TrainedHead, clips: WindowDataset, probabilities: Floats) -> NeutralSet:
    """How often faces that show nothing are called a pair of emotions."""
    verdicts = decide(probabilities, head.scores.transform(probabilities, clips.quality))
    hybrid = (verdicts != ABSTAIN) & (verdicts != clips.labels)
    return NeutralSet(len(hybrid), float(hybrid.mean()), _by_story(clips.stories, ~hybrid))


def normalization_record(head: TrainedHead, labels: Sequence[str]) -> Normalization:
    """θ(q) and μ(q) of a head in figures that a person can read, for the records."""
    mean, std, counts = head.features.mean, head.features.std, head.features.counts
    weights = counts / counts.sum()
    overall = weights @ mean
    spread = np.sqrt(weights @ (std**2 + (mean - overall) ** 2))
    shifts = np.sqrt((((mean - overall) / spread) ** 2).mean(axis=1)).tolist()
    deviations = np.sqrt(((std / spread) ** 2).mean(axis=1)).tolist()
    of_features = zip(_spans(head.features.edges), counts.tolist(), shifts, deviations, strict=True)
    thresholds = map(tuple, head.scores.thresholds.tolist())
    of_scores = zip(_spans(head.scores.edges), head.scores.counts.tolist(), thresholds, strict=True)
    return Normalization(
        tuple(labels), tuple(FeatureBin(*row) for row in of_features), tuple(ScoreBin(*row) for row in of_scores)
    )


def _spans(edges: NDArray[np.float64]) -> list[str]:
    """Neighbourhoods of quality in words, from their interior edges."""
    bounds = [f"{edge:.2f}" for edge in edges]
    if not bounds:
        return ["any"]
    middle = [f"{low} – {high}" for low, high in pairwise(bounds)]
    return [f"up to {bounds[0]}", *middle, f"above {bounds[-1]}"]


def _measure_rendered(
    head: TrainedHead, windows: WindowDataset, undamaged: Collection[int], classes: Sequence[HybridClass],
    cnn: keras.Model,
) -> tuple[RenderedClips, Predictions]:  # fmt: skip
    """Figures on rendered clips, each clip judged by all its windows; intervals over people, not clips."""
    probabilities, quality, first = clip_probabilities(head.probabilities(windows), windows)
    labels, people = windows.labels[first], np.array(windows.people)[first]
    emotions, _, _ = clip_probabilities(mean_frame_emotions(cnn, windows), windows)
    right = probabilities.argmax(axis=1) == labels
    baseline = families(classes, emotions).argmax(axis=1) == labels
    by_person, gain = (
        np.array([values[people == person].mean() for person in np.unique(people)])
        for values in (right, right.astype(np.float64) - baseline)
    )
    judged = evaluate_clips(probabilities, head.scores.transform(probabilities, quality), labels, classes)
    found: dict[str, Any] = {
        "num_people": len(by_person),
        "mean_of_frame_emotions_accuracy": float(baseline.mean()),
        "gain_over_mean": float(right.mean() - baseline.mean()),
        "gain_interval": bootstrap_interval(gain),
        "accuracy_interval_over_people": bootstrap_interval(by_person),
        "undamaged": _part(probabilities, labels, np.isin(windows.clips[first], list(undamaged)), len(classes)),
        "by_story": _by_story([windows.stories[index] for index in first], right),
    }
    kept = _kept("rendered", probabilities, labels, quality) | {"rendered_people": people}
    return RenderedClips(**asdict(judged) | found), kept


def _part(probabilities: Floats, labels: NDArray[np.intp], which: Booleans, num_classes: int) -> Part:
    """Figures of the most probable class on the clips where `which` (N,) is True; None where there are none."""
    guesses, truth = probabilities[which].argmax(axis=1), labels[which]
    if not len(truth):
        return Part(0, None, None)
    return Part(len(truth), float((guesses == truth).mean()), macro_f1(truth, guesses, num_classes))


def _plain(stories: Sequence[str]) -> Booleans:
    """Stories (N,) none of whose faces looks like one of another class."""
    return np.array([LOOK_ALIKES.isdisjoint(story.split(" → ")) for story in stories], bool)


def _kept(name: str, probabilities: Floats, labels: NDArray[np.intp], quality: Floats) -> Predictions:
    return {
        f"{name}_probabilities": probabilities,
        f"{name}_labels": labels.astype(np.int8),
        f"{name}_quality": quality,
    }


def _by_story(stories: Sequence[str], right: Booleans) -> Stories:
    """Story → share judged rightly and number of clips."""
    names = np.array(stories)
    return {
        str(name): (round(float(right[names == name].mean()), 4), int((names == name).sum()))
        for name in np.unique(names)
    }


class Pictures:
    """Draws of pictures with replacement, for 95% intervals over pictures and not over composed clips.

    A few hundred pictures tell thousands of clips, so clips count for far fewer than their number. A clip counts as
    often as the pictures of both its peaks are in the draw together (the bootstrap of crossed factors: A. B. Owen,
    *The pigeonhole bootstrap*, 2007). Rest faces and looks that last a moment are not drawn.

    Args:
        pictures: (N, 2) int, the pictures of both peaks of each clip; twice the same where it has one.

    Attributes:
        weights: (B, N) how often each clip is in each draw.
    """

    def __init__(self, pictures: NDArray[np.intp]) -> None:
        known, index = np.unique(pictures, return_inverse=True)
        drawn = np.random.default_rng(0).multinomial(len(known), np.full(len(known), 1 / len(known)), _NUM_DRAWS)
        first, second = index.reshape(pictures.shape).T
        self.weights = np.asarray(drawn[:, first] * np.where(first == second, 1, drawn[:, second]), np.float64)

    def mean(self, values: Doubles) -> tuple[float, float]:
        """Interval of the mean of values (N,)."""
        return percentile_interval(self.weights @ values / self.weights.sum(axis=1))

    def verdicts(
        self, truth: NDArray[np.intp], guesses: NDArray[np.intp], num_classes: int
    ) -> dict[str, tuple[float, float]]:
        """Intervals of the accuracy and the macro-F1 of `guesses` (N,) against the classes `truth` (N,)."""
        cells = np.zeros((len(truth), num_classes**2))
        cells[np.arange(len(truth)), truth * num_classes + guesses] = 1
        drawn = figures_of_tables((self.weights @ cells).reshape(-1, num_classes, num_classes))
        return {
            "accuracy_interval": percentile_interval(drawn["accuracy"]),
            "macro_f1_interval": percentile_interval(drawn["f1"].mean(axis=1)),
        }
