"""``evaluate-frames``: measure the frame CNN on pictures with votes."""

import json
from pathlib import Path
from typing import Any

import click

from emo_core.cli.terminal import PATH, json_option, model_option, native_messages_dropped


@click.command()
@click.argument("images", type=PATH, metavar="IMAGES.npz")
@model_option()
@json_option("Write the figures as JSON.")
@click.option("--predictions", type=PATH, metavar="FILE.npz", help="Write probabilities (N,8).")
def evaluate_frames(images: Path, model: Path, json_file: Path | None, predictions: Path | None) -> None:
    """Measure the frame CNN on IMAGES.npz, arrays images (N,48,48) and votes (N,10)."""
    import numpy as np

    from emo_core.datasets.ferplus import align, read_votes
    from emo_core.evaluation.metrics import evaluate_stills
    from emo_core.faces.tracking import normalize_intensity
    from emo_core.model.bundle import load_frame_network

    pictures, votes = read_votes(images)
    with native_messages_dropped():
        cnn, config = load_frame_network(model)
    stills = align(pictures, votes, config.crop_side_px)
    probabilities = cnn(normalize_intensity(stills.crops))[1]
    if predictions:
        np.savez(predictions, probabilities=probabilities)
    metrics = evaluate_stills(probabilities, votes)
    metrics["share_aligned"] = float(stills.track.detected.mean())
    if json_file:
        json_file.write_text(json.dumps(metrics, indent=1) + "\n", "utf-8")
    print(stills_text(metrics))


def stills_text(metrics: dict[str, Any]) -> str:
    """The figures of :func:`emo_core.evaluation.metrics.evaluate_stills`, for a terminal."""
    low, high = metrics["accuracy_interval"]
    lines = [
        f"{metrics['num_images']} pictures ({metrics['num_left_out']} without an emotion left out, "
        f"landmarks found in {metrics['share_aligned']:.1%})",
        f"accuracy           {metrics['accuracy']:.4f}  (95 % {low:.4f} – {high:.4f})",
        f"macro-F1           {metrics['macro_f1']:.4f}",
        f"calibration error  {metrics['calibration_error']:.4f}",
    ]
    for row in metrics["hybrid_auc"]:
        auc = "no positives" if row["auc"] is None else f"{row['auc']:.4f}"
        lines.append(f"AUC {row['pair']:<18} {auc}  ({row['rule']}; n = {row['num_positive']})")
    lines.append(f"{'class':<11} precision  recall      F1      n")
    lines += [
        f"{row['label']:<11}    {row['precision']:.4f}  {row['recall']:.4f}  {row['f1']:.4f}  {row['support']:5d}"
        for row in metrics["per_class"]
    ]
    return "\n".join(lines)
