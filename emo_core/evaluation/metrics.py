"""Figures that a claim can rest on: metrics of stills and of clips, each with its number of samples.

scikit-learn computes what it has; real stills and composed clips are reported apart and never merged.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap
from sklearn import metrics

from emo_core.datasets.pictures.ferplus import majority_labels, voted_pair
from emo_core.emotions import EMOTIONS, UNSURE, HybridClass
from emo_core.errors import DatasetError
from emo_core.inference.windows import ABSTAIN, decide
from emo_core.measured import JudgedClips, PairAuc, Stills
from emo_core.method_records import SalienceRow
from emo_core.model.salience import SalienceCurve
from emo_core.records import CalibrationBin, ClassRow, Counts
from emo_core.types import Floats

Indices = NDArray[np.intp]

_PAIR_RULES = (
    ("happiness", "surprise", 3, 7),
    ("happiness", "surprise", 2, 6),
    ("sadness", "fear", 3, 7),
    ("sadness", "fear", 2, 6),
)
_BOOTSTRAPS = 1000
_CALIBRATION_BINS = 15


def evaluate_stills(probabilities: Floats, votes: NDArray[np.uint8]) -> Stills:
    """Metrics of the frame CNN on face pictures with votes.

    The label of a picture is its most voted emotion, single votes dropped; pictures mostly voted *unknown* or *not
    face* are left out. A pair is scored by √(p_a · p_b) against all other pictures.

    Args:
        probabilities: (N, 8) float, rows sum to 1.
        votes: (N, 10) uint8.

    Returns:
        The figures, the accuracy with its 95% interval over pictures; rows of the confusion are true classes.

    Raises:
        ValueError: shapes do not fit.
        DatasetError: no picture has a label.
    """
    if probabilities.shape != (len(votes), len(EMOTIONS)):
        raise ValueError(f"probabilities have shape {probabilities.shape}, expected {(len(votes), len(EMOTIONS))}")
    labels = majority_labels(votes)
    kept = labels >= 0
    if not kept.any():
        raise DatasetError("No picture has an emotion as its most voted label: measure on pictures that have one.")
    probabilities, votes, labels = probabilities[kept], votes[kept], labels[kept]
    predicted = probabilities.argmax(axis=1)
    accuracy = predicted == labels
    return Stills(
        num_images=int(kept.sum()),
        num_left_out=int((~kept).sum()),
        accuracy=float(accuracy.mean()),
        accuracy_interval=bootstrap_interval(accuracy.astype(np.float64)),
        macro_f1=macro_f1(labels, predicted, len(EMOTIONS)),
        calibration_error=calibration_error(probabilities, labels),
        per_class=per_class(labels, predicted, EMOTIONS),
        labels=EMOTIONS,
        confusion=_table(labels, predicted, len(EMOTIONS)),
        hybrid_auc=tuple(_pair_auc(probabilities, votes, *rule) for rule in _PAIR_RULES),
    )


def evaluate_salience(
    emotions: Floats, votes: NDArray[np.uint8], hybrid: HybridClass, curve: SalienceCurve, pictures: str = "all"
) -> list[SalienceRow]:
    """How far the share of a pair's first emotion is from its share of the votes, on pictures in which people see both.

    Args:
        emotions: (N, 8) of the frame CNN.
        votes: (N, 10).
        hybrid: the pair.
        curve: of the pair.
        pictures: which these are, for the record.

    Returns:
        One row for each rule of what counts as both; of no picture without figures.
    """
    first, second = hybrid.components.values()
    rows = []
    for each, together in ((3, 7), (2, 6)):
        chosen = voted_pair(votes, first, second, each, together)
        counts = votes[chosen][:, [EMOTIONS.index(first), EMOTIONS.index(second)]].astype(np.float64)
        row = SalienceRow(hybrid.name, pictures, f"each ≥ {each} votes, together ≥ {together}", len(counts))
        if len(counts):
            shares = counts[:, 0] / counts.sum(axis=1)
            errors, of_half = np.abs(curve.of(emotions[chosen], first, second) - shares), np.abs(0.5 - shares)
            row = msgspec.structs.replace(
                row,
                mean_absolute_error=float(errors.mean()),
                of_one_half=float(of_half.mean()),
                difference_interval=bootstrap_interval(errors - of_half),
            )
        rows.append(row)
    return rows


def evaluate_clips(
    probabilities: Floats, scores: Floats, labels: Indices, classes: Sequence[HybridClass]
) -> JudgedClips:
    """Metrics of clip verdicts.

    Args:
        probabilities: (N, C) calibrated.
        scores: (N, C) normalized scores s′; a clip whose most probable class has none above 0 is *unsure*.
        labels: (N,) true class indices.
        classes: hybrid classes in label order.
    """
    names = tuple(item.name for item in classes)
    forced, verdicts = probabilities.argmax(axis=1), decide(probabilities, scores)
    decided = verdicts != ABSTAIN
    with_unsure = np.where(decided, verdicts, len(names))
    return JudgedClips(
        num_clips=len(labels),
        labels=names,
        accuracy=float((forced == labels).mean()),
        macro_f1=macro_f1(labels, forced, len(names)),
        calibration_error=calibration_error(probabilities, labels),
        per_class=per_class(labels, forced, names),
        confusion=_table(labels, forced, len(names)),
        coverage=float(decided.mean()),
        accuracy_when_decided=float((verdicts == labels)[decided].mean()) if decided.any() else None,
        verdict_columns=(*names, UNSURE),
        verdicts=_table(labels, with_unsure, len(names) + 1)[:-1],
    )


def _table(labels: Indices, said: Indices, count: int) -> Counts:
    """Number of samples by label and by what was said of them."""
    return tuple(map(tuple, metrics.confusion_matrix(labels, said, labels=range(count)).tolist()))


def macro_f1(labels: Indices, predicted: Indices, num_classes: int) -> float:
    """Mean F1 of the classes of labels (N,) and predictions (N,); 0 for one that neither occurs nor is predicted."""
    return float(metrics.f1_score(labels, predicted, labels=range(num_classes), average="macro", zero_division=0))


def hter(scores: Floats, labels: Indices) -> float:
    """Mean over classes of ½ (FAR + FRR) when a class is accepted for s′ > 0 (method §4), in [0, 1].

    Args:
        scores: (N, C) normalized scores.
        labels: (N,) true class indices.

    Example:
        >>> hter(np.array([[0.2, -0.1], [0.1, 0.3]], np.float32), np.array([0, 1]))
        0.25
    """
    errors = []
    for label in np.unique(labels):
        accepted, own = scores[:, label] > 0, labels == label
        if not own.all():
            errors.append((accepted[~own].mean() + (~accepted[own]).mean()) / 2)
    return float(np.mean(errors))


def per_class(labels: Indices, predicted: Indices, names: Sequence[str]) -> tuple[ClassRow, ...]:
    """Precision, recall, F1 and number of samples of each class, from labels (N,) and predictions (N,)."""
    figures = metrics.precision_recall_fscore_support(labels, predicted, labels=range(len(names)), zero_division=0)
    return tuple(
        ClassRow(name, float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(names, *figures, strict=True)
    )


def calibration_error(probabilities: Floats, labels: Indices) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over 15 bins of confidence, in [0, 1].

    Args:
        probabilities: (N, C), rows sum to 1.
        labels: (N,) true class indices.

    Example:
        >>> calibration_error(np.array([[1, 0], [1, 0]], np.float32), np.array([0, 1]))
        0.5
    """
    rows = calibration_bins(probabilities, labels)
    return float(sum(abs(row.confidence - row.accuracy) * row.num_samples for row in rows) / len(labels))


