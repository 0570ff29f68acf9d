"""``ablate``, ``protocols`` and ``check-heatmaps``: what is measured on a finished model, into its records and card."""

from dataclasses import replace
from pathlib import Path

import click
import msgspec

from emo_core.cli import terminal
from emo_core.cli.terminal import NATURAL, POSITIVE, given, recorded_command, say
from emo_core.method_records import HeatmapChecks, change_text
from emo_core.records import bracketed

_POOL = 5  # pictures aligned for each one wanted: some hold no usable face, and a class may be rare


@click.command()
@terminal.ferplus_option()
@terminal.demo_option()
@terminal.out_option()
@terminal.cache_option("Checkpoints, crops.")
@terminal.seed_option()
@terminal.epochs_option()
@terminal.seeds_option()
@click.option("--jobs", type=POSITIVE, default=1, metavar="N", help="Processes.")
def ablate(
    data: Path, demo: Path, out: Path, cache: Path, seed: int | None, epochs: int | None, seeds: int, jobs: int
) -> None:
    """Measure what each part of the method is worth."""
    from emo_core.training.experiments.ablation import name_of
    from emo_core.training.experiments.run import ABLATION, run_ablation

    recipe = replace(ABLATION, **given(seed=seed, epochs=epochs))
    table = run_ablation(data, demo, out, cache, recipe, seeds, jobs, recorded_command(), say)
    print(f"macro-F1, mean of {seeds} seeds     clean   degraded  rendered")
    for row in sorted(table.variants, key=lambda row: -row.clean_macro_f1[0]):
        means = (found[0] for found in (row.clean_macro_f1, row.degraded_macro_f1, row.rendered_macro_f1))
        print(f"{name_of(row):<44} {'    '.join(f'{mean:.4f}' for mean in means)}")
    for effect in table.effects:
        if effect.clean:
            print(f"{effect.part:<12} {effect.figure}, clean: {change_text(effect.clean, '+.4f')}")


@click.command()
@terminal.demo_option()
@terminal.out_option()
@terminal.cache_option("What was seen of clips.")
@terminal.seed_option()
@terminal.epochs_option()
def protocols(demo: Path, out: Path, cache: Path, seed: int | None, epochs: int | None) -> None:
    """Compare a random split with one by person on rendered clips."""
    from emo_core.training.experiments.run import PROTOCOLS, run_protocols

    recipe = replace(PROTOCOLS, **given(seed=seed, epochs=epochs))
    table = run_protocols(demo, out, cache, recipe, recorded_command(), say)
    for name, row in table.splits.items():
        print(f"{name:<8} accuracy {row.accuracy:.4f}{bracketed(row.interval_over_people, '.4f', '95% over people')}")
    print(f"leakage  {table.leakage:+.4f}")


@click.command()
@terminal.ferplus_option()
@terminal.out_option()
@click.option("--images", "most", type=POSITIVE, default=240, metavar="N", help="Pictures at most (240).")
@click.option("--seed", type=NATURAL, default=7, metavar="N", help="Seed of every random choice (7).")
@terminal.cache_option("Aligned pictures.")
def check_heatmaps(data: Path, out: Path, most: int, seed: int, cache: Path) -> None:
    """Measure whether the heatmaps show what the model uses."""
    import numpy as np

    from emo_core.datasets.pictures.ferplus import align, find_copies, read_votes
    from emo_core.evaluation.heatmap_checks import check_heatmaps as measure
    from emo_core.explain.numpy_lstm import load_lstm
    from emo_core.model.bundle import load_bundle
    from emo_core.training.records import write_with_records

    bundle = load_bundle(out)
    head = load_lstm(bundle)
    images, votes = read_votes(data / "valid.npz")
    known, _ = read_votes(data / "train.npz")
    order = np.random.default_rng(seed).permutation(len(images))[: _POOL * most]
    say(f"looking for copies of training pictures among {len(order)} pictures")
    order = order[~find_copies(images[order], known)]
    say(f"aligning {len(order)} pictures")
    stills = align(images[order], votes[order], bundle.config.crop_side_px, cache)
    found = measure(bundle, head, stills, most, seed, say)
    found = msgspec.structs.replace(found, command=recorded_command(), version=bundle.info.version)
    write_with_records(out, {}, {"heatmap_checks": found}, (), {}, {})
    print(checks_text(found))


def checks_text(found: HeatmapChecks) -> str:
    """The checks in a few lines."""
    deletion, planted, shuffled = found.deletion, found.planted, found.randomized
    lines = [
        f"deletion   n = {deletion.num_images} pictures: the class score falls by {deletion.fall_top:.3f} without the "
        f"brightest fifth, by {deletion.fall_random:.3f} without a random one,",
        f"           by {deletion.fall_map_of_another_picture:.3f} by another picture's map; over random "
        f"{deletion.difference:+.3f}{bracketed(deletion.difference_interval, '+.3f', '95%')}, more in "
        f"{deletion.share_more_than_random:.1%}",
    ]
    if planted.num_halves:
        lines.append(
            f"planted    n = {planted.num_images} pictures, {planted.num_halves} halves: "
            f"{planted.mass_in_visible_half:.1%} of the map in the half that is left"
            f"{bracketed(planted.interval, of='95%')}"
        )
    if shuffled.rank_correlation is not None:
        lines.append(
            f"randomized n = {shuffled.num_pairs} maps: rank correlation {shuffled.rank_correlation:.3f} with those of "
            "shuffled weights"
        )
    return "\n".join(lines)
