"""What an evaluation shows: the headline, then tabs of which only the open one is computed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.emotions import display_name
from emo_core.records import ClassScores, ClipMetrics, span
from ui.evaluate import compare, export, method, protocols
from ui.evaluate.choice import Choice
from ui.shell import errors
from ui.widgets import charts, clip_list, tables

if TYPE_CHECKING:
    from emo_core.evaluation.results import Evaluation

KEY = "evaluate-tab"
"""Key of the tabs; its state is the name of the open one."""

MATRIX = "matrix"
"""Anchor of the confusion matrix, which stands in the first tab."""

_SLICES = {
    "source": "Where the clips are from", "session": "Session", "damage": "Damage to the picture",
    "quality": "Quality, by the model's quality bins", "length": "Length of the clip", "person": "Person",
}  # fmt: skip
_LISTS = ("Chosen cell", "All wrong", "Unsure", "All")


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """An evaluation on the page: what was chosen, every verdict, and the figures of :func:`summarize`."""

    choice: Choice
    evaluation: "Evaluation"
    figures: ClipMetrics

    @property
    def folder(self) -> Path:
        """That the paths of the clips are relative to."""
        return self.choice.data if self.choice.data.is_dir() else self.choice.data.parent

    @property
    def key(self) -> str:
        """Part of the keys of widgets that belong to this evaluation."""
        return f"{self.evaluation.model_digest}-{len(self.evaluation.clips)}-{self.choice.name}"


def render(shown: Shown, *, begin: bool = False) -> None:
    """Headline and tabs; with the first tab open if `begin` asks for it."""
    _headline(shown)
    if begin:
        st.session_state[KEY] = next(iter(_TABS))
    _tabs(shown)


def _headline(shown: Shown) -> None:
    """The honest figures first, with their intervals and what stands behind them."""
    figures, evaluation = shown.figures, shown.evaluation
    with st.container(horizontal=True, key="evaluate-headline"):
        for title, score in figures.headline.items():
            value = "none" if score.value is None else f"{score.value:.1%}"
            st.metric(title, value, span(score.interval), delta_color="off", delta_arrow="off", border=True)
    sources = sorted({clip.source or "source not stated" for clip in evaluation.clips})
    origins, judge = errors.plain(", ".join(sources)), errors.plain(f"{evaluation.model} {evaluation.version}")
    st.caption(
        f"{figures.num_clips} clips of {figures.num_people} people ({origins}), judged by {judge}; below "
        "each figure its 95% interval over people. Accuracy and macro-F1 take the most probable class even where the "
        f"app would say unsure. {errors.plain(evaluation.exposure)}"
    )
    if len(sources) > 1:
        st.caption("The clips come from several sources: read the figures of each under Slices, not their mixture.")
    if evaluation.left_out:
        count = tables.count(len(evaluation.left_out), "clip")
        with st.expander(f"{count} could not be judged"):
            for item in evaluation.left_out:
                st.markdown(f"- {errors.plain(item.path)}: {errors.plain(item.reason)}")


@st.fragment
def _tabs(shown: Shown) -> None:
    """A change of tab, or a click in one, reruns only this."""
    for tab, place in zip(_TABS, st.tabs(list(_TABS), key=KEY, on_change="rerun"), strict=True):
        if place.open:
            with place, errors.shown():
                _TABS[tab](shown)


def _verdicts(shown: Shown) -> None:
    """The confusion matrix whose cells open their clips, and the report of the classes."""
    from emo_core.report.charts.evaluation import clickable_confusion_figure
    from emo_core.report.charts.words import describe

    labels, counts = shown.figures.labels, shown.figures.confusion
    with st.container(key="stack-verdicts"):
        left, right = st.columns([5, 6], gap="large")
    with left:
        st.header("Confusion matrix", anchor=MATRIX)
        st.caption(
            "Rows are the truth, columns the most probable class. Each cell: share of its row, and number of clips. "
            "Click one to list its clips below."
        )
        figure, key = clickable_confusion_figure(labels, counts), f"confusion-{shown.key}"
        st.plotly_chart(
            figure, key=key, on_select=partial(_clicked, key, _cell_key(shown)), selection_mode="points",
            config=charts.config("confusion"), alt=f"Confusion matrix, truth as judged. {describe(figure)}",
        )  # fmt: skip
    with right:
        st.header("Classification report", anchor=False)
        _report(shown.figures.per_class)
        st.header("Verdicts of the app, unsure included", anchor=False)
        tables.render(
            ("Truth", *(_name(column) for column in shown.figures.verdict_columns)),
            [
                (_name(label), *map(str, row))
                for label, row in zip(labels, shown.figures.verdicts, strict=True)
            ],
        )  # fmt: skip
    _list(shown)


def _cell_key(shown: Shown) -> str:
    """Key of the choice of a cell; its state is row and column."""
    return f"evaluate-cell-{shown.key}"


def _clicked(chart: str, box: str) -> None:
    """Callback: a click on a cell chooses it."""
    if points := st.session_state[chart]["selection"]["points"]:
        row, column, _ = points[0]["customdata"]
        st.session_state[box] = int(row), int(column)


def _choose_cell(shown: Shown) -> tuple[str, str] | None:
    """Truth and verdict of the cell that was clicked, or chosen here, which keys can do as well."""
    labels, counts = shown.evaluation.labels, shown.figures.confusion
    cells = [(row, column) for row, line in enumerate(counts) for column, count in enumerate(line) if count]

    def words(cell: tuple[int, int]) -> str:
        row, column = cell
        return f"{display_name(labels[row])}, judged {display_name(labels[column])} ({counts[row][column]})"

    chosen = st.selectbox(
        "Cell of the matrix", cells, index=None, key=_cell_key(shown), format_func=words, placeholder="Choose a cell"
    )
    return None if chosen is None else (labels[chosen[0]], labels[chosen[1]])


def _list(shown: Shown) -> None:
    evaluation = shown.evaluation
    st.header("Clips", anchor="clips")
    what = st.segmented_control("Which clips", _LISTS, default=_LISTS[0], key="evaluate-list") or _LISTS[0]
    guesses = [evaluation.labels[int(index)] for index in evaluation.forced]
    pairs = list(zip(evaluation.clips, guesses, strict=True))
    if what == "Chosen cell":
        cell = _choose_cell(shown)
        if cell is None:
            st.info("Click a cell of the confusion matrix, or choose one here, to see its clips.")
            return
        truth, guess = cell
        clips = [clip for clip, own in pairs if clip.label == truth and own == guess]
        st.markdown(f"**{_name(truth)}**, judged **{_name(guess)}**: {tables.count(len(clips), 'clip')}")
        key = f"{truth}-{guess}"
    else:
        keep: dict[str, Callable[[Any, str], bool]] = {
            "All wrong": lambda clip, own: clip.label != own,
            "Unsure": lambda clip, own: clip.verdict not in evaluation.labels,
            "All": lambda clip, own: True,
        }
        clips, key = [clip for clip, own in pairs if keep[what](clip, own)], what
        if not clips:
            st.info("There is no such clip.")
    clip_list.render(clips, evaluation.labels, shown.folder, key)


def _report(rows: Sequence[ClassScores]) -> None:
    tables.render(
        ("Class", "Precision", "Recall", "F1", "n"),
        [(_name(row.label), *(score.text(".0%") for score in row.scores.values()), str(row.support)) for row in rows],
    )


def _scores(shown: Shown) -> None:
    """Bars with intervals, ROC and precision-recall curves."""
    from emo_core.report.charts import evaluation as figures

    st.header("Accuracy, precision, recall, F1", anchor=False)
    st.caption("Whiskers: 95% interval over people. The bars for all classes are means over the classes.")
    chart = figures.scores_figure(shown.figures.scores, shown.figures.per_class)
    charts.render(chart, "evaluate-scores", "Accuracy, precision, recall and F1", picture="scores")
    left, right = st.columns(2, gap="large")
    with left:
        st.header("ROC, each class against the rest", anchor=False)
        charts.render(figures.roc_figure(shown.figures.curves), "evaluate-roc", "ROC curves", picture="roc")
    with right:
        st.header("Precision against recall", anchor=False)
        chart = figures.precision_recall_figure(shown.figures.curves)
        charts.render(chart, "evaluate-pr", "Precision-recall curves", picture="precision_recall")
    tables.render(
        ("Class", "Area under the ROC curve", "Average precision", "n"),
        [
            (_name(row.label), row.roc_auc.text(".3f"), f"{row.average_precision:.3f}", str(row.num_positive))
            for row in shown.figures.curves
            if row.roc_auc
        ],
    )  # fmt: skip


def _certainty(shown: Shown) -> None:
    """Whether probabilities are calibrated, and what saying *unsure* buys."""
    from emo_core.report.charts import evaluation as figures

    left, right = st.columns(2, gap="large")
    with left:
        st.header("Calibration", anchor=False)
        error = shown.figures.calibration.error.text(".3f")
        st.caption(f"Expected calibration error {error}: 0 = perfectly calibrated.")
        chart = figures.calibration_figure(shown.figures.calibration)
        charts.render(chart, "evaluate-calibration", "Confidence against accuracy", picture="calibration")
    with right:
        st.header("Accuracy against coverage", anchor=False)
        st.caption(
            "Along the line the threshold varies: a stricter one gives fewer verdicts and should make fewer errors."
        )
        chart = figures.coverage_figure(shown.figures)
        charts.render(chart, "evaluate-coverage", "Coverage against accuracy", picture="coverage")


def _slices(shown: Shown) -> None:
    """Accuracy by part of the data set."""
    from emo_core.report.charts.evaluation import slices_figure

    rows = shown.figures.slices
    present = [name for name in _SLICES if any(row.slice == name for row in rows)]
    if not present:
        st.info("All clips are alike in source, quality and length, and of one person: there is nothing to split.")
        return
    st.header("Accuracy by part", anchor=False)
    chosen = st.segmented_control("Split the clips by", present, default=present[0], format_func=_SLICES.__getitem__)
    own = [row for row in rows if row.slice == (chosen or present[0])]
    st.caption("Whiskers: 95% interval over people; none where a part is of one person. n counts clips.")
    charts.render(slices_figure(own), "evaluate-slices", f"Accuracy by {chosen}", picture=f"slices_{chosen}")
    tables.render(
        ("Part", "Clips", "People", "Accuracy", "Gives a verdict"),
        [
            (errors.plain(row.value), str(row.num_clips), str(row.num_people), row.accuracy.text(),
             f"{row.coverage:.0%}")
            for row in own
        ],
    )  # fmt: skip


def _name(label: str) -> str:
    return errors.plain(display_name(label))


_TABS: dict[str, Callable[[Shown], None]] = {
    "Verdicts": _verdicts,
    "Scores": _scores,
    "Certainty": _certainty,
    "Slices": _slices,
    "Two protocols": lambda shown: protocols.render(shown.choice),
    "Ablation": lambda shown: method.render_ablation(shown.choice),
    "Training": lambda shown: method.render_training(shown.choice),
    "Compare": lambda shown: compare.render(shown.choice, shown.evaluation, shown.folder),
    "Export": lambda shown: export.render(shown.choice, shown.evaluation, shown.figures),
}
