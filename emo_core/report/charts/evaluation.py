"""Charts of an evaluation, from its :class:`~emo_core.records.ClipMetrics` alone.

Every interval is drawn as a whisker; every chart says in its hover box how many clips stand behind a point.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from msgspec.structs import asdict

from emo_core.emotions import class_colour, display_name
from emo_core.records import (
    Calibration,
    ClassCurves,
    ClassScores,
    ClipMetrics,
    MeanScores,
    Protocols,
    Score,
    SliceScore,
    span,
)
from emo_core.report.charts.analysis import confusion_figure
from emo_core.report.charts.style import NEUTRAL_INK, faded, layout, verbatim

ACCENT = "#5468C4"
"""Colour of what belongs to no class."""

_ALL_CLASSES = "#2A9D8F"
_SCORES = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1"}


def clickable_confusion_figure(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> go.Figure:
    """The confusion matrix with a nearly transparent square over every cell that holds clips.

    Heatmaps report no clicks; the squares do, and carry row and column of their cell as ``customdata``.

    Args:
        labels: C true classes.
        counts: (C, C) clips, true class by row, predicted class by column.
    """
    figure = confusion_figure(labels, counts)
    names = list(figure.data[0].x)
    cells = [(row, column) for row in range(len(labels)) for column in range(len(labels)) if counts[row][column]]
    figure.add_scatter(
        x=[names[column] for _, column in cells], y=[names[row] for row, _ in cells],
        customdata=[[row, column, counts[row][column]] for row, column in cells],
        mode="markers", showlegend=False,
        marker={"symbol": "square", "size": 60, "color": faded(ACCENT, 0), "line": {"width": 0}},
        selected={"marker": {"opacity": 1, "color": faded("#F2A900", 0.35)}}, unselected={"marker": {"opacity": 1}},
        hovertemplate="true %{y}<br>judged %{x}<br>%{customdata[2]} clips: click to list them<extra></extra>",
    )  # fmt: skip
    figure.update_layout(clickmode="event+select")
    return figure


def scores_figure(scores: MeanScores, per_class: Sequence[ClassScores]) -> go.Figure:
    """Accuracy, precision, recall and F1 with their intervals, overall and for each class (the paper's Fig. 5)."""
    labels = tuple(row.label for row in per_class)
    figure = go.Figure()
    _add_bars(figure, "All classes", _ALL_CLASSES, {_SCORES[name]: score for name, score in asdict(scores).items()})
    for row in per_class:
        own = {_SCORES[name]: score for name, score in row.scores.items()}
        _add_bars(figure, display_name(row.label), class_colour(row.label, labels), own)
    layout(figure, height=340)
    figure.update_layout(barmode="group", hovermode="closest", bargap=0.25)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    return figure


def roc_figure(curves: Sequence[ClassCurves]) -> go.Figure:
    """How many clips of a class are found against how many others are taken for it, each class against the rest."""
    figure = go.Figure()
    _add_diagonal(figure, "Guessing")
    for row in curves:
        if row.roc and row.roc_auc:
            _add_curve(
                figure, curves, row, f"area {row.roc_auc.value:.3f}", "hv",
                x=row.roc.false_positive_rate, y=row.roc.true_positive_rate,
                hovertemplate="found %{y:.0%}, others taken for it %{x:.0%}<extra></extra>",
            )  # fmt: skip
    return _unit_square(figure, "False positive rate", "True positive rate")


def precision_recall_figure(curves: Sequence[ClassCurves]) -> go.Figure:
    """How many of the clips called a class are of it against how many of it are found."""
    figure = go.Figure()
    for row in curves:
        if row.precision_recall:
            _add_curve(
                figure, curves, row, f"mean precision {row.average_precision:.3f}", "vh",
                x=row.precision_recall.recall, y=row.precision_recall.precision,
                hovertemplate="precision %{y:.0%} at recall %{x:.0%}<extra></extra>",
            )  # fmt: skip
    return _unit_square(figure, "Recall", "Precision")


def calibration_figure(calibration: Calibration) -> go.Figure:
    """How often the model is right when it is so sure; larger points hold more clips."""
    rows = calibration.bins
    most = max(row.num_samples for row in rows)
    figure = go.Figure()
    _add_diagonal(figure, "Perfect calibration")
    figure.add_scatter(
        x=[row.confidence for row in rows], y=[row.accuracy for row in rows], mode="lines+markers",
        name="Measured", line={"color": ACCENT, "width": 1.6}, customdata=[row.num_samples for row in rows],
        marker={"size": [8 + 18 * (row.num_samples / most) ** 0.5 for row in rows], "opacity": 0.75},
        hovertemplate="says %{x:.0%}, is right in %{y:.0%} of %{customdata} clips<extra></extra>",
    )  # fmt: skip
    return _unit_square(figure, "Probability of the most probable class", "Accuracy")


def coverage_figure(metrics: ClipMetrics) -> go.Figure:
    """How often verdicts are right as more or fewer clips get one, and where the app stands, if it gives any."""
    curve = metrics.coverage_curve
    figure = go.Figure()
    figure.add_scatter(
        x=[row.coverage for row in curve], y=[row.accuracy for row in curve], mode="lines",
        name="Other thresholds", line={"color": ACCENT, "width": 2.2}, customdata=[row.threshold for row in curve],
        hovertemplate="verdict on %{x:.0%}, right in %{y:.0%}<br>threshold %{customdata:+.2f}<extra></extra>",
    )  # fmt: skip
    if metrics.accuracy_when_decided.value is not None:
        figure.add_scatter(
            x=[metrics.coverage.value], y=[metrics.accuracy_when_decided.value], mode="markers", name="The app",
            marker={"size": 13, "color": "#F08A24"},
            hovertemplate="the app: verdict on %{x:.0%}, right in %{y:.0%}<extra></extra>",
        )  # fmt: skip
    return _unit_square(figure, "Coverage: clips with a verdict", "Accuracy of the verdicts")


def slices_figure(rows: Sequence[SliceScore]) -> go.Figure:
    """Accuracy of the parts of one slice with their intervals, in their own order from above."""
    names = [f"{verbatim(str(row.value))} (n = {row.num_clips})" for row in rows]
    figure = go.Figure()
    figure.add_scatter(
        x=[row.accuracy.value for row in rows], y=names, mode="markers", marker={"size": 11, "color": ACCENT},
        error_x=_whiskers([row.accuracy for row in rows]), customdata=[row.num_people for row in rows],
        hovertemplate="%{y}<br>right in %{x:.0%}, people: %{customdata}<extra></extra>",
    )  # fmt: skip
    layout(figure, height=96 + 30 * len(rows))
    figure.update_layout(hovermode="closest", showlegend=False)
    figure.update_xaxes(title="Accuracy", range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    return figure


def protocols_figure(protocols: Protocols, names: Mapping[str, str]) -> go.Figure:
    """Accuracy and macro-F1 of one recipe under each way to split the same clips; `names` tells these for people."""
    colours = (NEUTRAL_INK, ACCENT, "#2A9D8F")
    figure = go.Figure()
    for (name, row), colour in zip(protocols.splits.items(), colours, strict=False):
        accuracy = Score(row.accuracy, row.interval_over_people)
        f1 = Score(row.macro_f1, row.macro_f1_interval_over_people)
        _add_bars(figure, names[name], colour, {"Accuracy": accuracy, "Macro-F1": f1})
    layout(figure, height=300)
    figure.update_layout(barmode="group", hovermode="closest", bargap=0.35)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    return figure


def _add_bars(figure: go.Figure, name: str, colour: str, scores: Mapping[str, Score]) -> None:
    figure.add_bar(
        x=list(scores), y=[score.value for score in scores.values()], name=name, marker={"color": colour},
        error_y=_whiskers(scores.values()), customdata=[span(score.interval) or "–" for score in scores.values()],
        hovertemplate=f"{name}<br>%{{x}} %{{y:.1%}}<br>95% interval %{{customdata}}<extra></extra>",
    )  # fmt: skip


def _whiskers(scores: Iterable[Score]) -> dict[str, Any]:
    """The intervals of scores, of no length where there is none."""
    known = [(score.value or 0.0, score.interval or (score.value or 0.0,) * 2) for score in scores]
    return {
        "type": "data", "symmetric": False, "thickness": 1.5, "width": 4,
        "array": [high - value for value, (_, high) in known],
        "arrayminus": [value - low for value, (low, _) in known],
    }  # fmt: skip


def _add_curve(
    figure: go.Figure, among: Sequence[ClassCurves], row: ClassCurves, words: str, shape: str, **line: Any
) -> None:
    """The line of one class among all, named with a few words."""
    colour = class_colour(row.label, tuple(other.label for other in among))
    figure.add_scatter(
        mode="lines", name=f"{display_name(row.label)}, {words}",
        line={"color": colour, "width": 2.4, "shape": shape}, **line,
    )  # fmt: skip


def _add_diagonal(figure: go.Figure, name: str) -> None:
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name=name, hoverinfo="skip",
        line={"color": NEUTRAL_INK, "dash": "dot", "width": 1.2},
    )  # fmt: skip


def _unit_square(figure: go.Figure, x_title: str, y_title: str) -> go.Figure:
    """Both axes from 0 to 1, in percent; points and lines at the edge are drawn whole."""
    layout(figure, height=360)
    figure.update_layout(hovermode="closest")
    figure.update_traces(cliponaxis=False)
    figure.update_xaxes(title=x_title, range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(title=y_title, range=[-0.02, 1.02], tickformat=".0%")
    return figure
