"""The last half minute of the live view as one chart: classes, frame emotions, quality."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from emo_core.emotions import EMOTION_COLOURS, EMOTIONS, class_colour, display_name
from emo_core.types import Floats

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emo_core.live.analyzer import LiveResult

SPAN_S = 30.0
_STRIDE = 2  # every second result is enough for the eye, and halves what the browser draws each second
_GREY = "#8A94A6"
_DOMAINS = [0.73, 1.0], [0.24, 0.54], [0.0, 0.14]  # heights of the rows; the legends stand in the gaps
_GAP_S = 1.0  # after a longer one (a pause, a stop) the lines begin anew: nobody saw what lies between


def figure(history: Sequence["LiveResult"], labels: tuple[str, ...]) -> "go.Figure":
    """Three rows over the same half minute, now at the right end.

    Args:
        history: results from old to new, at a steady rate.
        labels: classes of the model.
    """
    from plotly.subplots import make_subplots

    kept = list(history)[::-_STRIDE][::-1]
    now_s = kept[-1].time_s if kept else 0.0
    times = [round(item.time_s - now_s, 2) for item in kept]
    chart = make_subplots(rows=3, cols=1, shared_xaxes=True)
    classes = np.array([item.probabilities for item in kept], np.float32).reshape(-1, len(labels))
    for column, label in enumerate(labels):
        _line(chart, 1, times, classes[:, column], display_name(label), class_colour(label, labels), 2.5)
    nothing = np.full(len(EMOTIONS), np.nan, np.float32)
    rows = [nothing if item.emotions is None or item.box_xyxy is None else item.emotions for item in kept]
    emotions = np.array(rows, np.float32).reshape(-1, len(EMOTIONS))
    for column, emotion in enumerate(EMOTIONS):
        _line(chart, 2, times, emotions[:, column], emotion.capitalize(), EMOTION_COLOURS[emotion], 1.5)
    quality = np.array([item.quality for item in kept], np.float32)
    _line(chart, 3, times, quality, "Quality", _GREY, 2.0)
    _look(chart)
    return chart


def _line(
    chart: "go.Figure", row: int, times: list[float], values: Floats, name: str, colour: str, width: float
) -> None:
    at_s: list[float] = []
    shown: list[float | None] = []
    for time_s, value in zip(times, values, strict=True):
        if at_s and time_s - at_s[-1] > _GAP_S:
            at_s.append(time_s)
            shown.append(None)
        at_s.append(time_s)
        shown.append(None if np.isnan(value) else round(float(value), 3))
    chart.add_scatter(
        x=at_s, y=shown, name=name, mode="lines", line={"color": colour, "width": width}, row=row, col=1,
        showlegend=row < 3, legend=f"legend{row if row > 1 else ''}", hovertemplate="%{y:.0%}",
    )  # fmt: skip


def _look(chart: "go.Figure") -> None:
    """Transparent, compact, fixed axes: it is drawn anew every second and must not jump."""
    grid = "rgba(138,148,166,0.25)"
    legend = {
        "orientation": "h", "x": 0, "xanchor": "left", "yanchor": "bottom", "font": {"size": 11}, "itemwidth": 30,
    }  # fmt: skip
    chart.update_layout(
        height=470, margin={"l": 8, "r": 20, "t": 44, "b": 8}, dragmode=False, hovermode="x unified",
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", transition={"duration": 0},
        legend=legend | {"y": 1.0}, legend2=legend | {"y": _DOMAINS[1][1]},
        uirevision="live",
    )  # fmt: skip
    chart.update_xaxes(range=[-SPAN_S, 0], gridcolor=grid, zeroline=False, fixedrange=True)
    chart.update_xaxes(tickvals=[-30, -20, -10, 0], ticktext=["30 s ago", "20 s", "10 s", "now"])
    for row, domain in enumerate(_DOMAINS, start=1):
        chart.update_yaxes(domain=domain, row=row, col=1)
    chart.update_yaxes(
        range=[0, 1.03], tickformat=".0%", tickvals=[0, 0.5, 1], gridcolor=grid, zeroline=False, fixedrange=True
    )
    for row, title in enumerate(("Verdict", "Emotions", "Quality"), start=1):
        chart.update_yaxes(title={"text": title, "font": {"size": 11}}, row=row, col=1)
