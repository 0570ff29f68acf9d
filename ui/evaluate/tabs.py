"""What an evaluation shows: the headline, then tabs of which only the open one is computed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

_SLICES = {
    "source": "Where the clips are from", "session": "Session", "damage": "Damage to the picture",
    "quality": "Quality, by the model's neighbourhoods", "length": "Length of the clip", "person": "Person",
}  # fmt: skip
_LISTS = ("Chosen cell", "All wrong", "Not sure", "All")


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


def render(shown: Shown) -> None:
    """Headline and tabs."""
    _headline(shown)
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
        "each figure its 95 % interval over people. Accuracy and macro-F1 take the most probable class even where the "
        f"app would say that it is not sure. {errors.plain(evaluation.exposure)}"
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

    labels, counts = shown.figures.labels, shown.figures.confusion
    left, right = st.columns([5, 6], gap="large")
    with left:
        st.subheader("Confusion matrix", anchor=False)
        st.caption("Rows are the truth. Share of the row, and clips. Click a cell to list its clips below.")
        event = st.plotly_chart(
            clickable_confusion_figure(labels, counts), key=f"confusion-{shown.key}", on_select="rerun",
            selection_mode="points", config=charts.config("confusion"), alt="Confusion matrix",
        )  # fmt: skip
    with right:
        st.subheader("Classification report", anchor=False)
        _report(shown.figures.per_class)
        st.subheader("As the app says it", anchor=False)
        tables.render(
            ("Truth", *(_name(column) for column in shown.figures.verdict_columns)),
            [
                (_name(label), *map(str, row))
                for label, row in zip(labels, shown.figures.verdicts, strict=True)
            ],
        )  # fmt: skip
    _list(shown, event["selection"]["points"])


def _list(shown: Shown, points: Sequence[Mapping[str, Any]]) -> None:
    evaluation = shown.evaluation
    st.subheader("Clips", anchor="clips")
    what = st.segmented_control("Which clips", _LISTS, default=_LISTS[0], key="evaluate-list") or _LISTS[0]
    guesses = [evaluation.labels[int(index)] for index in evaluation.forced]
    pairs = list(zip(evaluation.clips, guesses, strict=True))
    if what == "Chosen cell":
        if not points:
            st.info("Click a cell of the confusion matrix to see its clips here.")
            return
        row, column, _ = points[0]["customdata"]
        truth, guess = evaluation.labels[int(row)], evaluation.labels[int(column)]
        clips = [clip for clip, own in pairs if clip.label == truth and own == guess]
        st.markdown(f"**{_name(truth)}**, judged **{_name(guess)}**: {tables.count(len(clips), 'clip')}")
        key = f"{truth}-{guess}"
    else:
        keep: dict[str, Callable[[Any, str], bool]] = {
            "All wrong": lambda clip, own: clip.label != own,
            "Not sure": lambda clip, own: clip.verdict not in evaluation.labels,
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

    st.subheader("Accuracy, precision, recall, F1", anchor=False)
    st.caption("Whiskers: 95 % interval over people. The bars of all classes are means over them.")
    chart = figures.scores_figure(shown.figures.scores, shown.figures.per_class)
    charts.render(chart, "evaluate-scores", "Accuracy, precision, recall and F1", picture="scores")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("ROC, each class against the rest", anchor=False)
        charts.render(figures.roc_figure(shown.figures.curves), "evaluate-roc", "ROC curves", picture="roc")
    with right:
        st.subheader("Precision and recall", anchor=False)
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
    """Whether probabilities keep their word, and what saying *not sure* buys."""
    from emo_core.report.charts import evaluation as figures

    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Calibration", anchor=False)
        error = shown.figures.calibration.error.text(".3f")
        st.caption(f"Expected calibration error {error}: 0 keeps its word.")
        chart = figures.calibration_figure(shown.figures.calibration)
        charts.render(chart, "evaluate-calibration", "Confidence against accuracy", picture="calibration")
    with right:
        st.subheader("Verdicts against silence", anchor=False)
        st.caption("The line moves the threshold of the verdict; a stricter one speaks less and should err less.")
        chart = figures.coverage_figure(shown.figures)
        charts.render(chart, "evaluate-coverage", "Coverage against accuracy", picture="coverage")


def _slices(shown: Shown) -> None:
    """Accuracy by part of the data set."""
    from emo_core.report.charts.evaluation import slices_figure

    rows = shown.figures.slices
    present = [name for name in _SLICES if any(row.slice == name for row in rows)]
    if not present:
        st.info("All clips are alike in source, quality and length, and of one person: there is nothing to part.")
        return
    st.subheader("Accuracy by part", anchor=False)
    chosen = st.segmented_control("Part the clips by", present, default=present[0], format_func=_SLICES.__getitem__)
    own = [row for row in rows if row.slice == (chosen or present[0])]
    st.caption("Whiskers: 95 % interval over people; none where a part is of one person. n counts clips.")
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
