"""Why the verdict on a clip is what it is, in one call: heatmaps of chosen frames, and what each frame counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_core.analysis import Analysis
from emo_core.explain.attribution import Indices, heatmaps
from emo_core.explain.importance import frame_importance
from emo_core.explain.numpy_lstm import load_lstm
from emo_core.model.bundle import Bundle
from emo_core.types import Doubles, Floats


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What a verdict rests on.

    Attributes:
        labels: C classes.
        frames: (n,) which frames of the analysis have heatmaps.
        times_s: (n,) their times on the file's own clock.
        heatmaps: (C, n, h, w) float32 in [0, 1], where in the aligned face the evidence for each class lies; 0 all over
            where a frame does not count or nothing in it speaks for the class.
        importance: (T,) float32, log-odds that the verdict loses when the frame is masked; for all frames.

    Example:
        >>> from emo_core import analyze, explain_verdict, load_bundle
        >>> bundle = load_bundle()
        >>> found = explain_verdict(analyze("assets/demo/clips/person_01/other_4.mp4", bundle), bundle, [0])
        >>> found.heatmaps.shape[:2], bool(found.heatmaps.max() <= 1)
        ((3, 1), True)
    """

    labels: tuple[str, ...]
    frames: Indices
    times_s: Doubles
    heatmaps: Floats
    importance: Floats


def explain_verdict(analysis: Analysis, bundle: Bundle, frames: Sequence[int] | None = None) -> Explanation:
    """Look into the verdict on one person of a clip.

    Args:
        analysis: of the clip; :meth:`Analysis.about` tells it about another person.
        bundle: the model that made it.
        frames: indices of the frames to draw heatmaps for; every one by default.

    Raises:
        BundleError: the model came without the weights of its LSTM.
        ValueError: the analysis is of another model, or has no such frame.

    Example:
        >>> from emo_core import analyze, load_bundle
        >>> bundle = load_bundle()
        >>> analysis = analyze("assets/demo/clips/person_01/other_4.mp4", bundle)
        >>> len(explain_verdict(analysis, bundle, [3, 4]).importance) == len(analysis.timestamps_s)
        True
    """
    count = len(analysis.timestamps_s)
    chosen = np.arange(count) if frames is None else np.asarray(frames, np.intp)
    if analysis.model != bundle.info:
        raise ValueError(f"the analysis is of model {analysis.model.title}, the bundle is {bundle.info.title}")
    if len(chosen) and not (chosen.min() >= 0 and chosen.max() < count):
        raise ValueError(f"frames must lie in 0…{count - 1}, the frames of the analysis")
    head = load_lstm(bundle)
    maps = heatmaps(bundle, head, bundle.frame_network(), analysis, chosen)
    importance = frame_importance(bundle, head, analysis)
    return Explanation(bundle.info.labels, chosen, analysis.timestamps_s[chosen], maps, importance)
