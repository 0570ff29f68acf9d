"""Why a verdict is what it is: class heatmaps through CNN and LSTM, and how much each frame counts.

The frame feature is the mean of the feature map, so one gradient of a class score by the feature, through the LSTM and
the normalization, weights the channels of the map (Grad-CAM, Selvaraju et al. 2017). A sure LSTM is saturated; its
gradient says what would still change, not what the score rests on. So the gradient is the mean of those on the way from
a blank face to the face (integrated gradients, Sundararajan et al. 2017), and the map is that of the face less that of
the blank. The head is small enough to go through in NumPy (:mod:`emo_core.explain.numpy_lstm`), without TensorFlow.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_core.explain.numpy_lstm import LstmHead, Trace
from emo_core.inference.window_plan import plan_windows
from emo_core.inference.windows import calibrated, clip_scores, head_inputs
from emo_core.model.bundle import Bundle, FrameNetwork
from emo_core.types import Analysis, Doubles, FeatureSequence, Floats, NormalizedClip, check_shape

Indices = NDArray[np.intp]

_LEAST_PROBABILITY = 1e-6
_WINDOWS_AT_ONCE = 32  # bounds the memory of their variants
_PATH_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Where in its frames, and in which of them, a clip holds the evidence for each class.

    Attributes:
        labels: the C classes.
        frames: (n,) indices of the frames that heatmaps were asked for.
        heatmaps: (C, n, h, w) float32 in [0, 1], the largest value of a map 1; 0 all over where a frame is masked or
            nothing in it speaks for the class.
        frame_importance: (T,) float32, see :func:`frame_importance`.
    """

    labels: tuple[str, ...]
    frames: Indices
    heatmaps: Floats
    frame_importance: Floats

    def __post_init__(self) -> None:
        check_shape("frames", self.frames, (None,))
        check_shape("heatmaps", self.heatmaps, (len(self.labels), len(self.frames), None, None))
        check_shape("frame_importance", self.frame_importance, (None,))


def explain(bundle: Bundle, head: LstmHead, cnn: FrameNetwork, analysis: Analysis, frames: Indices) -> Explanation:
    """Heatmaps of some frames for every class, and the importance of all frames for the verdict.

    Args:
        bundle: the model that made the analysis.
        head: its LSTM.
        cnn: its frame CNN, of the caller's thread.
        analysis: of the clip.
        frames: (n,) indices of the frames to draw; a feature map is big, so it is made anew and dropped.

    Example:
        >>> from emo_core.model.bundle import load_bundle
        >>> from emo_core.explain.numpy_lstm import load_lstm
        >>> from emo_core.inference.pipeline import analyze
        >>> bundle = load_bundle("models/hybrid")
        >>> head = load_lstm(bundle)
        >>> analysis = analyze("assets/pexels_distress_to_laughter.mp4", bundle)
        >>> explain(bundle, head, bundle.frame_network(), analysis, np.array([20, 150])).heatmaps.shape
        (3, 2, 6, 6)
    """
    return Explanation(
        labels=bundle.info.labels,
        frames=frames,
        heatmaps=heatmaps(bundle, head, cnn, analysis.features, analysis.normalized, analysis.timestamps_s, frames),
        frame_importance=frame_importance(bundle, head, analysis),
    )


def heatmaps(
    bundle: Bundle,
    head: LstmHead,
    cnn: FrameNetwork,
    features: FeatureSequence,
    normalized: NormalizedClip,
    times_s: Doubles,
    frames: Indices,
) -> Floats:
    """Where in each frame the evidence for each class lies.

    The score of a class is its log-odds after the last step of a window; a frame takes the mean over the windows that
    hold it, weighted by their evidence (summed quality).

    Returns:
        (C, n, h, w) float32 in [0, 1] for `frames` (n,), as in :class:`Explanation`.
    """
    blank = blank_map(cnn, normalized.faces.shape[1])
    gradients = evidence_gradients(bundle, head, blank, features, normalized, times_s, frames)
    return class_heatmaps(cnn.feature_maps(normalized.faces[frames]) - blank, gradients)


def evidence_gradients(
    bundle: Bundle,
    head: LstmHead,
    blank: Floats,
    features: FeatureSequence,
    normalized: NormalizedClip,
    times_s: Doubles,
    frames: Indices,
) -> Floats:
    """What weights the channels of a frame's feature map in :func:`heatmaps`, up to a factor of the frame.

    Args:
        bundle: the model.
        head: its LSTM.
        blank: (h, w, m) from :func:`blank_map`.
        features: of the T frames.
        normalized: of the T frames.
        times_s: (T,) seconds.
        frames: (n,) indices.

    Returns:
        (C, n, m) float32, 0 where a frame is masked.
    """
    sequence, weights = head_inputs(bundle, features, normalized)
    baseline = features.features.copy()  # what is no part of the map, such as blendshapes, stays as it is
    baseline[:, : blank.shape[-1]] = blank.mean(axis=(0, 1))
    baseline = bundle.features.apply(baseline, normalized.quality)
    place = np.full(len(weights) + 1, -1)  # of each frame among those asked for; NOTHING is the last
    place[frames] = np.arange(len(frames))
    sums = np.zeros((len(bundle.classes), len(frames), sequence.shape[1]), np.float32)
    for places, their_weights in windows_of(bundle, weights, times_s, frames):
        found = path_gradients(head, padded(sequence, places), padded(baseline, places), their_weights)
        for window, held in enumerate(place[places]):
            share = their_weights[window].sum() * found[:, window, held >= 0]
            np.add.at(sums.swapaxes(0, 1), held[held >= 0], share.swapaxes(0, 1))  # a frame may fill several steps
    deviation = bundle.features.statistics(normalized.quality[frames])[1]
    gradients = np.where(normalized.mask[frames, np.newaxis], sums / deviation, 0)
    return np.asarray(gradients[:, :, : blank.shape[-1]], np.float32)


