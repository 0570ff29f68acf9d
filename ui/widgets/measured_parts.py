"""What was measured on real people, never mixed, and on a model that was taught from a data set."""

from collections.abc import Sequence

import streamlit as st

from emo_core.emotions import display_name
from emo_core.measured import Measured, RealClips, TaughtClips, TaughtRecord, VerdictCounts
from emo_core.method_records import Counted, PresenceRow
from emo_core.model.limits import PUBLISHED, limits_of
from emo_core.records import Portraits, Score, bracketed, span
from ui.shell import errors, preload
from ui.widgets import charts, tables

_MEAN = "average of the frames"


def render_people(measured: Measured) -> None:
    """Real clips first, then portraits, then which of a pair is there, as far as the records of a model hold them."""
    if measured.real_clips:
        _real_clips(measured.real_clips)
    if measured.portraits:
        _portraits(measured.portraits)
    if measured.presence:
        _presence(measured.presence)


def _real_clips(record: RealClips) -> None:
    st.markdown("**Real clips**")
    rows = []
    for part in record.parts:
        for found, words in ((part.cross_validated, "verdicts of the model"), (part.mean_of_frame_emotions, _MEAN)):
            counts = [f"{row.right} of {row.num}" for row in found.by_class]
            unsure = str(sum(row.unsure for row in found.by_class))
            recall = f"{found.macro_recall:.2f}{bracketed(found.interval, '.2f')}"
            rows.append(
                (f"{part.clips[:1].upper()}{part.clips[1:]} ({part.num_clips})", words, recall, *counts, unsure)
            )
    names = [display_name(name) for name in record.labels]
    tables.render(("Clips (n)", "Judged by", "Mean recall (95% interval)", *names, "Unsure"), rows)
    st.caption(
        f"{record.num_clips} parts of videos of {record.num_people} people, labeled by eye. Unsure counts as wrong, "
        "except for other. Nothing was trained on them, but they helped to choose the thresholds, so verdicts are "
        "cross-validated by person. Average of the frames: the class whose emotions are strongest on average, without "
        "the LSTM. Intervals are over people."
    )


def _portraits(found: Portraits) -> None:
    st.markdown("**Portraits of people it never saw** (frame network alone)")
    rows = [
        (row.label, str(row.support), f"{row.recall:.0%}{bracketed(row.recall_interval, '.0%')}")
        for row in found.per_class
        if row.support
    ]
    tables.render(("Emotion", "n", "Found (95% interval over people)"), rows)
    accuracy = found.scores.accuracy
    st.caption(
        f"{found.num_pictures} pictures of {found.num_people} people, one label each by one person; accuracy "
        f"{accuracy.value:.1%}{bracketed(accuracy.interval, '.0%')}; no face found in {found.num_without_face}."
    )


def _presence(rows: Sequence[PresenceRow]) -> None:
    st.markdown("**One emotion of a pair, or both**")
    told = [(display_name(row.pair), row.where, _counted(row.false_blends), _counted(row.recall)) for row in rows]
    tables.render(("Pair", "On", "Single emotions called a blend", "Blends found"), told)
    st.caption(
        "Stills are labeled by the votes of ten annotators, rendered clips by what was drawn into them. What chose "
        "when a verdict is called a blend gives figures that flatter."
    )


def _counted(found: Counted) -> str:
    if found.value is None:
        return "none at hand"
    return f"{found.value:.0%}{bracketed(found.interval, '.0%')} of {found.num}"


def render_taught(record: TaughtRecord, measured: Measured, figures: TaughtClips) -> None:
    """Data, split and figures on people the model never saw, with intervals over people.

    Before them what a model of the published recipe is.

    Args:
        record: what ``bundle.json`` says of the training.
        measured: everything that was measured on the model.
        figures: the part of it that is of the data set's test part.
    """
    if figures.recipe == PUBLISHED:
        st.warning(errors.plain(limits_of(figures.labels)))
    if measured.untouched_real_clips:
        _elsewhere("Real clips, neither trained on nor chosen with", measured.untouched_real_clips)
    if measured.forced_clips:
        _elsewhere("Clips of the data set that show none of its classes", measured.forced_clips)
    train, validation = record.parts["train"], record.parts["validation"]
    st.markdown(
        f"Taught from **{errors.plain(record.data)}**: {train.num_clips} clips of {len(train.people)} people trained, "
        f"{validation.num_clips} of {len(validation.people)} chose, {figures.num_clips} of {figures.num_people} are "
        "only measured on."
    )
    if record.protocol != "subject":
        st.warning(
            "The clips were split at random, as in the paper: other clips of the same people trained it. The figures "
            "flatter it and do not tell how it works on anybody else."
        )
    scores = figures.scores
    rows = {
        "Accuracy": scores.accuracy, "Macro-F1": scores.f1, "Macro-precision": scores.precision,
        "Macro-recall": scores.recall, "Gives a verdict": figures.coverage,
        "Right when it does": figures.accuracy_when_decided, "Calibration error": figures.calibration.error,
    }  # fmt: skip
    tables.render(("Figure", "Value", "95% interval over people"), [(name, *_told(row)) for name, row in rows.items()])
    tables.render(
        ("Class", "Precision", "Recall", "F1", "n"),
        [
            (errors.plain(display_name(row.label)), f"{row.precision:.0%}", f"{row.recall:.0%}", f"{row.f1:.0%}",
             str(row.support))
            for row in figures.per_class
        ],
    )  # fmt: skip
    preload.wait()
    from emo_core.report.charts.analysis import confusion_figure

    figure = confusion_figure(figures.labels, figures.confusion)
    charts.render(figure, "confusion-taught", "Confusion matrix of the test clips")
    st.caption("The Evaluate page has everything about it, clip by clip.")


def _elsewhere(words: str, found: VerdictCounts) -> None:
    """Verdicts on clips that are not of the test part, by what they are."""
    st.markdown(f"**{words}** ({found.num_clips} clips of {found.num_people} people)")
    columns = [errors.plain(display_name(name)) for name in found.verdict_columns]
    tables.render(
        ("Clips", "Is", *(f"Called {name.lower()}" for name in columns)),
        [
            (errors.plain(part.clips), errors.plain(display_name(row.label)), *map(str, row.verdicts))
            for part in found.parts
            for row in part.rows
        ],
    )


def _told(score: Score) -> tuple[str, str]:
    return "not measured" if score.value is None else f"{score.value:.1%}", span(score.interval) or "too few people"
