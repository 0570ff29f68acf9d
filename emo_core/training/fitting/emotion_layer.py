"""The last layer of the frame CNN, fitted again to faces of several sources; the features below it stay as they are.

So everything that reads features, the LSTM head above all, is as good as before, and only the eight emotions change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from emo_core.types import Doubles, Floats


@dataclass(frozen=True, slots=True, eq=False)
class SeenFaces:
    """Faces in feature space: features (N, m), targets (N, 8) that sum to 1, and how much each face counts (N,)."""

    features: Floats
    targets: Floats
    weights: Floats

    def log_loss(self, kernel: Floats, bias: Floats) -> float:
        """Weighted mean cross-entropy of a layer to the targets."""
        said = log_softmax(self.features @ kernel + bias, axis=1)
        return float(-(self.weights * (self.targets * said).sum(axis=1)).sum() / self.weights.sum())


def fit_layer(
    kernel: Floats, bias: Floats, sources: Sequence[tuple[SeenFaces, float]], hold: float
) -> tuple[Floats, Floats]:
    """Kernel (m, 8) and bias (8,) with the least cross-entropy to the targets, held near those from before.

    Args:
        kernel: of the layer as it is.
        bias: likewise.
        sources: faces, and the share that each source has in the loss whatever the number of its faces.
        hold: weight of the squared change of the kernel, in deviations of the features.
    """
    stacked = np.concatenate([faces.features for faces, _ in sources])
    mean, deviation = stacked.mean(axis=0), np.maximum(stacked.std(axis=0), 1e-3)
    targets = np.concatenate([faces.targets for faces, _ in sources])
    weights = np.concatenate([share * faces.weights / faces.weights.sum() for faces, share in sources])
    scaled = (stacked - mean) / deviation
    first = np.concatenate([(kernel * deviation[:, np.newaxis]).ravel(), bias + mean @ kernel]).astype(np.float64)
    size = kernel.size

    def cost(values: Doubles) -> tuple[float, Doubles]:
        weight, offset = values[:size].reshape(kernel.shape), values[size:]
        logits = scaled @ weight.astype(np.float32) + offset.astype(np.float32)
        change = weight - first[:size].reshape(kernel.shape)
        loss = -(weights * (targets * log_softmax(logits, axis=1)).sum(axis=1)).sum() + hold * (change**2).sum()
        error = weights[:, np.newaxis] * (softmax(logits, axis=1) - targets)
        gradient = (scaled.T @ error).astype(np.float64) + 2 * hold * change
        return float(loss), np.concatenate([gradient.ravel(), error.sum(axis=0)])

    found = minimize(cost, first, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    fitted = found[:size].reshape(kernel.shape) / deviation[:, np.newaxis]
    return fitted.astype(np.float32), np.asarray(found[size:] - mean @ fitted, np.float32)
