"""Charts of an analysis: types in, plotly figures out, one look everywhere.

Every chart over time spans the whole clip, so that charts drawn under one another line up. Backgrounds are transparent
and text takes the colour of its surroundings, so a chart reads in light and dark. No trace holds more than
:data:`MAX_POINTS` points: a browser without a graphics card draws longer ones in seconds instead of milliseconds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from emo_core.analysis import Analysis, Prediction, Segment, VideoInfo
from emo_core.emotions import EMOTION_COLOURS, EMOTIONS, class_colour, display_name
from emo_core.model.presence import verdict_words
from emo_core.report.charts.style import NEUTRAL_INK, faded, layout, percent_format
from emo_core.report.tables import segment_at
from emo_core.types import Booleans, Doubles

MAX_POINTS = 3000
"""Most points in a trace."""

CURSOR_INK = "#D1432F"
"""Red of the line that says where we are."""

_MASKED_FILL = "rgba(138,148,166,0.22)"
COMPONENT_COLOURS: Mapping[str, str] = {
    "sharpness": "#2A9D8F", "exposure": "#D9A441", "face_size": "#5B8DD9", "frontalness": "#B5548B",
    "confidence": "#7F9172",
}  # fmt: skip
"""One colour per component of quality, the same on every chart."""


def timeline_figure(analysis: Analysis) -> go.Figure:
    """What the model says over the clip: class probabilities per window, and the verdict as a coloured band.

    A window's probability stands at its middle; the ends are held to the first window's start and the last one's end,
    which those windows cover.

    Returns:
        Figure with one trace per class, then one that carries the verdict's name into the hover box.
    """
    prediction = analysis.prediction
    times, rows = window_curve(prediction, analysis.video)
    figure = go.Figure()
    for column, label in enumerate(prediction.labels):
        colour = class_colour(label, prediction.labels)
        figure.add_scatter(
            x=times, y=rows[:, column], name=display_name(label), mode="lines",
            line={"color": colour, "width": 2.5}, hovertemplate="%{y:.0%}",
        )  # fmt: skip
    for segment in prediction.segments:
        colour = class_colour(segment.label, prediction.labels)
        figure.add_shape(
            type="rect", x0=segment.start_s, x1=segment.end_s, y0=-0.16, y1=-0.06, layer="below",
            fillcolor=colour, line={"width": 0}, opacity=0.9,
        )  # fmt: skip
    spans = [segment_at(prediction.segments, time_s) for time_s in times] if prediction.segments else []
    figure.add_scatter(
        x=times[: len(spans)], y=[-0.11] * len(spans), name="Verdict", mode="markers", showlegend=False,
        marker={"size": 1, "color": [class_colour(item.label, prediction.labels) for item in spans]},
        customdata=[_segment_text(item) for item in spans], hovertemplate="%{customdata}<extra>Verdict</extra>",
    )  # fmt: skip
    _shade_masked(figure, analysis)
    _time_layout(figure, analysis.video, "Probability", height=300)
    figure.update_yaxes(range=[-0.18, 1.03])
    return figure


def emotions_figure(analysis: Analysis) -> go.Figure:
    """What the frame network sees: the eight basic emotions of every frame, stacked to 100%.

    Frames without a face leave a gap.
    """
    times, rows = thin(analysis.timestamps_s, analysis.features.emotions)
    figure = go.Figure()
    for column, emotion in enumerate(EMOTIONS):
        figure.add_scatter(
            x=times, y=np.nan_to_num(rows[:, column]), name=emotion.capitalize(), mode="lines", stackgroup="emotions",
            line={"color": EMOTION_COLOURS[emotion], "width": 0.5}, fillcolor=faded(EMOTION_COLOURS[emotion], 0.78),
            hovertemplate="%{y:.0%}",
        )  # fmt: skip
    _shade_masked(figure, analysis)
    _time_layout(figure, analysis.video, "Share of the frame", height=340)
    figure.update_yaxes(range=[0, 1])
    return figure


def quality_figure(analysis: Analysis) -> go.Figure:
    """How far each frame can be trusted: overall quality and its named components; frames left out are shaded."""
    clip = analysis.normalized
    names = tuple(clip.components)
    columns = np.column_stack([clip.quality, *(clip.components[name] for name in names)])
    times, rows = thin(analysis.timestamps_s, np.where(clip.mask[:, None], columns, np.nan))
    figure = go.Figure()
    figure.add_scatter(
        x=times, y=rows[:, 0], name="Overall", mode="lines", line={"color": NEUTRAL_INK, "width": 3.5},
        fill="tozeroy", fillcolor=faded(NEUTRAL_INK, 0.14), hovertemplate="%{y:.0%}",
    )  # fmt: skip
    for column, name in enumerate(names, start=1):
        figure.add_scatter(
            x=times, y=rows[:, column], name=name.replace("_", " ").capitalize(), mode="lines",
            line={"color": COMPONENT_COLOURS.get(name, NEUTRAL_INK), "width": 1.4}, hovertemplate="%{y:.0%}",
        )  # fmt: skip
    _shade_masked(figure, analysis)
    _time_layout(figure, analysis.video, "Quality", height=320)
    figure.update_yaxes(range=[0, 1.03])
    return figure


def probabilities_figure(prediction: Prediction) -> go.Figure:
    """How sure the verdict is: one bar per class of the model, the most probable on top."""
    order = np.argsort(prediction.probabilities)
    labels = [prediction.labels[index] for index in order]
    values = prediction.probabilities[order]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[display_name(label) for label in labels],
            orientation="h",
            marker={"color": [class_colour(label, prediction.labels) for label in labels]},
            text=[f"{value:.0%}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    layout(figure, height=86 + 36 * len(labels))
    figure.update_layout(showlegend=False, hovermode="closest", bargap=0.35, margin={"r": 44})
    figure.update_xaxes(title="Probability", range=[0, 1], tickformat=".0%", dtick=0.25)
    figure.update_yaxes(automargin=True, showgrid=False)
    return figure


def confusion_figure(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> go.Figure:
    """Which class was taken for which: rows are the truth, colour is the share of the row, text is share and count.

    Args:
        labels: C class names.
        counts: (C, C) whole numbers, true class by row, predicted class by column.

    Raises:
        ValueError: `counts` is not a square of `labels`.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.shape != (len(labels), len(labels)):
        raise ValueError(f"counts have shape {table.shape}, expected {(len(labels), len(labels))}")
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    names = [display_name(label).replace(" + ", " +<br>") for label in labels]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            xgap=3,
            ygap=3,
            showscale=False,
            colorscale=[[0, faded("#5468C4", 0.06)], [1, faded("#5468C4", 0.95)]],
            customdata=table,
            hovertemplate="true %{y}<br>judged %{x}<br>%{customdata:,.0f} clips (%{z:.0%})<extra></extra>",
        )
    )
    for row in range(len(labels)):
        for column in range(len(labels)):
            share = shares[row, column]
            text = f"<b>{share:.0%}</b><br>{table[row, column]:,.0f}"
            ink = {"color": "#FFFFFF"} if share > 0.5 else {}
            figure.add_annotation(x=names[column], y=names[row], text=text, showarrow=False, font={"size": 14} | ink)
    layout(figure, height=146 + 78 * len(labels))
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(title="Judged by the model", showgrid=False, automargin=True, tickangle=0)
    figure.update_yaxes(title="Truth", showgrid=False, automargin=True, autorange="reversed")
    return figure


