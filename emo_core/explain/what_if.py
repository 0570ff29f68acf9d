"""What the model would say if the clip were darker, blurred, covered or reversed, beside what it says.

A change is made to the decoded frames; what follows is the very pipeline that judged the clip.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emo_core.analysis import Analysis, PersonAnalysis, Prediction
from emo_core.emotions import UNSURE
from emo_core.errors import NoFaceError
from emo_core.explain.glimpse import Glimpse
from emo_core.explain.perturbations import UNCHANGED, Kind, is_whole, make_change
from emo_core.inference.pipeline import Progress, analyze
from emo_core.model.bundle import Bundle

MAX_PART_S = 60.0
"""Longest part of a clip that is tried: a change costs as much as an analysis."""

MIN_PART_S = 1.0
"""Shortest part of a clip that is tried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model says of a changed clip.

    Attributes:
        key: key of the change, or :data:`UNCHANGED`.
        strength: how strong it was, in [0, 1]; None where there is nothing to set.
        label: the verdict; ``unsure`` too where nothing could be judged.
        probability: of the label, or of the most probable class if unsure; None where nothing could be judged.
        margin: see :func:`margin`; None where nothing could be judged.
        quality: mean quality of the frames that count, in [0, 1]; None where there are none.
        problem: why nothing could be judged, one sentence; empty otherwise.
        flips: whether the verdict is another one than that of the unchanged clip.
        before, after: the frame in the middle of the part as it is and as it was judged, JPEG; empty where there is
            none, as of the unchanged clip.
    """

    key: str
    strength: float | None
    label: str
    probability: float | None
    margin: float | None
    quality: float | None
    problem: str
    flips: bool
    before: bytes = b""
    after: bytes = b""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The unchanged part of a clip: its outcome and the class whose margin is followed."""

    outcome: Outcome
    best: int


def margin(prediction: Prediction, best: int) -> float:
    """How far class `best` is ahead of the next one in probability, in [-1, 1]; negative once another one leads."""
    others = np.delete(prediction.probabilities, best)
    return float(prediction.probabilities[best] - (others.max() if others.size else 0.0))


def baseline(
    source: Path | str | bytes,
    bundle: Bundle,
    original: Analysis,
    part: tuple[float, float],
    progress: Progress | None = None,
) -> Baseline:
    """What the model says of the part without any change; the clip is not judged again where the part is all of it.

    Args:
        source: the clip.
        bundle: the model.
        original: what it says of the whole clip.
        part: start and end in seconds.
        progress: called as the work goes on.

    Raises:
        NoFaceError: the part shows no face that can be judged.
    """
    analysis = original
    if not is_whole(part, original):
        change = make_change(UNCHANGED, 0.0, original, part)
        analysis = analyze(source, bundle, name=original.video.name, progress=progress, change=change, limits=None)
        analysis = _about_same(analysis, original)
    prediction = analysis.prediction
    best = int(prediction.probabilities.argmax())
    return Baseline(_outcome(UNCHANGED, None, analysis, best, prediction.label), best)


def try_change(
    source: Path | str | bytes,
    bundle: Bundle,
    original: Analysis,
    unchanged: Baseline,
    kind: Kind,
    strength: float | None,
    part: tuple[float, float],
    progress: Progress | None = None,
) -> Outcome:
    """Judge a changed clip.

    Args:
        source: the clip that `original` is of.
        bundle: the model.
        original: its analysis; says where the face is.
        unchanged: of the same part.
        kind: what to change.
        strength: how much; None for the usual strength.
        part: start and end in seconds of what is judged.
        progress: called as the work goes on; an exception that it raises ends it.

    Returns:
        The outcome; one with a problem where the change leaves no face that can be judged.
    """
    if strength is None and kind.strengths:
        strength = kind.strengths[2]
    glimpse = Glimpse(part, original.video.start_s)
    change = glimpse.around(make_change(kind.key, strength or 0.0, original, part))
    label = unchanged.outcome.label
    try:
        analysis = analyze(source, bundle, name=original.video.name, progress=progress, change=change, limits=None)
        analysis = _about_same(analysis, original)
    except NoFaceError as error:
        found = Outcome(kind.key, strength, UNSURE, None, None, None, str(error), label != UNSURE)
    else:
        found = _outcome(kind.key, strength, analysis, unchanged.best, label)
    return replace(found, before=glimpse.picture("before"), after=glimpse.picture("after"))


def _about_same(changed: Analysis, original: Analysis) -> Analysis:
    """The analysis of a changed clip, told about the person whom the original one is about.

    Raises:
        NoFaceError: the change has left nobody who is that person rather than another.
    """
    if len(original.people) == 1:
        return changed
    gaps = {
        (new.number, old.number): _unlikeness((new, changed), (old, original))
        for new in changed.people
        for old in original.people
    }
    own = [new for new, old in gaps if old == original.person and gaps[new, old] == min(
        gap for (number, _), gap in gaps.items() if number == new
    )]  # fmt: skip
    if not own:
        raise NoFaceError(f"This change leaves no face of Person {original.person} that can be judged.")
    return changed.about(min(own, key=lambda new: gaps[new, original.person]))


def _unlikeness(a: tuple[PersonAnalysis, Analysis], b: tuple[PersonAnalysis, Analysis]) -> float:
    """How far apart two people are in looks and in place (as a share of the width)."""
    looks, places = [], []
    for person, analysis in (a, b):
        crop = person.track.crops[person.track.detected].mean(axis=0)
        looks.append((crop - crop.mean()) / max(float(crop.std()), 1.0))
        places.append(np.nanmedian(person.track.boxes_xyxy[:, [0, 2]]) / analysis.video.width)
    return 1.0 - float((looks[0] * looks[1]).mean()) + 2.0 * abs(float(places[0] - places[1]))


def _outcome(key: str, strength: float | None, analysis: Analysis, best: int, label: str) -> Outcome:
    prediction, mask = analysis.prediction, analysis.normalized.mask
    quality = float(analysis.normalized.quality[mask].mean())
    return Outcome(
        key, strength, prediction.label, prediction.probability, margin(prediction, best), quality, "",
        prediction.label != label,
    )  # fmt: skip


def default_part(original: Analysis) -> tuple[float, float]:
    """The part worth asking about: the whole clip if it has a verdict and is short enough, else its longest one."""
    video, prediction = original.video, original.prediction
    if prediction.label != UNSURE and video.duration_s <= MAX_PART_S:
        return video.start_s, video.end_s
    longest = max(prediction.segments, key=lambda item: (item.label != UNSURE, item.end_s - item.start_s))
    end_s = min(longest.end_s, longest.start_s + MAX_PART_S)
    return longest.start_s, min(video.end_s, max(end_s, longest.start_s + MIN_PART_S))
