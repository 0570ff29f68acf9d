"""Charts of the groups of a study, from :mod:`emo_core.comparisons` alone; every interval is one over people."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from emo_core.comparisons import Curve, PairedDifference, TimeShare
from emo_core.emotions import class_colour, display_name
from emo_core.records import points_span, span
from emo_core.report.charts.style import NEUTRAL_INK, faded, layout, verbatim

_GROUP_COLOURS = ("#5468C4", "#F08A24", "#2A9D8F", "#B5548B", "#6A994E", "#BC6C25", "#4A4E69", "#0081A7")


def shares_figure(rows: Sequence[TimeShare], labels: Sequence[str]) -> go.Figure:
    """The share of time of each verdict in each group, side by side, with whiskers.

    Args:
        rows: all groups and verdicts.
        labels: of the model, for the colours.
    """
    figure = go.Figure()
    for verdict in dict.fromkeys(row.verdict for row in rows):
        own = [row for row in rows if row.verdict == verdict]
        ends = [row.interval or (row.value, row.value) for row in own]
        figure.add_bar(
            x=[verbatim(row.group or "not named") for row in own], y=[row.value for row in own],
            name=display_name(verdict),
            marker={"color": class_colour(verdict, tuple(labels))},
            error_y={
                "type": "data", "symmetric": False, "thickness": 1.5, "width": 4,
                "array": [high - row.value for row, (_, high) in zip(own, ends, strict=True)],
                "arrayminus": [row.value - low for row, (low, _) in zip(own, ends, strict=True)],
            },
            customdata=[[span(row.interval) or "none", row.num_people, row.num_clips] for row in own],
            hovertemplate=f"{display_name(verdict)} in %{{x}}: %{{y:.1%}}<br>95% interval %{{customdata[0]}}<br>"
            "%{customdata[1]} people, %{customdata[2]} clips<extra></extra>",
        )  # fmt: skip
    layout(figure, height=340)
    figure.update_layout(barmode="group", hovermode="closest", bargap=0.25)
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", title="Share of the time")
    return figure


def curves_figure(curves: Sequence[Curve], title: str, *, at_mark: bool) -> go.Figure:
    """Mean curves of groups over time with bands, which end where fewer than two people have a value.

    Args:
        curves: one for each group.
        title: of the axis.
        at_mark: whether time counts from a mark rather than from the first frame.
    """
    figure = go.Figure()
    for number, curve in enumerate(curves):
        colour, name = _GROUP_COLOURS[number % len(_GROUP_COLOURS)], verbatim(curve.group or "not named")
        known = np.isfinite(curve.low)
        band_s = curve.times_s[known]
        figure.add_scatter(
            x=[*band_s, *band_s[::-1]], y=[*curve.high[known], *curve.low[known][::-1]], fill="toself", mode="lines",
            fillcolor=faded(colour, 0.18), line={"width": 0}, hoverinfo="skip", showlegend=False, legendgroup=name,
        )  # fmt: skip
        figure.add_scatter(
            x=curve.times_s, y=curve.mean, mode="lines", name=name, legendgroup=name,
            line={"color": colour, "width": 2.4}, customdata=curve.num_people,
            hovertemplate="%{y:.2f} (%{customdata:.0f} people)",
        )  # fmt: skip
    layout(figure, height=340)
    if at_mark:
        figure.add_vline(x=0, line={"color": NEUTRAL_INK, "dash": "dot", "width": 1.2})
    figure.update_xaxes(title=f"Seconds from the {'mark' if at_mark else 'first frame'}")
    figure.update_yaxes(title=title, rangemode="tozero")
    return figure


def differences_figure(rows: Sequence[PairedDifference], labels: Sequence[str]) -> go.Figure:
    """Differences within people of the share of time of each verdict, in percentage points, with whiskers.

    Args:
        rows: of one pair of conditions.
        labels: of the model, for the colours.
    """
    figure = go.Figure()
    for row in rows:
        value, low, high = (100 * share for share in (row.value, *(row.interval or (row.value, row.value))))
        figure.add_scatter(
            x=[value], y=[display_name(row.verdict)], mode="markers", showlegend=False,
            marker={"size": 11, "color": class_colour(row.verdict, tuple(labels))},
            error_x={
                "type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low],
                "thickness": 1.5, "width": 4,
            },
            hovertemplate=f"{display_name(row.verdict)}: {value:+.1f} points<br>95% interval "
            f"{points_span(row.interval) or 'none'}<br>adjusted p {row.adjusted_p:.4f}<extra></extra>",
        )  # fmt: skip
    layout(figure, height=106 + 40 * len(rows))
    figure.add_vline(x=0, line={"color": NEUTRAL_INK, "dash": "dot", "width": 1.2})
    figure.update_layout(hovermode="closest")
    first, second = (verbatim(rows[0].first), verbatim(rows[0].second)) if rows else ("", "")
    figure.update_xaxes(title=f"{first} minus {second}, in percentage points", tickformat="+")
    figure.update_yaxes(type="category", autorange="reversed")
    return figure
