"""``evaluate-frames``: measure the frame CNN on pictures with votes, or on pictures of known people."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from emo_core.cli.terminal import PATH, json_option, model_option, recorded_command, say
from emo_core.datasets.splits import PORTRAIT_PARTS
from emo_core.errors import DatasetError
from emo_core.files.quiet import native_messages_dropped
from emo_core.measured import Stills
from emo_core.records import ClassRow, Portraits, Score, bracketed


@click.command()
@click.argument("pictures", type=PATH, metavar="PICTURES")
@model_option()
@click.option("--record", is_flag=True, help="Put the figures into the records of the model (folder or zip).")
@click.option(
    "--part",
    type=click.Choice(list(PORTRAIT_PARTS)),
    help="Only the people of this part, as training parts them (folder or zip).",
)
@click.option("--cache", type=PATH, metavar="DIR", help="Keep the faces that were found, for the next time.")
@json_option("Write the figures as JSON.")
@click.option(
    "--predictions",
    type=PATH,
    metavar="FILE.npz",
    help="Write probabilities (N,8), with the files if they have names; NaN where no face was found.",
)
def evaluate_frames(
    pictures: Path, model: Path, part: str | None, cache: Path | None, json_file: Path | None,
    predictions: Path | None, *, record: bool,
) -> None:  # fmt: skip
    """Measure the frame CNN on PICTURES.

    An .npz with arrays images (N,48,48) and votes (N,10); or a folder or zip of pictures of any size with labels.csv
    (file, emotion; person where known).
    """
    if pictures.suffix.lower() == ".npz" or (pictures.is_file() and pictures.suffix.lower() != ".zip"):
        if record or part:
            raise DatasetError(
                "--record and --part need a folder or zip of pictures with labels.csv: an .npz names no people."
            )
        stills = _with_votes(pictures, model, predictions)
        found, text = msgspec.to_builtins(stills), votes_text(stills)
    else:
        from emo_core.datasets.seen_by_model import learned_from_portraits

        if record and part != "measure" and learned_from_portraits(model):
            raise DatasetError("The frame CNN learned from portraits: record its figures with --part measure.")
        portraits = _of_people(pictures, model, part, cache, predictions)
        found, text = msgspec.to_builtins(portraits), people_text(portraits)
        if record:
            from emo_core.training.records import write_with_records

            write_with_records(model, {}, {"portraits": found | {"command": recorded_command()}}, (), {}, {})
    if json_file:
        json_file.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(text)


def _with_votes(pictures: Path, model: Path, predictions: Path | None) -> Stills:
    import numpy as np

    from emo_core.datasets.pictures.ferplus import align, read_votes
    from emo_core.evaluation.metrics import evaluate_stills
    from emo_core.faces.alignment import normalize_intensity
    from emo_core.model.bundle import load_frame_network

    images, votes = read_votes(pictures)
    with native_messages_dropped():
        cnn, config = load_frame_network(model)
    stills = align(images, votes, config.crop_side_px)
    probabilities = cnn(normalize_intensity(stills.crops))[1]
    if predictions:
        np.savez(predictions, probabilities=probabilities)
    return msgspec.structs.replace(
        evaluate_stills(probabilities, votes), share_aligned=float(stills.track.detected.mean())
    )


def _of_people(
    pictures: Path, model: Path, part: str | None, cache: Path | None, predictions: Path | None
) -> Portraits:
    import numpy as np

    from emo_core.datasets.pictures.portraits import judge_faces, part_of, read_portraits
    from emo_core.evaluation.portrait_metrics import evaluate_portraits
    from emo_core.model.bundle import load_frame_network

    portraits = read_portraits(pictures)
    if part:
        portraits = part_of(portraits, part)
    with native_messages_dropped():
        cnn, config = load_frame_network(model)
    probabilities = judge_faces(portraits, cnn, config.crop_side_px, cache, say)
    if predictions:
        np.savez(predictions, files=np.array(portraits.files), probabilities=probabilities)
    found = evaluate_portraits(probabilities, portraits.labels, portraits.people)
    return msgspec.structs.replace(found, part=part or "")


def votes_text(metrics: Stills) -> str:
    """Figures on pictures with votes, for a terminal."""
    lines = [
        f"{metrics.num_images} pictures ({metrics.num_left_out} without an emotion left out, "
        f"landmarks found in {metrics.share_aligned:.1%})",
        f"accuracy           {metrics.accuracy:.4f}{bracketed(metrics.accuracy_interval, '.4f', '95%')}",
        f"macro-F1           {metrics.macro_f1:.4f}",
        f"calibration error  {metrics.calibration_error:.4f}",
    ]
    for row in metrics.hybrid_auc:
        auc = "no positives" if row.auc is None else f"{row.auc:.4f}"
        lines.append(f"AUC {row.pair:<18} {auc}  ({row.rule}; n = {row.num_positive})")
    return "\n".join([*lines, *_class_lines(metrics.per_class)])


def people_text(metrics: Portraits) -> str:
    """Figures on pictures of people, for a terminal."""
    scores = metrics.scores
    missing = metrics.num_without_face
    lines = [
        f"{metrics.num_pictures} pictures; no face found in {missing}, which have no prediction; the others show "
        f"{metrics.num_people} people",
        f"accuracy           {_figure(scores.accuracy)}",
        f"macro-F1           {_figure(scores.macro_f1)}",
        f"calibration error  {_figure(scores.calibration_error)}",
    ]
    for row in metrics.pairs:
        lines += [
            f"AUC {row.pair:<18} {_figure(row.auc)}  n = {row.num_positive}",
            f"recall at 5% false alarms  {_figure(row.recall_at_false_alarms)}",
        ]
    return "\n".join([*lines, *_class_lines(metrics.per_class)])


def _class_lines(rows: Sequence[ClassRow]) -> list[str]:
    lines = [f"{'class':<11} precision  recall      F1      n"]
    for row in rows:
        spread = bracketed(getattr(row, "recall_interval", None), ".4f", "recall 95% over people")
        lines.append(
            f"{row.label:<11}    {row.precision:.4f}  {row.recall:.4f}  {row.f1:.4f}  {row.support:5d}{spread}"
        )
    return lines


def _figure(found: Score) -> str:
    if found.value is None:
        return "not measured"
    return f"{found.value:.4f}{bracketed(found.interval, '.4f', '95% over people')}"
