"""The commands that make a bundle: the frame CNN first, then the LSTM head on top of it. Loads TensorFlow."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from msgspec import to_builtins
from numpy.typing import NDArray

from emo_core.config import PipelineConfig
from emo_core.datasets.pictures.ferplus import align, majority_labels, read_votes
from emo_core.datasets.windows import WindowDataset
from emo_core.emotions import EMOTIONS, PAPER_CLASSES, HybridClass
from emo_core.errors import DatasetError
from emo_core.evaluation.metrics import evaluate_stills
from emo_core.faces.alignment import normalize_intensity
from emo_core.measured import ComposedClips, Measured, RenderedClips, Stills
from emo_core.method_records import SeedRow
from emo_core.model import bundle as bundles
from emo_core.model.calibration import best_calibration
from emo_core.model.salience import SalienceCurve
from emo_core.training import networks
from emo_core.training.checkpoint import Checkpoint
from emo_core.training.fitting.salience import VotedEmotions, fit_salience, measure_salience
from emo_core.training.frame_cnn import FrameTraining, fit_frame_cnn, read_refined
from emo_core.training.head import HeadTraining, TrainedHead, fit_head, head_files
from emo_core.training.head_data import HeadData, gather, halves, unseen
from emo_core.training.head_thresholds import frame_emotions
from emo_core.training.measure import measure_head, normalization_record
from emo_core.training.records import VERSION, history_rows, read_json, read_predictions, write_with_records
from emo_core.training.synthesis.feature_bank import PLAIN, Bank
from emo_core.types import Bytes, Floats

Say = Callable[[str], None]


def train_frames(
    data: Path, out: Path, cache: Path, recipe: FrameTraining, command: str, say: Say,
    weights: Sequence[Path] = (),
) -> Stills:  # fmt: skip
    """Train the frame CNN on ``train.npz`` of the folder `data`, measure it on ``valid.npz``, write it into `out`.

    Args:
        data: folder in FER+ layout.
        out: bundle directory; a head that it holds was trained on other features and is removed with its records. The
            ablation is kept when the network was trained further, and marked as one of the network before.
        cache: folder for aligned pictures and the checkpoint.
        recipe: how.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.
        weights: of a network trained further elsewhere, to be used instead of training one; the mean of several runs.

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
    record: dict[str, Any] = {"command": command, "recipe": asdict(recipe)}
    if weights:
        model, history, refinement = read_refined(weights, config.crop_side_px)
        record = {"command": command, **refinement, "mirrored": recipe.mirrored, "sadness": recipe.sadness}
    else:
        work_dir = cache / f"frames-{_digest(replace(recipe, mirrored=True), images, votes, valid_images, valid_votes)}"
        model, history = fit_frame_cnn(train, valid, recipe, work_dir=work_dir, report=_told(say))
    model = networks.finished_frame_cnn(model, mirrored=recipe.mirrored)
    new = unseen(data)
    first, second = halves(new)
    temperature = _calibrate(model, valid.crops[first], valid_votes[first], recipe.sadness)
    tflite = networks.to_tflite(model)
    probabilities = bundles.FrameNetwork(tflite)(normalize_intensity(valid.crops))[1]
    metrics = msgspec.structs.replace(
        evaluate_stills(probabilities, valid_votes),
        share_aligned=float(valid.track.detected.mean()),
        without_copies=evaluate_stills(probabilities[new], valid_votes[new]),
        second_half=evaluate_stills(probabilities[second], valid_votes[second]),
    )
    record |= {"temperature": temperature, "minutes": round(sum(row["seconds"] for row in history) / 60, 1)}
    write_with_records(
        out,
        {"pipeline": config.to_dict(), "emotions": list(EMOTIONS), "frame_training": record},
        {"real_stills": metrics, **(_kept_ablation(out, probabilities) if weights else {})},
        history_rows("frames", history),
        {bundles.FRAME_CNN: tflite, bundles.KERAS_FRAME_CNN: networks.to_keras(model)},
        {
            "stills_probabilities": probabilities,
            "stills_labels": majority_labels(valid_votes).astype(np.int8),
            "stills_is_copy": ~new,
            "stills_is_second_half": second,
        },
        drop=bundles.OF_THE_HEAD,
    )
    return metrics


