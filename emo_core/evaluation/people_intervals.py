"""95% intervals over people, not over clips or frames.

Clips of one person are alike, so they count for fewer than their number. The intervals draw people, with all their
clips, with replacement (cluster bootstrap); every figure of a draw comes from sums over people, so thousands of draws
are one matrix product.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from emo_core.records import Interval, Score
from emo_core.types import Booleans, Doubles

NUM_DRAWS = 2000
"""Draws of people behind every interval."""

_DRAWS_AT_ONCE = 200  # bounds the memory


class People:
    """Draws of people with replacement.

    Attributes:
        index: (N,) which person each clip is of.
        draws: (B, P) how often each person is in each draw.
    """

    def __init__(self, people: NDArray[np.str_], num_draws: int = NUM_DRAWS, seed: int = 0) -> None:
        names, self.index = np.unique(people, return_inverse=True)
        self.count = len(names)
        shares = np.full(self.count, 1 / max(self.count, 1))
        drawn = np.random.default_rng(seed).multinomial(self.count, shares, size=num_draws)
        self.draws: Doubles = drawn.astype(np.float64)

    def sums(self, values: Doubles) -> Doubles:
        """Sums over the clips of each draw, (B, …), of values (N, …)."""
        flat = values.reshape(len(values), -1)
        by_person = np.zeros((self.count, flat.shape[1]))
        np.add.at(by_person, self.index, flat)
        sums: Doubles = (self.draws @ by_person).reshape(len(self.draws), *values.shape[1:])
        return sums

    def interval(self, drawn: Doubles) -> Interval:
        """95% percentile interval of a figure from its value (B,) in every draw; NaN where a draw has none.

        None for fewer than two people.
        """
        known = drawn[np.isfinite(drawn)]
        if self.count < 2 or not len(known):
            return None
        return percentile_interval(known)

    def ratio(self, counted: Doubles, among: Doubles) -> Doubles:
        """Σ counted / Σ among in every draw, (B,); NaN where a draw has none."""
        sums = self.sums(np.stack([counted, among], axis=1).astype(np.float64))
        known = sums[:, 1] > 0
        return np.where(known, sums[:, 0] / np.where(known, sums[:, 1], 1), np.nan)

    def share(self, counted: Booleans, among: Booleans) -> Score:
        """Share of `counted` clips (N,) in those `among` (N,), with its interval; value None where there are none."""
        drawn = self.ratio(counted.astype(np.float64), among.astype(np.float64))
        value = float(counted.sum() / among.sum()) if among.any() else None
        return Score(value, self.interval_of_share(value, drawn, among))

    def interval_of_share(self, value: float | None, drawn: Doubles, among: Booleans) -> Interval:
        """Interval of a share of the clips `among` (N,) from its value in every draw.

        Draws of clips that are all right, or all wrong, say nothing of their spread; the exact binomial interval, each
        person counted once, does.
        """
        num_people = len(np.unique(self.index[among]))
        if value in (0.0, 1.0) and num_people > 1:
            exact = binomtest(int(value) * num_people, num_people).proportion_ci()
            return float(exact.low), float(exact.high)
        return self.interval(drawn) if num_people > 1 else None

    def areas(self, scores: Doubles, positive: Booleans) -> Doubles:
        """Area under the ROC curve (B,) in every draw: how often a positive one leads another, ties half."""
        order = np.argsort(scores, kind="stable")
        ranked, ours = scores[order], positive[order]
        first, behind = (np.searchsorted(ranked, ranked, side=side) for side in ("left", "right"))  # each one's equals
        areas = []
        for draws in np.array_split(self.draws, max(1, len(self.draws) // _DRAWS_AT_ONCE)):
            weights = draws[:, self.index[order]]
            below = np.concatenate([np.zeros((len(draws), 1)), np.cumsum(np.where(ours, 0, weights), axis=1)], axis=1)
            led = (below[:, first] + below[:, behind]) / 2
            won = (np.where(ours, weights, 0) * led).sum(axis=1)
            pairs = np.where(ours, weights, 0).sum(axis=1) * below[:, -1]
            areas.append(np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0))
        return np.concatenate(areas)


def percentile_interval(drawn: Doubles) -> tuple[float, float]:
    """95% percentile interval of a figure from its value (B,) in every draw."""
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
