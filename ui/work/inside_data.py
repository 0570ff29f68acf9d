"""What the tabs below a verdict compute of a whole clip; workers do it, so nothing here loads Streamlit."""

from collections.abc import Callable, Sequence

import numpy as np

from emo_core.analysis import Analysis
from emo_core.explain import normalization_effects
from emo_core.explain.importance import frame_importance
from emo_core.explain.normalization_effects import Switched, Thinned
from emo_core.explain.numpy_lstm import load_lstm
from emo_core.model.bundle import Bundle
from emo_core.types import Floats

Progress = Callable[[str, float], None]
"""Called with what is done and the share of it; an exception that it raises ends the work."""


def importance(bundle: Bundle, analysis: Analysis, label: str, *, progress: Progress) -> Floats:
    """How much each frame counts for a class, (T,): see :func:`~emo_core.explain.importance.frame_importance`."""
    return frame_importance(
        bundle, load_lstm(bundle), analysis, label, lambda share: progress("Leaving out every frame in turn", share)
    )


def feature_columns(bundle: Bundle, analysis: Analysis, *, progress: Progress) -> tuple[Floats, Floats]:
    """The features of all frames as they are and normalized, in few columns, in one order that puts alike together."""
    from emo_core.report.charts.inside import columns_of, similar_first

    progress("Reading the features", 0.0)
    raw, mask = analysis.features.features, analysis.normalized.mask
    normalized = bundle.features.transform(raw, analysis.normalized.quality)
    some = np.flatnonzero(mask)[:: max(1, int(mask.sum()) // 600)]
    order = similar_first(normalized[some])
    return columns_of(raw[:, order], mask), columns_of(normalized[:, order], mask)


def one_feature(
    bundle: Bundle, analysis: Analysis, feature: int | None, *, progress: Progress
) -> tuple[int, Floats, Floats]:
    """A feature in the frames that count.

    Args:
        bundle: the model.
        analysis: of the clip.
        feature: its number; None for the one that changes most.
        progress: called as the work goes on.

    Returns:
        Its number, and (n,) as it is and normalized.
    """
    progress("Reading the features", 0.0)
    clip, values = analysis.normalized, analysis.features.features
    normalized = bundle.features.transform(values, clip.quality)[clip.mask]
    number = int(np.argmax(normalized.std(axis=0))) if feature is None else feature
    return number, values[clip.mask][:, number], normalized[:, number].copy()


def thinned(bundle: Bundle, analysis: Analysis, least_quality: Sequence[float], *, progress: Progress) -> Thinned:
    """The verdict without poor frames: see :func:`~emo_core.explain.normalization_effects.without_poor_frames`."""
    return normalization_effects.without_poor_frames(
        bundle, analysis, least_quality, lambda share: progress("Judging without poor frames", share)
    )


def switched(bundle: Bundle, analysis: Analysis, *, progress: Progress) -> tuple[Switched, ...]:
    """The verdict with each part off: see :func:`~emo_core.explain.normalization_effects.switched`."""
    progress("Judging with each part off", 0.0)
    return normalization_effects.switched(bundle, analysis)
