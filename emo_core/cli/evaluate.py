"""``evaluate``: a model against a data set, or its recipe under two protocols."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from emo_core.cli.terminal import (
    PATH,
    PROGRAM,
    cache_option,
    epochs_option,
    given,
    json_option,
    model_option,
    recorded_command,
    say,
    seed_option,
)
from emo_core.files.quiet import native_messages_dropped
from emo_core.jobs.progress import ProgressWriter
from emo_core.jobs.queue import Order
from emo_core.records import Protocols, bracketed

_PROTOCOLS = {"random": ("random",), "subject": ("subject",), "both": ("random", "subject")}
_TITLES = {"random": "random", "subject": "subject", "joined": "subject, people with the same clips taken for one"}


@click.command()
@click.option("--data", type=PATH, required=True, metavar="DIR", help="Folder per label, or a manifest.csv.")
@model_option()
@click.option("--everyone", is_flag=True, help="Judge people that the model has seen, too.")
@click.option(
    "--protocol",
    type=click.Choice(list(_PROTOCOLS)),
    help="Instead, train heads of the model's recipe on the data set and judge what they have not seen: split at "
    "random as in the paper, by person, or both, whose difference is leakage.",
)
@seed_option("Seed of the split and of the heads.")
@epochs_option("Epochs of these heads, at most.")
@click.option("--folds", type=click.IntRange(min=2), default=5, metavar="N", help="Parts of the cross-validation.")
@cache_option()
@json_option("Write figures and verdicts as JSON.")
@click.option("--csv", "csv_file", type=PATH, metavar="FILE", help="Write a row for every clip.")
def evaluate(
    data: Path,
    model: Path,
    protocol: str | None,
    seed: int | None,
    epochs: int | None,
    folds: int,
    cache: Path,
    json_file: Path | None,
    csv_file: Path | None,
    *,
    everyone: bool,
) -> None:
    """Measure a model on a data set of labelled clips; the same data, model and seed give the same figures."""
    if protocol is None:
        _evaluate(data, model, cache, json_file, csv_file, everyone=everyone)
        return
    order = Order("protocols", data.name, str(data), str(model), str(cache), protocol, seed, epochs, folds=folds)
    table = _compare(order, ProgressWriter(None))
    if json_file:
        from emo_core.evaluation.results import indented

        json_file.write_text(indented(table) + "\n", "utf-8")
    print(_protocol_text(table))


def _evaluate(
    data: Path, model: Path, cache: Path, json_file: Path | None, csv_file: Path | None, *, everyone: bool
) -> None:
    from emo_core.evaluation import run
    from emo_core.evaluation.clip_metrics import summarize
    from emo_core.evaluation.results import indented
    from emo_core.evaluation.text import clip_table, made_by, to_csv, to_text
    from emo_core.model.bundle import load_bundle

    with native_messages_dropped():
        bundle = load_bundle(model)
        bundle.head_network()
    evaluation = run.evaluate(
        data, bundle, everyone=everyone, cache=cache, command=recorded_command(), progress=_every_tenth(say)
    )
    figures = summarize(evaluation)
    if json_file:
        json_file.write_text(indented({"figures": figures, "evaluation": evaluation}) + "\n", "utf-8")
    if csv_file:
        csv_file.write_text(to_csv(clip_table(evaluation), made_by(evaluation)), "utf-8")
    print(to_text(evaluation, figures))


def compare_protocols(order: Order, writer: ProgressWriter) -> str:
    """Train and judge heads under both protocols of an order, and keep the table.

    Args:
        order: what to compare; `out` is the model whose recipe it is.
        writer: told how far it is.

    Returns:
        The figures in a few lines, the most important one last.
    """
    return _protocol_text(_compare(order, writer))


def _compare(order: Order, writer: ProgressWriter) -> Protocols:
    from emo_core.datasets.clips import read_dataset
    from emo_core.evaluation.store import protocols_path, store_protocols
    from emo_core.training.experiments.run import measure_protocols, recipe_of

    data, model, cache = Path(order.data), Path(order.out), Path(order.cache)
    clips = read_dataset(data)
    table = measure_protocols(
        data, model, cache, replace(recipe_of(model), **given(seed=order.seed, epochs=order.epochs)), _command(order),
        say, num_folds=order.folds, protocols=_PROTOCOLS[order.protocol], progress=writer.work,
    )  # fmt: skip
    if order.protocol == "both":
        store_protocols(protocols_path(cache, model, clips), table)
    return table


def _command(order: Order) -> str:
    """The command line that compares the same."""
    words = [*PROGRAM.split(), "evaluate", "--data", order.data, "--model", order.out, "--protocol", order.protocol]
    options = given(seed=order.seed, epochs=order.epochs, folds=None if order.folds == 5 else order.folds)
    return shlex.join([*words, *(word for name, value in options.items() for word in (f"--{name}", str(value)))])


def _protocol_text(table: Protocols) -> str:
    of = "95% over people"
    lines = [
        f"{_TITLES[name]}: accuracy {row.accuracy:.4f}{bracketed(row.interval_over_people, '.4f', of)}, "
        f"macro-F1 {row.macro_f1:.4f}{bracketed(row.macro_f1_interval_over_people, '.4f', of)}"
        for name, row in table.splits.items()
    ]
    if table.same_people:
        lines.append(f"the same people under several names: {', '.join(table.same_people)}")
    if table.leakage is not None:
        lines.append(f"leakage: {table.leakage:+.4f}{bracketed(table.leakage_interval, '.4f', of)}")
    return "\n".join(lines)


def _every_tenth(say: Callable[[str], None]) -> Callable[[str, float], None]:
    """Tell the progress at every tenth of the way."""
    told = [-1]

    def tell(stage: str, share: float) -> None:
        if int(10 * share) > told[0]:
            told[0] = int(10 * share)
            say(stage)

    return tell
