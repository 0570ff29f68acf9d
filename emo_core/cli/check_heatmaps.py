"""``python -m emo_core check-heatmaps``: whether the heatmaps of a model can be believed, into its records and card."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

_POOL = 5  # pictures aligned for each one wanted: some hold no usable face, and a class may be rare


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: Callable[[str], None]) -> None:
    """Add the command to the parser; `say` is called with a line of text as the work goes on."""
    command = commands.add_parser("check-heatmaps", help="measure whether the heatmaps show what the model uses")
    command.add_argument("--data", type=Path, required=True, metavar="DIR", help="train.npz, valid.npz of FER+")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="model directory")
    command.add_argument("--images", type=_at_least_one, default=240, metavar="N", help="pictures at most (240)")
    command.add_argument("--seed", type=int, default=7, metavar="N", help="seed of every random choice (7)")
    command.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR", help="aligned pictures")
    command.set_defaults(run=lambda options: _run(options, say))


def _run(options: argparse.Namespace, say: Callable[[str], None]) -> None:
    import numpy as np

    from emo_core.datasets.ferplus import align, find_copies, read_votes
    from emo_core.evaluation.heatmap_checks import check_heatmaps
    from emo_core.explain.numpy_lstm import load_lstm
    from emo_core.model.bundle import load_bundle
    from emo_core.training.records import write_with_records

    bundle, head = load_bundle(options.out), load_lstm(options.out)
    images, votes = read_votes(options.data / "valid.npz")
    known, _ = read_votes(options.data / "train.npz")
    order = np.random.default_rng(options.seed).permutation(len(images))[: _POOL * options.images]
    say(f"looking for copies of training pictures among {len(order)} pictures")
    order = order[~find_copies(images[order], known)]
    say(f"aligning {len(order)} pictures")
    stills = align(images[order], votes[order], bundle.config.crop_side_px, options.cache)
    found = check_heatmaps(bundle, head, stills, options.images, options.seed, say)
    found |= {"command": options.command_line, "version": bundle.info.version}
    write_with_records(options.out, {}, {"heatmap_checks": found}, (), {}, {})
    print(checks_text(found))


def checks_text(found: dict[str, Any]) -> str:
    """The checks in a few lines."""
    deletion, planted, shuffled = found["deletion"], found["planted"], found["randomized"]
    low, high = deletion["difference_interval"]
    lines = [
        f"deletion   n = {deletion['num_images']} pictures: the class score falls by {deletion['fall_top']:.3f} "
        f"without the brightest fifth, by {deletion['fall_random']:.3f} without a random one,",
        f"           by {deletion['fall_map_of_another_picture']:.3f} by another picture's map; over random "
        f"{deletion['difference']:+.3f} (95 % {low:+.3f} – {high:+.3f}), more in "
        f"{deletion['share_more_than_random']:.1%}",
    ]
    if planted["num_halves"]:
        low, high = planted["interval"]
        lines.append(
            f"planted    n = {planted['num_images']} pictures, {planted['num_halves']} halves: "
            f"{planted['mass_in_visible_half']:.1%} of the map in the half that is left (95 % {low:.1%} – {high:.1%})"
        )
    if shuffled["rank_correlation"] is not None:
        lines.append(
            f"randomized n = {shuffled['num_pairs']} maps: rank correlation {shuffled['rank_correlation']:.3f} with "
            "those of shuffled weights"
        )
    return "\n".join(lines)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)