def blank_map(cnn: FrameNetwork, side: int) -> Floats:
    """Feature map (h, w, m) of a crop of one grey, the mean of every normalized crop: what no evidence looks like."""
    return np.asarray(cnn.feature_maps(np.full((1, side, side), 0.5, np.float32))[0], np.float32)


def class_heatmaps(maps: Floats, gradients: Floats) -> Floats:
    """ReLU(Σ_m g_t,m · A_t,m), each map scaled to a maximum of 1.

    Args:
        maps: (n, h, w, m) feature maps A_t.
        gradients: (…, n, m) gradients g_t of a class score by the frame feature.

    Returns:
        (…, n, h, w) float32 in [0, 1]; all 0 where nothing speaks for the class.
    """
    raw = np.maximum(np.einsum("nhwm,...nm->...nhw", maps, gradients, optimize=True), 0)
    peak = raw.max(axis=(-2, -1), keepdims=True)
    return np.asarray(raw / np.where(peak > 0, peak, 1), np.float32)


def path_gradients(head: LstmHead, windows: Floats, baseline: Floats, weights: Floats) -> Floats:
    """Mean gradient of every class score by the features, on the straight way from a baseline to the windows.

    Times the difference of the two, and summed over a window, it gives the difference of their scores.

    Args:
        head: the LSTM.
        windows: (B, T, m) float32, Q-normalized.
        baseline: (B, T, m) float32, likewise.
        weights: (B, T) float32, 0 = masked.

    Returns:
        (C, B, T, m) float32.
    """
    shares = (np.arange(_PATH_STEPS, dtype=np.float32) + 0.5) / _PATH_STEPS
    way = baseline + shares[:, np.newaxis, np.newaxis, np.newaxis] * (windows - baseline)
    trace = head.run(way.reshape(-1, *windows.shape[1:]), np.tile(weights, (_PATH_STEPS, 1)))
    last = trace.logits[:, -1]
    found = [head.gradient(trace, log_odds_gradient(last, label)) for label in range(last.shape[1])]
    return np.stack([values.reshape(way.shape).mean(axis=0) for values in found])


def log_odds(logits: Floats) -> Floats:
    """Score of each class, log p_k − log(1 − p_k), (…, C) from logits (…, C)."""
    others = np.stack([_log_sum(np.delete(logits, label, axis=-1)) for label in range(logits.shape[-1])], axis=-1)
    return np.asarray(logits - others, np.float32)


def log_odds_gradient(logits: Floats, label: int) -> Floats:
    """Gradient of the log-odds of class `label` by the logits (…, C)."""
    others = np.array(logits, np.float32)
    others[..., label] = -np.inf
    powers = np.exp(others - others.max(axis=-1, keepdims=True))
    gradient = -powers / powers.sum(axis=-1, keepdims=True)
    gradient[..., label] = 1
    return np.asarray(gradient, np.float32)


def windows_of(
    bundle: Bundle, weights: Floats, times_s: Doubles, frames: Indices | None = None
) -> Iterator[tuple[Indices, Floats]]:
    """The windows that the judge reads, some at once.

    Args:
        bundle: the model.
        weights: (T,) from :func:`~emo_core.inference.windows.head_inputs`.
        times_s: (T,) seconds.
        frames: only windows that hold one of these, if given.

    Yields:
        The frames of each window (B, steps) as :class:`~emo_core.inference.window_plan.WindowPlan` has them, and their
        weights (B, steps), 0 where there is none.
    """
    every = plan_windows(times_s, bundle.config).places
    if frames is not None:
        every = every[np.isin(every, frames).any(axis=1)]
    for first in range(0, len(every), _WINDOWS_AT_ONCE):
        places = every[first : first + _WINDOWS_AT_ONCE]
        yield places, padded(weights, places)


def padded(values: Floats, places: Indices) -> Floats:
    """Rows of `values` (T, …) at `places` (any shape); 0 where there is no frame."""
    return np.asarray(np.pad(values, [(0, 1)] + [(0, 0)] * (values.ndim - 1))[places], np.float32)


def trace_at(bundle: Bundle, head: LstmHead, analysis: Analysis, frame: int) -> tuple[Indices, Trace]:
    """Frames (steps,) of the window whose middle is nearest to `frame`, and what went on in the LSTM over it.

    The frames are as :class:`~emo_core.inference.window_plan.WindowPlan` has them.
    """
    sequence, weights = head_inputs(bundle, analysis.features, analysis.normalized)
    plan = plan_windows(analysis.timestamps_s, bundle.config)
    here_s = analysis.timestamps_s[frame]
    length_s = bundle.config.window_steps / bundle.config.sample_rate_hz
    centres_s = plan.spans_s[:, 0] + length_s / 2
    places = plan.places[int(np.abs(centres_s - here_s).argmin())][np.newaxis]
    return places[0], head.run(padded(sequence, places), padded(weights, places))


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
    levels = np.log(np.maximum(probabilities, _LEAST_PROBABILITY))
    return float(levels[choice] - np.delete(levels, choice).max())


def _shown_at(analysis: Analysis, time_s: float) -> int | None:
    """Index of the class that the part around `time_s` shows; None where it is unsure."""
    labels = analysis.prediction.labels
    label = next((item.label for item in analysis.prediction.segments if time_s < item.end_s), None)
    return labels.index(label) if label in labels else None


def _log_sum(values: Floats) -> Floats:
    peak = values.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(values - peak).sum(axis=-1)) + peak[..., 0], np.float32)
