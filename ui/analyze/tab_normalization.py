"""The tab that makes the normalization by quality visible: neighbourhoods, μ and σ, thresholds, each part off."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from emo_core.emotions import UNSURE, display_percent
from ui.analyze import heatmap_view
from ui.shell import errors
from ui.state import position, session
from ui.widgets import charts, tables

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.explain.normalization_effects import Switched, Thinned
    from emo_core.model.bundle import Bundle

_LEVELS, _LEVELS_OF_A_LONG_CLIP = 21, 11
_LONG = 2000  # frames; each level judges the whole clip again
_PARTS = {
    "none": "As it is",
    "scores": "One threshold for every quality",
    "weights": "Every frame weighs the same",
    "features": "One μ and σ for every quality",
}


def render(result: session.Result) -> None:
    """Neighbourhoods, thresholds, what is switched off, and the answer to which threshold to use."""
    from emo_core.report.charts import normalization as figures

    analysis, bundle = result.analysis, result.bundle
    clip = analysis.normalized
    quality = clip.quality[clip.mask]
    st.header("Which quality threshold should I use?", anchor="threshold")
    thinned = heatmap_view.of_whole_clip(result, "thinned", _levels(analysis))
    st.markdown(_answer(bundle, analysis, thinned))
    charts.render(figures.thinned_figure(thinned, bundle.info.labels), "thinned", "Verdict without poor frames")
    _read(
        "What the clip as a whole would get if only frames of at least that quality counted, and the share left.",
        "A verdict that stays the same need not be right: the About page says how the model was measured.",
    )
    st.header("Quality bins", anchor="neighbourhoods")
    left, right = st.columns([3, 2], gap="large")
    with left:
        here = float(clip.quality[position.frame(result)]) if clip.mask[position.frame(result)] else None
        figure = figures.neighbourhood_figure(quality, bundle.scores.edges, here)
        charts.render(figure, "neighbourhoods", "Frames of this clip by quality")
    with right:
        _table(bundle, analysis)
    _read(
        "Bars: frames of this clip. Dashed: the edges of the bins, chosen so that each held about as many windows when "
        "the thresholds were learned. Red: the moment on show.",
        "Quality is about the picture: sharp, bright, large, frontal. It says nothing about the expression.",
    )
    st.header("Thresholds that depend on quality", anchor="thresholds")
    for column, after in zip(st.columns(2, gap="medium"), (False, True), strict=True):
        with column:
            figure = figures.threshold_figure(
                analysis.prediction.windows, bundle.info.labels, bundle.scores, after=after
            )
            charts.render(figure, f"thresholds-{after}", "Scores of the windows by quality")
    _read(
        "Left: each dot is a window of the clip; dotted lines are the thresholds θ(q) of the classes. Right: the score "
        "minus its threshold. A window gets its most probable class if that dot lies above 0; else it is unsure.",
        "The thresholds were learned on the clips this model was made with; on other clips others may be better.",
    )
    st.header("One feature, before and after", anchor="feature")
    _feature(result, bundle, quality)
    st.header("The verdict with each part switched off", anchor="switches")
    _switches(heatmap_view.of_whole_clip(result, "switched"))


def _levels(analysis: "Analysis") -> tuple[float, ...]:
    """The qualities to try as thresholds."""
    levels = _LEVELS if len(analysis.timestamps_s) < _LONG else _LEVELS_OF_A_LONG_CLIP
    return tuple(np.linspace(0, 1, levels).tolist())


def _answer(bundle: "Bundle", analysis: "Analysis", thinned: "Thinned") -> str:
    """What this clip's data say about a threshold, in a few sentences."""
    from emo_core.faces.quality import MIN_QUALITY
    from emo_core.model.quality_bins import neighbourhood_index

    clip, scores = analysis.normalized, bundle.scores
    median = float(np.median(clip.quality[clip.mask]))
    place = int(neighbourhood_index(median, scores.edges))
    needs = ", ".join(
        f"{errors.plain_name(label)} {threshold:.0%}"
        for label, threshold in zip(bundle.info.labels, scores.threshold(median), strict=True)
    )
    own = thinned.labels[0]
    changed = next((row for row, label in enumerate(thinned.labels) if label and label != own), None)
    judged = [row for row, label in enumerate(thinned.labels) if label]
    last = float(thinned.least_quality[judged[-1]])
    if changed is None:
        stays = (
            f"The verdict of this clip is the same for any threshold up to {last:.0%}; above, too few frames are left."
        )
    else:
        stays = (
            f"The verdict of this clip is the same for any threshold below {thinned.least_quality[changed]:.0%}; from "
            f"there on it becomes *{errors.plain_name(thinned.labels[changed])}*, with {thinned.kept[changed]:.0%} of "
            "the frames."
        )
    return (
        f"**None of your own: the model brings its thresholds.** Frames of a quality under {MIN_QUALITY:.0%} never "
        f"count. The median quality here is {median:.0%}, in quality bin {place + 1} of {len(scores.counts)}; there a "
        f"class must reach: {needs}. {stays}"
    )


