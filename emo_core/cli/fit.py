"""``fit-decision``: what decides in a finished model, chosen with real clips in the balance."""

from pathlib import Path

import click

from emo_core.cli.terminal import PATH, cache_option, demo_option, ferplus_option, recorded_command, say


@click.command()
@ferplus_option()
@click.option("--real", type=PATH, required=True, metavar="DIR", help="Data set of labelled real clips.")
@demo_option()
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
