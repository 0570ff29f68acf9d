"""Figures of an evaluation: what scikit-learn has, each with its 95% interval over people."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import astuple
from numpy.typing import NDArray
from sklearn import metrics

from emo_core.emotions import UNSURE
from emo_core.errors import DatasetError
from emo_core.evaluation.metrics import calibration_bins, calibration_error, confidence_bins, per_class
from emo_core.evaluation.people_intervals import People
from emo_core.evaluation.results import Evaluation
from emo_core.evaluation.slices import slices
from emo_core.records import (
    Calibration,
    ClassCurves,
    ClassScores,
    ClipMetrics,
    CoveragePoint,
    MeanScores,
    PrecisionRecallCurve,
    RocCurve,
    Score,
)
from emo_core.types import Doubles

_CURVE_POINTS = 200
_CONFUSION_FIGURES = ("accuracy", "precision", "recall", "f1")


def summarize(evaluation: Evaluation) -> ClipMetrics:
    """All figures of an evaluation; the same evaluation gives the same figures.

    Raises:
        DatasetError: there is no clip.

    Example:
        >>> from emo_core import Evaluation
        >>> summarize(Evaluation("hybrid", "1", "0", "mine", ("joy", "other"), (), ()))
        Traceback (most recent call last):
            ...
        emo_core.errors.DatasetError: No clip was judged, so there is nothing to measure: ...
    """
    if not evaluation.clips:
        raise DatasetError("No clip was judged, so there is nothing to measure: evaluate a data set with clips.")
    people = People(evaluation.people)
    truth, forced, labels = evaluation.truth, evaluation.forced, evaluation.labels
    order = range(len(labels))
    decided, right = evaluation.decided, forced == truth
    scores, rows = _from_confusion(truth, forced, labels, people)
    return ClipMetrics(
        num_clips=len(truth),
        num_people=people.count,
        num_left_out=len(evaluation.left_out),
        labels=labels,
        scores=scores,
        per_class=rows,
        confusion=tuple(map(tuple, metrics.confusion_matrix(truth, forced, labels=order).tolist())),
        coverage=people.share(decided, np.ones(len(truth), bool)),
        accuracy_when_decided=people.share(right & decided, decided),
        verdict_columns=(*labels, UNSURE),
        verdicts=tuple(map(tuple, verdict_table(evaluation).tolist())),
        curves=tuple(_curves(evaluation, index, people) for index in order),
        calibration=_calibration(evaluation, people),
        coverage_curve=coverage_curve(evaluation),
        slices=slices(evaluation),
    )


def verdict_table(evaluation: Evaluation) -> NDArray[np.intp]:
    """Number of clips (C, C + 1) by true class and verdict, the last column *unsure*."""
    columns = [*evaluation.labels, UNSURE]
    table = np.zeros((len(evaluation.labels), len(columns)), np.intp)
    for clip in evaluation.clips:
        table[evaluation.labels.index(clip.label), columns.index(clip.verdict)] += 1
    return table


def coverage_curve(evaluation: Evaluation) -> tuple[CoveragePoint, ...]:
    """How often a verdict is right as the model is let say *unsure* more or less often.

    A clip gets a verdict when its best normalized score is above a threshold; 0 is the app's own. Clips that do not
    bear out one verdict never get one.

    Returns:
        From the strictest to the laxest threshold.
    """
    margins, right = evaluation.margins, evaluation.forced == evaluation.truth
    order = np.argsort(-margins, kind="stable")
    margins, correct = margins[order], np.cumsum(right[order])
    last = np.flatnonzero(np.append(margins[1:] != margins[:-1], True) & np.isfinite(margins))  # ties go together
    if len(last) > _CURVE_POINTS:
        last = last[np.unique(np.linspace(0, len(last) - 1, _CURVE_POINTS).astype(int))]
    return tuple(
        CoveragePoint(float(margins[end]), float((end + 1) / len(margins)), float(correct[end] / (end + 1)))
        for end in last
    )


def _from_confusion(
    truth: NDArray[np.intp], forced: NDArray[np.intp], labels: Sequence[str], people: People
) -> tuple[MeanScores, tuple[ClassScores, ...]]:
    """Accuracy, the means over classes of precision, recall and F1, and these of each class, with intervals."""
    rows = per_class(truth, forced, labels)
    cells = np.zeros((len(truth), len(labels), len(labels)))
    cells[np.arange(len(truth)), truth, forced] = 1
    drawn = figures_of_tables(people.sums(cells))
    values = {
        "accuracy": metrics.accuracy_score(truth, forced),
        **{name: float(np.mean([getattr(row, name) for row in rows])) for name in _CONFUSION_FIGURES[1:]},
    }
    told = []
    for index, row in enumerate(rows):
        true, guessed = truth == index, forced == index
        intervals = (
            people.interval_of_share(getattr(row, name), drawn[name][:, index], among)
            for name, among in (("precision", guessed), ("recall", true), ("f1", true | guessed))
        )
        told.append(ClassScores(*astuple(row), *intervals))
    everything = np.ones(len(truth), bool)
    overall = {name: drawn[name] if name == "accuracy" else drawn[name].mean(axis=1) for name in values}
    scores = {
        name: Score(float(value), people.interval_of_share(float(value), overall[name], everything))
        for name, value in values.items()
    }
    return MeanScores(**scores), tuple(told)


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


def _curves(evaluation: Evaluation, index: int, people: People) -> ClassCurves:
    positive, scores = evaluation.truth == index, evaluation.probabilities[:, index]
    label, num_positive = evaluation.labels[index], int(positive.sum())
    if positive.all() or not positive.any():
        return ClassCurves(label, num_positive)
    false_positive, true_positive, _ = metrics.roc_curve(positive, scores)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    return ClassCurves(
        label,
        num_positive,
        roc_auc=Score(float(metrics.roc_auc_score(positive, scores)), people.interval(people.areas(scores, positive))),
        average_precision=float(metrics.average_precision_score(positive, scores)),
        roc=RocCurve(tuple(false_positive.tolist()), tuple(true_positive.tolist())),
        precision_recall=PrecisionRecallCurve(tuple(recall.tolist()), tuple(precision.tolist())),
    )


def _calibration(evaluation: Evaluation, people: People) -> Calibration:
    """Confidence against accuracy by bin of confidence, and the expected calibration error with its interval."""
    probabilities, truth = evaluation.probabilities.astype(np.float32), evaluation.truth
    rows = calibration_bins(probabilities, truth)
    confidence, right = probabilities.max(axis=1).astype(np.float64), (evaluation.forced == truth).astype(np.float64)
    bins = np.array([row.bin for row in rows])
    member = (confidence_bins(probabilities)[:, np.newaxis] == bins).astype(np.float64)
    sums = people.sums(np.stack([member * (confidence - right)[:, np.newaxis], member], axis=2))
    drawn = np.abs(sums[:, :, 0]).sum(axis=1) / np.maximum(sums[:, :, 1].sum(axis=1), 1)
    return Calibration(Score(calibration_error(probabilities, truth), people.interval(drawn)), tuple(rows))
