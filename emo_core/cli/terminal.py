"""What the commands share: options, words on standard error, and the command line as the records keep it."""

import math
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from emo_core.files import folders

DEMO = folders.demo() / "manifest.csv"
NATURAL, POSITIVE = click.IntRange(min=0), click.IntRange(min=1)
PROGRAM = "python -m emo_core"

_PROGRESS_PERIOD_S = 0.1

_SAME_RESULT = {"cache", "json_file", "csv_file", "jobs", "quiet", "workers", "worker_memory", "scheduler"}
"""Parameters that do not change what is computed; records leave them out."""


class PathType(click.ParamType[Path]):
    """A path of any kind: the core says what is wrong with one, and click's own type fails on a zero byte."""

    name = "path"

    def convert(self, value: str | Path, *_: object) -> Path:
        """The path that a word names."""
        return Path(value)


PATH = PathType()
Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def model_option(what: str = "Model directory.") -> Decorator:
    """``--model DIR``, the shipped model by default."""
    return click.option("--model", type=PATH, default=folders.SHIPPED_MODEL, metavar="DIR", help=what)


def cache_option(what: str = "What was seen of clips.") -> Decorator:
    """``--cache DIR``."""
    return click.option("--cache", type=PATH, default=folders.cache, metavar="DIR", help=what)


def json_option(what: str) -> Decorator:
    """``--json FILE``, given to the command as `json_file`."""
    return click.option("--json", "json_file", type=PATH, metavar="FILE", help=what)


def ferplus_option() -> Decorator:
    """``--data DIR``, the pictures of FER+."""
    return click.option("--data", type=PATH, required=True, metavar="DIR", help="train.npz and valid.npz of FER+.")


def out_option() -> Decorator:
    """``--out DIR``, the model that is written or measured."""
    return click.option("--out", type=PATH, required=True, metavar="DIR", help="Model directory.")


def demo_option(what: str = "Manifest of rendered clips.") -> Decorator:
    """``--demo CSV``, those of the demo data set by default."""
    return click.option("--demo", type=PATH, default=DEMO, metavar="CSV", help=what)


def seeds_option(what: str = "Heads, each with its seed.") -> Decorator:
    """``--seeds N``."""
    return click.option("--seeds", type=POSITIVE, default=5, metavar="N", help=what)


def seed_option(what: str = "Seed of every random choice.") -> Decorator:
    """``--seed N``; None stands for that of the recipe."""
    return click.option("--seed", type=NATURAL, metavar="N", help=what)


def epochs_option(what: str = "Epochs (at most, for a head).") -> Decorator:
    """``--epochs N``; None stands for those of the recipe."""
    return click.option("--epochs", type=POSITIVE, metavar="N", help=what)


def given(**values: Any) -> dict[str, Any]:
    """Fields of a recipe that the command line sets."""
    return {name: value for name, value in values.items() if value is not None}


def recorded_command() -> str:
    """The command line under way, without what does not change the result."""
    context = click.get_current_context()
    words = [*PROGRAM.split(), context.info_name or ""]
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is not click.core.ParameterSource.COMMANDLINE or name in _SAME_RESULT:
            continue
        value = context.params[name]
        for one in value if isinstance(value, tuple) else (value,):
            words += [parameter.opts[0]] if isinstance(parameter, click.Option) else []
            words += [str(one)] if one is not True else []
    return shlex.join(words)


def say(line: str) -> None:
    """Tell how the work goes on, on standard error."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def progress_line(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """One line on standard error that tells how far the work is; nothing unless that is a terminal, or when `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, share: None
        return
    shown_s = -math.inf

    def tell(stage: str, share: float) -> None:
        nonlocal shown_s
        if time.monotonic() - shown_s < _PROGRESS_PERIOD_S:
            return
        shown_s = time.monotonic()
        width = shutil.get_terminal_size().columns
        print(f"\r\x1b[K{share:4.0%}  {stage}"[: width + 4], end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
