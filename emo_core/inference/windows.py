"""From features to verdicts: windows through the LSTM, calibrated, thresholds that depend on quality, then the clip.

Everything that decides is here, so that a clip in the app and a clip in an evaluation are judged alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.analysis import Prediction, Segment, WindowPrediction
from emo_core.emotions import UNSURE
from emo_core.files.rows import release
from emo_core.inference.reasons import change_reason, rate_reason, weak_reason
from emo_core.inference.window_plan import NOTHING, TOO_FEW_HZ, find_gaps, is_below, plan_windows
from emo_core.model.bundle import Bundle, HeadNetwork
from emo_core.model.calibration import calibrated
from emo_core.model.normalization import ScoreNormalizer
from emo_core.model.presence import both_shown, mean_emotions, presence_of
from emo_core.model.salience import SalienceCurve, pair_salience
from emo_core.types import Booleans, Doubles, FeatureSequence, Floats, NormalizedClip

_SLACK_S = 1e-6
_ALL = slice(None)
_WINDOWS_AT_ONCE = 64  # whose features are in memory together

ABSTAIN = -1
"""Index that stands for *unsure* among class indices."""


def decide(probabilities: Floats, scores: Floats) -> NDArray[np.intp]:
    """The most probable class if it is accepted, s′ = s − θ(q) > 0 (method §4), else :data:`ABSTAIN`.

    A less probable class that passes a lower threshold of its own does not step in: that would be a guess.

    Args:
        probabilities: (…, C) calibrated.
        scores: (…, C) normalized scores.

    Returns:
        (…,) class indices.
    """
    best = np.argmax(probabilities, axis=-1)
    accepted = np.take_along_axis(scores, best[..., np.newaxis], axis=-1)[..., 0] > 0
    return np.where(accepted, best, ABSTAIN)


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
    scores = normalizer.transform(mean[np.newaxis], np.array([weights @ qualities], np.float32))[0]
    return mean / mean.sum(), scores


@dataclass(frozen=True, slots=True, eq=False)
class ClipDecision:
    """What the windows of a clip say together.

    Attributes:
        probabilities: (C,) float32, sums to 1.
        scores: (C,) float32, normalized scores s′.
        choice: the most probable class if it is accepted, else :data:`ABSTAIN`.
        settled: whether enough of the clip bears that out.
    """

    probabilities: Floats
    scores: Floats
    choice: int
    settled: bool

    @property
    def verdict(self) -> int:
        """Index of the verdict; :data:`ABSTAIN` for *unsure*."""
        return self.choice if self.settled else ABSTAIN


def aggregate_windows(bundle: Bundle, windows: Sequence[WindowPrediction]) -> ClipDecision:
    """The ruling on a clip from its windows; at least one holds a valid frame."""
    evidence = np.array([window.quality * window.face_s for window in windows], np.float32)
    qualities = np.array([window.quality for window in windows], np.float32)
    stacked = np.stack([window.probabilities for window in windows])
    probabilities, scores = clip_scores(stacked, qualities, evidence, bundle.scores)
    choice = int(decide(probabilities, scores))
    label = UNSURE if choice == ABSTAIN else bundle.info.labels[choice]
    own = np.array([window.label == label for window in windows])
    share = float(evidence[own].sum() / evidence.sum())
    is_one = len(windows) == 1 and windows[0].label != UNSURE
    return ClipDecision(probabilities, scores, choice, is_one or share >= bundle.config.clip_share - 1e-4)


def head_inputs(
    bundle: Bundle, features: FeatureSequence, normalized: NormalizedClip, frames: slice = _ALL
) -> tuple[Floats, Floats]:
    """What the head is given of T frames, or of some: Q-normalized features (T, m) and weights (T,), 0 where masked."""
    mask, quality = normalized.mask[frames], normalized.quality[frames]
    sequence = bundle.features.transform(features.features[frames], quality)
    sequence[~mask] = 0
    return sequence, np.where(mask, quality, 0).astype(np.float32)


def judge_windows(
    bundle: Bundle,
    head: HeadNetwork,
    features: FeatureSequence,
    normalized: NormalizedClip,
    times_s: Doubles,
    here: Booleans | None = None,
) -> tuple[tuple[WindowPrediction, ...], Floats]:
    """Run the LSTM over every window of a clip; what lies in files is read some windows at a time.

    Args:
        bundle: the model.
        head: its LSTM head, of the caller's thread.
        features: of the T frames.
        normalized: of the T frames.
        times_s: (T,) seconds.
        here: (T,) frames that there are at all, for whoever is away at others; every one by default.

    Returns:
        The windows, and step probabilities (T, C): at each frame the mean over the windows that hold it, later steps
        of a window weighted more because they have seen more; NaN where no face was found.
    """
    config = bundle.config
    frames = np.arange(len(times_s)) if here is None else np.flatnonzero(here)
    may_tell = not is_below(TOO_FEW_HZ, times_s[frames], config.sample_rate_hz)
    plan = plan_windows(times_s[frames], config)
    sums, seen = np.zeros((len(times_s), len(bundle.classes))), np.zeros(len(times_s))
    windows = []
    for first in range(0, len(plan.places), _WINDOWS_AT_ONCE):
        some = plan.places[first : first + _WINDOWS_AT_ONCE]
        begin, stop = frames[some[0, 0]], frames[some.max()] + 1
        sequence, weights = head_inputs(bundle, features, normalized, slice(begin, stop))
        for places, span_s in zip(some, plan.spans_s[first : first + _WINDOWS_AT_ONCE], strict=True):
            inside = frames[places[places != NOTHING]]
            own = weights[inside - begin]
            padding = len(places) - len(inside)
            logits = head(np.pad(sequence[inside - begin], ((0, padding), (0, 0))), np.pad(own, (0, padding)))
            probabilities = bundle.evidence.running(
                bundle.classes, calibrated(logits[: len(inside)], bundle.temperature), features.emotions[inside],
                normalized.mask[inside],
            )  # fmt: skip
            trust = np.arange(1, len(probabilities) + 1)
            np.add.at(sums, inside, trust[:, np.newaxis] * probabilities)
            np.add.at(seen, inside, trust)
            num_valid = len(np.unique(inside[own > 0]))
            windows.append(_judge(bundle, probabilities[-1], own, span_s, num_valid, may_tell=may_tell))
        release(features.features)
    running = np.where(normalized.mask[:, np.newaxis], sums / np.maximum(seen, 1)[:, np.newaxis], np.nan)
    return tuple(windows), running.astype(np.float32)


def predict(
    bundle: Bundle,
    windows: Sequence[WindowPrediction],
    step_probabilities: Floats,
    features: FeatureSequence,
    quality: Floats,
    times_s: Doubles,
    end_s: float,
) -> Prediction:
    """The verdict on the clip from its windows.

    Args:
        bundle: the model.
        windows: of the clip; at least one holds a valid frame.
        step_probabilities: (T, C) after each frame.
        features: of the T frames, of which the emotions are read.
        quality: (T,) of the frames.
        times_s: (T,) seconds.
        end_s: end of the clip.
    """
    labels = bundle.info.labels
    ruling = aggregate_windows(bundle, windows)
    probabilities = ruling.probabilities
    segments = _segments(bundle, windows, features, quality, times_s, end_s)
    label, reason = UNSURE if ruling.verdict == ABSTAIN else labels[ruling.verdict], ""
    if label == UNSURE:
        change = rate_reason(bundle, times_s) or ("" if ruling.settled else change_reason(segments))
        reason = change or weak_reason(probabilities, labels, accepted=ruling.choice != ABSTAIN)
    mix = shown_mix(bundle, label, features, quality)
    return Prediction(
        labels=labels,
        label=label,
        probability=float(probabilities.max() if label == UNSURE else probabilities[ruling.verdict]),
        probabilities=probabilities,
        **mix,
        reason=reason,
        windows=tuple(windows),
        step_probabilities=step_probabilities,
        segments=segments,
    )


def _judge(
    bundle: Bundle, last: Floats, weights: Floats, span_s: tuple[float, float], num_valid: int, *, may_tell: bool
) -> WindowPrediction:
    """One window's verdict from the probabilities (C,) at its last step and its steps' weights (n,)."""
    num_steps = int(np.count_nonzero(weights))
    quality = float(weights[weights > 0].mean()) if num_steps else 0.0
    scores = bundle.scores.transform(last[np.newaxis], np.array([quality], np.float32))[0]
    enough = may_tell and num_steps >= bundle.config.min_face_frames
    choice = int(decide(last, scores)) if enough else ABSTAIN
    label = UNSURE if choice == ABSTAIN else bundle.info.labels[choice]
    face_s = num_steps / bundle.config.sample_rate_hz
    return WindowPrediction(float(span_s[0]), float(span_s[1]), label, last, scores, quality, num_valid, face_s)


def shown_mix(bundle: Bundle, label: str, features: FeatureSequence, quality: Floats) -> dict[str, Any]:
    """What the frames of a verdict show: emotions, and for a pair presence, salience and whether it is a blend.

    Args:
        bundle: the model.
        label: verdict.
        features: of the T frames it is on.
        quality: (T,) in [0, 1].
    """
    emotions = mean_emotions(features, quality)
    if label == UNSURE or not emotions:
        return {"emotions": emotions, "presence": {}, "salience": {}, "is_blend": False}
    hybrid = bundle.classes[bundle.info.labels.index(label)]
    salience = pair_salience(hybrid, features, quality, bundle.salience.get(label, SalienceCurve()))
    presence = presence_of(hybrid, emotions)
    if label in bundle.blend_thresholds:
        is_blend = bool(both_shown(np.array(list(presence.values()))) >= bundle.blend_thresholds[label])
    else:
        is_blend = bool(salience) and min(salience.values()) >= bundle.config.blend_share
    return {"emotions": emotions, "presence": presence, "salience": salience, "is_blend": is_blend}


def _segments(
    bundle: Bundle,
    windows: Sequence[WindowPrediction],
    features: FeatureSequence,
    quality: Floats,
    times_s: Doubles,
    end_s: float,
) -> tuple[Segment, ...]:
    """Spans of one verdict: neighbouring windows change over halfway between their centres, and no span has a gap."""
    rate_hz = bundle.config.sample_rate_hz
    gaps = find_gaps(times_s, rate_hz)
    begins = np.array([float(times_s[0]), *(gap_end_s for _, gap_end_s in gaps)])
    ends_s = [*(gap_start_s for gap_start_s, _ in gaps), end_s]
    run_of = np.searchsorted(begins, [window.start_s + _SLACK_S for window in windows], side="right") - 1
    bounds = np.searchsorted(run_of, np.arange(len(begins) + 1))
    segments: list[Segment] = []
    for run, (begin_s, run_end_s) in enumerate(zip(begins, ends_s, strict=True)):
        members = windows[bounds[run] : bounds[run + 1]]
        centres = [(window.start_s + window.end_s) / 2 for window in members]
        borders = [float(begin_s), *((a + b) / 2 for a, b in pairwise(centres)), run_end_s]
        first = 0
        for index, window in enumerate(members):
            if index + 1 < len(members) and members[index + 1].label == window.label:
                continue
            start_s, stop_s = borders[first], borders[index + 1]
            inside = slice(*np.searchsorted(times_s, [start_s, stop_s]))
            nothing = features.emotions[inside, :0]  # the features themselves are not asked for
            part = FeatureSequence(nothing, features.emotions[inside], features.mask[inside])
            mix = shown_mix(bundle, window.label, part, quality[inside])
            probability = _mean_of(bundle, members[first : index + 1])
            segments.append(Segment(start_s, stop_s, window.label, probability, **mix))
            first = index + 1
    return tuple(segments)


def _mean_of(bundle: Bundle, windows: Sequence[WindowPrediction]) -> float:
    """Mean probability of the label that windows share; of the most probable class if they are unsure."""
    mean = np.stack([window.probabilities for window in windows]).mean(axis=0)
    label = windows[0].label
    return float(mean.max() if label == UNSURE else mean[bundle.info.labels.index(label)])
