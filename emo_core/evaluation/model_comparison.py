"""Two models on the same clips: a paired test, and the clips on which they differ."""

from typing import Any

import numpy as np
from scipy.stats import binomtest

from emo_core.errors import DatasetError
from emo_core.evaluation.people_intervals import People
from emo_core.evaluation.results import Evaluation


def compare(first: Evaluation, second: Evaluation, *, seed: int = 0) -> dict[str, Any]:
    """Two models on the clips that both judged, paired clip by clip.

    Returns:
        num_clips, num_people, both accuracies, `difference` of the second minus the first with its interval over
        people, `only_first` and `only_second` (clips that one alone has right), `p_value` of McNemar's exact test, and
        `differing`: path, truth and both classes of every clip on which they differ.

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
    people = People(np.array([one.person for one, _ in pairs], np.str_), seed=seed)
    gain = right[:, 1].astype(np.float64) - right[:, 0]
    return {
        "num_clips": len(pairs),
        "num_people": people.count,
        "accuracies": right.mean(axis=0).tolist(),
        "difference": {
            "value": float(gain.mean()),
            "interval": people.interval(people.ratio(gain, np.ones(len(gain)))),
        },
        "only_first": only_first,
        "only_second": only_second,
        "p_value": float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0,
        "differing": [
            {"path": one.path, "label": one.label, "first": both[0], "second": both[1]}
            for (one, _), both in zip(pairs, classes, strict=True)
            if both[0] != both[1]
        ],
    }
