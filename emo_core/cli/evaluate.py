"""``python -m emo_core evaluate``: a model against a data set, or its recipe under two protocols."""

import argparse
import json
import shlex
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from emo_core.errors import EmoError
from emo_core.jobs.progress import ProgressWriter

_PROTOCOLS = {"random": ("random",), "subject": ("subject",), "both": ("random", "subject")}
_TITLES = {"random": "random", "subject": "subject", "joined": "subject, people with the same clips taken for one"}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", default_model: Path) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("evaluate", help="measure a model on a data set of labelled clips")
    command.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder per label, or a manifest.csv")
    command.add_argument("--model", type=Path, default=default_model, metavar="DIR", help="model directory")
    command.add_argument("--everyone", action="store_true", help="judge people that the model has seen, too")
    command.add_argument(
        "--protocol", choices=_PROTOCOLS, help="instead, train heads of the model's recipe on the data set and judge "
        "what they have not seen: split at random as in the paper, by person, or both, whose difference is leakage",
    )  # fmt: skip
    command.add_argument("--seed", type=_at_least(0), metavar="N", help="seed of the split and of the heads")
    command.add_argument("--epochs", type=_at_least(1), metavar="N", help="epochs of these heads, at most")
    command.add_argument("--folds", type=_at_least(2), default=5, metavar="N", help="parts of the cross-validation")
    command.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR", help="what was seen of clips")
    command.add_argument("--json", type=Path, metavar="FILE", help="write figures and verdicts as JSON")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a row for every clip")
    command.add_argument("--progress", type=Path, metavar="FILE", help="keep how far it is in a JSON file")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate and print; the same data, model and seed give the same figures."""
    if options.protocol is None:
        _evaluate(options)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    writer = ProgressWriter(options.progress, 0)
    try:
        table = _compare_protocols(options, writer)
    except KeyboardInterrupt:
        writer.end("stopped", "Stopped; nothing was kept.")
        raise
    except EmoError as error:
        writer.end("failed", str(error))
        raise
    except Exception:
        writer.end("failed", "Something went wrong on our side; the server's log says why. Try again.")
        raise
    writer.end("done", _protocol_lines(table)[-1])
    print("\n".join(_protocol_lines(table)))


def _at_least(least: int) -> Callable[[str], int]:
    """Type of an option that is a whole number of `least` or more."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number of {least} or more")
        return int(text)

    return number


def _evaluate(options: argparse.Namespace) -> None:
    from emo_core.datasets.clips import read_dataset
    from emo_core.evaluation.clip_metrics import summarize
    from emo_core.evaluation.results import content_of, store
    from emo_core.evaluation.run import choose_clips, evaluate_dataset, folder_of
    from emo_core.evaluation.store import evaluation_path
    from emo_core.evaluation.text import clip_table, to_csv, to_text
    from emo_core.model.bundle import load_bundle

    with options.quiet():
        bundle = load_bundle(options.model)
        bundle.head_network()
    clips = read_dataset(options.data)
    choice = choose_clips(bundle.path, clips, bundle.info.labels, everyone=options.everyone)
    evaluation = evaluate_dataset(
        bundle, choice, options.data, options.cache, name=folder_of(options.data).resolve().name,
        command=_recorded(options.command_line), progress=_every_tenth(options.say),
    )  # fmt: skip
    store(evaluation, evaluation_path(options.cache, bundle.path, clips, everyone=options.everyone))
    figures = summarize(evaluation)
    if options.json:
        content: dict[str, Any] = {"figures": figures, "evaluation": content_of(evaluation)}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if options.csv:
        options.csv.write_text(to_csv(clip_table(evaluation)), "utf-8")
    print(to_text(evaluation, figures))


def _compare_protocols(options: argparse.Namespace, writer: ProgressWriter) -> dict[str, Any]:
    from emo_core.datasets.clips import read_dataset
    from emo_core.evaluation.store import protocols_path, store_table
    from emo_core.training.experiments.run import measure_protocols, recipe_of

    given = {name: value for name in ("seed", "epochs") if (value := getattr(options, name)) is not None}
    clips = read_dataset(options.data)
    table = measure_protocols(
        options.data, options.model, options.cache, replace(recipe_of(options.model), **given),
        _recorded(options.command_line), options.say, num_folds=options.folds, protocols=_PROTOCOLS[options.protocol],
        progress=writer.work,
    )  # fmt: skip
    if options.protocol == "both":
        store_table(protocols_path(options.cache, options.model, clips), table)
    if options.json:
        options.json.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return table


def _protocol_lines(table: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, title in _TITLES.items():
        if name in table:
            row = table[name]
            lines.append(f"{title}: accuracy {row['accuracy']:.4f}{_spread(row['interval_over_people'])}, "
                         f"macro-F1 {row['macro_f1']:.4f}{_spread(row['macro_f1_interval_over_people'])}")  # fmt: skip
    if table["same_people"]:
        lines.append(f"the same people under several names: {', '.join(table['same_people'])}")
    if "leakage" in table:
        lines.append(f"leakage: {table['leakage']:+.4f}{_spread(table['leakage_interval'])}")
    return lines


def _spread(interval: list[float] | None) -> str:
    return f" (95 % over people {interval[0]:.4f} – {interval[1]:.4f})" if interval else ""


def _recorded(command_line: str) -> str:
    """The command line without what does not change the result."""
    words = shlex.split(command_line)
    for option in ("--progress", "--cache", "--json", "--csv"):
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    return shlex.join(words)


def _every_tenth(say: Callable[[str], None]) -> Callable[[str, float], None]:
    """Tell the progress at every tenth of the way."""
    told = [-1]

    def tell(stage: str, share: float) -> None:
        if int(10 * share) > told[0]:
            told[0] = int(10 * share)
            say(stage)

    return tell
