"""``fit-decision``, ``fit-presence``: what decides in a finished model, and when it calls a blend."""

from pathlib import Path

import click

from emo_core.cli.terminal import PATH, cache_option, demo_option, ferplus_option, recorded_command, say
from emo_core.cli.train import shipped_lines
from emo_core.measured import Measured, RealVerdicts


@click.command()
@ferplus_option()
@click.option("--real", type=PATH, required=True, metavar="DIR", help="Data set of labeled real clips.")
@demo_option()
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Directory of the finished model.")
@cache_option("What was seen.")
def fit_decision(data: Path, real: Path, demo: Path, out: Path, cache: Path) -> None:
    """Choose thresholds with real clips in the balance."""
    from emo_core.training.fitting import decision

    found = decision.fit_decision(data, demo, real, out, cache, recorded_command(), say)
    print(to_text(found))


def to_text(found: Measured) -> str:
    """What was measured on the model, in a few lines."""
    lines = []
    for part in found.real_clips.parts if found.real_clips else ():
        for name in ("cross_validated", "as_shipped", "mean_of_frame_emotions"):
            row: RealVerdicts = getattr(part, name)
            counts = ", ".join(f"{item.label} {item.right} of {item.num}" for item in row.by_class)
            lines.append(f"real clips, {part.clips:<6} {name:<23} macro recall {row.macro_recall:.4f} ({counts})")
    lines += shipped_lines(found)
    return "\n".join(lines)


@click.command()
@ferplus_option()
@demo_option()
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Directory of the finished model.")
@cache_option("What was seen.")
def fit_presence(data: Path, demo: Path, out: Path, cache: Path) -> None:
    """Choose when both emotions of a pair are said to be there, on pictures with votes and on rendered clips."""
    from emo_core.training.fitting.blends import fit_blends

    for row in fit_blends(data, demo, out, cache, recorded_command(), say):
        print(
            f"{row.pair} on {row.where}: threshold {row.threshold}, single ones called a blend "
            f"{row.false_blends.value} of {row.false_blends.num}, blends found {row.recall.value} of "
            f"{row.recall.num}, AUC {row.auc}"
        )
