"""Salience curves from votes, and how far what they say is from the votes of other pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.emotions import HybridClass
from emo_core.evaluation import evaluate_salience
from emo_core.salience import SalienceCurve
from emo_core.stills import pair_shares
from emo_core.types import Doubles, Floats


@dataclass(frozen=True, slots=True, eq=False)
class VotedEmotions:
    """What the frame CNN says of pictures, (N, 8), beside the votes of annotators, (N, 10) uint8."""

    emotions: Floats
    votes: NDArray[np.uint8]

    def of_pair(self, first: str, second: str) -> tuple[Floats, Doubles]:
        """Emotions (M, 8) of the pictures with votes for a pair, and the first emotion's share of these, (M,)."""
        chosen, shares = pair_shares(self.votes, first, second)
        return self.emotions[chosen], shares


def fit_salience(
    learned: VotedEmotions, unseen: VotedEmotions, classes: Sequence[HybridClass]
) -> dict[str, SalienceCurve]:
    """The curve of each pair.

    The network remembers the votes of the pictures that it learned from, so curves fitted on these are steeper where
    both emotions are plausible than unseen faces bear out. They are fitted, and made flatter there by one factor for
    all pairs, which pictures with both emotions that it never saw choose.

    Args:
        learned: pictures that the frame CNN learned from, many.
        unseen: pictures that it did not, few.
        classes: the pairs among them get a curve.

    Returns:
        Class name → curve.
    """
    pairs = {item.name: tuple(item.components.values()) for item in classes if item.is_pair}
    curves = {name: SalienceCurve.fit(*learned.of_pair(*pair), *pair) for name, pair in pairs.items()}
    factor = _flattening(curves, unseen, pairs)
    return {name: replace(curve, slope=round(factor * curve.slope, 4)) for name, curve in curves.items()}


def _flattening(
    curves: Mapping[str, SalienceCurve], unseen: VotedEmotions, pairs: Mapping[str, tuple[str, ...]]
) -> float:
    """The factor in [0, 1] for all slopes with the least cross-entropy to the shares of pictures with both emotions."""
    from scipy.optimize import minimize_scalar

    found = []
    for name, pair in pairs.items():
        emotions, shares = unseen.of_pair(*pair)
        both = (shares > 0) & (shares < 1)
        found.append((curves[name], emotions[both], shares[both], pair))
    if not sum(len(shares) for _, _, shares, _ in found):
        return 1.0

    def cross_entropy(factor: float) -> float:
        total = 0.0
        for curve, emotions, shares, pair in found:
            said = np.clip(replace(curve, slope=factor * curve.slope).of(emotions, *pair), 1e-9, 1 - 1e-9)
            total -= float((shares * np.log(said) + (1 - shares) * np.log(1 - said)).sum())
        return total

    return float(minimize_scalar(cross_entropy, bounds=(0, 1), method="bounded").x)


def measure_salience(
    votes: NDArray[np.uint8],
    stored: Mapping[str, NDArray[Any]],
    classes: Sequence[HybridClass],
    curves: Mapping[str, SalienceCurve],
) -> list[dict[str, Any]]:
    """Shares within each pair against the votes (N, 10) for ``valid.npz``: all, no copies, and what chose nothing.

    Args:
        votes: (N, 10).
        stored: predictions for these pictures, as the frame CNN's training left them.
        classes: in label order.
        curves: class name → curve.
    """
    parts = {
        "all": np.ones(len(votes), bool),
        "without copies": ~stored["stills_is_copy"],
        "second half": stored["stills_is_second_half"],
    }
    rows = []
    for item in classes:
        for name, chosen in parts.items() if item.is_pair else ():
            first, second = item.components.values()
            emotions = stored["stills_probabilities"][chosen]
            found = evaluate_salience(emotions, votes[chosen], first, second, curves[item.name])
            rows += [{"class": item.name, "pictures": name, **row} for row in found]
    return rows
