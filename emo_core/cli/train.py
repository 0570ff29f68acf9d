"""The command ``train --data DIR`` for a data set of one's own: options, texts, progress for another process."""

import argparse
import shlex
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from emo_core.datasets.splits import PROTOCOLS
from emo_core.errors import EmoError
from emo_core.jobs.progress import ProgressWriter

FERPLUS = ("train.npz", "valid.npz")


def add_options(command: argparse.ArgumentParser, default_base: Path) -> None:
    """Options of ``train`` that only a data set of clips has."""
    group = command.add_argument_group("for a data set of clips")
    group.add_argument(
        "--protocol", choices=PROTOCOLS, default="subject", help="nobody in two parts (default), or clips at random"
    )
    group.add_argument("--base", type=Path, default=default_base, metavar="DIR", help="model whose frame CNN is used")
    group.add_argument("--cnn", action="store_true", help="also tune the last stage of the frame CNN; takes longer")
    group.add_argument("--progress", type=Path, metavar="FILE", help="keep how far it is in a JSON file")


def is_ferplus(data: Path) -> bool:
    """Whether a folder holds pictures in FER+ layout rather than clips."""
    return any((data / name).exists() for name in FERPLUS)


def run(options: argparse.Namespace, given: Mapping[str, Any]) -> None:
    """Teach a model from the data set that the options name.

    Args:
        options: of the command line.
        given: fields of the recipe that it sets.
    """
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)  # the way a server stops it, at any moment
    try:
        _run(options, given)
    finally:
        signal.signal(signal.SIGTERM, earlier)


def _run(options: argparse.Namespace, given: Mapping[str, Any]) -> None:
    from emo_core.training.custom_model import RECIPE, Lesson, Told, teach
    from emo_core.training.fine_tuning import FrameTuning

    recipe = replace(RECIPE, **given)
    tuning = FrameTuning(seed=recipe.seed) if options.cnn else None
    command = _recorded(options.command_line)
    lesson = Lesson(options.data, options.out, options.base, options.protocol, recipe, tuning, command)
    writer = ProgressWriter(options.progress, recipe.epochs)

    def tell_epoch(row: Mapping[str, float]) -> None:
        options.say(
            f"Epoch {row['epoch'] + 1:.0f}: loss {row['loss']:.4f}, accuracy {row['accuracy']:.4f}, validation loss "
            f"{row['val_loss']:.4f}, accuracy {row['val_accuracy']:.4f}"
        )
        writer.epoch(row)

    try:
        metrics = teach(lesson, options.cache, Told(options.say, writer.work, tell_epoch))
    except KeyboardInterrupt:
        writer.end("stopped", "Stopped; the same training goes on after its last whole epoch.")
        raise
    except EmoError as error:
        writer.end("failed", str(error))
        raise
    except OSError as error:
        writer.end("failed", f"Writing or reading failed ({error.strerror or error}): free some space and try again.")
        raise
    except Exception:
        writer.end("failed", "Something went wrong on our side; the server's log says why. Try again.")
        raise
    writer.end("done", summary(metrics))
    print(summary(metrics))


def _recorded(command_line: str) -> str:
    """The command line without what does not change the result."""
    words = shlex.split(command_line)
    for option in ("--progress", "--cache"):
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    return shlex.join(words)


def summary(metrics: Mapping[str, Any]) -> str:
    """One line on how good the model is, and on what that was measured."""
    accuracy = metrics["scores"]["accuracy"]
    interval = (
        "" if accuracy["interval"] is None else " (95 % over people {:.4f} – {:.4f})".format(*accuracy["interval"])
    )
    return (
        f"test clips n = {metrics['num_clips']} of {metrics['num_people']} people: accuracy {accuracy['value']:.4f}"
        f"{interval}, macro-F1 {metrics['scores']['f1']['value']:.4f}"
    )
