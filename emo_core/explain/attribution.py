"""Why a verdict is what it is: class heatmaps through CNN and LSTM, and how much each frame counts.

The frame feature is the mean of the feature map, so one gradient of a class score by the feature, through the LSTM and
the normalization, weights the channels of the map (Grad-CAM, Selvaraju et al. 2017). A sure LSTM is saturated; its
gradient says what would still change, not what the score rests on. So the gradient is the mean of those on the way from
a blank face to the face (integrated gradients, Sundararajan et al. 2017), and the map is that of the face less that of
the blank. The head is small enough to go through in NumPy (:mod:`emo_core.explain.numpy_lstm`), without TensorFlow.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emo_core.analysis import Analysis
from emo_core.explain.numpy_lstm import LstmHead, Trace
from emo_core.inference.window_plan import plan_windows
from emo_core.inference.windows import head_inputs
from emo_core.model.bundle import Bundle, FrameNetwork
from emo_core.types import Doubles, Floats

Indices = NDArray[np.intp]

LEAST_PROBABILITY = 1e-6
_WINDOWS_AT_ONCE = 32  # bounds the memory of their variants
_FRAMES_AT_ONCE = 32  # bounds the memory of their feature maps
_PATH_STEPS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What frames hold for and against each class.

    Attributes:
        activations: (n, h, w, m) feature maps A_t.
        maps: (n, h, w, m) the same less the map of a blank face.
        gradients: (C, n, m) gradients g_t of each class score by the frame feature, up to a factor of the frame.
    """

    activations: Floats
    maps: Floats
    gradients: Floats

    @property
    def heatmaps(self) -> Floats:
        """ReLU(Σ_m g_t,m · A_t,m), (C, n, h, w) float32 in [0, 1], each scaled to a maximum of 1.

        All 0 where nothing speaks for the class.
        """
        raw = np.maximum(np.einsum("nhwm,cnm->cnhw", self.maps, self.gradients, optimize=True), 0)
        peak = raw.max(axis=(-2, -1), keepdims=True)
        return np.asarray(raw / np.where(peak > 0, peak, 1), np.float32)


def heatmaps(bundle: Bundle, head: LstmHead, cnn: FrameNetwork, analysis: Analysis, frames: Indices) -> Floats:
    """Where in each frame the evidence for each class lies; the arguments are those of :func:`find_evidence`.

    Returns:
        (C, n, h, w) float32 in [0, 1] for `frames` (n,), the largest value of a map 1; 0 all over where a frame is
        masked or nothing in it speaks for the class.
    """
    return np.concatenate([some.heatmaps for some in find_evidence(bundle, head, cnn, analysis, frames)], axis=1)


def find_evidence(
    bundle: Bundle,
    head: LstmHead,
    cnn: FrameNetwork,
    analysis: Analysis,
    frames: Indices,
    *,
    at_once: int = _FRAMES_AT_ONCE,
) -> Iterator[Evidence]:
    """What frames of a clip hold for each class.

    The score of a class is its log-odds after the last step of a window; a frame takes the mean over the windows that
    hold it, weighted by their evidence (summed quality).

    Args:
        bundle: the model.
        head: its LSTM.
        cnn: its frame CNN.
        analysis: of the clip, of T frames.
        frames: (n,) indices below T; one may come several times.
        at_once: frames whose feature maps are held at a time.

    Yields:
        The evidence of the frames in turn, so many at once.
    """
    faces = analysis.normalized.faces
    blank = blank_map(cnn, faces.shape[1])
    own, step = np.unique(frames, return_inverse=True)
    gradients = evidence_gradients(bundle, head, blank, analysis, own)[:, step]
    for first in range(0, len(frames), at_once):
        some = slice(first, first + at_once)
        activations = cnn.feature_maps(faces[frames[some]])
        yield Evidence(activations, activations - blank, gradients[:, some])


def evidence_gradients(bundle: Bundle, head: LstmHead, blank: Floats, analysis: Analysis, frames: Indices) -> Floats:
    """The gradients of :class:`Evidence`.

    Args:
        bundle: the model.
        head: its LSTM.
        blank: (h, w, m) from :func:`blank_map`.
        analysis: of the clip, of T frames.
        frames: (n,) indices below T, each once.

    Returns:
        (C, n, m) float32, 0 where a frame is masked.
    """
    features, normalized = analysis.features, analysis.normalized
    sequence, weights = head_inputs(bundle, features, normalized)
    baseline = features.features.copy()  # what is no part of the map, such as blendshapes, stays as it is
    baseline[:, : blank.shape[-1]] = blank.mean(axis=(0, 1))
    baseline = bundle.features.transform(baseline, normalized.quality)
    place = np.full(len(weights) + 1, -1)  # of each frame among those asked for; NOTHING is the last
    place[frames] = np.arange(len(frames))
    sums = np.zeros((len(bundle.classes), len(frames), sequence.shape[1]), np.float32)
    for places, their_weights in windows_of(bundle, weights, analysis.timestamps_s, frames):
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
    """Score of each class, log p_k − log(1 − p_k): (…, C) float32 from logits (…, C)."""
    others = np.stack([_log_sum(np.delete(logits, label, axis=-1)) for label in range(logits.shape[-1])], axis=-1)
    return np.asarray(logits - others, np.float32)


def log_odds_gradient(logits: Floats, label: int) -> Floats:
    """Gradient of the log-odds of class `label`, an index below C, by the logits: (…, C) float32 from (…, C)."""
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

    Args:
        bundle: the model.
        head: its LSTM.
        analysis: of the clip.
        frame: index of a frame.
    """
    sequence, weights = head_inputs(bundle, analysis.features, analysis.normalized)
    plan = plan_windows(analysis.timestamps_s, bundle.config)
    here_s = analysis.timestamps_s[frame]
    length_s = bundle.config.window_steps / bundle.config.sample_rate_hz
    centres_s = plan.spans_s[:, 0] + length_s / 2
    places = plan.places[int(np.abs(centres_s - here_s).argmin())][np.newaxis]
    return places[0], head.run(padded(sequence, places), padded(weights, places))


def _log_sum(values: Floats) -> Floats:
    peak = values.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(values - peak).sum(axis=-1)) + peak[..., 0], np.float32)