def _table(bundle: "Bundle", analysis: "Analysis") -> None:
    """Edges and counts of the neighbourhoods, and how much of the clip falls into each."""
    from emo_core.model.quality_bins import neighbourhood_index

    clip, scores = analysis.normalized, bundle.scores
    frames = np.bincount(neighbourhood_index(clip.quality[clip.mask], scores.edges), minlength=len(scores.counts))
    in_windows = [window.quality for window in analysis.prediction.windows if window.num_valid_frames]
    windows = np.bincount(neighbourhood_index(in_windows, scores.edges), minlength=len(scores.counts))
    borders = ["0%", *(f"{edge:.0%}" for edge in scores.edges), "100%"]
    rows = [
        (
            f"{borders[place]} – {borders[place + 1]}",
            f"{scores.counts[place]:,}",
            f"{frames[place]:,}",
            f"{windows[place]:,}",
        )
        for place in range(len(scores.counts))
    ]
    tables.render(("Quality", "Learned on (windows)", "Frames here", "Windows here"), rows)
    count = len(bundle.features.counts)
    st.caption(
        f"Features are normalized in {count} quality bins of their own."
        if count > 1
        else f"Features are normalized alike at every quality (learned on {int(bundle.features.counts[0]):,} frames)."
    )


def _feature(result: session.Result, bundle: "Bundle", quality: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> None:
    """A feature of one's choice over quality, as it is and normalized."""
    from emo_core.explain.normalization_effects import unit_scale
    from emo_core.report.charts import normalization as figures

    last = result.analysis.features.features.shape[1] - 1
    liveliest, *_ = heatmap_view.of_whole_clip(result, "one_feature", None)
    feature = int(
        st.number_input(
            f"Feature, 0 – {last} (at first the one that changes most in this clip)",
            0, last, liveliest, key=f"normalization_feature-{result.key}",
        )
    )  # fmt: skip
    asked = None if feature == liveliest else feature
    _, raw, normalized = heatmap_view.of_whole_clip(result, "one_feature", asked)
    left, right = st.columns(2, gap="medium")
    with left:
        figure = figures.feature_figure(quality, raw, bundle.features, feature)
        charts.render(figure, "feature-raw", "The feature over quality")
    with right:
        flat = unit_scale(bundle.features)
        figure = figures.feature_figure(quality, normalized, flat, feature)
        charts.render(figure, "feature-normalized", "The normalized feature over quality")
    shift = bundle.features.statistics([0.25, 0.9])
    moved = float(shift[0][1, feature] - shift[0][0, feature])
    _read(
        "Left: the feature as the CNN gives it; the band is what training frames of that quality had. Right: the same "
        f"after û = (u − μ)/σ, where the band is 0 ± 1. From a quality of 25% to 90%, μ of this feature "
        f"moves by {moved:+.3f}.",
        "One feature says little: the LSTM reads all of them together.",
    )


def _switches(rows: "tuple[Switched, ...]") -> None:
    told = []
    whole = rows[0].prediction
    for row in rows:
        found = row.prediction
        if found is None or whole is None:
            told.append((_PARTS[row.part], "already off in this model", "", "", ""))
            continue
        unsure = sum(window.label == UNSURE for window in found.windows)
        others = sum(a.label != b.label for a, b in zip(found.windows, whole.windows, strict=True))
        changed = "–" if row.part == "none" else f"{others}"
        verdict = errors.plain_name(found.label), display_percent(found.probability)
        told.append((_PARTS[row.part], *verdict, f"{unsure} of {len(found.windows)}", changed))
    header = ("Part switched off", "Verdict", "Probability", "Windows unsure", "Windows with another verdict")
    tables.render(header, told)
    _read(
        "One threshold: the mean over all bins, weighted by their counts. Weighs the same: every usable "
        "frame gets the mean quality of the clip.",
        "One clip shows what a part does, not what it is worth: that was measured on thousands of clips, see About.",
    )


def _read(how: str, not_proof: str) -> None:
    st.caption(f"**How to read it.** {how} **Caution.** {not_proof}")
