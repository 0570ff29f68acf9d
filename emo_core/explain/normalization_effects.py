"""What the normalization by quality does to one clip: its verdict with each part switched off, and without poor frames.

Nothing is trained for this: the same features go through the same LSTM and judge, with one part made flat.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emo_core.analysis import Analysis, Prediction
from emo_core.errors import NoFaceError
from emo_core.inference.windows import judge_windows, predict
from emo_core.model.bundle import Bundle
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.types import Doubles, Floats, NormalizedClip


@dataclass(frozen=True, slots=True)
class Switched:
    """A verdict with a part switched off.

    Attributes:
        part: key of the part, or ``none``.
        prediction: of the clip; None where a model never had the part.
    """

    part: str
    prediction: Prediction | None


@dataclass(frozen=True, slots=True, eq=False)
class Thinned:
    """The clip without its poorest frames.

    Attributes:
        least_quality: (n,) the quality that a frame must have, increasing.
        kept: (n,) share of the usable frames that is left.
        probabilities: (n, C) of the clip; NaN where too few frames are left.
        labels: n verdicts; empty where too few frames are left.
    """

    least_quality: Floats
    kept: Floats
    probabilities: Floats
    labels: tuple[str, ...]


def one_threshold(scores: ScoreNormalizer) -> ScoreNormalizer:
    """The same threshold for every quality: the mean over the neighbourhoods, weighted by their samples.

    Example:
        >>> ends = np.array([0.4, 0.8])
        >>> scores = ScoreNormalizer(np.array([0.6]), ends, np.array([1, 3]), True, np.array([[0.2], [0.6]]))
        >>> one_threshold(scores).threshold([0.1, 0.9]).round(6).tolist()
        [[0.5], [0.5]]
    """
    mean = np.average(scores.thresholds, axis=0, weights=scores.counts)[np.newaxis]
    return ScoreNormalizer(scores.edges[:0], _middle(scores), scores.counts.sum(keepdims=True), False, mean)


def one_scale(features: FeatureNormalizer) -> FeatureNormalizer:
    """The same μ and σ for every quality: those of the neighbourhoods' samples put together."""
    mean = np.average(features.mean, axis=0, weights=features.counts)
    within = np.average(features.std.astype(np.float64) ** 2, axis=0, weights=features.counts)
    between = np.average((features.mean - mean) ** 2, axis=0, weights=features.counts)
    std = np.sqrt(within + between)
    return FeatureNormalizer(
        features.edges[:0], _middle(features), features.counts.sum(keepdims=True), False,
        mean[np.newaxis].astype(np.float32), std[np.newaxis].astype(np.float32),
    )  # fmt: skip


def unit_scale(features: FeatureNormalizer) -> FeatureNormalizer:
    """What normalized features were brought to: μ = 0 and σ = 1 in every neighbourhood."""
    return replace(features, mean=np.zeros_like(features.mean), std=np.ones_like(features.std))


def switched(bundle: Bundle, analysis: Analysis) -> tuple[Switched, ...]:
    """The verdict as it is, then with each part off: thresholds by quality, weights by quality, features by quality."""
    clip = analysis.normalized
    if not clip.mask.any():
        raise NoFaceError("No frame of the clip is usable: choose one that shows a face for at least half a second.")
    mean = float(clip.quality[clip.mask].mean())
    alike = replace(clip, quality=np.where(clip.mask, mean, clip.quality).astype(np.float32))
    flat_scores = replace(bundle, scores=one_threshold(bundle.scores))
    has_features = len(bundle.features.counts) > 1
    flat_features = replace(bundle, features=one_scale(bundle.features))
    return (
        Switched("none", _judged(bundle, analysis, clip)),
        Switched("scores", _judged(flat_scores, analysis, clip)),
        Switched("weights", _judged(bundle, analysis, alike)),
        Switched("features", _judged(flat_features, analysis, clip) if has_features else None),
    )


def without_poor_frames(
    bundle: Bundle, analysis: Analysis, least_quality: Sequence[float], tell: Callable[[float], None] | None = None
) -> Thinned:
    """The verdict when frames under a quality are left out, for several such qualities.

    Args:
        bundle: the model.
        analysis: of the clip.
        least_quality: n qualities in [0, 1], increasing.
        tell: called with the share done as the work goes on.
    """
    clip = analysis.normalized
    probabilities = np.full((len(least_quality), len(bundle.classes)), np.nan, np.float32)
    kept, labels = np.zeros(len(least_quality), np.float32), []
    for row, least in enumerate(least_quality):
        if tell:
            tell(row / len(least_quality))
        mask = clip.mask & (clip.quality >= least)
        kept[row] = mask.sum() / max(int(clip.mask.sum()), 1)
        if mask.sum() < bundle.config.min_face_frames:
            labels.append("")
            continue
        prediction = _judged(bundle, analysis, replace(clip, mask=mask))
        probabilities[row] = prediction.probabilities
        labels.append(prediction.label)
    return Thinned(np.asarray(least_quality, np.float32), kept, probabilities, tuple(labels))


def _judged(bundle: Bundle, analysis: Analysis, clip: NormalizedClip) -> Prediction:
    features = replace(analysis.features, mask=clip.mask)
    times_s = analysis.timestamps_s
    windows, steps = judge_windows(bundle, bundle.head_network(), features, clip, times_s)
    return predict(bundle, windows, steps, features, clip.quality, times_s, analysis.video.end_s)


def _middle(normalizer: FeatureNormalizer | ScoreNormalizer) -> Doubles:
    """(1,) the mean of the neighbourhoods' centres, weighted by their samples."""
    return np.asarray([np.average(normalizer.centres, weights=normalizer.counts)], np.float64)
