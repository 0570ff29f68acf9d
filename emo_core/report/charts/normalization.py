"""Charts of the normalization by quality: neighbourhoods, μ and σ of a feature, thresholds, what poor frames change."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from emo_core.analysis import WindowPrediction
from emo_core.emotions import class_colour, display_name
from emo_core.explain.normalization_effects import Thinned
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.report.charts.analysis import CURSOR_INK, MAX_POINTS
from emo_core.report.charts.style import NEUTRAL_INK, faded, layout
from emo_core.types import Doubles, Floats

_INK = "#5468C4"
_BINS = 40
_CURVE = np.linspace(0, 1, 201)


def neighbourhood_figure(quality: Floats, edges: Doubles, here: float | None = None) -> go.Figure:
    """Where the frames of a clip fall among the neighbourhoods of quality: a histogram with the edges.

    Args:
        quality: (n,) of the frames that count.
        edges: (K−1,) interior edges.
        here: quality of the frame on show.
    """
    counts, borders = np.histogram(quality, bins=_BINS, range=(0, 1))
    figure = go.Figure()
    figure.add_bar(
        x=(borders[:-1] + borders[1:]) / 2, y=counts, width=1 / _BINS, marker={"color": faded(_INK, 0.75)},
        hovertemplate="%{y} frames", name="Frames",
    )  # fmt: skip
    layout(figure, 260)
    figure.update_layout(showlegend=False, bargap=0)
    figure.update_xaxes(
        title="Quality of the frame", range=[0, 1], tickformat=".0%", unifiedhovertitle={"text": "quality %{x:.0%}"}
    )
    figure.update_yaxes(title="Frames of this clip")
    _draw_edges(figure, edges)
    if here is not None:
        figure.add_vline(x=here, line={"width": 2, "color": CURSOR_INK})
    return figure


def feature_figure(quality: Floats, values: Floats, normalizer: FeatureNormalizer, feature: int) -> go.Figure:
    """One feature over the quality of the frames: the clip's frames, and μ ± σ of its neighbourhood in training.

    Args:
        quality: (n,) of the frames that count.
        values: (n,) of the feature.
        normalizer: of the model.
        feature: its number.
    """
    mean, deviation = normalizer.statistics(_CURVE)
    low, high = mean[:, feature] - deviation[:, feature], mean[:, feature] + deviation[:, feature]
    figure = go.Figure()
    shape = "linear" if normalizer.interpolate else "hv"
    figure.add_scatter(x=_CURVE, y=low, mode="lines", line={"width": 0, "shape": shape}, showlegend=False,
                       hoverinfo="skip")  # fmt: skip
    figure.add_scatter(
        x=_CURVE, y=high, mode="lines", line={"width": 0, "shape": shape}, fill="tonexty", hoverinfo="skip",
        fillcolor=faded(NEUTRAL_INK, 0.25), name="μ ± σ in training",
    )  # fmt: skip
    figure.add_scatter(
        x=_CURVE, y=mean[:, feature], mode="lines", line={"color": NEUTRAL_INK, "width": 2, "shape": shape},
        name="μ", hoverinfo="skip",
    )  # fmt: skip
    some = slice(None, None, max(1, -(-len(values) // MAX_POINTS)))
    figure.add_scatter(
        x=quality[some], y=values[some], mode="markers", marker={"size": 5, "color": _INK, "opacity": 0.7},
        name="Frames of this clip", hovertemplate="quality %{x:.0%}: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    layout(figure, 300)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title="Quality of the frame", range=[0, 1], tickformat=".0%")
    figure.update_yaxes(title=f"Feature {feature}")
    _draw_edges(figure, normalizer.edges)
    return figure


def threshold_figure(
    windows: Sequence[WindowPrediction], labels: tuple[str, ...], scores: ScoreNormalizer, *, after: bool
) -> go.Figure:
    """θ(q) of every class with the windows of a clip: their scores, or what is left of them above θ(q).

    Args:
        windows: of the clip.
        labels: C classes.
        scores: of the model.
        after: whether s′ = s − θ(q) is drawn, with the threshold at 0.
    """
    some = windows[:: max(1, -(-len(windows) // MAX_POINTS))]
    quality = [window.quality for window in some]
    curve = scores.threshold(_CURVE)
    figure = go.Figure()
    for column, label in enumerate(labels):
        colour = class_colour(label, labels)
        values = [float((window.scores if after else window.probabilities)[column]) for window in some]
        if not after:
            figure.add_scatter(
                x=_CURVE, y=curve[:, column], mode="lines", line={"color": colour, "width": 2.4, "dash": "dot"},
                showlegend=False, legendgroup=label, hovertemplate="threshold %{y:.0%}<extra></extra>",
            )  # fmt: skip
        figure.add_scatter(
            x=quality, y=values, mode="markers", name=display_name(label), legendgroup=label,
            marker={"size": 8, "color": colour, "opacity": 0.75, "line": {"width": 0}},
            hovertemplate="quality %{x:.0%}: " + ("%{y:+.2f}" if after else "%{y:.0%}"),
        )  # fmt: skip
    layout(figure, 320)
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title="Quality of the window", range=[0, 1], tickformat=".0%")
    if after:
        figure.add_hline(y=0, line={"color": NEUTRAL_INK, "width": 2})
        figure.update_yaxes(title="Score above the threshold", range=[-1, 1])
    else:
        figure.update_yaxes(title="Score (probability)", range=[0, 1.03], tickformat=".0%")
    _draw_edges(figure, scores.edges)
    return figure


def thinned_figure(found: Thinned, labels: tuple[str, ...]) -> go.Figure:
    """Probabilities of the clip when frames under a quality are left out, and the share of frames that stays."""
    figure = go.Figure()
    figure.add_scatter(
        x=found.least_quality, y=found.kept, mode="lines", name="Frames left", line={"color": NEUTRAL_INK, "width": 1},
        fill="tozeroy", fillcolor=faded(NEUTRAL_INK, 0.15), hovertemplate="%{y:.0%}",
    )  # fmt: skip
    for column, label in enumerate(labels):
        figure.add_scatter(
            x=found.least_quality, y=found.probabilities[:, column], mode="lines+markers", name=display_name(label),
            line={"color": class_colour(label, labels), "width": 2.4}, marker={"size": 5}, hovertemplate="%{y:.0%}",
        )  # fmt: skip
    layout(figure, 300)
    figure.update_xaxes(
        title="Least quality a frame must have",
        range=[0, 1],
        tickformat=".0%",
        unifiedhovertitle={"text": "at least %{x:.0%}"},
    )
    figure.update_yaxes(title="Probability, share", range=[0, 1.03], tickformat=".0%")
    return figure


def _draw_edges(figure: go.Figure, edges: Doubles) -> None:
    for edge in edges:
        figure.add_vline(x=float(edge), line={"color": NEUTRAL_INK, "width": 1, "dash": "dash"})
