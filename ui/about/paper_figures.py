"""The paper's seven figures: what each shows, and ours beside it, drawn from the records of the published model."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from emo_core import config
from emo_core.emotions import display_name
from emo_core.measured import TaughtClips
from ui.shell import errors, preload
from ui.state import models
from ui.widgets import charts, method_diagram, tables

_PAPER: Mapping[str, str] = {
    "Fig. 1, flow diagram": "From video to hybrid emotion: frames, preprocessing by quality, CNN, LSTM, class.",
    "Fig. 2, training curves": "Loss and accuracy of training and validation per epoch, with the printed log.",
    "Fig. 3, confusion matrix": "Two classes, every sample on the diagonal.",
    "Fig. 4, classification report": "Precision, recall, F1 and support of each class: all 1.00.",
    "Fig. 5, bars": "Accuracy, precision, recall and F1 side by side: all 100%.",
    "Fig. 6, training": "Training on labeled videos.",
    "Fig. 7, prediction": "A verdict, the number of samples and the list of labels.",
}


def render(ours: TaughtClips | None, folder: Path, paper_samples: int) -> None:
    """All seven, in order.

    Args:
        ours: what was measured on the published model; None where it is not there.
        folder: its directory.
        paper_samples: how many samples the paper has.
    """
    preload.wait()
    drawings: list[Callable[[], None]] = [_nothing] * (len(_PAPER) - 1)
    if ours is not None:
        drawings = [
            partial(_curves, folder), partial(_confusion, ours), partial(_report, ours), partial(_bars, ours),
            partial(_training, folder), partial(_prediction, folder, paper_samples),
        ]  # fmt: skip
    for (title, words), draw in zip(_PAPER.items(), [_flow, *drawings], strict=True):
        st.markdown(f"### {title}")
        st.caption(f"The paper: {words}")
        with errors.shown(), models.reading("metrics.json"):
            draw()


def _nothing() -> None:
    st.markdown("Ours: not measured.")


def _flow() -> None:
    method_diagram.render()
    st.caption(
        "Ours adds alignment, a quality that can be seen, and thresholds by quality, which the published model goes "
        "without. Each step leads to where it is shown."
    )


def _curves(folder: Path) -> None:
    from emo_core.report.charts.analysis import history_figure

    rows = models.history(folder).get("head", [])
    if not rows:
        _nothing()
        return
    epochs = [int(row["epoch"]) for row in rows]
    best = min(rows, key=lambda row: row.get("val_loss", math.inf))
    for column, (quantity, key) in zip(st.columns(2), {"Loss": "loss", "Accuracy": "accuracy"}.items(), strict=True):
        curves = {"Training": [row[key] for row in rows], "Validation": [row[f"val_{key}"] for row in rows]}
        figure = history_figure(epochs, curves, quantity, int(best["epoch"]))
        with column:
            charts.render(
                figure, f"paper-{key}", f"{quantity} per epoch of the published model", picture=f"paper_{key}"
            )
    with st.expander("The log"):
        st.code("\n".join(_log_line(row, len(rows)) for row in rows), language=None)


def _log_line(row: Mapping[str, float], count: int) -> str:
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return f"Epoch {row['epoch']:.0f}/{count} - " + " - ".join(f"{name}: {row[name]:.4f}" for name in names)


def _confusion(found: TaughtClips) -> None:
    from emo_core.report.charts.analysis import confusion_figure

    how = "set aside at random" if found.protocol == "random" else "of people kept apart"
    st.markdown(f"Ours: {found.num_clips} clips {how}, of {found.num_people} people.")
    figure = confusion_figure(found.labels, found.confusion)
    with st.columns([5, 6])[0]:  # as wide as the other matrices: cells are near squares
        charts.render(figure, "paper-confusion", "Confusion matrix of the published model", picture="paper_confusion")


def _report(found: TaughtClips) -> None:
    tables.render(
        ("Class", "Precision", "Recall", "F1", "Support"),
        [
            (errors.plain(display_name(row.label)), *(score.text(".2f") for score in row.scores.values()),
             str(row.support))
            for row in found.per_class
        ],
    )  # fmt: skip


def _bars(found: TaughtClips) -> None:
    from emo_core.report.charts.evaluation import scores_figure

    figure = scores_figure(found.scores, found.per_class)
    charts.render(figure, "paper-scores", "Accuracy, precision, recall and F1", picture="paper_scores")


def _training(folder: Path) -> None:
    record = models.taught(folder)
    labels = list(record.parts["train"].by_class)
    names = {"train": "train", "validation": "choose the epoch", "test": "are measured on"}
    tables.render(
        ("Clips that", *(errors.plain(display_name(label)) for label in labels), "People"),
        [
            (names[part], *(str(row.by_class[label]) for label in labels), str(len(row.people)))
            for part, row in record.parts.items()
        ],
    )
    st.caption(
        f"Split {'at random' if record.protocol == 'random' else 'by person'}; {len(record.left_out)} more show no "
        "face that can be judged. By the command:"
    )
    st.code(models.manifest(folder)["head_training"]["command"], language="bash", wrap_lines=True)
    if not config.is_public():
        st.page_link("pages/teach.py", label="Record or import clips and train by the same recipe →")


def _prediction(folder: Path, paper_samples: int) -> None:
    manifest = models.manifest(folder)
    labels = ", ".join(errors.plain(display_name(item["name"])) for item in manifest["classes"])
    tables.render(
        ("What", "The paper", "published, here"),
        [
            ("Samples", f"{paper_samples:,}", f"{models.taught(folder).num_clips:,} clips"),
            ("Labels", "two pairs of emotions", labels),
        ],
    )
    st.page_link("pages/analyze.py", label="See its verdict on a clip, with the published model in use →")
