"""From features to verdicts: windows through the LSTM, calibrated, thresholds that depend on quality, then the clip.

Everything that decides is here, so that a clip in the app and a clip in an evaluation are judged alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_core.emotions import UNSURE, display_name
from emo_core.model.bundle import Bundle, HeadNetwork
from emo_core.model.normalization import ScoreNormalizer
from emo_core.model.salience import SalienceCurve, pair_salience
from emo_core.types import (
    Doubles,
    FeatureSequence,
    Floats,
    NormalizedClip,
    Prediction,
    Segment,
    WindowPrediction,
)

REJECTED = -1
"""Index that stands for *unsure* among class indices."""


def window_starts(num_frames: int, steps: int, hop: int) -> list[int]:
    """First frames of the overlapping windows; the last window ends with the clip.

    Example:
        >>> window_starts(50, 32, 8)
        [0, 8, 16, 18]
        >>> window_starts(20, 32, 8)
        [0]
    """
    last = max(0, num_frames - steps)
    return [*range(0, last, hop), last]


def calibrated(logits: Floats, temperature: float) -> Floats:
    """Class probabilities (…, C) of logits (…, C): softmax(logits / temperature); rows sum to 1.

    Example:
        >>> calibrated(np.zeros((1, 2), np.float32), 1.5)
        array([[0.5, 0.5]], dtype=float32)
    """
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def decide(probabilities: Floats, scores: Floats) -> NDArray[np.intp]:
    """The most probable class if it is accepted, s′ = s − θ(q) > 0 (method §4), else :data:`REJECTED`.

    A less probable class that passes a lower threshold of its own does not step in: that would be a guess.

    Args:
        probabilities: (…, C) calibrated.
        scores: (…, C) normalized scores.

    Returns:
        (…,) class indices.
    """
    best = np.argmax(probabilities, axis=-1)
    accepted = np.take_along_axis(scores, best[..., np.newaxis], axis=-1)[..., 0] > 0
    return np.where(accepted, best, REJECTED)


def clip_scores(
    probabilities: Floats, qualities: Floats, evidence: Floats, normalizer: ScoreNormalizer
) -> tuple[Floats, Floats]:
    """Probabilities (C,) and normalized scores (C,) of a clip from its windows, weighted by their evidence.

    Args:
        probabilities: (W, C) calibrated probabilities of the windows.
        qualities: (W,) quality of each window.
        evidence: (W,) summed quality of the valid frames of each window; not all 0.
        normalizer: thresholds.
    """
    weights = evidence / evidence.sum()
    mean = np.asarray(weights @ probabilities, np.float32)
    scores = normalizer.apply(mean[np.newaxis], np.array([weights @ qualities], np.float32))[0]
    return mean / mean.sum(), scores


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """What the windows of a clip say together.

    Attributes:
        probabilities: (C,) float32, sums to 1.
        scores: (C,) float32, normalized scores s′.
        choice: the most probable class if it is accepted, else :data:`REJECTED`.
        settled: whether enough of the clip bears that out.
    """

    probabilities: Floats
    scores: Floats
    choice: int
    settled: bool

    @property
    def verdict(self) -> int:
        """Index of the verdict; :data:`REJECTED` for *unsure*."""
        return self.choice if self.settled else REJECTED


def rule(bundle: Bundle, windows: Sequence[WindowPrediction]) -> Ruling:
    """The ruling on a clip from its windows; at least one holds a valid frame."""
    evidence = np.array([window.quality * window.num_valid_frames for window in windows], np.float32)
    qualities = np.array([window.quality for window in windows], np.float32)
    stacked = np.stack([window.probabilities for window in windows])
    probabilities, scores = clip_scores(stacked, qualities, evidence, bundle.scores)
    choice = int(decide(probabilities, scores))
    label = UNSURE if choice == REJECTED else bundle.info.labels[choice]
    own = np.array([window.label == label for window in windows])
    share = float(evidence[own].sum() / evidence.sum())
    return Ruling(probabilities, scores, choice, len(windows) == 1 or share >= bundle.config.clip_share - 1e-4)


def head_inputs(bundle: Bundle, features: FeatureSequence, normalized: NormalizedClip) -> tuple[Floats, Floats]:
    """What the head is given of T frames: Q-normalized features (T, m), 0 where masked, and weights (T,), likewise."""
    weights = np.where(normalized.mask, normalized.quality, 0).astype(np.float32)
    sequence = bundle.features.apply(features.features, normalized.quality)
    sequence[~normalized.mask] = 0
    return sequence, weights


def judge_windows(
    bundle: Bundle, head: HeadNetwork, features: FeatureSequence, normalized: NormalizedClip, times_s: Doubles
) -> tuple[tuple[WindowPrediction, ...], Floats]:
    """Run the LSTM over every window of a clip.

    Args:
        bundle: the model.
        head: its LSTM head, of the caller's thread.
        features: of the T frames.
        normalized: of the T frames.
        times_s: (T,) seconds.

    Returns:
        The windows, and step probabilities (T, C): at each frame the mean over the windows that hold it, later steps
        of a window weighted more because they have seen more; NaN where no face was found.
    """
    config = bundle.config
    total, steps = len(times_s), config.window_steps
    sequence, weights = head_inputs(bundle, features, normalized)
    length_s = float(np.median(np.diff(times_s))) if total > 1 else 0.0
    sums, seen = np.zeros((total, len(bundle.classes))), np.zeros(total)
    windows = []
    for start in window_starts(total, steps, config.hop_steps):
        span = slice(start, min(start + steps, total))
        padding = steps - (span.stop - start)
        logits = head(np.pad(sequence[span], ((0, padding), (0, 0))), np.pad(weights[span], (0, padding)))
        probabilities = calibrated(logits[: span.stop - start], bundle.temperature)
        trust = np.arange(1, len(probabilities) + 1)
        sums[span] += trust[:, np.newaxis] * probabilities
        seen[span] += trust
        end_s = float(times_s[span.stop - 1]) + length_s
        windows.append(_judge(bundle, probabilities[-1], weights[span], float(times_s[start]), end_s))
    running = np.where(normalized.mask[:, np.newaxis], sums / seen[:, np.newaxis], np.nan)
    return tuple(windows), running.astype(np.float32)


def predict(
    bundle: Bundle,
    windows: Sequence[WindowPrediction],
    step_probabilities: Floats,
    features: FeatureSequence,
    normalized: NormalizedClip,
    times_s: Doubles,
    duration_s: float,
) -> Prediction:
    """The verdict on the clip from its windows; at least one window holds a valid frame."""
    labels = bundle.info.labels
    ruling = rule(bundle, windows)
    probabilities = ruling.probabilities
    segments = _segments(bundle, windows, features, normalized.quality, times_s, duration_s)
    label, reason = UNSURE if ruling.verdict == REJECTED else labels[ruling.verdict], ""
    if label == UNSURE:
        change = "" if ruling.settled else _change_reason(segments)
        reason = change or _weak_reason(probabilities, labels, accepted=ruling.choice != REJECTED)
    salience, is_blend = _mix(bundle, label, features, normalized.quality)
    return Prediction(
        labels=labels,
        label=label,
        probability=float(probabilities.max() if label == UNSURE else probabilities[ruling.verdict]),
        probabilities=probabilities,
        salience=salience,
        is_blend=is_blend,
        reason=reason,
        windows=tuple(windows),
        step_probabilities=step_probabilities,
        segments=segments,
    )


def _judge(bundle: Bundle, last: Floats, weights: Floats, start_s: float, end_s: float) -> WindowPrediction:
    """One window's verdict from the probabilities (C,) at its last step and its frames' weights (T,)."""
    num_valid = int(np.count_nonzero(weights))
    quality = float(weights[weights > 0].mean()) if num_valid else 0.0
    scores = bundle.scores.apply(last[np.newaxis], np.array([quality], np.float32))[0]
    choice = int(decide(last, scores)) if num_valid >= bundle.config.min_face_frames else REJECTED
    label = UNSURE if choice == REJECTED else bundle.info.labels[choice]
    return WindowPrediction(start_s, end_s, label, last, scores, quality, num_valid)


def _mix(bundle: Bundle, label: str, features: FeatureSequence, quality: Floats) -> tuple[Mapping[str, float], bool]:
    """Salience of a verdict and whether it is a true blend; ({}, False) where it is no pair or no frame is usable."""
    if label == UNSURE or not features.mask.any():
        return {}, False
    hybrid = bundle.classes[bundle.info.labels.index(label)]
    salience = pair_salience(hybrid, features, quality, bundle.salience.get(label, SalienceCurve()))
    return salience, bool(salience) and min(salience.values()) >= bundle.config.blend_share


def _segments(
    bundle: Bundle,
    windows: Sequence[WindowPrediction],
    features: FeatureSequence,
    quality: Floats,
    times_s: Doubles,
    duration_s: float,
) -> tuple[Segment, ...]:
    """Spans of one verdict: neighbouring windows change over halfway between their centres."""
    centres = [(window.start_s + window.end_s) / 2 for window in windows]
    borders = [0.0, *((a + b) / 2 for a, b in pairwise(centres)), duration_s]
    segments: list[Segment] = []
    first = 0
    for index, window in enumerate(windows):
        label = window.label
        if index + 1 < len(windows) and windows[index + 1].label == label:
            continue
        mean = np.stack([member.probabilities for member in windows[first : index + 1]]).mean(axis=0)
        probability = float(mean.max() if label == UNSURE else mean[bundle.info.labels.index(label)])
        start_s, end_s = borders[first], borders[index + 1]
        inside = (times_s >= start_s) & (times_s < end_s)
        part = FeatureSequence(features.features[inside], features.emotions[inside], features.mask[inside])
        segments.append(Segment(start_s, end_s, label, probability, *_mix(bundle, label, part, quality[inside])))
        first = index + 1
    return tuple(segments)


def _change_reason(segments: tuple[Segment, ...]) -> str:
    """Why windows that each have a verdict give none together, one sentence; empty if they are all of one kind."""
    spans: dict[str, float] = {}
    for segment in segments:
        spans[segment.label] = spans.get(segment.label, 0.0) + segment.end_s - segment.start_s
    if len(spans) < 2:
        return ""
    parts = ", ".join(f"{display_name(label)} for {length:.1f} s" for label, length in spans.items())
    return f"The clip changes on the way ({parts}), so no single verdict fits all of it: see its segments."


def _weak_reason(probabilities: Floats, labels: tuple[str, ...], *, accepted: bool) -> str:
    """Why the most probable class is no verdict, one sentence; `accepted` if it is one but for its windows."""
    best, share = display_name(labels[int(probabilities.argmax())]), probabilities.max()
    fault = "most of the clip does not bear it out" if accepted else "does not pass the threshold for this quality"
    return f"The evidence is too weak: the most probable class, {best}, has {share:.0%} and {fault}."
