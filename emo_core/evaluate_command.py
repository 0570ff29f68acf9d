"""``python -m emo_core evaluate``: a model against a data set, and the two ways to split it."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", default_model: Path) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("evaluate", help="measure a model on a data set of labelled clips")
    command.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder per label, or a manifest.csv")
    command.add_argument("--model", type=Path, default=default_model, metavar="DIR", help="model directory")
    command.add_argument("--everyone", action="store_true", help="judge people that the model has seen, too")
    command.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR", help="what was seen of clips")
    command.add_argument("--json", type=Path, metavar="FILE", help="write figures and verdicts as JSON")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a row for every clip")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate and print; the same data and model give the same figures."""
    from emo_core.bundle import load_bundle
    from emo_core.clip_metrics import summarize
    from emo_core.dataset import read_dataset
    from emo_core.evaluate import choose_clips, evaluate_dataset, folder_of
    from emo_core.evaluated import content_of
    from emo_core.evaluation_text import clip_table, to_csv, to_text

    with options.quiet():
        bundle = load_bundle(options.model)
        bundle.head_network()
    choice = choose_clips(bundle.path, read_dataset(options.data), bundle.info.labels, everyone=options.everyone)
    evaluation = evaluate_dataset(
        bundle, choice, options.data, options.cache, name=folder_of(options.data).resolve().name,
        command=options.command_line, progress=_every_tenth(options.say),
    )  # fmt: skip
    figures = summarize(evaluation)
    if options.json:
        content: dict[str, Any] = {"figures": figures, "evaluation": content_of(evaluation)}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if options.csv:
        options.csv.write_text(to_csv(clip_table(evaluation)), "utf-8")
    print(to_text(evaluation, figures))


def _every_tenth(say: Callable[[str], None]) -> Callable[[str, float], None]:
    """Tell the progress at every tenth of the way."""
    told = [-1]

    def tell(stage: str, share: float) -> None:
        if int(10 * share) > told[0]:
            told[0] = int(10 * share)
            say(stage)

    return tell
