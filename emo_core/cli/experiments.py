"""``ablate`` and ``protocols``: what each part of the method is worth, and what a random split hides."""

from dataclasses import replace
from pathlib import Path

import click

from emo_core.cli import terminal
from emo_core.cli.terminal import POSITIVE, given, recorded_command, say
from emo_core.method_records import change_text
from emo_core.records import bracketed


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
