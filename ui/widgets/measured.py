"""What was measured on the model, each figure with its data and its count; missing files say how to make them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from emo_core.measured import ComposedClips, ComposedSet, JudgedClips, Stills
from emo_core.method_records import Ablation, Variant, change_text, mean_text
from emo_core.records import Interval, Protocols, bracketed, span
from ui.shell import errors
from ui.state import evaluations, models
from ui.widgets import charts, measured_parts, tables

_CLIP_SETS = {
    "clean": "Clips composed from photos kept out of training",
    "degraded": "The same with damaged stretches",
}
_STILLS = "Validation photos of FER+ (frame network alone, eight emotions)"
_UNSEEN_STILLS = "The same without copies of training photos"
_RENDERED = "Rendered clips of synthetic people kept out of training"
SPLITS = {
    "random": "At random, as in the paper", "subject": "By person, nobody on both sides",
    "joined": "By person, people with the same clips taken for one",
}  # fmt: skip
_READERS = {"lstm": "LSTM", "mean": "Mean over frames", "last": "Each frame alone"}
_METHOD_PARTS = {
    "mean_input": "mean emotions as input", "q_features": "features normalized by quality",
    "blendshapes": "blendshapes as input", "q_scores": "thresholds by quality",
}  # fmt: skip
_FIGURES = {
    "macro_f1": "Macro-F1 (more is better)",
    "half_total_error": "Mean of miss and false alarm rates (less is better)",
}
_STAGES = {"frames": "Frame network (CNN)", "head": "Sequence network (LSTM)"}
_PARTS = {"Training": "", "Validation": "val_"}
_QUANTITIES = {"Loss": "loss", "Accuracy": "accuracy"}


def render_metrics() -> None:
    """Scores by data set, how often the model dares and is then right, false alarms, confusion matrices."""
    measured = models.metrics()
    if measured.taught_clips:
        measured_parts.render_taught(models.taught(models.directory()), measured, measured.taught_clips)
        return
    measured_parts.render_people(measured)
    composed, stills, rendered = (
        measured.composed_clips or ComposedClips(),
        measured.real_stills,
        measured.rendered_clips,
    )
    clips = {title: found for name, title in _CLIP_SETS.items() if (found := getattr(composed, name))}
    if not clips and not stills:
        st.info("Nothing has been measured on this model yet. Run `make model` to train and evaluate it.")
        return
    rows = [_scores(title, f"{found.num_clips:,}", found, found.accuracy_interval) for title, found in clips.items()]
    if rendered:
        count = f"{rendered.num_clips:,} ({rendered.num_people:,} people)"
        rows.append(_scores(_RENDERED, count, rendered, rendered.accuracy_interval_over_people))
    for title, found in ((_STILLS, stills), (_UNSEEN_STILLS, stills and stills.without_copies)):
        if found:
            rows.append(_scores(title, f"{found.num_images:,}", found, found.accuracy_interval))
    tables.render(("Measured on", "n", "Accuracy (95% interval)", "Macro-F1"), rows)
    st.caption(
        "Accuracy and macro-F1 (the mean over classes) take the most probable class even where the app would say "
        "unsure. Intervals are over pictures; those of rendered clips over people. Damaged stretches are blurred, "
        "dark, small, hidden or compressed. Expect less on real video."
    )
    _verdicts(clips, composed)
    drawn = {title: found for title, found in clips.items() if found.confusion and found.labels}
    for column, (title, found) in zip(st.columns(max(len(drawn), 1)), drawn.items(), strict=False):
        with column:
            _confusion(title, found)


def render_demo() -> None:
    """The confusion matrix and the report of the classes on the demo clips, where they came with the model."""
    found = evaluations.of_demo(models.directory())
    if found is None:
        return
    from emo_core.report.charts.analysis import confusion_figure

    figures = found.figures
    st.header("On the demo clips", anchor=False)
    with st.container(key="stack-demo"):
        left, right = st.columns([5, 6], gap="large")
    with left:
        chart = confusion_figure(figures.labels, figures.confusion)
        charts.render(chart, "confusion-demo", "Confusion matrix on the demo clips, truth as judged")
    with right:
        tables.render(
            ("Class", "Precision", "Recall", "F1", "n"),
            [
                (errors.plain_name(row.label), *(score.text(".0%") for score in row.scores.values()), str(row.support))
                for row in figures.per_class
            ],
        )
        st.caption(
            f"{figures.num_clips} rendered clips of {figures.num_people} synthetic people that the model has not seen; "
            "in brackets the 95% interval over people. Rendered faces are alike: expect less on real ones."
        )


def _verdicts(clips: Mapping[str, ComposedSet], composed: ComposedClips) -> None:
    """How often the model dares and is then right, and how often it sees a pair where there is nothing."""
    if any(found.coverage is not None for found in clips.values()):
        header = ("Measured on", "Gives a verdict", "Right when it does", "Accuracy of a plain mean over frames")
        shares = {
            title: (found.coverage, found.accuracy_when_decided, found.mean_of_frame_emotions_accuracy)
            for title, found in clips.items()
        }
        tables.render(header, [(title, *map(_share, values)) for title, values in shares.items()])
    for found, title in (
        (composed.neutral, "neutral faces"), (composed.neutral_degraded, "neutral faces with damaged stretches"),
    ):  # fmt: skip
        if found:
            st.caption(
                f"False alarms: of {found.num_clips:,} composed clips of {title}, {_share(found.called_hybrid)} are "
                "called a pair of emotions."
            )


def render_method() -> None:
    """What a random split hides, and what each part of the method is worth; nothing where neither was measured."""
    measured = models.metrics()
    if measured.protocols:
        st.header("What a random split hides", anchor=False)
        render_protocols(measured.protocols)
    if measured.ablation:
        st.header("What each part is worth", anchor=False)
        render_ablation(measured.ablation)


def render_protocols(protocols: Protocols) -> None:
    """One recipe on the same clips, split at random and by person, as a table."""
    rows = [
        (SPLITS[name], f"{row.accuracy:.1%}", f"{row.macro_f1:.1%}", span(row.interval_over_people))
        for name, row in protocols.splits.items()
    ]
    tables.render(("Clips split", "Accuracy", "Macro-F1", "95% interval over people"), rows)
    sources = ", ".join(protocols.sources or ["rendered"])
    st.caption(
        f"One recipe, {protocols.num_windows:,} windows of clips ({errors.plain(sources)}) of "
        f"{protocols.num_people:,} people, cross-validated; the difference is leakage."
    )
    if protocols.same_people:
        same = errors.plain(", ".join(protocols.same_people))
        st.caption(f"Clips of these people show the same frames, so they are taken for one: {same}.")


def render_ablation(ablation: Ablation) -> None:
    """What switching each part of the method on changes, then every head that was compared; nothing of no head."""
    if not (variants := ablation.variants):
        return
    changes = [
        (_METHOD_PARTS.get(row.part, row.part).capitalize(), _FIGURES.get(row.figure, row.figure),
         *(change_text(found) if found else "not measured" for found in (row.clean, row.degraded)))
        for row in ablation.effects
    ]  # fmt: skip
    tables.render(("Part switched on", "Changes", "Clean", "Damaged"), changes)
    chosen = min(variants, key=lambda row: row.held_out_loss[0])
    st.caption(
        "What switching on one part changes, everything else equal, on composed clips; in brackets the 95% interval "
        "over pairs of trained models that differ in that part alone. Parts are chosen by the loss on other, held-out "
        f"clips, which is lowest for: {_variant(chosen)}."
    )
    with st.expander(f"All {len(variants)} combinations"):
        tables.render(
            ("Sequence network", "Clean", "Damaged", "Rendered"),
            [
                (_variant(row), *map(mean_text, (row.clean_macro_f1, row.degraded_macro_f1, row.rendered_macro_f1)))
                for row in sorted(variants, key=lambda row: -row.clean_macro_f1[0])
            ],
        )
        st.caption(
            f"Macro-F1, mean of {variants[0].num_seeds} seeds ± half the 95% interval, on composed clips (clean, "
            "damaged) and on rendered ones, trained for a shorter time than the model in use."
        )
    if ablation.of_former_frame_cnn:
        st.caption("Measured before the frame network was trained further; not repeated since.")


def render_history(directory: Path | None = None) -> None:
    """Loss and accuracy per epoch, training against validation, for each stage of a training, and the epoch kept."""
    stages = models.history(directory)
    if not stages:
        st.info("No training record came with this model. Run `make model` to train it and keep one.")
        return
    from emo_core.report.charts.analysis import history_figure

    for stage, rows in stages.items():
        st.markdown(f"**{_STAGES.get(stage, errors.plain(stage))}**, {len(rows)} epochs")
        epochs = [
            number if math.isnan(row.get("epoch", math.nan)) else int(row["epoch"])
            for number, row in enumerate(rows, start=1)
        ]
        for column, (quantity, key) in zip(st.columns(2), _QUANTITIES.items(), strict=True):
            found = {title: [row.get(prefix + key, math.nan) for row in rows] for title, prefix in _PARTS.items()}
            curves = {title: values for title, values in found.items() if not all(map(math.isnan, values))}
            figure = history_figure(epochs, curves, quantity, _kept(stage, epochs, rows))
            with column:
                name = f"{quantity} per epoch of training"
                charts.render(figure, f"history-{stage}-{key}", name, picture=f"{stage}_{key}" if directory else "")


def _kept(stage: str, epochs: Sequence[int], rows: Sequence[Mapping[str, float]]) -> int | None:
    """The epoch whose weights a head keeps: that of the least validation loss; other stages keep their last one."""
    losses = [row.get("val_loss", math.nan) for row in rows]
    if stage != "head" or all(map(math.isnan, losses)):
        return None
    return epochs[min(range(len(rows)), key=lambda index: math.inf if math.isnan(losses[index]) else losses[index])]


def _confusion(title: str, found: ComposedSet) -> None:
    from emo_core.report.charts.analysis import confusion_figure

    st.markdown(f"**{title}** (n = {found.num_clips:,})")
    try:
        figure = confusion_figure(found.labels, found.confusion)
    except ValueError:
        st.info("The confusion matrix in metrics.json does not fit its labels; run the evaluation again.")
        return
    charts.render(figure, f"confusion-{title}", f"Confusion matrix: {title}")


def _variant(row: Variant) -> str:
    given = () if row.reader != "mean" else ("mean_input",)  # all that it reads, not a part that it could lack
    parts = [title for name, title in _METHOD_PARTS.items() if getattr(row, name, False) and name not in given]
    reader = _READERS.get(row.reader) or errors.plain(row.reader)
    return reader + (f" with {', '.join(parts)}" if parts else "")


def _scores(title: str, count: str, row: JudgedClips | Stills, interval: Interval) -> tuple[str, str, str, str]:
    """What was measured on, how many there are, accuracy with its interval, and macro-F1."""
    return title, count, f"{row.accuracy:.1%}{bracketed(interval)}", _share(row.macro_f1)


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"
