"""Figures of the frame CNN on pictures of known people, one label each, with 95 % intervals over people."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.errors import DatasetError
from emo_core.evaluation.clip_metrics import figures_of_tables
from emo_core.evaluation.metrics import calibration_error, per_class
from emo_core.evaluation.people_intervals import People
from emo_core.types import Booleans, Doubles, Floats

_DRAWS_AT_ONCE = 200  # bounds the memory

FALSE_ALARMS = 0.05
"""Share of the other pictures above the threshold at which the recall of a pair is told."""


def evaluate_portraits(
    probabilities: Floats, labels: NDArray[np.intp], people: NDArray[np.str_], *, seed: int = 0
) -> dict[str, Any]:
    """Metrics of the frame CNN on pictures with one label each.

    A pair is scored by p_a + p_b, its two emotions against all others. Means over classes count emotions that occur.

    Args:
        probabilities: (N, 8) of every picture; a row of NaN where no face was found, which is no prediction.
        labels: (N,) index of the emotion.
        people: (N,) who is shown.
        seed: of the intervals.

    Returns:
        JSON-ready: num_pictures, num_without_face, num_people; `scores` (accuracy, macro_f1, calibration_error), each
        value with its interval; `per_class` with the interval of each recall; `confusion`; `pairs` with AUC and recall
        at 5 % false alarms.

    Raises:
        DatasetError: no picture has a prediction.
    """
    seen = np.isfinite(probabilities).all(axis=1)
    if not seen.any():
        raise DatasetError("No face was found in any of the pictures: use pictures that show one each.")
    found, truth = probabilities[seen], labels[seen]
    drawn_people = People(people[seen], seed=seed)
    guesses, present = found.argmax(axis=1), np.unique(truth)
    cells = np.zeros((len(truth), len(EMOTIONS), len(EMOTIONS)))
    cells[np.arange(len(truth)), truth, guesses] = 1
    drawn = figures_of_tables(drawn_people.sums(cells))
    rows = per_class(truth, guesses, EMOTIONS)
    for index, row in enumerate(rows):
        row["recall_interval"] = drawn_people.interval_of_share(
            row["recall"], drawn["recall"][:, index], truth == index
        )
    everything = np.ones(len(truth), bool)
    accuracy = float((guesses == truth).mean())
    return {
        "num_pictures": len(labels),
        "num_without_face": int((~seen).sum()),
        "num_people": drawn_people.count,
        "scores": {
            "accuracy": _with(accuracy, drawn_people.interval_of_share(accuracy, drawn["accuracy"], everything)),
            "macro_f1": _with(
                float(np.mean([rows[index]["f1"] for index in present])),
                drawn_people.interval(drawn["f1"][:, present].mean(axis=1)),
            ),
            "calibration_error": _with(calibration_error(found, truth), None),
        },
        "labels": list(EMOTIONS),
        "per_class": rows,
        "confusion": cells.sum(axis=0).astype(int).tolist(),
        "pairs": [
            _pair(first, second, found, truth, drawn_people)
            for first, second in (tuple(item.components.values()) for item in PAPER_CLASSES if item.is_pair)
        ],
    }


def recall_at(scores: Doubles, positive: Booleans, false_alarms: float = FALSE_ALARMS) -> tuple[float, float]:
    """Recall of positives and the threshold, at which at most the share `false_alarms` of the others is above it.

    Example:
        >>> recall_at(np.array([0.9, 0.2, 0.5, 0.1]), np.array([True, True, False, False]), 0.0)
        (0.5, 0.5)
    """
    others = np.sort(scores[~positive])[::-1]
    threshold = float(others[min(int(false_alarms * len(others)), len(others) - 1)])
    return float((scores[positive] > threshold).mean()), threshold


def _pair(first: str, second: str, found: Floats, truth: NDArray[np.intp], people: People) -> dict[str, Any]:
    columns = [EMOTIONS.index(name) for name in (first, second)]
    positive, scores = np.isin(truth, columns), found[:, columns].sum(axis=1).astype(np.float64)
    row: dict[str, Any] = {"pair": f"{first}+{second}", "num_positive": int(positive.sum())}
    if positive.all() or not positive.any():
        return row | {"auc": _with(None, None), "recall_at_false_alarms": _with(None, None), "threshold": None}
    recall, threshold = recall_at(scores, positive)
    hit = people.ratio((positive & (scores > threshold)).astype(np.float64), positive.astype(np.float64))
    return row | {
        "auc": _with(
            float(metrics.roc_auc_score(positive, scores)), people.interval(_drawn_areas(scores, positive, people))
        ),
        "recall_at_false_alarms": _with(recall, people.interval_of_share(recall, hit, positive)),
        "threshold": threshold,
    }


def _drawn_areas(scores: Doubles, positive: Booleans, people: People) -> Doubles:
    """Area under the ROC curve (B,) in every draw of people: how often a positive one leads another, ties half."""
    order = np.argsort(scores, kind="stable")
    ranked, ours = scores[order], positive[order]
    first, behind = (np.searchsorted(ranked, ranked, side=side) for side in ("left", "right"))  # each one's equals
    areas = []
    for draws in np.array_split(people.draws, max(1, len(people.draws) // _DRAWS_AT_ONCE)):
        weights = draws[:, people.index[order]]
        below = np.concatenate([np.zeros((len(draws), 1)), np.cumsum(np.where(ours, 0, weights), axis=1)], axis=1)
        led = (below[:, first] + below[:, behind]) / 2
        won = (np.where(ours, weights, 0) * led).sum(axis=1)
        pairs = np.where(ours, weights, 0).sum(axis=1) * below[:, -1]
        areas.append(np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0))
    return np.concatenate(areas)


def _with(value: float | None, interval: list[float] | None) -> dict[str, Any]:
    return {"value": value, "interval": interval}
