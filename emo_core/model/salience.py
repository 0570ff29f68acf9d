"""Salience: how the two emotions of a pair share a face, as annotators would share their votes.

The frame CNN tells one emotion from another; of a face with both it is surer than people are, one way or the other. So
the ratio of its two probabilities is mapped to a share of votes by a curve fitted on training pictures: flat where
both emotions are plausible, steep where one is out of the question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from emo_core.emotions import EMOTIONS, HybridClass
from emo_core.types import Doubles, FeatureSequence, Floats

_KNEE = 3.0  # |log ratio| from which on one emotion is out of the question
_BLEND_WEIGHT = 2 / 3  # of the pictures with both emotions; the rest for the many with one
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, slots=True)
class SalienceCurve:
    """Share of a pair's first emotion from x = log(p_first / p_second): σ(bias + slope·x + far_slope·excess(x)).

    excess(x) is the part of x beyond ±3. The default is the plain ratio p_first / (p_first + p_second), for pairs that
    no votes are known of.

    Example:
        >>> SalienceCurve().share(np.log([0.75]), np.log([0.25])).round(2).tolist()
        [0.75]
    """

    bias: float = 0.0
    slope: float = 1.0
    far_slope: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.bias) and self.slope >= 0 and self.slope + self.far_slope >= 0):
            raise ValueError(f"a salience curve must not fall, got slopes {self.slope} and {self.far_slope}")

    def share(self, log_first: Doubles, log_second: Doubles) -> Doubles:
        """Share of the first emotion in (0, 1), (...,), from the logs (...) of the two probabilities."""
        return _shares((self.bias, self.slope, self.far_slope), log_first - log_second)

    @classmethod
    def fit(cls, emotions: Floats, shares: Doubles, first: str, second: str) -> Self:
        """Fit to shares of votes by cross-entropy, pictures with both emotions weighing 2/3, with one alone 1/3.

        Args:
            emotions: (N, 8) of the frame CNN.
            shares: (N,) in [0, 1], share of the first emotion among the votes for the pair.
            first: one basic emotion.
            second: the other.

        Returns:
            The curve; the plain ratio where pictures with both, with the first alone or with the second alone lack.
        """
        from scipy.optimize import minimize  # 0.2 s that whoever only judges clips need not wait

        groups = ((shares > 0) & (shares < 1), shares == 1, shares == 0)
        if not all(group.any() for group in groups):
            return cls()

        def loss(parameters: Doubles) -> float:
            return cls(*parameters).cross_entropy(emotions, shares, first, second)

        best = minimize(loss, (0.0, 0.5, 0.2), method="L-BFGS-B", bounds=((-3, 3), (0, 3), (0, 3))).x
        return cls(*(round(float(value), 4) for value in best))

    def cross_entropy(self, emotions: Floats, shares: Doubles, first: str, second: str) -> float:
        """Cross-entropy to shares of votes, weighted as in :meth:`fit`; 0 of no picture.

        Args:
            emotions: (N, 8) of the frame CNN.
            shares: (N,) of the first emotion in the votes for the pair.
            first: one basic emotion.
            second: the other.
        """
        groups = ((shares > 0) & (shares < 1), shares == 1, shares == 0)
        rates = (_BLEND_WEIGHT, (1 - _BLEND_WEIGHT) / 2, (1 - _BLEND_WEIGHT) / 2)
        found = np.clip(self.of(emotions, first, second), 1e-9, 1 - 1e-9)
        losses = -(shares * np.log(found) + (1 - shares) * np.log(1 - found))
        return float(sum(rate * losses[group].mean() for rate, group in zip(rates, groups, strict=True) if group.any()))

    def of(self, emotions: Floats, first: str, second: str) -> Doubles:
        """Share of the emotion `first` in the pair, (N,), from frame emotions (N, 8)."""
        return self.share(_logs(emotions, first), _logs(emotions, second))


def pair_salience(
    hybrid: HybridClass, features: FeatureSequence, quality: Floats, curve: SalienceCurve
) -> Mapping[str, float]:
    """Share of each component of a pair in [0, 1], from the frame emotions weighted by quality; {} for no pair.

    Args:
        hybrid: the class.
        features: of T frames.
        quality: (T,) in [0, 1].
        curve: of the pair.

    Example:
        >>> pair = HybridClass("sadness_fear", {"sadness": "sadness", "fear": "fear"})
        >>> emotions = np.array([[0, 0, 0, 0.6, 0, 0, 0.2, 0.2]], np.float32)
        >>> frames = FeatureSequence(np.zeros((1, 4), np.float32), emotions, np.array([True]))
        >>> shares = pair_salience(pair, frames, np.ones(1, np.float32), SalienceCurve())
        >>> {name: round(share, 2) for name, share in shares.items()}
        {'sadness': 0.75, 'fear': 0.25}
    """
    if not hybrid.is_pair:
        return {}
    (first, first_emotion), (second, second_emotion) = hybrid.components.items()
    mean = quality[features.mask] @ features.emotions[features.mask]
    share = float(curve.of(mean[np.newaxis], first_emotion, second_emotion)[0])
    return {first: share, second: 1 - share}


def _logs(emotions: Floats, name: str) -> Doubles:
    values = emotions[:, EMOTIONS.index(name)].astype(np.float64)
    return np.asarray(np.log(np.maximum(values, _LEAST_PROBABILITY)))


def _shares(parameters: Sequence[float] | Doubles, log_ratio: Doubles) -> Doubles:
    bias, slope, far_slope = parameters
    excess = np.sign(log_ratio) * np.maximum(np.abs(log_ratio) - _KNEE, 0)
    return np.asarray(1 / (1 + np.exp(-np.clip(bias + slope * log_ratio + far_slope * excess, -50, 50))))
