"""Figures of the frame CNN on pictures of known people, one label each, with 95% intervals over people."""

import numpy as np
from msgspec.structs import asdict
from numpy.typing import NDArray
from sklearn import metrics

from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.errors import DatasetError
from emo_core.evaluation.clip_metrics import figures_of_tables
from emo_core.evaluation.metrics import calibration_error, per_class
from emo_core.evaluation.people_intervals import People
from emo_core.records import PortraitClass, PortraitPair, Portraits, PortraitScores, Score
from emo_core.types import Booleans, Doubles, Floats

FALSE_ALARMS = 0.05
"""Share of the other pictures above the threshold at which the recall of a pair is told."""


def evaluate_portraits(probabilities: Floats, labels: NDArray[np.intp], people: NDArray[np.str_]) -> Portraits:
    """Metrics of the frame CNN on pictures with one label each.

    A pair is scored by p_a + p_b, its two emotions against all others. Means over classes count emotions that occur.

    Args:
        probabilities: (N, 8) of every picture; a row of NaN where no face was found, which is no prediction.
        labels: (N,) index of the emotion.
        people: (N,) who is shown.

    Raises:
        DatasetError: no picture has a prediction.
    """
    seen = np.isfinite(probabilities).all(axis=1)
    if not seen.any():
        raise DatasetError("No face was found in any of the pictures: use pictures that show one each.")
    found, truth = probabilities[seen], labels[seen]
    drawn_people = People(people[seen])
    guesses, present = found.argmax(axis=1), np.unique(truth)
    cells = np.zeros((len(truth), len(EMOTIONS), len(EMOTIONS)))
    cells[np.arange(len(truth)), truth, guesses] = 1
    drawn = figures_of_tables(drawn_people.sums(cells))
    rows = per_class(truth, guesses, EMOTIONS)
    everything = np.ones(len(truth), bool)
    accuracy = float((guesses == truth).mean())
    return Portraits(
        num_pictures=len(labels),
        num_without_face=int((~seen).sum()),
        num_people=drawn_people.count,
        scores=PortraitScores(
            Score(accuracy, drawn_people.interval_of_share(accuracy, drawn["accuracy"], everything)),
            Score(
                float(np.mean([rows[index].f1 for index in present])),
                drawn_people.interval(drawn["f1"][:, present].mean(axis=1)),
            ),
            Score(calibration_error(found, truth), None),
        ),
        labels=EMOTIONS,
        per_class=tuple(
            PortraitClass(
                **asdict(row),
                recall_interval=drawn_people.interval_of_share(row.recall, drawn["recall"][:, index], truth == index),
            )
            for index, row in enumerate(rows)
        ),
        confusion=tuple(map(tuple, cells.sum(axis=0).astype(int).tolist())),
        pairs=tuple(
            _pair(first, second, found, truth, drawn_people)
            for first, second in (tuple(item.components.values()) for item in PAPER_CLASSES if item.is_pair)
        ),
    )


def recall_at(scores: Doubles, positive: Booleans, false_alarms: float = FALSE_ALARMS) -> tuple[float, float]:
    """Recall of positives and the threshold, at which at most the share `false_alarms` of the others is above it.

    Args:
        scores: (N,) float64, larger for what is rather a positive.
        positive: (N,) bool, with both kinds among them.
        false_alarms: in [0, 1].

    Example:
        >>> recall_at(np.array([0.9, 0.2, 0.5, 0.1]), np.array([True, True, False, False]), 0.0)
        (0.5, 0.5)
    """
    others = np.sort(scores[~positive])[::-1]
    threshold = float(others[min(int(false_alarms * len(others)), len(others) - 1)])
    return float((scores[positive] > threshold).mean()), threshold


def _pair(first: str, second: str, found: Floats, truth: NDArray[np.intp], people: People) -> PortraitPair:
    columns = [EMOTIONS.index(name) for name in (first, second)]
    positive, scores = np.isin(truth, columns), found[:, columns].sum(axis=1).astype(np.float64)
    name, count = f"{first}+{second}", int(positive.sum())
    if positive.all() or not positive.any():
        return PortraitPair(name, count, Score(None, None), Score(None, None), None)
    recall, threshold = recall_at(scores, positive)
    hit = people.ratio((positive & (scores > threshold)).astype(np.float64), positive.astype(np.float64))
    return PortraitPair(
        name,
        count,
        Score(float(metrics.roc_auc_score(positive, scores)), people.interval(people.areas(scores, positive))),
        Score(recall, people.interval_of_share(recall, hit, positive)),
        threshold,
    )
