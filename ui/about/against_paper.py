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
        "here as a model of its own, **published**: trained by the same recipe, on rendered clips, for the paper's "
        "videos are not public. Beside it stands **hybrid**, the model of this application."
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
        "In brackets the 95% interval over people. Rows are of different data and are not to be averaged. The "
        "cross-validated figures are of heads of one recipe, trained on rendered clips alone; hybrid has a third "
        "class there, other. On real clips, on which neither model was trained, verdicts are judged: unsure is wrong, "
        "but for other faces. The verdicts of hybrid on them are cross-validated by person, for they helped to "
        "choose its thresholds."
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
        f"1. The paper does not say how it splits its {PAPER_SAMPLES:,} samples, and its printed log measures on a "
        "random fifth, so that frames of one video, and videos of one person, can be on both sides.\n"
        "2. A model is then rewarded for knowing the people and the pictures, and what is lost when nobody is on both "
        f"sides{gap} is called leakage; on videos of real people published work reports 20 to 30 points.\n"
        "3. It knows two classes, far apart, and nothing else: a neutral face never lowers its figure, yet in use it "
        f"must be called one of the two{called}.\n"
        "4. Clips made for one purpose, whether the paper's or our rendered ones, are posed, loud and alike, and real "
        "people are not: the rows of real clips show what is left.\n"
        "5. A figure of 100% without an interval, people or videos of elsewhere tells how well a test part is known, "
        "not how often a stranger is read rightly; the figure to believe is the one on real clips, then the one by "
        "person."
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
