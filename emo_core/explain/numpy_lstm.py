"""The LSTM head in NumPy, forward and backward: what the explanations look into, without TensorFlow.

LiteRT serves the head but shows neither its state nor a gradient. The head is small, so both are written out here from
the method's equations 4–9, with the weights of the bundle's ``head.keras``; tests hold them to Keras.
"""

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from emo_core.errors import BundleError
from emo_core.files.arrays import read_npz
from emo_core.model.apart import ApartError, run_apart
from emo_core.model.bundle import Bundle
from emo_core.model.bundle_files import KERAS_HEAD
from emo_core.types import Booleans, Floats, check_shape

Indices = NDArray[np.intp]

_LEAST_WEIGHT = 1e-6  # of a window without a valid frame, as in the Keras layer


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What went on in the LSTM over B windows of T steps with U units; a masked step repeats the one before it.

    Attributes:
        input_gate, forget_gate, output_gate: (B, T, U) float32 in [0, 1]: i_t, f_t, o_t.
        candidate: (B, T, U) float32 in [-1, 1]: g_t.
        cell: (B, T, U) float32: c_t.
        hidden: (B, T, U) float32 in [-1, 1]: h_t.
        logits: (B, T, C) float32 class scores.
        valid: (B, T) bool, steps that are not masked.
        shares: (B, T) float32, weight of each frame in the mean ū.
    """

    input_gate: Floats
    forget_gate: Floats
    output_gate: Floats
    candidate: Floats
    cell: Floats
    hidden: Floats
    logits: Floats
    valid: Booleans
    shares: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LstmHead:
    """Weights of the head: x_t = û_t ⊕ ū ⊕ w_t through an LSTM, a class score at every step.

    Attributes:
        table: (T, n) float32, the step vectors w_t.
        kernel: (m or 2m, then n; 4U) float32, W of the gates in the order i, f, g, o.
        recurrent: (U, 4U) float32.
        bias: (4U,) float32.
        out_kernel, out_bias: (U, C), (C,) float32.
        mean_input: whether ū is part of x_t.
    """

    table: Floats
    kernel: Floats
    recurrent: Floats
    bias: Floats
    out_kernel: Floats
    out_bias: Floats
    mean_input: bool

    def __post_init__(self) -> None:
        units = len(self.recurrent)
        check_shape("recurrent", self.recurrent, (units, 4 * units))
        check_shape("kernel", self.kernel, (None, 4 * units))
        check_shape("bias", self.bias, (4 * units,))
        check_shape("out_kernel", self.out_kernel, (units, None))
        check_shape("out_bias", self.out_bias, (self.out_kernel.shape[1],))
        check_shape("table", self.table, (None, len(self.kernel) - (1 + self.mean_input) * self.num_features))
        weights = (self.table, self.kernel, self.recurrent, self.bias, self.out_kernel, self.out_bias)
        if not all(np.isfinite(values).all() for values in weights):
            raise ValueError("weights must be finite")

    @property
    def num_features(self) -> int:
        """m, the length of a Q-normalized feature."""
        return int(len(self.kernel) - self.table.shape[1]) // (1 + self.mean_input)

    @classmethod
    def from_keras(cls, content: bytes) -> Self:
        """The weights in the content of a ``head.keras``; nothing in it is executed.

        Raises:
            ValueError: it is no head whose reader is an LSTM.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                layers = json.loads(archive.read("config.json"))["config"]["layers"]
                weights = archive.read("model.weights.h5")
            with h5py.File(io.BytesIO(weights), "r") as file:
                stored = file["layers"]
                kernel, recurrent, bias = _variables(stored["lstm/cell/vars"])
                out_kernel, out_bias = _variables(stored["dense/vars"])
                (table,) = _variables(stored["step_embedding/vars"])
        except (KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
            raise ValueError("the file holds no head that reads with an LSTM") from error
        mean_input = any(layer["class_name"] == "WeightedMean" for layer in layers)
        return cls(table, kernel, recurrent, bias, out_kernel, out_bias, mean_input)

    def feature_gates(self, features: Floats) -> Floats:
        """What û_t and w_t add to the gates, with the bias: (…, T, 4U) float32 from Q-normalized (…, T, m)."""
        own, steps = self.kernel[: self.num_features], self.kernel[len(self.kernel) - self.table.shape[1] :]
        return np.asarray(features @ own + (self.table @ steps + self.bias), np.float32)

    def mean_gates(self, mean: Floats) -> Floats:
        """What ū adds to the gates of every step: (…, 4U) float32 from (…, m); 0 for a head that does not read it."""
        if not self.mean_input:
            return np.zeros((*mean.shape[:-1], len(self.bias)), np.float32)
        return np.asarray(mean @ self.kernel[self.num_features : 2 * self.num_features], np.float32)

    def run(self, features: Floats, weights: Floats) -> Trace:
        """Read B windows (paper eq. 4–9).

        Args:
            features: (B, T, m) float32, Q-normalized.
            weights: (B, T) float32 ≥ 0, quality of each frame, 0 = masked.
        """
        shares, valid = mean_shares(weights), weights > 0
        mean = np.einsum("bt,btm->bm", shares, features)
        gates = self.feature_gates(features) + self.mean_gates(mean)[:, np.newaxis]
        parts = np.zeros((6, *gates.shape[:2], len(self.recurrent)), np.float32)  # i, f, g, o, c, h
        state = np.zeros((6, len(gates), len(self.recurrent)), np.float32)
        for step in range(gates.shape[1]):
            new = np.stack(_step(gates[:, step] + state[5] @ self.recurrent, state[4]))
            state = np.where(valid[:, step, np.newaxis], new, state)
            parts[:, :, step] = state
        i, f, g, o, c, h = parts
        return Trace(i, f, o, g, c, h, h @ self.out_kernel + self.out_bias, valid, shares)

    def last_logits(self, windows: Floats, which: Indices, weights: Floats) -> Floats:
        """Class scores (V, C) after the last step of V variants of B windows, which differ in their weights alone.

        Args:
            windows: (B, T, m) float32, Q-normalized.
            which: (V,) window of each variant.
            weights: (V, T) float32 ≥ 0, quality of each frame, 0 = masked.
        """
        shares, valid, gates = mean_shares(weights), weights > 0, self.feature_gates(windows)
        means = np.empty((len(which), self.num_features), np.float32)
        for window in np.unique(which):
            means[which == window] = shares[which == window] @ windows[window]
        of_mean = self.mean_gates(means)
        cell = np.zeros((len(which), len(self.recurrent)), np.float32)
        hidden = np.zeros_like(cell)
        for step in range(windows.shape[1]):
            *_, c, h = _step(gates[which, step] + of_mean + hidden @ self.recurrent, cell)
            counts = valid[:, step, np.newaxis]
            cell, hidden = np.where(counts, c, cell), np.where(counts, h, hidden)
        return np.asarray(hidden @ self.out_kernel + self.out_bias, np.float32)

    def gradient(self, trace: Trace, by_logits: Floats) -> Floats:
        """Gradient of a function of the last step's class scores by the features, through time (eq. 4–9 backward).

        Args:
            trace: of the windows.
            by_logits: (B, C) gradient of the function by the class scores after the last step.

        Returns:
            (B, T, m) float32, by the Q-normalized features; 0 at masked steps.
        """
        by_hidden = by_logits @ self.out_kernel.T
        by_cell = np.zeros_like(by_hidden)
        by_gates = np.zeros((*trace.hidden.shape[:2], len(self.bias)), np.float32)
        for step in reversed(range(trace.hidden.shape[1])):
            i, f, g, o = (part[:, step] for part in (trace.input_gate, trace.forget_gate, trace.candidate,
                                                     trace.output_gate))  # fmt: skip
            before = trace.cell[:, step - 1] if step else np.zeros_like(by_cell)
            squashed = np.tanh(trace.cell[:, step])
            into_cell = by_cell + by_hidden * o * (1 - squashed**2)
            own = np.concatenate(
                [into_cell * g * i * (1 - i), into_cell * before * f * (1 - f), into_cell * i * (1 - g**2),
                 by_hidden * squashed * o * (1 - o)], axis=1,
            )  # fmt: skip
            counts = trace.valid[:, step, np.newaxis]
            by_gates[:, step] = np.where(counts, own, 0)
            by_hidden = np.where(counts, own @ self.recurrent.T, by_hidden)
            by_cell = np.where(counts, into_cell * f, by_cell)
        size = self.num_features
        result = by_gates @ self.kernel[:size].T
        if self.mean_input:
            by_mean = by_gates.sum(axis=1) @ self.kernel[size : 2 * size].T
            result += trace.shares[:, :, np.newaxis] * by_mean[:, np.newaxis]
        return np.asarray(result, np.float32)


@lru_cache(maxsize=8)
def load_lstm(bundle: Bundle) -> LstmHead:
    """The LSTM of a model, made once for each bundle that was loaded.

    Raises:
        BundleError: the model has none, or it is not that of its head.

    Example:
        >>> from emo_core.model.bundle import load_bundle
        >>> load_lstm(load_bundle("models/hybrid")).recurrent.shape
        (64, 256)
    """
    try:
        arrays: dict[str, Any] = read_npz(run_apart(f"{__name__}:weights_apart", bundle.keras_head))
        arrays["mean_input"] = bool(arrays["mean_input"])
        head = LstmHead(**arrays)
        check_shape("table", head.table, (bundle.config.window_steps, None))
        check_shape("mean", bundle.features.mean, (None, head.num_features))
        check_shape("out_kernel", head.out_kernel, (None, len(bundle.classes)))
    except (ApartError, KeyError, ValueError, TypeError) as error:
        raise BundleError(
            f"The model {bundle.path.name} cannot be looked into: its {KERAS_HEAD} holds no LSTM; train it again."
        ) from error
    return head


def weights_apart(content: bytes) -> bytes:
    """The work of :func:`load_lstm` in the other process: a ``head.keras`` as an archive of plain arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **asdict(LstmHead.from_keras(content)))
    return buffer.getvalue()


def randomized(head: LstmHead, rng: np.random.Generator) -> LstmHead:
    """A head of the same shape whose weights are shuffled: what a heatmap must not survive (Adebayo et al. 2018)."""
    table, kernel, recurrent, bias, out_kernel, out_bias = (
        rng.permuted(values, axis=None)
        for values in (head.table, head.kernel, head.recurrent, head.bias, head.out_kernel, head.out_bias)
    )
    return LstmHead(table, kernel, recurrent, bias, out_kernel, out_bias, head.mean_input)


def mean_shares(weights: Floats) -> Floats:
    """Share of each frame in the mean ū from weights (B, T); rows sum to 1, or to 0 where no frame is valid."""
    return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), _LEAST_WEIGHT), np.float32)


def _step(gates: Floats, cell: Floats) -> tuple[Floats, ...]:
    """One step: i, f, g, o, c, h, each (B, U), from the gates' sums (B, 4U) and the cell before (B, U)."""
    i, f, g, o = np.split(gates, 4, axis=1)  # Keras orders the gates so
    i, f, o = (_sigmoid(gate) for gate in (i, f, o))
    g = np.tanh(g)
    cell = f * cell + i * g
    return i, f, g, o, cell, o * np.tanh(cell)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * values), np.float32)  # cannot overflow


def _variables(group: Any) -> list[NDArray[np.float32]]:
    return [np.asarray(group[name], np.float32) for name in sorted(group, key=int)]
