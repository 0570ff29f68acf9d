"""Training of the frame CNN on face pictures with votes. Importing this loads TensorFlow.

Labels are the annotators' vote shares (soft labels); what the network sees is what the app shows it: crops aligned by
the same code, intensity-normalized, and damaged as real clips are.
"""

import json
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emo_core.datasets.pictures.ferplus import Stills, majority_labels, vote_distributions
from emo_core.errors import DatasetError
from emo_core.faces.alignment import normalize_intensity
from emo_core.files.atomic_write import replaced_whole
from emo_core.files.csv_files import parse_csv
from emo_core.files.kept import drop
from emo_core.training import networks
from emo_core.training.synthesis.augmentation import augment
from emo_core.types import Bytes, Floats
from emo_core.video.source import clean_name

_HISTORY, _FINAL = "frames_history.csv", "frames.weights.h5"


@dataclass(frozen=True, slots=True)
class FrameTraining:
    """Recipe of the frame CNN; the defaults are those of the shipped bundle.

    Attributes:
        epochs, batch_size, seed: as usual.
        learning_rate: peak of the schedule: linear warm-up over a tenth of the steps, then cosine to 0.
        weight_decay: of AdamW, on convolutions and the softmax.
        damage_share: share of the crops damaged while training.
        mirrored: average over each face and its mirror image in the end: steadier, at twice the cost.
        sadness: added to the calibrated log odds of sadness. Annotators of small pictures vote for neutral where a face
            is quietly sad; chosen on the portraits of the people who choose, in the balance with the votes.
        half_precision: compute in bfloat16 where the processor has it, which halves the time; weights and outputs
            stay float32.
    """

    epochs: int = 40
    batch_size: int = 128
    seed: int = 7
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    damage_share: float = 0.3
    mirrored: bool = True
    sadness: float = 0.0
    half_precision: bool = True


class AugmentedStills(keras.utils.PyDataset):  # type: ignore[misc]
    """Shuffled batches of augmented crops (B, S, S, 1) float32 with vote shares (B, 8); every epoch differs."""

    def __init__(self, crops: Bytes, targets: Floats, recipe: FrameTraining) -> None:
        super().__init__(workers=2, use_multiprocessing=False, max_queue_size=8)
        self._crops, self._targets, self._recipe = crops, targets, recipe
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._crops) // self._recipe.batch_size

    def __getitem__(self, index: int) -> tuple[Floats, Floats]:
        size = self._recipe.batch_size
        order = np.random.default_rng((self._recipe.seed, self.epoch)).permutation(len(self._crops))
        chosen = order[index * size : (index + 1) * size]
        rng = np.random.default_rng((self._recipe.seed, self.epoch, index))
        crops = np.stack([augment(self._crops[i], rng, self._recipe.damage_share) for i in chosen])
        return normalize_intensity(crops)[..., np.newaxis], self._targets[chosen]

    def on_epoch_end(self) -> None:
        """Move to the next epoch's order and augmentation."""
        self.epoch += 1


def training_set(stills: Stills) -> tuple[Bytes, Floats]:
    """Crops (N, S, S) and vote shares (N, 8) of the pictures that people recognized as an emotion."""
    chosen = majority_labels(stills.votes) >= 0
    return stills.crops[chosen], vote_distributions(stills.votes[chosen])


def fit_frame_cnn(
    train: Stills,
    valid: Stills,
    recipe: FrameTraining,
    *,
    work_dir: Path,
    report: Callable[[dict[str, float]], None] | None = None,
) -> tuple[keras.Model, list[dict[str, float]]]:
    """Train the frame CNN; resumes from `work_dir` after an interruption, and a finished training is not repeated.

    The last epoch's weights are taken (the schedule ends at rate 0), so nothing is selected on `valid`.

    Args:
        train: pictures to learn from.
        valid: pictures that are only measured on.
        recipe: how.
        work_dir: folder for checkpoint, final weights and history of this recipe; delete it to start afresh.
        report: called with each epoch's figures.

    Returns:
        The network, without mirror images, and one row per epoch: epoch, loss, accuracy, val_loss, val_accuracy,
        seconds. Accuracy is against the most voted emotion, that of training on augmented crops.
    """
    keras.utils.set_random_seed(recipe.seed)
    half = recipe.half_precision and _has_bfloat16()
    with networks.precision("mixed_bfloat16" if half else "float32"):
        model = networks.build_frame_cnn(train.crops.shape[1], mirrored=False)
    work_dir.mkdir(parents=True, exist_ok=True)
    history_path, final = (work_dir / name for name in (_HISTORY, _FINAL))
    if not (final.exists() and _is_loaded(model, final)):
        _fit(model, training_set(train), training_set(valid), recipe, work_dir, report)
        with replaced_whole(final) as part:
            model.save_weights(str(part))
    return model, _read_history(history_path)


