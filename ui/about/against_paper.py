"""The paper beside this application: the accuracy it reports beside ours, and why they differ."""

import streamlit as st

from emo_core.emotions import OTHER
from emo_core.measured import Measured, VerdictCounts
from emo_core.records import Interval, Protocols, Score
from ui.about import paper_figures
from ui.state import models
from ui.widgets import model_picker, tables

TAB = "Against the paper"

HUNDRED = "hundred"
"""Anchor of the table with the figure of the paper and ours."""

PAPER_ACCURACY, PAPER_SAMPLES = 1.0, 6616
"""What the paper reports: accuracy, precision, recall and F1 of 100%, and how many samples it has (its Fig. 3 – 7)."""

_NOTHING, _NOT_REPORTED = "not measured", "not reported"


def render() -> None:
    """The comparison, from the records of the published and of the shipped model."""
    ours, shipped = models.metrics(models.published_dir()), models.metrics(models.MODEL_DIR)
    st.markdown(
        "The paper is *Design of a Computational Model to Detect Hybrid Emotion through Facial Expressions in Videos "
        "Using CNN-LSTM* ([10.53759/7669/jmc202505155](https://doi.org/10.53759/7669/jmc202505155)). Its method is "
        "rebuilt here as a separate model, **published**: the same recipe, trained on rendered clips, because the "
        "paper's videos are not public. **hybrid** is the model that this application uses."
    )
    if not ours.taught_clips:
        st.info("The published method has not been trained on this installation. Run `make model` to train it.")
    elif models.directory() != models.published_dir():
        st.button("Use the published model on every page", key="use-published", on_click=model_picker.use,
                  args=[models.published_dir()])  # fmt: skip
    else:
        st.caption("The published model is the one in use now; choose another one at the top of the page.")
    _the_hundred_percent(ours, shipped)
    _why(ours)
    st.header("Figure by figure", anchor=False)
    paper_figures.render(ours.taught_clips, models.published_dir(), PAPER_SAMPLES)


def _the_hundred_percent(ours: Measured, shipped: Measured) -> None:
    st.header(f"The {PAPER_ACCURACY:.0%}, and the same model measured otherwise", anchor=HUNDRED)
    taught, real, forced = ours.taught_clips, ours.untouched_real_clips, ours.forced_clips
    rows = [
        (
            "Random part of the clips",
            f"{PAPER_ACCURACY:.0%} ({PAPER_SAMPLES:,} samples)",
            _score(taught.scores.accuracy, taught.num_clips) if taught else _NOTHING,
            _NOTHING,
        ),
        ("Cross-validated, split at random", _NOT_REPORTED, _protocol(ours, "random"), _protocol(shipped, "random")),
        ("Cross-validated, split by person", _NOT_REPORTED, _protocol(ours, "subject"), _protocol(shipped, "subject")),
        ("Real clips of the two pairs", _NOT_REPORTED, _real(real, pairs_only=True), _shipped_real(shipped, True)),
        ("Real clips, other faces among them", _NOT_REPORTED, _real(real), _shipped_real(shipped, False)),
        ("Rendered clips of other faces", _NOT_REPORTED, _real(forced), _shipped_other(shipped)),
    ]
    tables.render(("Accuracy on", "The paper", "published, here", "hybrid, here"), rows)
    st.caption(
        "In brackets: 95% interval over people. Each row uses different data, so do not average them. The "
        "cross-validated models follow one recipe and were trained on rendered clips only; hybrid has a third class "
        "there, other. Neither model was trained on real clips, where unsure counts as wrong; of other faces it counts "
        "as right for hybrid, which has a class for them, and as wrong for published. Real clips helped to choose the "
        "thresholds of hybrid, so its verdicts on them are cross-validated by person."
    )


def _why(ours: Measured) -> None:
    """Five sentences; what they say of ours comes from the records."""
    st.header("Why they differ", anchor=False)
    found, forced = ours.protocols, ours.forced_clips
    gap = called = ""
    if found and found.leakage is not None:
        gap = f" (here {100 * found.leakage:+.1f} points{_points(found.leakage_interval)})"
    if forced:
        counts = forced.parts[0].rows[0].verdicts
        called = f" (here {sum(counts[:-1])} of {sum(counts)})"
    st.markdown(
        f"1. The paper does not say how it splits its {PAPER_SAMPLES:,} samples. Its printed log measures on a random "
        "fifth of them, so frames of one video, and videos of one person, can be on both sides.\n"
        "2. A model is then rewarded for knowing the people and the pictures. What is lost when nobody is on both "
        f"sides{gap} is called leakage.\n"
        "3. It knows two classes that differ much, and nothing else. A neutral face never lowers its figure, yet in "
        f"use it must be called one of the two{called}.\n"
        "4. Clips made for a purpose, the paper's or our rendered ones, are posed, strong and alike. Real people are "
        "not: see the rows of real clips.\n"
        "5. A figure of 100% without an interval, without counts of people and without clips from elsewhere says how "
        "well the test clips are known, not how often strangers are read correctly. Trust the figure on real clips "
        "most, then the one by person."
    )


def _score(score: Score, count: int) -> str:
    return f"{score.text()}, n = {count:,}"


def _protocol(measured: Measured, name: str) -> str:
    table = measured.protocols or Protocols()
    row = table.splits.get(name)
    return _score(Score(row.accuracy, row.interval_over_people), table.num_windows) if row else _NOTHING


def _real(record: VerdictCounts | None, *, pairs_only: bool = False) -> str:
    if record is None:
        return _NOTHING
    part = record.parts[0]
    found = part.of_its_classes if pairs_only else part.of_all
    count = sum(sum(row.verdicts) for row in part.rows if not (pairs_only and row.label == OTHER))
    return _NOTHING if found.value is None else _score(found, count)


def _shipped_real(measured: Measured, pairs_only: bool) -> str:
    """Of the record that is cross-validated by person: counts, whose interval it does not hold."""
    if measured.real_clips is None:
        return _NOTHING
    found = measured.real_clips.parts[0].cross_validated.by_class
    rows = [row for row in found if not (pairs_only and row.label == OTHER)]
    right, count = sum(row.right for row in rows), sum(row.num for row in rows)
    return f"{right / count:.1%}, n = {count:,}" if count else _NOTHING


def _shipped_other(measured: Measured) -> str:
    """Recall of *other* on rendered clips of people that it never saw."""
    rows = measured.rendered_clips.per_class if measured.rendered_clips else ()
    found = next((row for row in rows if row.label == OTHER), None)
    return f"{found.recall:.1%}, n = {found.support:,}" if found else _NOTHING


def _points(interval: Interval) -> str:
    return f", 95% interval {100 * interval[0]:+.1f} to {100 * interval[1]:+.1f}" if interval else ""
