"""Thresholds of a trained head: scores normalized by quality, so that few neutral clips are called a hybrid."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from emo_core.datasets.windows import WindowDataset
from emo_core.emotions import OTHER, HybridClass
from emo_core.inference.windows import decide
from emo_core.model.calibration import calibrated
from emo_core.model.evidence import FrameEvidence
from emo_core.model.normalization import ScoreNormalizer
from emo_core.training import networks
from emo_core.types import Floats

_COSTS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 20.0)
"""Costs of falsely accepting a pair that are tried, cheapest first; a false *other* misleads nobody and costs 1."""


_THRESHOLD_SHRINKAGE = 200.0  # clips share stills, so a few hundred are worth much fewer


@dataclass(frozen=True, slots=True, eq=False)
class BesideFrames:
    """The frame emotions of a window beside the LSTM, as the judge counts them.

    Attributes:
        evidence: how much they count.
        classes: in label order.
        cnn: frame CNN, whose last layer gives the emotions.
    """

    evidence: FrameEvidence
    classes: tuple[HybridClass, ...]
    cnn: keras.Model

    def __call__(self, probabilities: Floats, clips: WindowDataset) -> Floats:
        """Probabilities (N, C) of the LSTM with the frames of the clips counted in."""
        emotions = frame_emotions(self.cnn, clips.features)
        return self.evidence.together(self.classes, probabilities, emotions, clips.weights)


def fit_scores(
    probabilities: Floats,
    held_out: WindowDataset,
    of_neutral: Floats,
    neutral: WindowDataset,
    labels: Sequence[str],
    neutral_hybrids: float,
    num_neighbourhoods: int,
) -> tuple[ScoreNormalizer, tuple[float, ...]]:
    """Thresholds by quality, each pair's C_FA the least that keeps neutral faces from being called it too often.

    Args:
        probabilities: (N, C) of held-out clips.
        held_out: these clips.
        of_neutral: (M, C) of clips of faces that show nothing.
        neutral: these clips; may be empty.
        labels: classes in label order.
        neutral_hybrids: greatest share of the neutral clips that may be called a pair.
        num_neighbourhoods: K, intervals of quality.
    """
    costs = [1.0] * len(labels)
    pairs = [index for index, name in enumerate(labels) if name != OTHER]

    def fit() -> ScoreNormalizer:
        return ScoreNormalizer.fit(
            probabilities,
            held_out.labels,
            held_out.quality,
            num_neighbourhoods=num_neighbourhoods,
            cost_false_accept=costs,
            shrinkage=_THRESHOLD_SHRINKAGE,
        )

    for index in pairs if len(neutral.labels) else ():
        for costs[index] in _COSTS:
            verdicts = decide(of_neutral, fit().transform(of_neutral, neutral.quality))
            if np.mean(verdicts == index) <= neutral_hybrids / len(pairs):
                break
    return fit(), tuple(costs)


def frame_emotions(cnn: keras.Model, features: Floats) -> Floats:
    """Emotion probabilities (…, 8) of features (…, ≥ m), of which the first m count, by the softmax of the CNN."""
    kernel, bias = cnn.get_layer(networks.FRAME_EMOTIONS).get_weights()
    return calibrated(features[..., : len(kernel)] @ kernel + bias, 1.0)


def mean_frame_emotions(cnn: keras.Model, clips: WindowDataset) -> Floats:
    """Mean frame emotions (N, 8) of windows; 0 where no frame counts."""
    valid = (clips.weights > 0)[..., np.newaxis]
    emotions = np.where(valid, frame_emotions(cnn, clips.features), 0)
    return np.asarray(emotions.sum(axis=1) / np.maximum(valid.sum(axis=1), 1), np.float32)
