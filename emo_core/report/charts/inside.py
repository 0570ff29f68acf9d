"""Charts of what goes on inside: feature sequence, LSTM state, frame importance; all over the time of the clip."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist

from emo_core.report.charts.analysis import CURSOR_INK, thin
from emo_core.report.charts.pictures import AROUND_ZERO, FROM_NOTHING, coloured, data_url
from emo_core.report.charts.style import NEUTRAL_INK, layout
from emo_core.types import Booleans, Doubles, Floats

MAX_COLUMNS = 1200
"""Most moments in a picture of values over time; longer clips are averaged."""

_CURSOR = {"width": 2, "color": CURSOR_INK}


def similar_first(rows: Floats) -> NDArray[np.intp]:
    """Order of the columns of `rows` (T, n) in which those that move alike over time stand together.

    Average linkage of correlations; columns that never move stand last.

    Example:
        >>> wave = np.sin(np.arange(40.0))
        >>> order = similar_first(np.column_stack([wave, -wave, 2 * wave, np.zeros(40), 1 - wave]))
        >>> sorted(order[:2].tolist()) in ([0, 2], [1, 4]), int(order[-1])
        (True, 3)
    """
    spread = rows.std(axis=0) > 1e-6 * (1 + np.abs(rows).max(axis=0))
    moving, still = np.flatnonzero(spread), np.flatnonzero(~spread)
    if len(moving) > 2:
        distances = np.clip(pdist(np.ascontiguousarray(rows[:, moving].T, np.float64), "correlation"), 0, 2)
        moving = moving[leaves_list(linkage(distances, "average"))]
    return np.concatenate([moving, still]).astype(np.intp)


def columns_of(rows: Floats, mask: Booleans) -> Floats:
    """At most :data:`MAX_COLUMNS` rows: means over equal runs of the moments that count; NaN where none of a run does.

    Args:
        rows: (T, n) values.
        mask: (T,) moments that count.
    """
    run = -(-len(rows) // MAX_COLUMNS)
    if run <= 1:
        return np.where(mask[:, np.newaxis], rows, np.float32(np.nan))
    starts = np.arange(0, len(rows), run)
    sums = np.add.reduceat(np.where(mask[:, np.newaxis], rows, np.float32(0)), starts, axis=0)
    counts = np.add.reduceat(mask.astype(np.float32), starts)[:, np.newaxis]
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def picture_figure(
    rows: Floats,
    mask: Booleans,
    span_s: tuple[float, float],
    quantity: str,
    *,
    around_zero: bool,
    cursor_s: float | None = None,
) -> go.Figure:
    """Values over time as a picture: a row for each number, a column for each moment.

    A picture laid under empty axes, for a browser draws one at once where cells would take it seconds.

    Args:
        rows: (T, n) values at even steps of time.
        mask: (T,) moments that count; the others stay empty.
        span_s: first and last second.
        quantity: what a row is, in the plural.
        around_zero: blue below 0 and red above; else from dark to bright.
        cursor_s: where to draw the cursor.
    """
    values = columns_of(rows, mask)
    seen = values[np.isfinite(values)]
    high = float(np.percentile(np.abs(seen), 98)) if seen.size else 1.0
    low, scale = (-high, AROUND_ZERO) if around_zero else (0.0, FROM_NOTHING)
    image = coloured(values.T[::-1], low, high, scale)
    image[np.isnan(values.T[::-1])] = (138, 148, 166)
    figure = go.Figure()
    figure.add_layout_image(
        source=data_url(image), xref="x", yref="y", x=span_s[0], y=values.shape[1], sizex=span_s[1] - span_s[0],
        sizey=values.shape[1], sizing="stretch", layer="below",
    )  # fmt: skip
    colours = [[place / (len(scale) - 1), "rgb" + str(tuple(colour))] for place, colour in enumerate(scale)]
    figure.add_scatter(
        x=[None], y=[None], mode="markers", showlegend=False, hoverinfo="skip",
        marker={"colorscale": colours, "cmin": low, "cmax": high, "color": [low], "showscale": True,
                "colorbar": {"thickness": 10, "len": 0.9, "outlinewidth": 0, "tickfont": {"size": 11}}},
    )  # fmt: skip
    layout(figure, 300)
    figure.update_layout(hovermode=False, margin={"l": 8, "r": 4})
    figure.update_xaxes(title="Time in the clip (s)", range=list(span_s), nticks=8, showgrid=False)
    figure.update_yaxes(title=quantity, range=[0, values.shape[1]], showgrid=False, nticks=4)
    _draw_cursor(figure, cursor_s)
    return figure


def importance_figure(
    times_s: Doubles, importance: Floats, colour: str, span_s: tuple[float, float], cursor_s: float | None = None
) -> go.Figure:
    """How far the margin of the verdict falls without each frame: above 0 for the class, below against it.

    Args:
        times_s: (T,) seconds.
        importance: (T,) log-odds.
        colour: of the class.
        span_s: start and end of the clip.
        cursor_s: where to draw the cursor.
    """
    times, rows = thin(times_s, importance[:, np.newaxis])
    values = rows[:, 0]
    figure = go.Figure()
    for name, part, ink in (
        ("Speaks for it", np.maximum(values, 0), colour), ("Speaks against it", np.minimum(values, 0), NEUTRAL_INK)
    ):  # fmt: skip
        figure.add_scatter(
            x=times, y=part, name=name, mode="lines", line={"color": ink, "width": 1.2, "shape": "hvh"},
            fill="tozeroy", hovertemplate="%{y:+.3f}",
        )  # fmt: skip
    layout(figure, 260)
    figure.update_xaxes(title="Time in the clip (s)", range=list(span_s), nticks=11)
    figure.update_xaxes(unifiedhovertitle={"text": "%{x:.1f} s"})
    figure.update_yaxes(title="Fall of the margin (log-odds)")
    _draw_cursor(figure, cursor_s)
    return figure


def step_figure(times_s: Doubles, probabilities: Floats, names: tuple[str, ...], colours: tuple[str, ...]) -> go.Figure:
    """What the LSTM would say after each step of one window.

    Args:
        times_s: (n,) seconds.
        probabilities: (n, C) calibrated.
        names: C names.
        colours: C colours.
    """
    figure = go.Figure()
    for column, (name, colour) in enumerate(zip(names, colours, strict=True)):
        figure.add_scatter(
            x=times_s, y=probabilities[:, column], name=name, mode="lines", line={"color": colour, "width": 2.2},
            hovertemplate="%{y:.0%}",
        )  # fmt: skip
    layout(figure, 300)
    figure.update_xaxes(title="Time in the clip (s)", unifiedhovertitle={"text": "%{x:.1f} s"})
    figure.update_yaxes(title="Probability after the step", range=[0, 1.03], tickformat=".0%")
    return figure


def _draw_cursor(figure: go.Figure, cursor_s: float | None) -> None:
    if cursor_s is not None:
        figure.add_vline(x=cursor_s, line=_CURSOR)