def calibration_bins(probabilities: Floats, labels: Indices) -> list[CalibrationBin]:
    """The bins of :func:`calibration_error` that hold samples, from probabilities (N, C) and labels (N,)."""
    confidence, bins = probabilities.max(axis=1), confidence_bins(probabilities)
    correct = probabilities.argmax(axis=1) == labels
    return [
        CalibrationBin(int(number), float(confidence[inside].mean()), float(correct[inside].mean()), int(inside.sum()))
        for number in np.unique(bins)
        for inside in [bins == number]
    ]


def confidence_bins(probabilities: Floats) -> Indices:
    """Which of the 15 bins the confidence of each sample is in, (N,)."""
    scaled = (probabilities.max(axis=1) * _CALIBRATION_BINS).astype(np.intp)
    return np.asarray(np.minimum(scaled, _CALIBRATION_BINS - 1), np.intp)


def bootstrap_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95% percentile interval of the mean of independent values (N,), by resampling; of one alone, itself."""
    if len(values) < 2:
        return float(values.mean()), float(values.mean())
    found = bootstrap((values,), np.mean, n_resamples=_BOOTSTRAPS, method="percentile", rng=0).confidence_interval
    return float(found.low), float(found.high)


def _pair_auc(
    probabilities: Floats, votes: NDArray[np.uint8], first: str, second: str, each: int, together: int
) -> PairAuc:
    positive = voted_pair(votes, first, second, each, together)
    score = np.sqrt(probabilities[:, EMOTIONS.index(first)] * probabilities[:, EMOTIONS.index(second)])
    known = 0 < positive.sum() < len(positive)
    return PairAuc(
        f"{first}+{second}",
        f"each ≥ {each} votes, together ≥ {together}",
        int(positive.sum()),
        float(metrics.roc_auc_score(positive, score)) if known else None,
    )
