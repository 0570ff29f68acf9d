"""The command line: ``python -m emo_core analyze | evaluate | dataset | train`` and more; ``--help`` lists all."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_core.cli import check_heatmaps, dataset
from emo_core.cli import evaluate as evaluate_command
from emo_core.cli import train as train_command
from emo_core.errors import EmoError

if TYPE_CHECKING:
    from emo_core.model.bundle import Bundle
    from emo_core.types import Analysis

DEFAULT_MODEL = Path(__file__).resolve().parents[2] / "models" / "hybrid"
DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo" / "manifest.csv"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with one sentence on standard error when the user can mend what failed."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(words)
    options.command_line = shlex.join(["python", "-m", "emo_core", *words])
    options.say, options.quiet = _say, _native_messages_dropped
    try:
        options.run(options)
        sys.stdout.flush()
    except EmoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, such as head, has seen enough; what is left must not fail at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a folder that cannot be written, a full disk
        print(f"error: {error.strerror or error}: {error.filename or 'no file named'}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m emo_core", description="Hybrid emotion in face video.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    analyze = commands.add_parser("analyze", help="judge a clip")
    analyze.add_argument("clip", type=Path, metavar="CLIP", help="a video of one face")
    analyze.add_argument("--model", type=Path, default=DEFAULT_MODEL, metavar="DIR", help="model directory")
    analyze.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON; - for standard output")
    analyze.add_argument("--out", type=Path, metavar="DIR", help="write report, video, tables, subtitles and charts")
    analyze.set_defaults(run=_analyze)
    evaluate = commands.add_parser("evaluate-frames", help="measure the frame CNN on pictures with votes")
    evaluate.add_argument("images", type=Path, metavar="IMAGES.npz", help="arrays images (N,48,48) and votes (N,10)")
    evaluate.add_argument("--model", type=Path, default=DEFAULT_MODEL, metavar="DIR", help="model directory")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    evaluate.add_argument("--predictions", type=Path, metavar="FILE.npz", help="write probabilities (N,8)")
    evaluate.set_defaults(run=_evaluate_frames)
    evaluate_command.add(commands, DEFAULT_MODEL)
    dataset.add(commands, DEFAULT_MODEL)
    check_heatmaps.add(commands, _say)
    for name, what, run in (
        ("train-frames", "train the frame CNN on FER+", _train_frames),
        ("train", "teach a model from a data set of clips, or train the shipped head from FER+", _train),
        ("ablate", "measure what each part of the method is worth", _ablate),
        ("protocols", "compare a random split with one by person on rendered clips", _protocols),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--out", type=Path, required=True, metavar="DIR", help="model directory")
        command.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR", help="checkpoints, crops")
        command.add_argument("--seed", type=_natural, metavar="N", help="seed of every random choice")
        command.add_argument("--epochs", type=_positive, metavar="N", help="epochs (at most, for a head)")
        if run is not _protocols:
            what = "train.npz, valid.npz of FER+" + (", or a data set of clips" if run is _train else "")
            command.add_argument("--data", type=Path, required=True, metavar="DIR", help=what)
        if run is not _train_frames:
            command.add_argument("--demo", type=Path, default=DEMO, metavar="CSV", help="manifest of rendered clips")
        if run is _train_frames:
            command.add_argument("--weights", type=Path, metavar="NPZ", help="use these, of tools/refine_frames.py")
            command.add_argument(
                "--plain", action="store_true", help="do not average over mirror images: half the time"
            )
        if run in (_train, _ablate):
            command.add_argument("--seeds", type=_positive, default=5, metavar="N", help="heads, each with its seed")
        if run is _ablate:
            command.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes")
        if run is _train:
            train_command.add_options(command, DEFAULT_MODEL)
        command.set_defaults(run=run)
    return parser


def _analyze(options: argparse.Namespace) -> None:
    from emo_core.inference.pipeline import analyze
    from emo_core.model.bundle import load_bundle
    from emo_core.report.serialization import to_json, to_text

    with _native_messages_dropped():
        bundle = load_bundle(options.model)
        bundle.head_network()
    analysis = _analyze_into(options.out, options.clip, bundle) if options.out else analyze(options.clip, bundle)
    if options.json == Path("-"):
        print(to_json(analysis))
        return
    if options.json:
        options.json.write_text(to_json(analysis) + "\n", "utf-8")
    print(to_text(analysis))


def _analyze_into(out: Path, clip: Path, bundle: "Bundle") -> "Analysis":
    """Analyze and write every export; the folder is tried first, so that no work is lost on it."""
    from emo_core.inference.pipeline import analyze
    from emo_core.report.export import export_all, folder_to_fill

    with folder_to_fill(out) as folder:
        analysis = analyze(clip, bundle)
        export_all(folder, clip, analysis, bundle)
    return analysis


def _evaluate_frames(options: argparse.Namespace) -> None:
    import numpy as np

    from emo_core.datasets.ferplus import align, read_votes
    from emo_core.evaluation.metrics import evaluate_stills
    from emo_core.faces.tracking import normalize_intensity
    from emo_core.model.bundle import load_frame_network

    images, votes = read_votes(options.images)
    with _native_messages_dropped():
        cnn, config = load_frame_network(options.model)
    stills = align(images, votes, config.crop_side_px)
    probabilities = cnn(normalize_intensity(stills.crops))[1]
    if options.predictions:
        np.savez(options.predictions, probabilities=probabilities)
    metrics = evaluate_stills(probabilities, votes)
    metrics["share_aligned"] = float(stills.track.detected.mean())
    if options.json:
        options.json.write_text(json.dumps(metrics, indent=1) + "\n", "utf-8")
    print(_stills_text(metrics))


def _stills_text(metrics: dict[str, Any]) -> str:
    low, high = metrics["accuracy_interval"]
    lines = [
        f"{metrics['num_images']} pictures ({metrics['num_left_out']} without an emotion left out, "
        f"landmarks found in {metrics['share_aligned']:.1%})",
        f"accuracy           {metrics['accuracy']:.4f}  (95 % {low:.4f} – {high:.4f})",
        f"macro-F1           {metrics['macro_f1']:.4f}",
        f"calibration error  {metrics['calibration_error']:.4f}",
    ]
    for row in metrics["hybrid_auc"]:
        auc = "no positives" if row["auc"] is None else f"{row['auc']:.4f}"
        lines.append(f"AUC {row['pair']:<18} {auc}  ({row['rule']}; n = {row['num_positive']})")
    lines.append(f"{'class':<11} precision  recall      F1      n")
    lines += [
        f"{row['label']:<11}    {row['precision']:.4f}  {row['recall']:.4f}  {row['f1']:.4f}  {row['support']:5d}"
        for row in metrics["per_class"]
    ]
    return "\n".join(lines)


def _train_frames(options: argparse.Namespace) -> None:
    from emo_core.training.build import train_frames
    from emo_core.training.frame_cnn import FrameTraining

    recipe = replace(FrameTraining(), mirrored=not options.plain, **_given(options))
    metrics = train_frames(
        options.data, options.out, options.cache, recipe, options.command_line, _say, options.weights
    )
    print(_stills_text(metrics))


def _train(options: argparse.Namespace) -> None:
    if not train_command.is_ferplus(options.data):
        train_command.run(options, _given(options))
        return
    from emo_core.training.build import train
    from emo_core.training.head import HeadTraining

    recipe = replace(HeadTraining(), **_given(options))
    metrics = train(
        options.data, options.demo, options.out, options.cache, recipe, options.seeds, options.command_line, _say
    )
    composed, rendered = metrics["composed_clips"], metrics["rendered_clips"]
    for name in ("clean", "degraded"):
        row = composed[name]
        print(
            f"composed clips, {name:<8} n = {row['num_clips']}: accuracy {row['accuracy']:.4f}, macro-F1 "
            f"{row['macro_f1']:.4f}, mean of frame emotions {row['mean_of_frame_emotions_accuracy']:.4f}"
        )
    print(f"neutral clips called a hybrid: {composed['neutral']['called_hybrid']:.4f}")
    print(
        f"rendered clips of unseen people n = {rendered['num_clips']} ({rendered['num_people']} people): macro-F1 "
        f"{rendered['macro_f1']:.4f}"
    )


def _ablate(options: argparse.Namespace) -> None:
    from emo_core.training.experiments.ablation import Job
    from emo_core.training.experiments.run import ABLATION, run_ablation

    table = run_ablation(
        options.data, options.demo, options.out, options.cache, replace(ABLATION, **_given(options)),
        options.seeds, options.jobs, options.command_line, _say,
    )  # fmt: skip
    print(f"macro-F1, mean of {options.seeds} seeds     clean   degraded  rendered")
    for row in sorted(table["variants"], key=lambda row: -row["clean_macro_f1"][0]):
        figures = "    ".join(f"{row[f'{name}_macro_f1'][0]:.4f}" for name in ("clean", "degraded", "rendered"))
        print(f"{Job.name_of(row):<44} {figures}")
    for row in table["effects"]:
        mean, low, high = row["clean"]
        print(f"{row['part']:<12} {row['figure']}, clean: {mean:+.4f} ({low:+.4f} – {high:+.4f})")


def _protocols(options: argparse.Namespace) -> None:
    from emo_core.training.experiments.run import PROTOCOLS, run_protocols

    recipe = replace(PROTOCOLS, **_given(options))
    table = run_protocols(options.demo, options.out, options.cache, recipe, options.command_line, _say)
    for name in ("random", "subject"):
        row = table[name]
        low, high = row["interval_over_people"]
        print(f"{name:<8} accuracy {row['accuracy']:.4f} (95 % over people {low:.4f} – {high:.4f})")
    print(f"leakage  {table['leakage']:+.4f}")


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 0 or more")
    return int(text)


def _positive(text: str) -> int:
    if not _natural(text):
        raise argparse.ArgumentTypeError("0 is too few")
    return int(text)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    return {name: value for name in ("seed", "epochs") if (value := getattr(options, name)) is not None}


@contextmanager
def _native_messages_dropped() -> Iterator[None]:
    """LiteRT greets on standard error when its first network is made; what the user reads there should be an error."""
    sys.stderr.flush()
    with Path(os.devnull).open("wb") as nowhere:
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
