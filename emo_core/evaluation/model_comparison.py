"""Two models on the same clips: a paired test, and the clips on which they differ."""

import numpy as np
from msgspec import Struct
from scipy.stats import binomtest

from emo_core.errors import DatasetError
from emo_core.evaluation.people_intervals import People
from emo_core.evaluation.results import Evaluation
from emo_core.records import Score


class Differing(Struct, frozen=True):
    """A clip that two models take for different classes."""

    path: str
    label: str
    first: str
    second: str


class Comparison(Struct, frozen=True):
    """Two models on the clips that both judged, paired clip by clip.

    Attributes:
        num_clips, num_people: how many clips both judged, and of whom.
        accuracies: of the first and of the second model.
        difference: accuracy of the second minus the first, with its interval over people.
        only_first, only_second: number of clips that one alone has right.
        p_value: of McNemar's exact test.
        differing: the clips on which they differ.
    """

    num_clips: int
    num_people: int
    accuracies: tuple[float, float]
    difference: Score
    only_first: int
    only_second: int
    p_value: float
    differing: tuple[Differing, ...]


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two models on the clips that both judged.

    Raises:
        DatasetError: they have other classes, or no clip in common.
    """
    if set(first.labels) != set(second.labels):
        raise DatasetError("These two models know other classes, so they cannot be compared: choose alike ones.")
    by_path = {clip.path: clip for clip in second.clips}
    pairs = [(clip, by_path[clip.path]) for clip in first.clips if clip.path in by_path]
    if not pairs:
        raise DatasetError("The two models judged no clip in common: evaluate both on the same data set.")
    classes = [(one.most_probable(first.labels), other.most_probable(second.labels)) for one, other in pairs]
    right = np.array([[guess == one.label for guess in both] for (one, _), both in zip(pairs, classes, strict=True)])
    only_first, only_second = int((right[:, 0] & ~right[:, 1]).sum()), int((right[:, 1] & ~right[:, 0]).sum())
    discordant = only_first + only_second
    people = People(np.array([one.person for one, _ in pairs], np.str_))
    gain = right[:, 1].astype(np.float64) - right[:, 0]
    return Comparison(
        num_clips=len(pairs),
        num_people=people.count,
        accuracies=(float(right[:, 0].mean()), float(right[:, 1].mean())),
        difference=Score(float(gain.mean()), people.interval(people.ratio(gain, np.ones(len(gain))))),
        only_first=only_first,
        only_second=only_second,
        p_value=float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0,
        differing=tuple(
            Differing(one.path, one.label, *both)
            for (one, _), both in zip(pairs, classes, strict=True)
            if both[0] != both[1]
        ),
    )
