"""Every frame of a video measured, beside a verdict that reads the samples which the model was trained for."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from emo_core.analysis import Analysis, PersonAnalysis
from emo_core.faces.landmarks import overlap
from emo_core.inference.pipeline import Progress, Seen, watch_everybody
from emo_core.model.bundle import Bundle

_EVERY_HZ = 1000.0  # more than any video has: a slower video gives each of its frames once
_SAME_S = 1e-3


def measure_every_frame(
    source: Path | str | bytes, bundle: Bundle, analysis: Analysis, progress: Progress | None = None
) -> Analysis:
    """The analysis with the faces, qualities and emotions of every frame of the file.

    Verdicts, windows and segments stay what they are. The running probabilities of a frame between two samples are
    those of the sample before it.

    Args:
        source: the clip that `analysis` is of; decoded once more.
        bundle: the model that made it.
        analysis: what is known of it.
        progress: called as the work goes on.

    Raises:
        VideoError: the clip cannot be read any more.
    """
    dense = watch_everybody(source, analysis.video.name, bundle, _EVERY_HZ, progress)
    people = tuple(_denser(person, analysis, dense) for person in analysis.people)
    told = people[analysis.person - 1]
    info = replace(analysis.video, num_frames_sampled=len(dense[0].times_s))
    return replace(
        analysis, video=info, timestamps_s=dense[0].times_s, track=told.track, normalized=told.normalized,
        features=told.features, prediction=told.prediction, people=people, source_frames=dense[0].source_frames,
    )  # fmt: skip


def _denser(person: PersonAnalysis, analysis: Analysis, dense: list[Seen]) -> PersonAnalysis:
    """A person with the frames of whoever is in the same places at the same times."""
    seen = max(dense, key=lambda candidate: _togetherness(person, analysis, candidate))
    before = np.searchsorted(analysis.timestamps_s, seen.times_s + _SAME_S, side="right") - 1
    steps = person.prediction.step_probabilities[np.maximum(before, 0)]
    steps = np.where(seen.features.mask[:, np.newaxis], steps, np.nan).astype(np.float32)
    prediction = replace(person.prediction, step_probabilities=steps)
    return replace(person, track=seen.track, normalized=seen.normalized, features=seen.features, prediction=prediction)


def _togetherness(person: PersonAnalysis, analysis: Analysis, seen: Seen) -> float:
    """Summed overlap of the boxes at the times that both have."""
    rows = np.searchsorted(seen.times_s, analysis.timestamps_s - _SAME_S)
    total = 0.0
    for step, row in enumerate(rows):
        if row < len(seen.times_s) and person.track.detected[step] and seen.track.detected[row]:
            total += overlap(person.track.boxes_xyxy[step], seen.track.boxes_xyxy[row])
    return total
