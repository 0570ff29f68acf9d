"""Everybody in a clip at a glance: when each person is in view, and what their face looks like."""

from dataclasses import dataclass

import numpy as np

from emo_core.analysis import Analysis, Prediction
from emo_core.inference.verdicts import away_frames
from emo_core.types import Bytes


@dataclass(frozen=True, slots=True, eq=False)
class PersonOverview:
    """One person of a clip.

    Attributes:
        number: from 1; 1 is the one who is largest and longest in view.
        spans_s: start and end in seconds of each stretch in which the person is in view, in order.
        on_screen_s: seconds in view.
        prediction: the verdict.
        face: (S, S) uint8 grey, the clearest aligned crop.
    """

    number: int
    spans_s: tuple[tuple[float, float], ...]
    on_screen_s: float
    prediction: Prediction
    face: Bytes

    @property
    def name(self) -> str:
        """How the person is called."""
        return f"Person {self.number}"


def people_of(analysis: Analysis) -> tuple[PersonOverview, ...]:
    """The people of a clip in the order of their numbers."""
    times_s = analysis.timestamps_s
    ends_s = np.append(times_s[1:], max(analysis.video.end_s, float(times_s[-1])))
    step_s = float(np.median(ends_s - times_s))
    ends_s = np.minimum(ends_s, times_s + 2 * step_s)  # a frame does not stand for a gap behind it
    found = []
    for person in analysis.people:
        here = ~away_frames(person.track.detected, times_s)
        edges = np.flatnonzero(np.diff(here.astype(int), prepend=0, append=0))
        spans = tuple((float(times_s[a]), float(ends_s[b - 1])) for a, b in edges.reshape(-1, 2))
        on_screen_s = float((ends_s - times_s)[here].sum())
        best = int(np.where(person.normalized.mask, person.normalized.quality, -1).argmax())
        found.append(PersonOverview(person.number, spans, on_screen_s, person.prediction, person.track.crops[best]))
    return tuple(found)
