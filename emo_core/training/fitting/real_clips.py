"""Figures of a model on real clips, as the records hold them: GIF and video apart, *unsure* apart; no clip is named."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emo_core.datasets.clips import DatasetClip
from emo_core.evaluation.people_intervals import People
from emo_core.inference.windows import ABSTAIN
from emo_core.measured import RealClass, RealClips, RealPart, RealVerdicts
from emo_core.model.bundle import Bundle
from emo_core.model.evidence import families
from emo_core.records import Score
from emo_core.training.fitting.decision_choice import RealClip, right
from emo_core.types import Booleans, Doubles


def real_record(
    bundle: Bundle,
    items: Sequence[RealClip],
    honest: NDArray[np.intp],
    shipped: NDArray[np.intp],
    left_out: Sequence[tuple[DatasetClip, str]],
) -> RealClips:
    """The record of real clips.

    Args:
        bundle: the model.
        items: the clips.
        honest: (N,) verdicts cross-validated by person.
        shipped: (N,) verdicts as shipped, which these clips helped to choose.
        left_out: clips without a face.
    """
    labels = bundle.info.labels
    truth = np.array([item.label for item in items])
    people = People(np.array([item.clip.person for item in items]))
    means = np.stack([item.mean_emotions for item in items])
    baseline = families(bundle.classes, means).argmax(axis=1)
    everything = np.ones(len(items), bool)
    sources = np.array([item.clip.source or "not stated" for item in items])
    parts = {"all": everything, **{name: sources == name for name in sorted(set(sources.tolist()))}}
    told = {"cross_validated": honest, "as_shipped": shipped, "mean_of_frame_emotions": baseline}
    gain = [_drawn_recall(people, right(truth, verdicts, labels), truth, everything) for verdicts in (honest, baseline)]
    measured = tuple(
        RealPart(
            clips=name, num_clips=int(which.sum()),
            **{key: _figures(people, truth, verdicts, which, labels) for key, verdicts in told.items()},
        )
        for name, which in parts.items()
    )  # fmt: skip
    above = _recall(right(truth, honest, labels), truth) - _recall(right(truth, baseline, labels), truth)
    over_mean = Score(above, people.interval(gain[0] - gain[1]))
    return RealClips(len(items), people.count, len(left_out), tuple(labels), measured, over_mean)


def _figures(
    people: People, truth: NDArray[np.intp], verdicts: NDArray[np.intp], which: Booleans, labels: Sequence[str]
) -> RealVerdicts:
    """Macro recall with its interval over people; by class right, unsure and number; unsure is right for *other*."""
    correct = right(truth, verdicts, labels)
    rows = tuple(
        RealClass(
            label=name,
            right=int((correct & which & (truth == index)).sum()),
            unsure=int(((verdicts == ABSTAIN) & which & (truth == index)).sum()),
            num=int((which & (truth == index)).sum()),
        )
        for index, name in enumerate(labels)
    )
    interval = people.interval(_drawn_recall(people, correct, truth, which))
    return RealVerdicts(_recall(correct[which], truth[which]), interval, rows)


def _recall(correct: Booleans, truth: NDArray[np.intp]) -> float:
    return float(np.mean([correct[truth == label].mean() for label in np.unique(truth)]))


def _drawn_recall(people: People, correct: Booleans, truth: NDArray[np.intp], which: Booleans) -> Doubles:
    """Macro recall (B,) of the clips `which` in every draw of people; NaN where a draw lacks a class."""
    drawn = [
        people.ratio(
            (correct & which & (truth == label)).astype(np.float64), (which & (truth == label)).astype(np.float64)
        )
        for label in np.unique(truth[which])
    ]
    return np.asarray(np.mean(drawn, axis=0), np.float64)
