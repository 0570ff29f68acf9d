"""The charts of an analysis that every export holds, each with a title and how to read it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from emo_core.analysis import Analysis
from emo_core.report.annotations import Annotations
from emo_core.report.charts import analysis as figures
from emo_core.report.charts.style import layout, verbatim

_LINES = ("#2A9D8F", "#B5548B", "#5B8DD9", "#D9A441")


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A chart: short name for files, title, how to read it, and the figure."""

    name: str
    title: str
    caption: str
    figure: go.Figure


def charts_of(analysis: Analysis, annotations: Annotations) -> tuple[Chart, ...]:
    """Probabilities over time with a person's marks, emotions, quality, and the clip as a whole."""
    timeline = figures.timeline_figure(analysis)
    mark(timeline, annotations)
    human = " Dotted lines: marks of a person." if annotations.markers else ""
    return (
        Chart(
            "timeline", "Over time",
            "Calibrated probability of each class; the band at the foot is its verdict; gray: no usable face." + human,
            timeline,
        ),
        Chart(
            "emotions", "Emotions in each frame",
            "The eight basic emotions that the frame network sees, before the second network reads the sequence.",
            figures.emotions_figure(analysis),
        ),
        Chart(
            "quality", "Quality of each frame",
            "Frames of low quality count for less; frames without a usable face do not count.",
            figures.quality_figure(analysis),
        ),
        Chart(
            "probabilities", "The clip as a whole",
            "Mean over the windows, weighted by the quality of their frames.",
            figures.probabilities_figure(analysis.prediction),
        ),
    )  # fmt: skip


def mark(figure: go.Figure, annotations: Annotations) -> None:
    """Draw the marks of a person as dotted lines on a chart over time."""
    for marker in annotations.markers:
        figure.add_shape(
            type="line", x0=marker.time_s, x1=marker.time_s, y0=0, y1=1, yref="y domain",
            line={"color": "#B7791F", "width": 2, "dash": "dot"},
        )  # fmt: skip


def quality_comparison(analyses: Mapping[str, Analysis]) -> go.Figure:
    """Overall quality of the frames of some clips on one scale of time, a line for each; gaps where none counts."""
    figure = go.Figure()
    videos = [item.video for item in analyses.values()]
    span_s = [min(video.start_s for video in videos), max(video.end_s for video in videos)]
    for number, (name, item) in enumerate(analyses.items()):
        quality = np.where(item.normalized.mask, item.normalized.quality, np.nan)
        times, rows = figures.thin(item.timestamps_s, quality[:, np.newaxis])
        figure.add_scatter(
            x=times, y=rows[:, 0], name=verbatim(name), mode="lines", hovertemplate="%{y:.0%}",
            line={"color": _LINES[number % len(_LINES)], "width": 2.5, "dash": "dash" if number else "solid"},
        )  # fmt: skip
    layout(figure, height=260)
    figure.update_xaxes(title="Time in the clip (s)", range=span_s, nticks=11)
    figure.update_yaxes(
        title="Quality", range=[0, 1.03], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], automargin=False
    )
    figure.update_layout(margin={"l": 62})
    return figure
