"""Frame importance: what the verdict owes to each frame, by leaving it out."""

from collections.abc import Callable

import numpy as np

from emo_core.analysis import Analysis
from emo_core.explain.attribution import LEAST_PROBABILITY, padded, windows_of
from emo_core.explain.numpy_lstm import LstmHead
from emo_core.inference.windows import clip_scores, head_inputs
from emo_core.model.bundle import Bundle
from emo_core.model.calibration import calibrated
from emo_core.types import Floats


def frame_importance(
    bundle: Bundle,
    head: LstmHead,
    analysis: Analysis,
    label: str | None = None,
    tell: Callable[[float], None] | None = None,
) -> Floats:
    """How far the margin of the verdict falls when a frame is masked, (T,) float32, in log-odds.

    The verdict is that of the windows that hold the frame, put together as the judge does; its margin is the log of the
    probability of the class over that of the best other one.

    Args:
        bundle: the model.
        head: its LSTM.
        analysis: of the clip.
        label: a class; by default, at each frame, the one that is shown there, or the most probable one if unsure.
        tell: called with the share done as the work goes on.

    Returns:
        Above 0 where the frame speaks for the class, below where against it; 0 where it is masked already.
    """
    sequence, weights = head_inputs(bundle, analysis.features, analysis.normalized)
    labels = bundle.info.labels
    emotions = np.nan_to_num(analysis.features.emotions)
    wanted = None if label is None else labels.index(label)
    held: dict[int, list[tuple[Floats, Floats, Floats, Floats]]] = {}  # frame → with and without it, by window
    for places, own in windows_of(bundle, weights, analysis.timestamps_s):
        if tell:
            tell(places[0, 0] / len(weights))
        windows, seen = padded(sequence, places), padded(emotions, places)
        whole = calibrated(head.run(windows, own).logits[:, -1], bundle.temperature)
        whole = bundle.evidence.together(bundle.classes, whole, seen, own)
        which, frames = np.unique(np.stack([np.nonzero(own)[0], places[own > 0]]), axis=1)
        left = np.where(places[which] == frames[:, np.newaxis], 0, own[which])  # a variant without each valid frame
        without = calibrated(head.last_logits(windows, which, left), bundle.temperature)
        without = bundle.evidence.together(bundle.classes, without, seen[which], left)
        for window, frame, *rest in zip(which, frames.tolist(), without, left, strict=True):
            held.setdefault(frame, []).append((whole[window], own[window], *rest))
    result = np.zeros(len(weights), np.float32)
    for frame, windows_with_it in held.items():
        probabilities, own, without_it, remaining = (np.stack(part) for part in zip(*windows_with_it, strict=True))
        before = _together(bundle, probabilities, own)
        shown = _shown_at(analysis, float(analysis.timestamps_s[frame])) if wanted is None else wanted
        choice = int(before.argmax()) if shown is None else shown
        result[frame] = _margin(before, choice) - _margin(_together(bundle, without_it, remaining), choice)
    return result


def _together(bundle: Bundle, probabilities: Floats, weights: Floats) -> Floats:
    """Probabilities (C,) of windows (W, C) as the judge puts them together; all alike without a valid frame."""
    evidence = weights.sum(axis=1)
    if not evidence.any():
        return np.full(probabilities.shape[1], 1 / probabilities.shape[1], np.float32)
    quality = evidence / np.maximum(np.count_nonzero(weights, axis=1), 1)
    return clip_scores(probabilities, quality.astype(np.float32), evidence, bundle.scores)[0]


def _margin(probabilities: Floats, choice: int) -> float:
    """Log of the probability of a class over that of the best other one."""
    levels = np.log(np.maximum(probabilities, LEAST_PROBABILITY))
    return float(levels[choice] - np.delete(levels, choice).max())


def _shown_at(analysis: Analysis, time_s: float) -> int | None:
    """Index of the class that the part around `time_s` shows; None where it is unsure."""
    labels = analysis.prediction.labels
    label = next((item.label for item in analysis.prediction.segments if time_s < item.end_s), None)
    return labels.index(label) if label in labels else None
