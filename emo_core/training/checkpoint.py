"""Training epoch by epoch with Keras's callbacks: it ends by itself, keeps its best epoch, and can go on when stopped.

Loads Keras.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emo_core.files.kept import keep, kept_arrays

Row = dict[str, float]
Weights = list[NDArray[Any]]

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A training as a checkpoint holds it: one row per epoch, the weights of the best one, and what goes on with it."""

    history: list[Row]
    best: Row
    weights: Weights
    model: Weights
    optimizer: Weights

    def restore(self, model: keras.Model) -> None:
        """Give a compiled network its last weights and its optimizer's state."""
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.variables, self.model, strict=True):
            variable.assign(value)
        for variable, value in zip(model.optimizer.variables, self.optimizer, strict=True):
            variable.assign(value)


class BestEpoch(keras.callbacks.EarlyStopping):  # type: ignore[misc]
    """Ends a training whose `val_loss` has not fallen for `patience` epochs; the network gets its best weights.

    Attributes:
        history: one row per epoch.
    """

    def __init__(self, patience: int) -> None:
        super().__init__("val_loss", mode="min", patience=patience, restore_best_weights=True)
        self.history: list[Row] = []

    @property
    def row(self) -> Row:
        """That of the best epoch."""
        return self.history[self.best_epoch]

    def go_on(self, kept: Kept) -> None:
        """Stand where a training stood."""
        self.history, self.best_weights = list(kept.history), kept.weights
        self.best, self.best_epoch = kept.best["val_loss"], int(kept.best["epoch"])
        self.wait = len(kept.history) - 1 - self.best_epoch
        self.model.stop_training = self.wait >= self.patience

    def on_epoch_end(self, epoch: int, logs: Row | None = None) -> None:
        """Keep the row, and the weights if they are the best so far."""
        self.history.append(logs or {})
        super().on_epoch_end(epoch, logs)


def train_epochs(
    model: keras.Model, num_epochs: int, one_epoch: Callable[[int], Row], best: BestEpoch,
    tell: Sequence[Callable[[Row], object]] = (), kept: Kept | None = None,
) -> None:  # fmt: skip
    """Train a network on other data in every epoch, which one call of `fit` cannot; it is left with its best weights.

    Args:
        model: the network.
        num_epochs: at most.
        one_epoch: trains on the data of an epoch, given its number, and measures: `val_loss` and more.
        best: decides when to stop, and which epoch is kept.
        tell: called with the row of each epoch when `best` has it.
        kept: where to go on.
    """
    model.stop_training = False
    best.set_model(model)
    best.on_train_begin()
    if kept:
        best.go_on(kept)
    for epoch in range(len(best.history), num_epochs):
        if model.stop_training:
            break
        row = one_epoch(epoch)
        best.on_epoch_end(epoch, row)
        for call in tell:
            call(row)
    best.on_train_end()


class Checkpoint:
    """State of a training in one file, replaced whole after each epoch, or written once it has ended.

    A training that goes on from it gives the figures of one that was never stopped: what is kept after each epoch is
    the state of the generator of the clips, and every epoch draws its other random numbers from a seed of its own.

    Args:
        path: of the file; its folder is made. It belongs to one recipe and one set of clips.
        each_epoch: whether it is written after each epoch; else the random numbers are those of a training without it.

    Attributes:
        each_epoch: the same.
    """

    def __init__(self, path: Path, *, each_epoch: bool = True) -> None:
        self._path = path
        self.each_epoch = each_epoch

    def begin(self, rng: np.random.Generator) -> Kept | None:
        """What to go on from, with `rng` as it was then; None if there is nothing."""
        return kept_arrays(self._path, lambda stored: _kept(stored, rng))

    def save(self, model: keras.Model, rng: np.random.Generator, best: BestEpoch) -> None:
        """Keep the state at the end of an epoch, or of the training."""
        parts = {
            "model": [np.asarray(variable) for variable in model.variables],
            "optimizer": [np.asarray(variable) for variable in model.optimizer.variables],
            "best": best.best_weights,
        }
        told = {
            "format": _FORMAT,
            "history": best.history,
            "best": best.row,
            "rng": rng.bit_generator.state,
            "counts": {name: len(values) for name, values in parts.items()},
        }
        arrays = {f"{name}_{index}": value for name, values in parts.items() for index, value in enumerate(values)}
        keep(self._path, lambda part: np.savez(part, told=np.array(json.dumps(told)), **arrays))  # type: ignore[arg-type]

    def clear(self) -> None:
        """Remove it once the training has led to a model."""
        self._path.unlink(missing_ok=True)


def _kept(stored: Mapping[str, NDArray[Any]], rng: np.random.Generator) -> Kept:
    told = json.loads(str(stored["told"]))
    if told["format"] != _FORMAT:
        raise ValueError("a checkpoint of another version")
    best, model, optimizer = (
        [stored[f"{part}_{index}"] for index in range(told["counts"][part])] for part in ("best", "model", "optimizer")
    )
    rng.bit_generator.state = told["rng"]
    return Kept(told["history"], told["best"], best, model, optimizer)