def train(
    data: Path, demo: Path, out: Path, cache: Path, recipe: HeadTraining, num_seeds: int, command: str, say: Say,
    portraits: Path | None = None,
) -> Measured:  # fmt: skip
    """Train the head with the frame CNN that `out` holds, once for each seed; complete the bundle with the median.

    Training clips are composed from ``train.npz`` and rendered clips of training people. The stills of ``valid.npz``
    that are no copies of training pictures are halved: clips of one half, with those of other rendered people, choose
    the epoch, the temperature, the thresholds and the seed; the other half and the last people are only measured on.

    Args:
        data: folder in FER+ layout.
        demo: ``manifest.csv`` of the rendered clips.
        out: bundle directory.
        cache: folder for what was seen, and for the heads until all are trained.
        recipe: how; its seed is the first one.
        num_seeds: how many heads to train; the one with the median held-out loss is shipped.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.
        portraits: folder or zip of labelled pictures to compose training clips from, too.

    Returns:
        What was measured of the shipped head by kind of clips, and of all seeds.

    Raises:
        BundleError: `out` holds no frame CNN.
        DatasetError: the pictures or clips cannot be read or are too few.
    """
    classes, started = PAPER_CLASSES, time.monotonic()
    gathered = gather(data, demo, out, [item.name for item in classes], cache, say, portraits=portraits)
    cnn = keras.models.load_model(out / bundles.KERAS_FRAME_CNN, compile=False)
    held_out = gathered.held_out(recipe)
    tests = gathered.composed_tests(recipe), gathered.neutral_tests(recipe), gathered.rendered[2], gathered.undamaged
    heads, figures, kept = [], [], []
    digest = _digest(recipe, *gathered.learned_from())
    for seed in range(recipe.seed, recipe.seed + num_seeds):
        say(f"Training with seed {seed}")
        kept.append(Checkpoint(cache / f"head-{digest}-{seed}.npz", each_epoch=False))
        heads.append(train_one(gathered, replace(recipe, seed=seed), held_out, _told(say), kept[-1]))
        figures.append(measure_head(heads[-1], *tests, classes, cnn))
    order = np.argsort([head.held_out_loss for head in heads])
    chosen = int(order[(num_seeds - 1) // 2])
    head, (composed, rendered, predictions) = heads[chosen], figures[chosen]
    curves = _fit_salience(data, out, gathered.train[0], cnn, classes)
    salience = measure_salience(read_votes(data / "valid.npz")[1], read_predictions(out), classes, curves)
    measured = Measured(
        composed_clips=composed,
        rendered_clips=rendered,
        salience=tuple(salience),
        normalization=normalization_record(head, gathered.labels),
        seeds=tuple(
            _seed_row(recipe.seed + index, head, *figures[index][:2], shipped=index == chosen)
            for index, head in enumerate(heads)
        ),
    )
    record = {
        "command": command,
        "recipe": asdict(replace(recipe, seed=recipe.seed + chosen)),
        "false_accept_costs": list(head.false_accept_costs),
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    manifest = {
        "name": out.name,
        "version": VERSION,
        "classes": [item.to_dict() for item in classes],
        "pipeline": replace(gathered.config, blendshapes=recipe.blendshapes).to_dict(),
        "temperature": head.temperature,
        "salience": {name: asdict(curve) for name, curve in curves.items()},
        "head_training": record,
        "frame_evidence": {},
        "decision_fit": None,
    }
    metrics = to_builtins(measured) | {"real_clips": None}  # that of the head before; fit-decision measures it again
    write_with_records(out, manifest, metrics, history_rows("head", head.history), head_files(head), predictions)
    for checkpoint in kept:
        checkpoint.clear()
    return measured


def train_one(
    gathered: HeadData,
    recipe: HeadTraining,
    held_out: tuple[WindowDataset, WindowDataset],
    report: Callable[[dict[str, float]], None],
    kept: Checkpoint | None = None,
) -> TrainedHead:
    """One head on the gathered clips, or as it was kept.

    Args:
        gathered: clips.
        recipe: how.
        held_out: of :meth:`HeadData.held_out`.
        report: called with each epoch's figures.
        kept: where it is kept once it has ended.
    """
    normalizer, labels = gathered.normalizer(recipe), gathered.labels
    return fit_head(lambda rng: gathered.draw(recipe, rng), *held_out, normalizer, labels, recipe, report, kept)


def _kept_ablation(out: Path, said: Floats) -> dict[str, Any]:
    """What was measured of the parts of the method; marked if with a network that does not say `said` of the stills."""
    found, before = read_json(out / bundles.METRICS).get("ablation"), read_predictions(out).get("stills_probabilities")
    if not found:
        return {}
    is_same = before is not None and before.shape == said.shape and np.allclose(before, said, atol=1e-5)
    return {"ablation": found if is_same else {**found, "of_former_frame_cnn": True}}


def _calibrate(model: keras.Model, crops: Bytes, votes: NDArray[np.uint8], sadness: float) -> float:
    """Make the frame emotions as sure as they are right on pictures with votes, and `sadness` likelier than that.

    A network that learned shares of votes is less sure of the most voted emotion than it is right, and one that also
    learned from portraits favours some emotions.

    Returns:
        The temperature by which the logits are divided.
    """
    labels = majority_labels(votes)
    faces = normalize_intensity(crops[labels >= 0])[..., np.newaxis]
    emotions = model.predict(faces, batch_size=256, verbose=0)[networks.FRAME_EMOTIONS]
    temperature, offsets = best_calibration(np.log(np.maximum(emotions, 1e-9)), labels[labels >= 0])
    offsets[EMOTIONS.index("sadness")] += sadness * temperature
    networks.calibrate(model, temperature, offsets)
    return temperature


def _fit_salience(
    data: Path, out: Path, bank: Bank, cnn: keras.Model, classes: Sequence[HybridClass]
) -> dict[str, SalienceCurve]:
    """The curve of each pair, from the training pictures and those valid ones that set the temperature."""
    seen = (bank.quality[:, PLAIN] > 0) & bank.features[:, PLAIN].any(axis=1)
    emotions = frame_emotions(cnn, bank.features[seen, PLAIN])
    learned = VotedEmotions(emotions, read_votes(data / "train.npz")[1][seen])
    stored = read_predictions(out)
    first = ~(stored["stills_is_copy"] | stored["stills_is_second_half"])
    unseen = VotedEmotions(stored["stills_probabilities"][first], read_votes(data / "valid.npz")[1][first])
    return fit_salience(learned, unseen, classes)


def _seed_row(
    seed: int, head: TrainedHead, composed: ComposedClips, rendered: RenderedClips, *, shipped: bool
) -> SeedRow:
    clean, degraded, neutral = composed.clean, composed.degraded, composed.neutral
    return SeedRow(
        seed=seed,
        shipped=shipped,
        held_out_loss=head.held_out_loss,
        held_out_accuracy=head.held_out_accuracy,
        clean_macro_f1=clean.macro_f1 if clean else None,
        degraded_macro_f1=degraded.macro_f1 if degraded else None,
        rendered_macro_f1=rendered.macro_f1,
        neutral_called_hybrid=neutral.called_hybrid if neutral else None,
    )


def _digest(recipe: object, *data: NDArray[Any]) -> str:
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
