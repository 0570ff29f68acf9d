"""The two commands that make a bundle: the frame CNN first, then the LSTM head on top of it. Loads TensorFlow."""

import csv
import hashlib
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emo_core import bundle as bundles
from emo_core import networks
from emo_core.card import model_card
from emo_core.compose import STORIES, Bank, ComposedClips, build_bank, compose, tellable
from emo_core.config import PipelineConfig
from emo_core.emotions import EMOTIONS, PAPER_CLASSES, HybridClass
from emo_core.errors import BundleError, DatasetError
from emo_core.evaluation import bootstrap_interval, evaluate_clips, evaluate_stills, mean_emotion_verdicts
from emo_core.faces import normalize_intensity
from emo_core.judge import REJECTED, decide
from emo_core.stills import align, find_copies, majority_labels, read_votes
from emo_core.train_frames import FrameTraining, fit_frame_cnn
from emo_core.train_head import HeadTraining, TrainedHead, fit_head, frame_emotions, neutral_clips
from emo_core.types import Bytes

VERSION = "1.0"

_HELD_OUT_SEED = 2025
_HISTORY_COLUMNS = ("stage", "epoch", "loss", "accuracy", "val_loss", "val_accuracy")

Say = Callable[[str], None]


def train_frames(data: Path, out: Path, cache: Path, recipe: FrameTraining, command: str, say: Say) -> dict[str, Any]:
    """Train the frame CNN on ``train.npz`` of the folder `data`, measure it on ``valid.npz``, write it into `out`.

    Args:
        data: folder in FER+ layout.
        out: bundle directory; a head that it holds was trained on other features and is removed with its records.
        cache: folder for aligned pictures and the checkpoint.
        recipe: how.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.

    Returns:
        Metrics on the validation stills.

    Raises:
        DatasetError: the pictures cannot be read or are too few.
    """
    config = PipelineConfig()
    images, votes = read_votes(data / "train.npz")
    valid_images, valid_votes = read_votes(data / "valid.npz")
    for name, least, given in (("train.npz", recipe.batch_size, votes), ("valid.npz", 1, valid_votes)):
        if (count := int((majority_labels(given) >= 0).sum())) < least:
            raise DatasetError(f"{name} holds {count} pictures with an emotion, fewer than {least}: use more pictures.")
    say(f"Aligning {len(images) + len(valid_images)} pictures (9 ms each the first time)")
    train = align(images, votes, config.crop_side_px, cache)
    valid = align(valid_images, valid_votes, config.crop_side_px, cache)
    work_dir = cache / f"frames-{_digest(recipe, images, votes, valid_images, valid_votes)}"
    model, history = fit_frame_cnn(train, valid, recipe, work_dir=work_dir, report=_told(say))
    tflite = networks.to_tflite(model)
    cnn = bundles.FrameNetwork(tflite)
    probabilities = cnn(normalize_intensity(valid.crops))[1]
    metrics = evaluate_stills(probabilities, valid_votes)
    metrics["share_aligned"] = float(valid.track.detected.mean())
    unseen = ~find_copies(valid_images, images)
    metrics["without_copies"] = evaluate_stills(probabilities[unseen], valid_votes[unseen])
    minutes = sum(row["seconds"] for row in history) / 60
    record = {"command": command, "recipe": asdict(recipe), "minutes": round(minutes, 1)}
    _write(
        out,
        {"pipeline": config.to_dict(), "emotions": list(EMOTIONS), "frame_training": record},
        {"real_stills": metrics},
        _rows("frames", history),
        {bundles.FRAME_CNN: tflite, bundles.KERAS_FRAME_CNN: networks.to_keras(model)},
        drop=bundles.OF_THE_HEAD,
    )
    return metrics


