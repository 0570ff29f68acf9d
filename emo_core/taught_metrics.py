"""Figures of a taught model on clips that neither trained it nor chose anything: people count, not frames."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.dataset import DatasetClip
from emo_core.emotions import HybridClass
from emo_core.evaluation import evaluate_clips, macro_f1
from emo_core.types import Floats

Indices = NDArray[np.intp]

_BOOTSTRAPS = 1000
_QUALITY = (0.4, 0.6)
_LENGTHS = (20, 40)  # frames with a face


def measure_taught(
    probabilities: Floats, scores: Floats, labels: Indices, quality: Floats, num_frames: Indices,
    clips: Sequence[DatasetClip], classes: Sequence[HybridClass],
) -> dict[str, Any]:  # fmt: skip
    """Metrics of whole clips.

    Args:
        probabilities: (N, C) calibrated.
        scores: (N, C) normalized scores.
        labels: (N,) true class indices.
        quality: (N,) of the clips.
        num_frames: (N,) frames with a usable face.
        clips: the N clips.
        classes: hybrid classes in label order.

    Returns:
        JSON-ready: as :func:`emo_core.evaluation.evaluate_clips`, with the number of people, 95 % intervals of accuracy
        and macro-F1 over people, and slices, each a list of name, number of clips and share judged rightly.
    """
    people = np.array([clip.person for clip in clips])
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels

    def accuracy(chosen: Indices) -> float:
        return float(right[chosen].mean())

    def f1(chosen: Indices) -> float:
        return macro_f1(labels[chosen], predicted[chosen], len(classes))

    return evaluate_clips(probabilities, scores, labels, classes) | {
        "num_people": len(set(people.tolist())),
        "accuracy_interval_over_people": interval_over_people(accuracy, people),
        "macro_f1_interval_over_people": interval_over_people(f1, people),
        "slices": {
            "person": _slices(right, people),
            "source": _slices(right, np.array([clip.source or "not stated" for clip in clips])),
            "damage": _slices(right, np.array([clip.degradation for clip in clips])),
            "quality": _slices(right, _spans(quality, _QUALITY, "{:.1f}")),
            "frames with a face": _slices(right, _spans(num_frames, _LENGTHS, "{:.0f}")),
        },
    }


def interval_over_people(figure: Callable[[Indices], float], people: NDArray[np.str_], seed: int = 0) -> list[float]:
    """95 % percentile interval of a figure when people, with all their clips, are drawn anew: [low, high].

    Args:
        figure: of the clips with the given indices.
        people: (N,) who is shown in each clip.
        seed: of the draws.
    """
    names = np.unique(people)
    members = [np.flatnonzero(people == name) for name in names]
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(names), (_BOOTSTRAPS, len(names)))
    values = [figure(np.concatenate([members[k] for k in draw])) for draw in draws]
    return [float(bound) for bound in np.percentile(values, [2.5, 97.5])]


def _slices(right: NDArray[np.bool_], groups: NDArray[np.str_]) -> list[list[Any]]:
    return [[str(name), int((groups == name).sum()), float(right[groups == name].mean())] for name in np.unique(groups)]


def _spans(values: NDArray[Any], edges: Sequence[float], form: str) -> NDArray[np.str_]:
    told = [form.format(edge) for edge in edges]
    names = np.array([f"under {told[0]}", f"{told[0]} – {told[1]}", f"from {told[1]}"])
    return np.asarray(names[np.digitize(values, edges)])
