"""``check-heatmaps``: whether the heatmaps of a model can be believed, into its records and card."""

from pathlib import Path

import click
import msgspec

from emo_core.cli.terminal import NATURAL, POSITIVE, cache_option, ferplus_option, out_option, recorded_command, say
from emo_core.method_records import HeatmapChecks
from emo_core.records import bracketed

_POOL = 5  # pictures aligned for each one wanted: some hold no usable face, and a class may be rare


@click.command()
@ferplus_option()
@out_option()
@click.option("--images", "most", type=POSITIVE, default=240, metavar="N", help="Pictures at most (240).")
@click.option("--seed", type=NATURAL, default=7, metavar="N", help="Seed of every random choice (7).")
@cache_option("Aligned pictures.")
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
