"""Salience curves from votes, and how far what they say is from the votes of other pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.datasets.pictures.ferplus import pair_shares
from emo_core.emotions import HybridClass
from emo_core.evaluation.metrics import evaluate_salience
from emo_core.method_records import SalienceRow
from emo_core.model.salience import SalienceCurve
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

    The network remembers the votes of the pictures that it learned from, so curves fitted on these are steeper than
    unseen faces bear out. They are fitted, and flattened by one factor for all pairs, chosen on pictures that the
    network never saw by the measure that they were fitted with.

    Args:
        learned: pictures that the frame CNN learned from, many.
        unseen: pictures that it did not, few.
        classes: the pairs among them get a curve.

    Returns:
        Class name → curve.
    """
    pairs: dict[str, tuple[str, str]] = {}
    for item in classes:
        if item.is_pair:
            first, second = item.components.values()
            pairs[item.name] = (first, second)
    curves = {name: SalienceCurve.fit(*learned.of_pair(*pair), *pair) for name, pair in pairs.items()}
    factor = _flattening(curves, unseen, pairs)
    return {name: _flattened(curve, factor) for name, curve in curves.items()}


def _flattening(
    curves: Mapping[str, SalienceCurve], unseen: VotedEmotions, pairs: Mapping[str, tuple[str, str]]
) -> float:
    """The factor in [0, 1] for all slopes with the least cross-entropy; 1 without a picture that shows both."""
    from scipy.optimize import minimize_scalar

    told = {name: unseen.of_pair(*pair) for name, pair in pairs.items()}
    if not any(((shares > 0) & (shares < 1)).any() for _, shares in told.values()):
        return 1.0

    def cross_entropy(factor: float) -> float:
        flattened = {name: _flattened(curve, factor) for name, curve in curves.items()}
        return sum(flattened[name].cross_entropy(*told[name], *pair) for name, pair in pairs.items())

    return round(float(minimize_scalar(cross_entropy, bounds=(0, 1), method="bounded").x), 4)


def _flattened(curve: SalienceCurve, factor: float) -> SalienceCurve:
    slope, far_slope = (round(factor * value, 6) for value in (curve.slope, curve.far_slope))
    return replace(curve, slope=slope, far_slope=far_slope)


def measure_salience(
    votes: NDArray[np.uint8],
    stored: Mapping[str, NDArray[Any]],
    classes: Sequence[HybridClass],
    curves: Mapping[str, SalienceCurve],
) -> list[SalienceRow]:
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
    rows: list[SalienceRow] = []
    for item in classes:
        for name, chosen in parts.items() if item.is_pair else ():
            emotions = stored["stills_probabilities"][chosen]
            rows += evaluate_salience(emotions, votes[chosen], item, curves[item.name], name)
    return rows
