"""Calibration of class scores: logits to probabilities that mean what they say."""

import numpy as np
from numpy.typing import NDArray

from emo_core.types import Doubles, Floats

Indices = NDArray[np.intp]

_OFFSET_CLIPS = 20.0  # how many clips hold the offsets of a calibration near 0


def best_temperature(logits: Floats, labels: Indices) -> float:
    """Temperature in [0.3, 5] that gives logits (N, C) the least log loss on `labels` (N,) when they are divided by it.

    Example:
        >>> logits = np.array([[2.0, 0.0]] * 4, np.float32)  # sure at 88%, right in half of the cases
        >>> best_temperature(logits, np.array([0, 1, 0, 1])) > 3
        True
    """
    from scipy.optimize import minimize_scalar  # takes long to load, and serving has no need of it

    found = minimize_scalar(lambda t: log_loss(calibrated(logits, t), labels), bounds=(0.3, 5.0), method="bounded")
    return float(found.x)


def best_calibration(logits: Floats, labels: Indices) -> tuple[float, Floats]:
    """Temperature in [0.3, 5] and offsets (C,), sum 0, that give (logits + offsets) / temperature the least log loss.

    A head that knows its training pictures by heart is not only too sure of what strangers show, it also favours some
    classes. The offsets are held near 0 as by a few clips that say so: with hardly any clips only the temperature is
    left.

    Args:
        logits: (N, C) float32.
        labels: (N,) int, true classes.

    Example:
        >>> logits = np.array([[1.0, 0.0]] * 4000, np.float32)  # prefers the first class, which is no more frequent
        >>> best_calibration(logits, np.arange(4000) % 2)[1].round(1)
        array([-0.5,  0.5], dtype=float32)
    """
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    temperature, held = best_temperature(logits, labels), _OFFSET_CLIPS / (2 * max(len(labels), 1))

    def cost(values: Doubles) -> float:
        offsets = values[1:] - values[1:].mean()
        said = log_softmax(logits / np.exp(values[0]) + offsets, axis=1)  # in double precision, for its gradient
        return float(held * offsets @ offsets - said[np.arange(len(labels)), labels].mean())

    start = np.array([np.log(temperature), *np.zeros(logits.shape[1])])
    free = [(None, None)] * logits.shape[1]
    found = minimize(cost, start, method="L-BFGS-B", bounds=[(np.log(0.3), np.log(5.0)), *free]).x
    temperature = float(np.exp(found[0]))
    return temperature, np.asarray(temperature * (found[1:] - found[1:].mean()), np.float32)


def log_loss(probabilities: Floats, labels: Indices) -> float:
    """Mean negative log probability of the true classes `labels` (N,), from probabilities (N, C)."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, 1e-9)).mean())


def calibrated(logits: Floats, temperature: float) -> Floats:
    """Class probabilities (…, C) of logits (…, C): softmax(logits / temperature); rows sum to 1.

    Example:
        >>> calibrated(np.zeros((1, 2), np.float32), 1.5)
        array([[0.5, 0.5]], dtype=float32)
    """
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