def _is_loaded(model: keras.Model, weights: Path) -> bool:
    """Give a network the weights in a file; a damaged one is dropped, and the training goes on from its last epoch."""
    try:
        model.load_weights(str(weights))
    except (OSError, ValueError, KeyError):
        drop(weights)
        return False
    return True


Refined = tuple[keras.Model, list[dict[str, float]], dict[str, Any]]
"""A network without mirror images; one row per epoch; the record of its training."""


def read_refined(paths: Sequence[Path], side: int) -> Refined:
    """A frame CNN trained further elsewhere: what ``tools/refine_frames.py`` writes.

    Of several runs that started from the same network the mean of the weights is taken, which says what all of them
    would say together (Wortsman et al., "Model soups", 2022), at the cost of one.

    Args:
        paths: of the runs, ``.npz`` with the weights in the order of Keras, a history and a record each.
        side: side S of the crops.

    Returns:
        The network; its history is the mean over the runs, with their seconds together; its record is that of the
        first run (`recipe`, `refine_command`, and `started_from`, the record of the training before) with the number
        of runs as `num_runs`.

    Raises:
        DatasetError: a file is missing, damaged, or of another network; the runs differ in their number of epochs.
    """
    model, *others = [_read_run(path, side) for path in paths]
    network, history, record = model
    if any(len(run[1]) != len(history) for run in others):
        raise DatasetError("The runs whose weights are to be averaged differ in their number of epochs: repeat some.")
    if others:
        runs = [model, *others]
        network.set_weights(
            [np.mean(arrays, axis=0) for arrays in zip(*(run[0].get_weights() for run in runs), strict=True)]
        )
        history = [
            {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
            | {"seconds": float(np.sum([row["seconds"] for row in rows]))}
            for rows in zip(*(run[1] for run in runs), strict=True)
        ]
    return network, history, record | {"num_runs": len(paths)}


def _read_run(path: Path, side: int) -> Refined:
    model = networks.build_frame_cnn(side, mirrored=False)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            model.set_weights([arrays[name] for name in sorted(arrays.files) if name.startswith("weights_")])
            history, record = _rows(str(arrays["history"])), json.loads(str(arrays["record"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        name = clean_name(path.name)
        raise DatasetError(
            f"{name} holds no weights of this frame CNN: make it with tools/refine_frames.py."
        ) from error
    return model, history, record


def _fit(
    model: keras.Model,
    train: tuple[Bytes, Floats],
    valid: tuple[Bytes, Floats],
    recipe: FrameTraining,
    work_dir: Path,
    report: Callable[[dict[str, float]], None] | None,
) -> None:
    """All epochs, from the checkpoint on where there is one."""
    trainer = keras.Model(model.input, model.output[networks.FRAME_EMOTIONS])
    batches = AugmentedStills(*train, recipe)
    optimizer = _optimizer(recipe, recipe.epochs * len(batches))
    trainer.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    trainer.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=(normalize_intensity(valid[0])[..., np.newaxis], valid[1]),
        validation_batch_size=256,
        callbacks=[
            _EpochClock(batches),
            keras.callbacks.CSVLogger(str(work_dir / _HISTORY), append=True),
            keras.callbacks.BackupAndRestore(str(work_dir / "frames_backup"), delete_checkpoint=False),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: report and report({"epoch": epoch, **logs})
            ),
        ],
        verbose=0,
    )


class _EpochClock(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the data's epoch equal to the trainer's after a resume, and logs the seconds of each epoch."""

    def __init__(self, batches: AugmentedStills) -> None:
        super().__init__()
        self._batches = batches
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the epoch."""
        self._batches.epoch = epoch
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the time to the epoch's figures, before other callbacks store them."""
        if logs is not None:
            logs["seconds"] = time.monotonic() - self._started


def _has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 itself; without, it is several times slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _optimizer(recipe: FrameTraining, steps: int) -> keras.optimizers.Optimizer:
    warmup = max(1, steps // 10)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 25, steps - warmup, alpha=0.0, warmup_target=recipe.learning_rate, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _read_history(path: Path) -> list[dict[str, float]]:
    """Rows of the log."""
    return _rows(path.read_text("utf-8"))


def _rows(text: str) -> list[dict[str, float]]:
    """Rows of a CSV table, each epoch once (the last time it ran)."""
    rows = {
        row.cells["epoch"]: {name: float(value) for name, value in row.cells.items()}
        for row in parse_csv(text.encode(), _HISTORY, ("epoch",)).rows
    }
    return list(rows.values())
