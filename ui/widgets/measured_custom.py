"""What was measured on a model that was taught from a data set: on people it never saw, with intervals over people."""

import streamlit as st

from emo_core.emotions import display_name
from emo_core.measured import Measured, TaughtClips, TaughtRecord, VerdictCounts
from emo_core.model.published import PUBLISHED, limits_of
from emo_core.records import Score, span
from ui.shell import errors, preload
from ui.widgets import charts, tables


def render(record: TaughtRecord, measured: Measured, figures: TaughtClips) -> None:
    """Data, split and figures; before them what a model of the published recipe is.

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
