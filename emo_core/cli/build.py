"""``train-frames`` and ``fit-decision``: the first and the last step of the shipped model, for maintainers."""

from dataclasses import replace
from pathlib import Path

import click

from emo_core.cli.evaluate_frames import votes_text
from emo_core.cli.terminal import DEMO, PATH, cache_option, epochs_option, given, recorded_command, say, seed_option


@click.command()
@click.option("--data", type=PATH, required=True, metavar="DIR", help="train.npz and valid.npz of FER+.")
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Model directory.")
@cache_option("Checkpoints, crops.")
@seed_option()
@epochs_option()
@click.option("--weights", type=PATH, metavar="NPZ", help="Use these, of tools/refine_frames.py.")
@click.option("--plain", is_flag=True, help="Do not average over mirror images: half the time.")
def train_frames(
    data: Path, out: Path, cache: Path, seed: int | None, epochs: int | None, weights: Path | None, *, plain: bool
) -> None:
    """Train the frame CNN on FER+."""
    from emo_core.training import build
    from emo_core.training.frame_cnn import FrameTraining

    recipe = replace(FrameTraining(), mirrored=not plain, **given(seed=seed, epochs=epochs))
    print(votes_text(build.train_frames(data, out, cache, recipe, recorded_command(), say, weights)))


@click.command()
@click.option("--data", type=PATH, required=True, metavar="DIR", help="train.npz and valid.npz of FER+.")
@click.option("--real", type=PATH, required=True, metavar="DIR", help="Data set of labelled real clips.")
@click.option("--demo", type=PATH, default=DEMO, metavar="CSV", help="Manifest of rendered clips.")
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Directory of the finished model.")
@cache_option("What was seen.")
def fit_decision(data: Path, real: Path, demo: Path, out: Path, cache: Path) -> None:
    """Choose thresholds and presence with real clips in the balance."""
    from emo_core.training.fitting import decision

    metrics = decision.fit_decision(data, demo, real, out, cache, recorded_command(), say)
    for part in metrics["real_clips"]["parts"]:
        for name in ("cross_validated", "as_shipped", "mean_of_frame_emotions"):
            row = part[name]
            counts = ", ".join(f"{item['label']} {item['right']} of {item['num']}" for item in row["by_class"])
            print(f"real clips, {part['clips']:<6} {name:<23} macro recall {row['macro_recall']:.4f} ({counts})")
    for name in ("clean", "degraded"):
        row = metrics["composed_clips"][name]
        print(f"composed clips, {name:<8} macro-F1 {row['macro_f1']:.4f}")
    print(f"neutral clips called a hybrid: {metrics['composed_clips']['neutral']['called_hybrid']:.4f}")
    print(f"rendered clips of unseen people: macro-F1 {metrics['rendered_clips']['macro_f1']:.4f}")
    for row in metrics["presence"]:
        false, recall = row["false_blends"], row["recall"]
        print(
            f"blends, {row['class']} on {row['on']}: false {false['value']} of {false['num']}, recall "
            f"{recall['value']} of {recall['num']}, AUC {row['auc']}"
        )
