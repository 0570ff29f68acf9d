"""Figures of an evaluation: what scikit-learn has, each with its 95 % interval over people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from emo_core.emotions import UNSURE
from emo_core.errors import DatasetError
from emo_core.evaluation.metrics import calibration_bins, calibration_error, confidence_bins, per_class
from emo_core.evaluation.people_intervals import NUM_DRAWS, Interval, People
from emo_core.evaluation.results import Evaluation
from emo_core.evaluation.slices import slices
from emo_core.types import Booleans, Doubles

_FEW_PAIRS = 4_000_000  # positive × negative clips up to which the area under a curve gets an interval
_CONFUSION_FIGURES = ("accuracy", "precision", "recall", "f1")


def summarize(evaluation: Evaluation, *, num_draws: int = NUM_DRAWS, seed: int = 0) -> dict[str, Any]:
    """All figures of an evaluation, JSON-ready; the same evaluation gives the same figures.

    Returns:
        num_clips, num_people, num_left_out; `scores` (accuracy, and precision, recall and f1 as means over classes),
        `per_class` and `confusion` force a choice, the most probable class; `coverage`, `accuracy_when_decided` and
        `verdicts` (last column unsure) let the model abstain as the app does. Every figure has its interval over
        people. Then `curves` (ROC and precision-recall of each class), `calibration`, `coverage_curve` and `slices`.

    Raises:
        DatasetError: there is no clip.
    """
    if not evaluation.clips:
        raise DatasetError("No clip was judged, so there is nothing to measure: evaluate a data set with clips.")
    people = People(evaluation.people, num_draws, seed)
    truth, forced, labels = evaluation.truth, evaluation.forced, evaluation.labels
    order = range(len(labels))
    decided, right = evaluation.decided, forced == truth
    return {
        "num_clips": len(truth),
        "num_people": people.count,
        "num_left_out": len(evaluation.left_out),
        "labels": list(labels),
        **_from_confusion(truth, forced, labels, people),
        "confusion": metrics.confusion_matrix(truth, forced, labels=order).tolist(),
        "coverage": people.share(decided, np.ones(len(truth), bool)),
        "accuracy_when_decided": people.share(right & decided, decided),
        "verdict_columns": [*labels, UNSURE],
        "verdicts": verdict_table(evaluation).tolist(),
        "curves": [_curves(evaluation, index, people) for index in order],
        "calibration": _calibration(evaluation, people),
        "coverage_curve": coverage_curve(evaluation),
        "slices": slices(evaluation, num_draws=num_draws, seed=seed),
    }


def verdict_table(evaluation: Evaluation) -> NDArray[np.intp]:
    """Number of clips (C, C + 1) by true class and verdict, the last column *unsure*."""
    columns = [*evaluation.labels, UNSURE]
    table = np.zeros((len(evaluation.labels), len(columns)), np.intp)
    for clip in evaluation.clips:
        table[evaluation.labels.index(clip.label), columns.index(clip.verdict)] += 1
    return table


def coverage_curve(evaluation: Evaluation, num_points: int = 200) -> list[dict[str, float]]:
    """How often a verdict is right as the model is let say *unsure* more or less often.

    A clip gets a verdict when its best normalized score is above a threshold; 0 is the app's own. Clips that do not
    bear out one verdict never get one.

    Returns:
        From the strictest to the laxest threshold: threshold, coverage and accuracy of the verdicts.
    """
    margins, right = evaluation.margins, evaluation.forced == evaluation.truth
    order = np.argsort(-margins, kind="stable")
    margins, correct = margins[order], np.cumsum(right[order])
    last = np.flatnonzero(np.append(margins[1:] != margins[:-1], True) & np.isfinite(margins))  # ties go together
    if len(last) > num_points:
        last = last[np.unique(np.linspace(0, len(last) - 1, num_points).astype(int))]
    return [
        {
            "threshold": float(margins[end]),
            "coverage": float((end + 1) / len(margins)),
            "accuracy": float(correct[end] / (end + 1)),
        }
        for end in last
    ]


def _from_confusion(
    truth: NDArray[np.intp], forced: NDArray[np.intp], labels: Sequence[str], people: People
) -> dict[str, Any]:
    """Accuracy, the means over classes of precision, recall and F1, and these of each class, with intervals."""
    rows = per_class(truth, forced, labels)
    cells = np.zeros((len(truth), len(labels), len(labels)))
    cells[np.arange(len(truth)), truth, forced] = 1
    drawn = figures_of_tables(people.sums(cells))
    values = {
        "accuracy": metrics.accuracy_score(truth, forced),
        **{name: float(np.mean([row[name] for row in rows])) for name in _CONFUSION_FIGURES[1:]},
    }
    for index, row in enumerate(rows):
        true, guessed = truth == index, forced == index
        row |= {
            f"{name}_interval": people.interval_of_share(row[name], drawn[name][:, index], among)
            for name, among in (("precision", guessed), ("recall", true), ("f1", true | guessed))
        }
    everything = np.ones(len(truth), bool)
    overall = {name: drawn[name] if name == "accuracy" else drawn[name].mean(axis=1) for name in values}
    return {
        "scores": {
            name: {"value": float(value), "interval": people.interval_of_share(float(value), overall[name], everything)}
            for name, value in values.items()
        },
        "per_class": rows,
    }


def figures_of_tables(tables: Doubles) -> dict[str, Doubles]:
    """Accuracy (B,), precision, recall and F1 (B, C) of confusion tables (B, C, C); 0 where nothing is shared."""
    hits = np.diagonal(tables, axis1=1, axis2=2)
    true, guessed = tables.sum(axis=2), tables.sum(axis=1)
    return {
        "accuracy": hits.sum(axis=1) / np.maximum(tables.sum(axis=(1, 2)), 1),
        "precision": hits / np.maximum(guessed, 1),
        "recall": hits / np.maximum(true, 1),
        "f1": 2 * hits / np.maximum(true + guessed, 1),
    }


def _curves(evaluation: Evaluation, index: int, people: People) -> dict[str, Any]:
    """ROC and precision-recall curve of a class against the rest, with their areas; None where one side is empty."""
    positive, scores = evaluation.truth == index, evaluation.probabilities[:, index]
    row: dict[str, Any] = {"label": evaluation.labels[index], "num_positive": int(positive.sum())}
    if positive.all() or not positive.any():
        return row | {"roc_auc": None, "average_precision": None, "roc": None, "precision_recall": None}
    false_positive, true_positive, _ = metrics.roc_curve(positive, scores)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    return row | {
        "roc_auc": {
            "value": float(metrics.roc_auc_score(positive, scores)),
            "interval": _auc_interval(scores, positive, people),
        },
        "average_precision": float(metrics.average_precision_score(positive, scores)),
        "roc": {"false_positive_rate": false_positive.tolist(), "true_positive_rate": true_positive.tolist()},
        "precision_recall": {"recall": recall.tolist(), "precision": precision.tolist()},
    }


def _auc_interval(scores: Doubles, positive: Booleans, people: People) -> Interval:
    """Interval of the area under the ROC curve: in how many pairs of a positive and a negative clip it leads."""
    ours, others = scores[positive], scores[~positive]
    if len(ours) * len(others) > _FEW_PAIRS:
        return None
    leads = (ours[:, np.newaxis] > others) + 0.5 * (ours[:, np.newaxis] == others)
    weights = people.draws[:, people.index]
    of_ours, of_others = weights[:, positive], weights[:, ~positive]
    won = ((of_ours @ leads) * of_others).sum(axis=1)
    pairs = of_ours.sum(axis=1) * of_others.sum(axis=1)
    return people.interval(np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0))


def _calibration(evaluation: Evaluation, people: People) -> dict[str, Any]:
    """Confidence against accuracy by bin of confidence, and the expected calibration error with its interval."""
    probabilities, truth = evaluation.probabilities.astype(np.float32), evaluation.truth
    rows = calibration_bins(probabilities, truth)
    confidence, right = probabilities.max(axis=1).astype(np.float64), (evaluation.forced == truth).astype(np.float64)
    bins = np.array([row["bin"] for row in rows])
    member = (confidence_bins(probabilities)[:, np.newaxis] == bins).astype(np.float64)
    sums = people.sums(np.stack([member * (confidence - right)[:, np.newaxis], member], axis=2))
    drawn = np.abs(sums[:, :, 0]).sum(axis=1) / np.maximum(sums[:, :, 1].sum(axis=1), 1)
    return {
        "error": {"value": calibration_error(probabilities, truth), "interval": people.interval(drawn)},
        "bins": rows,
    }
