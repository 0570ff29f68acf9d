"""When both emotions of a pair are present: thresholds from pictures with votes, and how well they tell blends apart.

What is measured is presence in the words of BLEMORE (arXiv 2601.13225): whether a face shows one emotion or two. Its
salience, the share of each, is another matter; see :mod:`emo_core.training.fitting.salience`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import asdict
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn import metrics

from emo_core.datasets.pictures.ferplus import voted_pair
from emo_core.emotions import EMOTIONS, HybridClass
from emo_core.method_records import Counted, Presence, PresenceRow
from emo_core.model.presence import both_shown
from emo_core.types import Booleans, Doubles, Floats

FIRST, SECOND, ALL = "stills, first half", "stills, second half", "stills, all"
"""What the stills are called in the records: those that choose, those that only measure, and both with the copies."""

_FALSE_BLENDS = 0.05  # share of single emotions that may be called a blend
_SINGLE_VOTES = 8
_LEAST, _MOST = 0.02, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Faces or clips of a pair: how much says that both are there (N,), and whether they are (N,)."""

    evidence: Doubles
    both: Booleans

    @staticmethod
    def joined(parts: Sequence["Told"]) -> "Told":
        """All of the parts in turn."""
        return Told(np.concatenate([part.evidence for part in parts]), np.concatenate([part.both for part in parts]))


def evidence_of(emotions: Floats, hybrid: HybridClass) -> Doubles:
    """How much says that both emotions of a pair are there, (N,), from emotions (N, 8)."""
    return both_shown(emotions[:, [EMOTIONS.index(name) for name in hybrid.components.values()]])


def told_by_votes(emotions: Floats, votes: NDArray[np.uint8], hybrid: HybridClass) -> Told:
    """Pictures in which people see both of a pair (each ≥ 3 votes, together ≥ 7), or one alone (≥ 8 votes)."""
    first, second = hybrid.components.values()
    counts = votes[:, [EMOTIONS.index(first), EMOTIONS.index(second)]]
    both, one = voted_pair(votes, first, second), counts.max(axis=1) >= _SINGLE_VOTES
    kept = both | one
    return Told(evidence_of(emotions[kept], hybrid), both[kept])


def fit_threshold(sources: Sequence[Told]) -> float:
    """The least evidence of both at which in no source more than 5% of the single ones pass.

    Of a few, one may pass: 5% of a dozen clips are none, and the threshold would be that of the one worst clip.

    Example:
        >>> fit_threshold([Told(np.array([0.1, 0.2, 0.4]), np.array([False, False, True]))])
        0.1001
    """
    found = _LEAST
    for source in sources:
        ones = np.sort(source.evidence[~source.both])[::-1]
        if len(ones):
            allowed = max(1, int(_FALSE_BLENDS * len(ones)))
            found = max(found, float(ones[allowed]) + 1e-4 if allowed < len(ones) else 0.0)
    return round(min(found, _MOST), 4)


def fit_presence(pair: str, stills: Mapping[str, Told], rendered: Sequence[Told]) -> tuple[float, list[PresenceRow]]:
    """The threshold of a pair, and how well it tells blends apart, on what chose it and on what did not.

    Args:
        pair: class name.
        stills: :data:`FIRST`, :data:`SECOND`, :data:`ALL` → pictures with votes.
        rendered: clips of the people who train, who calibrate and who are only measured on.
    """
    *choosing, measuring = rendered
    told = {FIRST: stills[FIRST], "rendered, other people": Told.joined(choosing)}
    least = fit_threshold(list(told.values()))
    measured = {SECOND: stills[SECOND], ALL: stills[ALL], "rendered": measuring}
    rows = [
        PresenceRow(pair=pair, on=on, threshold=least, chose=on in told, **asdict(measure_presence(part, least)))
        for on, part in (told | measured).items()
    ]
    return least, rows


def measure_presence(told: Told, threshold: float) -> Presence:
    """False blends, recall of blends and area under the curve, with exact 95% intervals over pictures or clips."""
    called = told.evidence >= threshold
    known = 0 < told.both.sum() < len(told.both)
    auc = float(metrics.roc_auc_score(told.both, told.evidence)) if known else None
    return Presence(_share(called[~told.both]), _share(called[told.both]), auc)


def _share(called: Booleans) -> Counted:
    if not len(called):
        return Counted(None, None, 0)
    interval = binomtest(int(called.sum()), len(called)).proportion_ci()
    return Counted(float(called.mean()), (float(interval.low), float(interval.high)), len(called))


def components_shown(keyframes: Sequence[tuple[float, Mapping[str, float]]], hybrid: HybridClass) -> int:
    """How many emotions of a pair a rendered clip shows at any time, by what was drawn.

    Example:
        >>> pair = HybridClass("sadness_fear", {"sadness": "sadness", "fear": "fear"})
        >>> components_shown([(0.0, {}), (1.0, {"sadness": 0.8})], pair)
        1
    """
    shown = {name for _, drawn in keyframes for name, strength in drawn.items() if strength > 0}
    return len(shown & set(hybrid.components.values()))
