"""Accuracy by part of a data set: who is shown, where the clips are from, how good and how long they are."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from emo_core.evaluation.people_intervals import People
from emo_core.evaluation.results import EvaluatedClip, Evaluation
from emo_core.model.quality_bins import neighbourhood_index
from emo_core.records import SliceScore

_LENGTHS_S = (2.0, 3.0, 4.0, 8.0)

_Value: TypeAlias = tuple[float, str]
"""Where a part of a slice stands among the others, and its name."""


def slices(evaluation: Evaluation) -> tuple[SliceScore, ...]:
    """Accuracy by person, source, damage, neighbourhood of quality and clip length, each with its counts.

    Returns:
        One for each part of each slice. Slices in which all clips are alike are left out.
    """
    rows = []
    for name, value_of in _slicers(evaluation).items():
        values = [value_of(clip) for clip in evaluation.clips]
        if len(set(values)) < 2:
            continue
        for value in _in_order(set(values)):
            chosen = evaluation.where(lambda clip, value=value, value_of=value_of: value_of(clip) == value)  # type: ignore[misc]
            people = People(chosen.people)
            everything = np.ones(len(chosen.clips), bool)
            rows.append(
                SliceScore(
                    slice=name,
                    value=value[1],
                    num_clips=len(chosen.clips),
                    num_people=people.count,
                    accuracy=people.share(chosen.forced == chosen.truth, everything),
                    coverage=float(chosen.decided.mean()),
                )
            )
    return tuple(rows)


def _slicers(evaluation: Evaluation) -> Mapping[str, Callable[[EvaluatedClip], _Value]]:
    edges = evaluation.quality_edges
    return {
        "person": lambda clip: (0, clip.person),
        "session": lambda clip: (0, clip.session or "not stated"),
        "source": lambda clip: (0, clip.source or "not stated"),
        "damage": lambda clip: (float(clip.degradation != "none"), clip.degradation),
        "quality": lambda clip: _span(clip.quality, edges, "{:.2f}"),
        "length": lambda clip: _span(clip.duration_s, _LENGTHS_S, "{:.0f} s"),
    }


def _span(value: float, edges: Sequence[float], form: str) -> _Value:
    """The span between two edges that a value is in; an edge belongs to the span below it."""
    number = int(neighbourhood_index([value], np.asarray(edges, np.float64))[0]) if len(edges) else 0
    low, high = (
        form.format(edges[number - 1]) if number else "",
        form.format(edges[number]) if number < len(edges) else "",
    )
    if low and high:
        return float(number), f"{low} – {high}"
    return float(number), f"above {low}" if low else f"up to {high}" if high else "any"


def _in_order(values: set[_Value]) -> list[_Value]:
    return sorted(values)
