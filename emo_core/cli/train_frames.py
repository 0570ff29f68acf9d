"""``train-frames``: train the frame CNN on FER+."""

from dataclasses import replace
from pathlib import Path

import click

from emo_core.cli import terminal
from emo_core.cli.evaluate_frames import votes_text
from emo_core.cli.terminal import PATH, given, recorded_command, say


@click.command()
@terminal.ferplus_option()
@terminal.out_option()
@terminal.cache_option("Checkpoints, crops.")
@terminal.seed_option()
@terminal.epochs_option()
@click.option(
    "--weights",
    type=PATH,
    multiple=True,
    metavar="NPZ",
    help="Use these, of tools/refine_frames.py; given several times, the mean of these runs.",
)
@click.option("--sadness", type=float, default=0.0, metavar="LOG_ODDS", help="Make sadness likelier than the votes do.")
@click.option("--plain", is_flag=True, help="Do not average over mirror images: half the time.")
def train_frames(
    data: Path,
    out: Path,
    cache: Path,
    seed: int | None,
    epochs: int | None,
    weights: tuple[Path, ...],
    sadness: float,
    *,
    plain: bool,
) -> None:
    """Train the frame CNN on FER+."""
    from emo_core.training import build
    from emo_core.training.frame_cnn import FrameTraining

    recipe = replace(FrameTraining(), mirrored=not plain, sadness=sadness, **given(seed=seed, epochs=epochs))
    print(votes_text(build.train_frames(data, out, cache, recipe, recorded_command(), say, weights)))
