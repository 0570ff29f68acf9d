"""Numbers as pictures: heatmaps over faces, and tables of values in colour, as PNG."""

import base64
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_core.types import Bytes, Floats

Scale = Sequence[tuple[int, int, int]]

FROM_NOTHING: Scale = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
"""From little, dark, to much, bright (viridis)."""

AROUND_ZERO: Scale = ((33, 102, 172), (146, 197, 222), (247, 247, 247), (244, 165, 130), (178, 24, 43))
"""Blue below, white at, red above the middle."""

_OVERLAY_PX = 144
_GLOW = (165, 1.3)  # opacity of the strongest evidence, and how early it is reached


def coloured(values: NDArray[np.floating], low: float, high: float, scale: Scale) -> Bytes:
    """Values (…) as colours (…, 3) uint8 RGB, `low` and less at one end of the scale, `high` and more at the other.

    Args:
        values: of any shape.
        low: value at one end of the scale.
        high: value at the other.
        scale: colours between both.

    Example:
        >>> coloured(np.array([0.0, 1.0]), 0, 1, FROM_NOTHING).tolist()
        [[68, 1, 84], [253, 231, 37]]
    """
    share = np.clip((np.nan_to_num(values) - low) / max(high - low, 1e-12), 0, 1)
    ends, stops = np.asarray(scale, np.float64), np.linspace(0, 1, len(scale))
    return np.stack([np.interp(share, stops, ends[:, channel]) for channel in range(3)], axis=-1).astype(np.uint8)


def overlay(face: Floats, heatmap: Floats) -> Bytes:
    """A face with its heatmap laid over it, yellow to red, as the player draws it.

    Args:
        face: (S, S) float32 in [0, 1].
        heatmap: (h, w) float32 in [0, 1].

    Returns:
        (144, 144, 3) uint8 RGB.
    """
    size = (_OVERLAY_PX, _OVERLAY_PX)
    grey = cv2.resize(np.asarray(face, np.float32), size, interpolation=cv2.INTER_LINEAR)[..., np.newaxis] * 255
    share = cv2.resize(np.asarray(heatmap, np.float32), size, interpolation=cv2.INTER_LINEAR)
    opacity = (_GLOW[0] / 255 * np.minimum(1, _GLOW[1] * share))[..., np.newaxis]
    glow = np.stack([np.full_like(share, 255), 225 * (1 - share), np.full_like(share, 40)], axis=-1)
    return np.asarray((grey * (1 - opacity) + glow * opacity).clip(0, 255), np.uint8)


def data_url(image: Bytes) -> str:
    """A picture (H, W) grey or (H, W, 3) RGB uint8 as the address of a PNG that holds itself."""
    stored = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    content = cv2.imencode(".png", stored)[1].tobytes()
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")
