"""A training that can be stopped at any moment: everything it needs to go on, in one file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core.files.cache import keep
from emo_core.files.kept import kept_arrays

Row = dict[str, float]
Weights = list[NDArray[Any]]

_FORMAT = 1


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
        self._model: Weights = []
        self._optimizer: Weights = []

    def begin(self, rng: np.random.Generator) -> tuple[list[Row], Row, Weights] | None:
        """History, the best row and its weights, with `rng` as it was then; None if there is nothing to go on from."""
        return kept_arrays(self._path, lambda stored: self._begin(stored, rng))

    def _begin(self, stored: Mapping[str, NDArray[Any]], rng: np.random.Generator) -> tuple[list[Row], Row, Weights]:
        told = json.loads(str(stored["told"]))
        if told["format"] != _FORMAT:
            raise ValueError("a checkpoint of another version")
        model, optimizer, best = (
            [stored[f"{part}_{index}"] for index in range(told["counts"][part])]
            for part in ("model", "optimizer", "best")
        )
        rng.bit_generator.state = told["rng"]
        self._model, self._optimizer = model, optimizer
        return told["history"], told["best"], best

    def restore(self, model: Any) -> None:
        """Give a compiled Keras model its weights and its optimizer's state, if :meth:`begin` found any."""
        if self._model:
            model.optimizer.build(model.trainable_variables)
            for variable, value in zip(model.variables, self._model, strict=True):
                variable.assign(value)
            for variable, value in zip(model.optimizer.variables, self._optimizer, strict=True):
                variable.assign(value)

    def save(self, model: Any, rng: np.random.Generator, history: list[Row], best: Row, weights: Weights) -> None:
        """Keep the state at the end of an epoch, or of the training."""
        parts = {
            "model": [np.asarray(variable) for variable in model.variables],
            "optimizer": [np.asarray(variable) for variable in model.optimizer.variables],
            "best": weights,
        }
        told = {
            "format": _FORMAT,
            "history": history,
            "best": best,
            "rng": rng.bit_generator.state,
            "counts": {name: len(values) for name, values in parts.items()},
        }
        arrays = {f"{name}_{index}": value for name, values in parts.items() for index, value in enumerate(values)}
        keep(self._path, lambda part: np.savez(part, told=np.array(json.dumps(told)), **arrays))  # type: ignore[arg-type]

    def clear(self) -> None:
        """Remove it once the training has led to a model."""
        self._path.unlink(missing_ok=True)