def train(data: Path, out: Path, cache: Path, recipe: HeadTraining, command: str, say: Say) -> dict[str, Any]:
    """Train the LSTM head on clips composed from stills, with the frame CNN that `out` holds; complete the bundle.

    Training clips are composed from ``train.npz``. The stills of ``valid.npz`` that are no copies of training pictures
    are halved: one half chooses the epoch, the temperature and the thresholds, the other is only measured on.

    Returns:
        Metrics on clips composed from the second half, clean and degraded.

    Raises:
        BundleError: `out` holds no frame CNN.
        DatasetError: the pictures cannot be read or are too few.
    """
    cnn, config = bundles.load_frame_network(out)
    classes = PAPER_CLASSES
    labels = [item.name for item in classes]
    started = time.monotonic()
    say("Seeing the stills through the frame CNN")
    train_bank = _bank(data / "train.npz", cnn, config, recipe.seed, cache)
    valid_bank = _bank(data / "valid.npz", cnn, config, recipe.seed, cache)
    first_half = np.random.default_rng(_HELD_OUT_SEED).permutation(len(valid_bank.features)) % 2 == 0
    unseen = ~find_copies(read_votes(data / "valid.npz")[0], read_votes(data / "train.npz")[0])
    halves = [valid_bank.subset(half & unseen) for half in (first_half, ~first_half)]
    for name, bank in (("train.npz", train_bank), *(("Each half of valid.npz", half) for half in halves)):
        if poor := [label for label in labels if not tellable(bank, STORIES[label])]:
            raise DatasetError(f"{name} holds too few pictures to compose clips of {', '.join(poor)}: use more.")
    head = fit_head(train_bank, halves[0], labels, config, recipe, _told(say))
    say("Measuring on the stills that nothing was chosen on")
    metrics = _measure(head, halves[1], classes, config, recipe, _load_keras_cnn(out))
    record = {
        "command": command,
        "recipe": asdict(recipe),
        "false_accept_costs": list(head.false_accept_costs),
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    manifest = {
        "name": out.name,
        "version": VERSION,
        "classes": [item.to_dict() for item in classes],
        "temperature": head.temperature,
        "head_training": record,
    }
    files = {
        bundles.HEAD: networks.to_tflite(head.model),
        bundles.KERAS_HEAD: networks.to_keras(head.model),
        bundles.NORMALIZER: bundles.normalizer_bytes(head.features, head.scores),
    }
    _write(out, manifest, {"composed_clips": metrics}, _rows("head", head.history), files)
    return metrics


def _bank(path: Path, cnn: bundles.FrameNetwork, config: PipelineConfig, seed: int, cache: Path) -> Bank:
    images, votes = read_votes(path)
    return build_bank(images, align(images, votes, config.crop_side_px, cache), cnn, seed=seed, cache=cache)


def _measure(
    head: TrainedHead,
    bank: Bank,
    classes: Sequence[HybridClass],
    config: PipelineConfig,
    recipe: HeadTraining,
    cnn: keras.Model,
) -> dict[str, Any]:
    """Figures on newly composed clips, clean and degraded, the mean of frame emotions beside the LSTM."""
    labels = [item.name for item in classes]
    results: dict[str, Any] = {}
    for name, share in (("clean", 0.0), ("degraded", 1.0)):
        rng = np.random.default_rng(_HELD_OUT_SEED)
        clips = compose(bank, labels, recipe.num_held_out, config.window_steps, damaged_share=share, rng=rng)
        probabilities = head.probabilities(clips)
        scores = head.scores.apply(probabilities, clips.quality)
        baseline = mean_emotion_verdicts(frame_emotions(cnn, clips.features), clips.weights, classes)
        ours = probabilities.argmax(axis=1) == clips.labels
        gain = ours.astype(np.float64) - (baseline == clips.labels)
        results[name] = evaluate_clips(probabilities, scores, clips.labels, classes) | {
            "mean_of_frame_emotions_accuracy": float((baseline == clips.labels).mean()),
            "gain_over_mean": float(gain.mean()),
            "gain_interval": bootstrap_interval(gain),
            "by_story": _by_story(clips, ours),
        }
    for name, share in (("neutral", 0.0), ("neutral_degraded", 1.0)):
        rng = np.random.default_rng(_HELD_OUT_SEED + 1)
        neutral = neutral_clips(bank, labels, recipe, config, damaged_share=share, rng=rng)
        probabilities = head.probabilities(neutral)
        verdicts = decide(probabilities, head.scores.apply(probabilities, neutral.quality))
        hybrid = (verdicts != REJECTED) & (verdicts != neutral.labels)
        results[name] = {
            "num_clips": len(verdicts),
            "called_hybrid": float(hybrid.mean()),
            "by_story": _by_story(neutral, ~hybrid),
        }
    return results


def _by_story(clips: ComposedClips, right: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, list[float]]:
    """Story → share judged rightly and number of clips."""
    names = np.array(clips.stories)
    return {
        str(name): [round(float(right[names == name].mean()), 4), int((names == name).sum())]
        for name in np.unique(names)
    }


def _load_keras_cnn(out: Path) -> keras.Model:
    return keras.models.load_model(out / bundles.KERAS_FRAME_CNN, compile=False)


def _write(
    out: Path,
    manifest: Mapping[str, Any],
    metrics: Mapping[str, Any],
    rows: list[dict[str, Any]],
    files: Mapping[str, bytes],
    drop: Sequence[str] = (),
) -> None:
    """Write the bundle with its records: those of other stages are kept unless dropped, the card is made anew."""
    earlier, measured = ({} if name in drop else _read_json(out / name) for name in (bundles.MANIFEST, bundles.METRICS))
    all_metrics = {**measured, **metrics}
    told = [] if bundles.HISTORY in drop else _read_rows(out / bundles.HISTORY)
    history = [row for row in told if row["stage"] != rows[0]["stage"]] + rows
    card = model_card({"name": out.name, "version": VERSION, **earlier, **manifest}, all_metrics, history)
    records = {
        bundles.METRICS: (json.dumps(all_metrics, indent=1, ensure_ascii=False) + "\n").encode(),
        bundles.HISTORY: _csv(history).encode(),
        bundles.CARD: card.encode(),
    }
    bundles.write_bundle(out, manifest, {**files, **records}, drop)


def _digest(recipe: FrameTraining, *data: Bytes) -> str:
    """Names a checkpoint after recipe and data, so that a training with others does not resume from it."""
    digest = hashlib.sha256(repr(recipe).encode())
    for array in data:
        digest.update(array.tobytes())
    return digest.hexdigest()[:12]


def _told(say: Say) -> Callable[[dict[str, float]], None]:
    def tell(row: dict[str, float]) -> None:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in row.items() if name != "epoch")
        say(f"Epoch {row['epoch'] + 1:.0f}: {figures}")

    return tell


def _rows(stage: str, history: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    names = _HISTORY_COLUMNS[2:]
    return [
        {"stage": stage, "epoch": int(row["epoch"]) + 1, **{name: round(float(row[name]), 5) for name in names}}
        for row in history
    ]


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _HISTORY_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _read_rows(path: Path) -> list[dict[str, Any]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines())) if path.exists() else []


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}
    except ValueError as error:
        raise BundleError(
            f"{path.name} of the model {path.parent.name} is damaged: restore it or delete it."
        ) from error