def history_figure(
    epochs: Sequence[int], curves: Mapping[str, Sequence[float]], quantity: str, chosen: int | None = None
) -> go.Figure:
    """How training went: one quantity per epoch, training dashed against validation solid (the paper's Fig. 2).

    Args:
        epochs: numbers of the epochs, in order.
        curves: ``"Training"`` and ``"Validation"`` → one value per epoch; NaN where none was measured.
        quantity: name of the quantity; ``Accuracy`` is shown in percent.
        chosen: the epoch that was kept, marked if given.
    """
    looks = {"Training": ("#8A94A6", "dash"), "Validation": ("#5468C4", "solid")}
    percent = quantity == "Accuracy"
    figure = go.Figure()
    for name, values in curves.items():
        colour, dash = looks.get(name, (NEUTRAL_INK, "solid"))
        figure.add_scatter(
            x=list(epochs), y=list(values), name=name, mode="lines+markers", marker={"size": 4},
            line={"color": colour, "width": 2.2, "dash": dash}, hovertemplate="%{y:.1%}" if percent else "%{y:.3f}",
        )  # fmt: skip
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": NEUTRAL_INK, "width": 1.2, "dash": "dot"})
        side = "left" if chosen < max(epochs) else "right"
        figure.add_annotation(x=chosen, y=1, yref="paper", text=" kept ", showarrow=False, xanchor=side, yanchor="top",
                              font_size=11)  # fmt: skip
    layout(figure, height=280)
    figure.update_xaxes(title="Epoch", dtick=max(1, -(-len(epochs) // 8)))
    shown = percent_format(value for values in curves.values() for value in values)
    figure.update_yaxes(title=quantity, tickformat=shown if percent else None)
    return figure


def thin(times_s: Doubles, rows: NDArray[Any]) -> tuple[Doubles, Doubles]:
    """At most :data:`MAX_POINTS` rows: means over equal runs of frames, ignoring NaN; unchanged when short enough.

    Args:
        times_s: (T,) seconds.
        rows: (T, n) values.

    Example:
        >>> times, rows = thin(np.arange(9000.0), np.ones((9000, 2)))
        >>> times.shape, rows.shape
        ((3000,), (3000, 2))
    """
    values = np.asarray(rows, dtype=np.float64)
    run = -(-len(times_s) // MAX_POINTS)
    if run <= 1:
        return times_s, values
    starts = np.arange(0, len(times_s), run)
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts, axis=0)
    counts = np.add.reduceat(known.astype(np.float64), starts, axis=0)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return times_s[starts], means


def add_cursor(figure: go.Figure, here_s: float) -> None:
    """Draw a line at `here_s` on a chart over time."""
    figure.add_vline(x=here_s, line={"width": 2, "color": CURSOR_INK})


def masked_spans(times_s: Doubles, mask: Booleans, end_s: float) -> list[tuple[float, float]]:
    """Spans in seconds of the frames that do not count; a frame reaches to the next one, the last to the clip's end.

    Args:
        times_s: (T,) seconds.
        mask: (T,) frames that count.
        end_s: end of the clip.

    Example:
        >>> masked_spans(np.array([0.0, 0.5, 1.0]), np.array([True, False, True]), 1.5)
        [(0.5, 1.0)]
    """
    if not len(mask):
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ~mask, [False])).astype(np.int8)))
    ends = np.append(times_s, end_s)
    return [(float(ends[first]), float(ends[last])) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def window_curve(prediction: Prediction, video: VideoInfo) -> tuple[Doubles, Doubles]:
    """Times and (n, C) probabilities of the windows' middles, held to both ends of what the windows cover.

    A row of NaN stands in each gap without a picture.
    """
    windows = prediction.windows
    if not windows:
        return np.array([video.start_s, video.end_s]), np.tile(prediction.probabilities.astype(np.float64), (2, 1))
    middles = np.array([(item.start_s + item.end_s) / 2 for item in windows])
    middles, rows = thin(middles, np.stack([item.probabilities for item in windows]))
    times = np.concatenate(([windows[0].start_s], middles, [windows[-1].end_s]))
    rows = np.concatenate((rows[:1], rows, rows[-1:]))
    breaks = np.array([(start_s + end_s) / 2 for start_s, end_s in video.gaps])
    places = np.searchsorted(times, breaks)
    return np.insert(times, places, breaks), np.insert(rows, places, np.nan, axis=0)


def _segment_text(segment: Segment) -> str:
    return f"{verdict_words(segment)}, {segment.start_s:.1f}–{segment.end_s:.1f} s"


def _shade_masked(figure: go.Figure, analysis: Analysis) -> None:
    """Grey spans behind the frames that do not count, and where there is none."""
    video = analysis.video
    spans = masked_spans(analysis.timestamps_s, analysis.normalized.mask, video.end_s)
    for start_s, end_s in (*spans[:200], *video.gaps[:200]):
        figure.add_shape(
            type="rect", x0=start_s, x1=end_s, y0=0, y1=1, layer="below", fillcolor=_MASKED_FILL, line={"width": 0}
        )


def _time_layout(figure: go.Figure, video: VideoInfo, quantity: str, height: int) -> None:
    """The x axis that all charts over time share, and a y axis in percent."""
    layout(figure, height)
    figure.update_xaxes(
        title="Time in the clip (s)", range=[video.start_s, video.end_s], nticks=11,
        unifiedhovertitle={"text": "%{x:.1f} s"},
    )  # fmt: skip
    figure.update_yaxes(title=quantity, tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], automargin=False)
    figure.update_layout(margin={"l": 62})
