"""What was measured on the model, each figure with its data and its count; missing files say how to make them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import streamlit as st

from emo_core.records import Protocols, bracketed, span
from ui.shell import errors
from ui.state import models
from ui.widgets import charts, measured_custom, measured_people, tables

_CLIP_SETS = {
    "clean": "Clips composed from photos kept out of training",
    "degraded": "Such clips with damaged stretches",
}
_STILLS = "Validation photos of FER+ (frame network alone, eight emotions)"
_UNSEEN_STILLS = "The same without copies of training photos"
_RENDERED = "Rendered clips of synthetic people kept out of training"
SPLITS = {
    "random": "At random, as in the paper", "subject": "By person, nobody on both sides",
    "joined": "By person, people with the same clips taken for one",
}  # fmt: skip
_READERS = {"lstm": "LSTM", "mean": "Mean over frames", "last": "Each frame alone"}
_SETS = ("clean", "degraded", "rendered")
_METHOD_PARTS = {
    "mean_input": "mean input", "q_features": "Q features", "blendshapes": "blendshapes", "q_scores": "Q scores",
}  # fmt: skip
_FIGURES = {"macro_f1": "Macro-F1 (more is better)", "half_total_error": "Half total error (less is better)"}
_STAGES = {"frames": "Frame network (CNN)", "head": "Sequence network (LSTM)"}
_PARTS = {"Training": "", "Validation": "val_"}
_QUANTITIES = {"Loss": "loss", "Accuracy": "accuracy"}


def render_metrics() -> None:
    """Scores by data set, how often the model dares and is then right, false alarms, confusion matrices."""
    measured = models.metrics()
    if "taught_clips" in measured:
        with models.reading("metrics.json"):
            measured_custom.render(models.manifest(models.directory())["taught"], measured)
        return
    with models.reading("metrics.json"):
        _render_metrics(measured)


def _render_metrics(measured: Mapping[str, Any]) -> None:
    """The figures of a model that was taught with composed clips."""
    measured_people.render(measured)
    composed = _mapping(measured.get("composed_clips"))
    clips = {title: found for name, title in _CLIP_SETS.items() if (found := _mapping(composed.get(name)))}
    stills = _mapping(measured.get("real_stills"))
    if not clips and not stills:
        st.info("Nothing has been measured on this model yet. Run `make model` to train and evaluate it.")
        return
    rows = [(title, _count(found, "num_clips"), *_scores(found)) for title, found in clips.items()]
    if rendered := _mapping(measured.get("rendered_clips")):
        count = f"{_count(rendered, 'num_clips')} ({_count(rendered, 'num_people')} people)"
        rows.append((_RENDERED, count, *_scores(rendered)))
    if stills:
        rows.append((_STILLS, _count(stills, "num_images"), *_scores(stills)))
        if unseen := _mapping(stills.get("without_copies")):
            rows.append((_UNSEEN_STILLS, _count(unseen, "num_images"), *_scores(unseen)))
    tables.render(("Measured on", "n", "Accuracy (95 % interval)", "Macro-F1"), rows)
    st.caption(
        "Accuracy and macro-F1 (the mean over classes) take the most probable class even where the app would say "
        "unsure. Intervals are over pictures, of rendered clips over people. Damaged stretches are blurred, "
        "dark, small, hidden or compressed. Expect less on real video."
    )
    if any("coverage" in found for found in clips.values()):
        names = ("coverage", "accuracy_when_decided", "mean_of_frame_emotions_accuracy")
        header = ("Measured on", "Gives a verdict", "Right when it does", "Accuracy of a plain mean over frames")
        tables.render(header, [(title, *_shares(found, *names)) for title, found in clips.items()])
    for name, title in (("neutral", "neutral faces"), ("neutral_degraded", "neutral faces with damaged stretches")):
        found = _mapping(composed.get(name))
        if "called_hybrid" in found:
            st.caption(
                f"False alarms: of {_count(found, 'num_clips')} composed clips of {title}, "
                f"{_shares(found, 'called_hybrid')[0]} are called a pair of emotions."
            )
    drawn = {title: found for title, found in clips.items() if found.get("confusion") and found.get("labels")}
    for column, (title, found) in zip(st.columns(max(len(drawn), 1)), drawn.items(), strict=False):
        with column:
            _confusion(title, found)


def render_method() -> None:
    """What a random split hides, and what each part of the method is worth; nothing where neither was measured."""
    measured = models.metrics()
    if protocols := _mapping(measured.get("protocols")):
        st.subheader("What a random split hides", anchor=False)
        with models.reading("metrics.json"):
            render_protocols(msgspec.convert(protocols, Protocols))
    if ablation := _mapping(measured.get("ablation")):
        st.subheader("What each part is worth", anchor=False)
        with models.reading("metrics.json"):
            render_ablation(ablation)


def render_protocols(protocols: Protocols) -> None:
    """One recipe on the same clips, split at random and by person, as a table."""
    rows = [
        (SPLITS[name], f"{row.accuracy:.1%}", f"{row.macro_f1:.1%}", span(row.interval_over_people))
        for name, row in protocols.splits.items()
    ]
    tables.render(("Clips split", "Accuracy", "Macro-F1", "95 % interval over people"), rows)
    sources = ", ".join(protocols.sources or ["rendered"])
    st.caption(
        f"One recipe, {protocols.num_windows:,} windows of clips ({errors.plain(sources)}) of "
        f"{protocols.num_people:,} people, cross-validated; the difference is leakage."
    )
    if protocols.same_people:
        same = errors.plain(", ".join(protocols.same_people))
        st.caption(f"Clips of these people show the same frames, so they are taken for one: {same}.")


def render_ablation(ablation: Mapping[str, Any]) -> None:
    """What each part of the method is worth; nothing where that was not measured."""
    if variants := [row for row in ablation.get("variants", []) if isinstance(row, dict)]:
        _render_ablation(variants, ablation.get("effects", []))
        if ablation.get("of_former_frame_cnn"):
            st.caption("Measured with the frame network as it was before it was trained further; not repeated since.")


def _render_ablation(variants: Sequence[Mapping[str, Any]], effects: Sequence[Mapping[str, Any]]) -> None:
    """What switching a part on changes, then every head that was compared."""
    changes = [
        (_METHOD_PARTS[row["part"]].capitalize(), _FIGURES[row["figure"]], *(_change(row[name]) for name in _SETS[:2]))
        for row in effects
    ]
    tables.render(("Part switched on", "Changes", "Clean", "Damaged"), changes)
    chosen = min(variants, key=lambda row: float(row["held_out_loss"][0]))
    st.caption(
        "Of the LSTM, other things equal, on composed clips; in brackets the 95 % interval over pairs of heads. Parts "
        f"are chosen by the loss on other, held-out clips; the least had: {_variant(chosen)}."
    )
    with st.expander(f"All {len(variants)} heads"):
        best = sorted(variants, key=lambda row: -float(row["clean_macro_f1"][0]))
        tables.render(
            ("Head", "Clean", "Damaged", "Rendered"),
            [(_variant(row), *(_plus_minus(row[f"{name}_macro_f1"]) for name in _SETS)) for row in best],
        )
        st.caption(
            f"Macro-F1, mean of {variants[0]['num_seeds']} seeds ± half the 95 % interval, on composed clips (clean, "
            "damaged) and on rendered ones, by heads of a shorter training than the one in use."
        )


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


def _confusion(title: str, found: Mapping[str, Any]) -> None:
    from emo_core.report.charts.analysis import confusion_figure

    st.markdown(f"**{title}** (n = {_count(found, 'num_clips')})")
    try:
        figure = confusion_figure(found["labels"], found["confusion"])
    except (TypeError, ValueError):
        st.info("The confusion matrix in metrics.json does not fit its labels; run the evaluation again.")
        return
    charts.render(figure, f"confusion-{title}", f"Confusion matrix: {title}")


def _variant(row: Mapping[str, Any]) -> str:
    given = () if row["reader"] != "mean" else ("mean_input",)  # all that it reads, not a part that it could lack
    parts = [title for name, title in _METHOD_PARTS.items() if row.get(name) and name not in given]
    reader = _READERS.get(row["reader"]) or errors.plain(str(row["reader"]))
    return reader + (f" with {', '.join(parts)}" if parts else "")


def _scores(row: Mapping[str, Any]) -> tuple[str, str]:
    """Accuracy with its interval, and macro-F1."""
    accuracy, macro_f1 = _shares(row, "accuracy", "macro_f1")
    return accuracy + _range(row), macro_f1


def _range(row: Mapping[str, Any]) -> str:
    """The 95 % interval of an accuracy behind it, under whichever name the records hold it; empty where they do not."""
    names = ("interval_over_people", "accuracy_interval_over_people", "accuracy_interval")
    found = next((row[name] for name in names if row.get(name)), None)
    return bracketed(found)


def _change(values: Sequence[float]) -> str:
    return f"{values[0]:+.3f}{bracketed(values[1:], '+.3f')}"


def _plus_minus(values: Sequence[float]) -> str:
    return f"{values[0]:.3f} ± {values[2] - values[0]:.3f}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return f"{value:,}" if isinstance(value, int) else "not stated"


def _shares(found: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    values = (found.get(name) for name in names)
    return tuple(f"{value:.1%}" if isinstance(value, (int, float)) else "not measured" for value in values)
