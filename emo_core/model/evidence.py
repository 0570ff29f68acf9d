"""What the single frames say for each class, beside the LSTM: the mean of the frame emotions, folded into its verdict.

The LSTM learns from composed and rendered clips; the frame CNN from real faces. On real clips the plain mean of the
frame emotions carries over better, on composed ones the LSTM does. A model says how much either counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_core.emotions import EMOTIONS, HybridClass
from emo_core.model.quality_bins import Ints
from emo_core.types import Booleans, Floats


@dataclass(frozen=True, slots=True)
class FrameEvidence:
    """How the frame emotions of a window count beside the LSTM.

    Attributes:
        weight: of the frame emotions in the probabilities, in [0, 1]; 0 leaves the LSTM alone.
        offsets: C numbers added to the log evidence of each class before it is made to sum to 1; () for none.
    """

    weight: float = 0.0
    offsets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1 or not np.isfinite(self.offsets).all():
            raise ValueError(f"the weight of the frame emotions must lie in 0…1, got {self.weight}")

    def of_frames(self, classes: Sequence[HybridClass], emotions: Floats) -> Floats:
        """Evidence (…, C) for each class, rows sum to 1, from (mean) frame emotions (…, 8)."""
        found = families(classes, emotions)
        if self.offsets:
            found = found * np.exp(np.asarray(self.offsets, np.float64))
        return np.asarray(found / np.maximum(found.sum(axis=-1, keepdims=True), 1e-9), np.float32)

    def running(
        self, classes: Sequence[HybridClass], probabilities: Floats, emotions: Floats, mask: Booleans
    ) -> Floats:
        """Probabilities (T, C) of the LSTM with the mean of the frames up to each step.

        Args:
            classes: in label order.
            probabilities: (T, C) of the LSTM.
            emotions: (T, 8) of the frames.
            mask: (T,) frames that count.
        """
        if not self.weight:
            return probabilities
        known = np.where(mask[:, np.newaxis], emotions, 0)
        counts = np.cumsum(mask.astype(np.int64))[:, np.newaxis]
        means = np.asarray(np.cumsum(known, axis=0) / np.maximum(counts, 1), np.float32)
        return self._mixed(classes, probabilities, means, counts)

    def together(
        self, classes: Sequence[HybridClass], probabilities: Floats, emotions: Floats, weights: Floats
    ) -> Floats:
        """Probabilities (B, C) at the last step of B windows with the mean of their frames.

        Args:
            classes: in label order.
            probabilities: (B, C) of the LSTM.
            emotions: (B, T, 8) of the frames.
            weights: (B, T), 0 where a frame does not count.
        """
        if not self.weight or not len(probabilities):
            return probabilities
        counts = (weights > 0).sum(axis=1, keepdims=True)
        means = np.where(weights[..., np.newaxis] > 0, emotions, 0).sum(axis=1) / np.maximum(counts, 1)
        return self._mixed(classes, probabilities, means, counts)

    def _mixed(self, classes: Sequence[HybridClass], probabilities: Floats, means: Floats, counts: Ints) -> Floats:
        """Probabilities (N, C) with mean emotions (N, 8) of so many frames (N, 1); alone where there are none."""
        share = np.where(counts > 0, self.weight, 0)
        return np.asarray((1 - share) * probabilities + share * self.of_frames(classes, means), np.float32)


def families(classes: Sequence[HybridClass], emotions: Floats) -> Floats:
    """Emotions (…, 8) summed by class, (…, C): a pair takes its two, a class without components all that are left.

    Example:
        >>> from emo_core.emotions import PAPER_CLASSES
        >>> families(PAPER_CLASSES, np.array([0.1, 0.4, 0.2, 0.1, 0.1, 0, 0.1, 0], np.float32)).round(1)
        array([0.6, 0.2, 0.2], dtype=float32)
    """
    paired = {emotion for item in classes for emotion in item.components.values()}
    columns = [set(item.components.values()) or set(EMOTIONS) - paired for item in classes]
    return np.stack(
        [emotions[..., [EMOTIONS.index(name) for name in sorted(column)]].sum(axis=-1) for column in columns], axis=-1
    )
