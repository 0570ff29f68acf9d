"""What was measured on real people: clips first, then pictures, then which of a pair is there; never mixed."""

from collections.abc import Sequence

import streamlit as st

from emo_core.emotions import display_name
from emo_core.measured import Measured, RealClips
from emo_core.method_records import Counted, PresenceRow
from emo_core.records import Portraits, bracketed
from ui.widgets import tables

_MEAN = "average of the frames"


def render(measured: Measured) -> None:
    """Real clips, portraits and presence, as far as the records of a model hold them."""
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
