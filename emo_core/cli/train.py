"""``train``: teach a model the classes of a data set, or train the head of the shipped one."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from emo_core.cli import terminal
from emo_core.cli.terminal import PATH, PROGRAM, given, recorded_command, say
from emo_core.datasets.splits import PROTOCOLS, Protocol
from emo_core.files.folders import SHIPPED_MODEL
from emo_core.jobs.progress import ProgressWriter
from emo_core.jobs.queue import Order
from emo_core.measured import Measured, TaughtClips
from emo_core.model.limits import PUBLISHED, RECIPES, RecipeName
from emo_core.records import bracketed

FERPLUS = ("train.npz", "valid.npz")


@click.command()
@click.option(
    "--data", type=PATH, required=True, metavar="DIR", help="train.npz, valid.npz of FER+, or a data set of clips."
)
@terminal.out_option()
@terminal.demo_option("With FER+: manifest of rendered clips.")
@terminal.seeds_option("With FER+: heads, each with its seed.")
@click.option(
    "--portraits", type=PATH, metavar="PICTURES", help="With FER+: labeled pictures to compose clips from, too."
)
@terminal.cache_option("Checkpoints, crops.")
@terminal.seed_option()
@terminal.epochs_option()
@click.option(
    "--recipe",
    type=click.Choice(RECIPES),
    default="studio",
    help="With clips: the studio's (default), or as published: no class other, features normalized by quality, no "
    "threshold, split at random.",
)
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    help="With clips: nobody in two parts (default), or clips at random (default of the published recipe).",
)
@click.option("--real", type=PATH, metavar="DIR", help="With the published recipe: real clips to measure it on, too.")
@click.option("--base", type=PATH, default=SHIPPED_MODEL, metavar="DIR", help="With clips: whose frame CNN is used.")
@click.option("--cnn", is_flag=True, help="With clips: also tune the last stage of the frame CNN; takes longer.")
def train(
    data: Path,
    out: Path,
    demo: Path,
    seeds: int,
    portraits: Path | None,
    cache: Path,
    seed: int | None,
    epochs: int | None,
    recipe: str,
    protocol: str | None,
    real: Path | None,
    base: Path,
    *,
    cnn: bool,
) -> None:
    """Teach a model from a data set of clips, or train the shipped head from FER+."""
    if real is not None and recipe != PUBLISHED:
        raise click.UsageError("--real is for --recipe published; measure other models with evaluate.")
    if not any((data / name).exists() for name in FERPLUS):
        protocol = protocol or ("random" if recipe == PUBLISHED else "subject")
        order = Order("train", out.name, str(data), str(out), str(cache), protocol, seed, epochs, cnn=cnn)
        order = replace(order, base="" if base == SHIPPED_MODEL else str(base), recipe=recipe)
        order = replace(order, real="" if real is None else str(real))
        print(train_from_clips(order, ProgressWriter(None)))
        return
    if recipe == PUBLISHED:
        raise click.UsageError("The published recipe learns from clips, not from pictures: give a data set of clips.")
    from emo_core.training import build
    from emo_core.training.head import HeadTraining

    settings = replace(HeadTraining(), **given(seed=seed, epochs=epochs))
    found = build.train(data, demo, out, cache, settings, seeds, recorded_command(), say, portraits)
    print("\n".join(shipped_lines(found)))


def shipped_lines(found: Measured) -> list[str]:
    """What the head of a shipped model says of composed and of rendered clips."""
    composed, rendered = found.composed_clips, found.rendered_clips
    if composed is None or rendered is None:
        return []
    lines = [
        f"composed clips, {name:<8} n = {row.num_clips}: accuracy {row.accuracy:.4f}, macro-F1 {row.macro_f1:.4f}, "
        f"mean of frame emotions {row.mean_of_frame_emotions_accuracy:.4f}"
        for name, row in (("clean", composed.clean), ("degraded", composed.degraded))
        if row
    ]
    if composed.neutral:
        lines.append(f"neutral clips called a hybrid: {composed.neutral.called_hybrid:.4f}")
    people = f"n = {rendered.num_clips} ({rendered.num_people} people)"
    return [*lines, f"rendered clips of unseen people {people}: macro-F1 {rendered.macro_f1:.4f}"]


def train_from_clips(order: Order, writer: ProgressWriter) -> str:
    """Teach a model from a data set of clips.

    Args:
        order: what to train.
        writer: told how far it is.

    Returns:
        One line on how good the model is, and on what that was measured.
    """
    from emo_core.training.custom_model import RECIPE, Lesson, Told, teach
    from emo_core.training.experiments.published import measure_published
    from emo_core.training.fine_tuning import FrameTuning

    recipe = replace(RECIPE, **given(seed=order.seed, epochs=order.epochs))
    tuning = FrameTuning(seed=recipe.seed) if order.cnn else None
    base = Path(order.base) if order.base else SHIPPED_MODEL
    protocol: Protocol = "random" if order.protocol == "random" else "subject"
    method: RecipeName = PUBLISHED if order.recipe == PUBLISHED else "studio"
    lesson = Lesson(Path(order.data), Path(order.out), base, protocol, recipe, tuning, command_of(order), method)
    writer.epochs = recipe.epochs

    def tell_epoch(row: Mapping[str, float]) -> None:
        say(
            f"Epoch {row['epoch'] + 1:.0f}: loss {row['loss']:.4f}, accuracy {row['accuracy']:.4f}, validation loss "
            f"{row['val_loss']:.4f}, accuracy {row['val_accuracy']:.4f}"
        )
        writer.epoch(row)

    told = Told(say, writer.work, tell_epoch)
    found = teach(lesson, Path(order.cache), told)
    if method == PUBLISHED:
        measure_published(lesson, Path(order.real) if order.real else None, Path(order.cache), told)
    return summary(found)


def command_of(order: Order) -> str:
    """The command line that trains the same model."""
    words = [*PROGRAM.split(), "train", "--data", order.data, "--out", order.out]
    words += [*(["--recipe", order.recipe] if order.recipe != "studio" else []), "--protocol", order.protocol]
    for name in ("seed", "epochs", "base", "real"):
        if (value := getattr(order, name)) not in (None, ""):
            words += [f"--{name}", str(value)]
    return shlex.join([*words, *(["--cnn"] if order.cnn else [])])


def summary(found: TaughtClips) -> str:
    """One line on how good the model is, and on what that was measured."""
    accuracy, f1 = found.scores.accuracy, found.scores.f1
    return (
        f"test clips n = {found.num_clips} of {found.num_people} people: accuracy {accuracy.value:.4f}"
        f"{bracketed(accuracy.interval, '.4f', '95% over people')}, macro-F1 {f1.value:.4f}"
    )
