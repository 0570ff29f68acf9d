"""Q-based normalization of features and of scores (method §4, paper eq. 1).

What is learned, is learned per neighbourhood of quality (:mod:`emo_core.model.quality_bins`). Score normalization is of
E. Argones Rúa, J. L. Alba Castro and C. García Mateo, "Quality-based score normalization for audiovisual person
authentication" (BIOID 2008). Fit on training people only (features) and on held-out people (scores), on usable frames
or clips only.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from emo_core.model.quality_bins import Ints, QualityNormalizer, divide, own_weight
from emo_core.types import Booleans, Doubles, Floats, check_shape

_LEAST_STD_SHARE = 0.01
_TOLERANCE = 1e-6  # a float32 softmax may exceed 1 by this


@dataclass(frozen=True, slots=True, eq=False)
class FeatureNormalizer(QualityNormalizer):
    """Normalize features by the mean and deviation of their neighbourhood of quality (method §4; paper eq. 1).

    û = (u − μ_i(q)) / σ_i(q). One neighbourhood is plain z-scoring: "Q features off".

    Attributes:
        edges: (K−1,) float64, interior edges of the neighbourhoods.
        centres: (K,) float64, median quality in each.
        counts: (K,) int64, samples in each.
        interpolate: whether μ and σ change linearly between centres instead of jumping at edges.
        mean, std: (K, m) float32, shrunk toward the global ones; std > 0.
    """

    mean: Floats
    std: Floats

    def __post_init__(self) -> None:
        self._check_neighbourhoods()
        check_shape("mean", self.mean, (len(self.counts), None))
        check_shape("std", self.std, self.mean.shape)
        if not (np.all(np.isfinite(self.mean)) and np.all(np.isfinite(self.std)) and np.all(self.std > 0)):
            raise ValueError("mean and std must be finite, and std positive")

    @classmethod
    def fit(
        cls,
        features: ArrayLike,
        quality: ArrayLike,
        *,
        num_neighbourhoods: int = 4,
        shrinkage: float = 100.0,
        interpolate: bool = False,
    ) -> Self:
        """Learn mean and deviation in each neighbourhood, on usable frames of training people.

        With n samples in a neighbourhood, its mean and variance weigh n / (n + shrinkage), the global ones the rest.
        A deviation under 1% of the mean global deviation is raised to it: a unit that hardly ever fired in training
        must not drown the others when it does.

        Args:
            features: (N, m) finite.
            quality: (N,) finite.
            num_neighbourhoods: K ≥ 1; ties in quality may leave fewer.
            shrinkage: ≥ 0, in samples.
            interpolate: see the class.

        Raises:
            ValueError: shapes that do not match, no samples, values that are not finite, K < 1, or shrinkage < 0.

        Example:
            >>> features, quality = np.array([[0.0], [2.0], [10.0], [14.0]]), [0.1, 0.2, 0.8, 0.9]
            >>> normalizer = FeatureNormalizer.fit(features, quality, num_neighbourhoods=2, shrinkage=0)
            >>> normalizer.transform(features, quality).ravel().tolist()
            [-1.0, 1.0, -1.0, 1.0]
        """
        values = np.asarray(features, np.float64)
        check_shape("features", values, (None, None))
        if not np.all(np.isfinite(values)):
            raise ValueError("features hold values that are not finite")
        edges, index, centres, counts = divide(quality, len(values), num_neighbourhoods)
        own = own_weight(counts, shrinkage)[:, None]
        groups = [values[index == i] for i in range(len(counts))]
        mean = own * [group.mean(axis=0) for group in groups] + (1 - own) * values.mean(axis=0)
        variance = own * [group.var(axis=0) for group in groups] + (1 - own) * values.var(axis=0)
        least = _LEAST_STD_SHARE * values.std(axis=0).mean() if values.size else 0.0
        std = np.maximum(np.sqrt(variance), least if least > _TOLERANCE else 1.0)
        return cls(edges, centres, counts, interpolate, mean.astype(np.float32), std.astype(np.float32))

    def transform(self, features: ArrayLike, quality: ArrayLike) -> Floats:
        """Normalize features (..., m) at `quality` (...): û = (u − μ_i(q)) / σ_i(q), (..., m) float32.

        Frames without a face (quality 0) are normalized like any other and so are no longer 0: keep them masked.

        Raises:
            ValueError: shapes that do not match, or a quality that is not finite.
        """
        values = np.asarray(features, np.float32)
        check_shape("features", values, (*np.shape(quality), self.mean.shape[1]))
        result = values - self._at(quality, self.mean)
        result /= self._at(quality, self.std)
        return np.asarray(result, np.float32)

    def statistics(self, quality: ArrayLike) -> tuple[Floats, Floats]:
        """μ(q) and σ(q) of every feature, (..., m) float32 each, for finite `quality` (...)."""
        return np.asarray(self._at(quality, self.mean), np.float32), np.asarray(self._at(quality, self.std), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreNormalizer(QualityNormalizer):
    """Normalize scores by a threshold that depends on quality (method §4; paper eq. 1; Argones Rúa et al. 2008).

    s′ = s − θ(q), and a class is accepted when s′ > 0. One neighbourhood is one threshold: "Q scores off".

    Attributes:
        edges: (K−1,) float64, interior edges of the neighbourhoods.
        centres: (K,) float64, median quality in each.
        counts: (K,) int64, samples in each.
        interpolate: whether θ changes linearly between centres instead of jumping at edges.
        thresholds: (K, C) float64 in [0, 1]; 1 for a class never seen, which is never accepted.
    """

    thresholds: Doubles

    def __post_init__(self) -> None:
        self._check_neighbourhoods()
        check_shape("thresholds", self.thresholds, (len(self.counts), None))
        if not np.all((self.thresholds >= 0) & (self.thresholds <= 1)):
            raise ValueError("thresholds must lie in [0, 1]")

    @classmethod
    def fit(
        cls,
        scores: ArrayLike,
        labels: ArrayLike,
        quality: ArrayLike,
        *,
        num_neighbourhoods: int = 4,
        cost_false_accept: ArrayLike = 1.0,
        cost_false_reject: ArrayLike = 1.0,
        shrinkage: float = 20.0,
        interpolate: bool = True,
    ) -> Self:
        """Learn θ_i = argmin_θ C_FA·FAR_i(θ) + C_FR·FRR_i(θ) of each class in each neighbourhood, on held-out people.

        FAR is the share of the other classes' samples with s > θ, FRR the share of the class's samples with s ≤ θ. The
        search is exact. With n samples of the class or of the others, whichever are fewer (they bound what θ_i can
        know), θ_i weighs n / (n + shrinkage) and the global θ the rest; so a neighbourhood that lacks either takes the
        global θ. A class without any sample gets θ = 1: it is never accepted, for nothing is known of its scores.

        Args:
            scores: (N, C) in [0, 1].
            labels: (N,) integers in 0…C−1.
            quality: (N,) finite.
            num_neighbourhoods: K ≥ 1; ties in quality may leave fewer.
            cost_false_accept: C_FA > 0, one number or one for each class (C,).
            cost_false_reject: C_FR > 0, likewise.
            shrinkage: ≥ 0, in samples.
            interpolate: see the class.

        Raises:
            ValueError: shapes that do not match, values outside their range, or labels of fewer than two classes.

        Example:
            >>> scores, labels = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.1, 0.9]]), [0, 0, 1, 1]
            >>> normalizer = ScoreNormalizer.fit(scores, labels, [0.5, 0.6, 0.5, 0.6], num_neighbourhoods=1)
            >>> normalizer.thresholds.round(6).tolist()
            [[0.6, 0.4]]
        """
        values = _checked_scores(scores)
        check_shape("scores", values, (None, None))
        classes = _checked_labels(labels, *values.shape)
        accept, reject = (np.broadcast_to(cost, values.shape[1]) for cost in (cost_false_accept, cost_false_reject))
        if min(accept.min(), reject.min()) <= 0:
            raise ValueError(f"costs are {accept.tolist()} and {reject.tolist()}, expected positive numbers")
        edges, index, centres, counts = divide(quality, len(values), num_neighbourhoods)
        thresholds = np.ones((len(counts), values.shape[1]))  # a class never seen stays at 1
        for label in np.unique(classes):
            score, positive = values[:, label], classes == label
            costs = float(accept[label]), float(reject[label])
            overall = _best_threshold(score, positive, *costs)
            for i in range(len(counts)):
                here, there = score[index == i], positive[index == i]
                rarer = np.array(min(there.sum(), (~there).sum()))
                local = _best_threshold(here, there, *costs) if rarer else overall
                thresholds[i, label] = overall + own_weight(rarer, shrinkage) * (local - overall)
        return cls(edges, centres, counts, interpolate, thresholds)

    def threshold(self, quality: ArrayLike) -> Doubles:
        """θ(q) of every class, (..., C) float64 in [0, 1], for finite `quality` (...).

        Interpolated, it runs through (median quality, θ_i) of the neighbourhoods and is constant outside.
        """
        return np.asarray(self._at(quality, self.thresholds), np.float64)

    def transform(self, scores: ArrayLike, quality: ArrayLike) -> Floats:
        """Normalize scores (..., C) in [0, 1] at `quality` (...): s′ = s − θ(q), (..., C) float32, accepted when > 0.

        Raises:
            ValueError: shapes that do not match, or values outside their range.
        """
        values = _checked_scores(scores)
        check_shape("scores", values, (*np.shape(quality), self.thresholds.shape[1]))
        return np.asarray(values - self.threshold(quality), np.float32)


def _best_threshold(scores: Doubles, positive: Booleans, cost_false_accept: float, cost_false_reject: float) -> float:
    """θ in [0, 1] of least cost; of equals the middle of the widest plateau, and the highest of equally wide ones.

    The cost is constant between neighbouring scores, so one value per gap is all there is to try. A score of 0 is
    never accepted.
    """
    levels, place = np.unique(np.append(scores, 0.0), return_inverse=True)  # gap j is [levels[j], levels[j + 1])
    place = place[:-1]
    rejected_positives = np.cumsum(np.bincount(place[positive], minlength=len(levels)))
    rejected_negatives = np.cumsum(np.bincount(place[~positive], minlength=len(levels)))
    false_accept_rate = 1 - rejected_negatives / rejected_negatives[-1]
    false_reject_rate = rejected_positives / rejected_positives[-1]
    cost = cost_false_accept * false_accept_rate + cost_false_reject * false_reject_rate
    is_best = np.concatenate(([False], cost <= cost.min() + 1e-12 * (cost_false_accept + cost_false_reject), [False]))
    starts, stops = np.flatnonzero(is_best[1:] & ~is_best[:-1]), np.flatnonzero(is_best[:-1] & ~is_best[1:])
    bounds = np.append(levels, 1.0)
    low, high = bounds[starts], bounds[stops]
    widest = np.flatnonzero(high - low >= (high - low).max() - 1e-12)[-1]
    middle = 0.5 * (low[widest] + high[widest])
    return float(middle if middle < high[widest] else low[widest])


def _checked_scores(scores: ArrayLike) -> Doubles:
    values = np.asarray(scores, np.float64)
    if not np.all((values >= -_TOLERANCE) & (values <= 1 + _TOLERANCE)):
        raise ValueError("scores hold values outside [0, 1]")
    return np.clip(values, 0, 1)


def _checked_labels(labels: ArrayLike, num_samples: int, num_classes: int) -> Ints:
    values = np.asarray(labels)
    check_shape("labels", values, (num_samples,))
    if not np.issubdtype(values.dtype, np.integer) or np.any((values < 0) | (values >= num_classes)):
        raise ValueError(f"labels must be integers in 0…{num_classes - 1}")
    if len(np.unique(values)) < 2:
        raise ValueError("labels hold fewer than two classes; a threshold needs samples on both sides")
    return values.astype(np.int64)
