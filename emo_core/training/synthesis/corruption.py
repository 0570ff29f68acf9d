"""What goes wrong with pictures of faces in real clips, done to still ones."""

import cv2
import numpy as np

from emo_core.types import Bytes

CORRUPTIONS = ("blur", "dark", "small", "occluded", "compressed")
"""What real clips suffer from, and what :func:`corrupt` does to a picture."""


def corrupt(image: Bytes, kind: str, rng: np.random.Generator) -> Bytes:
    """One picture (H, W) uint8 damaged in one of the ways of :data:`CORRUPTIONS`, strength drawn from `rng`."""
    side = image.shape[0]
    if kind == "blur":
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.2) * side / 48), np.uint8)
    if kind == "dark":
        dark = image * rng.uniform(0.08, 0.35) + rng.normal(0, rng.uniform(1, 4), image.shape)
        return np.asarray(np.clip(dark, 0, 255), np.uint8)
    if kind == "small":
        return np.asarray(cv2.resize(shrink(image, rng), (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
    if kind == "occluded":
        return _occlude(image, rng)
    if kind == "compressed":
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(6, 20))])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    raise ValueError(f"unknown corruption {kind!r}; known: {CORRUPTIONS}")


def shrink(image: Bytes, rng: np.random.Generator) -> Bytes:
    """A picture (H, H) uint8 as a camera far away would see it: a quarter to a half of the side."""
    side = image.shape[0]
    low = int(rng.integers(side // 4, side // 2))
    return np.asarray(cv2.resize(image, (low, low), interpolation=cv2.INTER_AREA), np.uint8)


def _occlude(image: Bytes, rng: np.random.Generator) -> Bytes:
    """A hand before the face: a smooth skin-coloured ellipse with fingers' stripes, entering from a random side."""
    side = image.shape[0]
    centre = (rng.uniform(0.2, 0.8) * side, rng.uniform(0.45, 0.95) * side)
    axes = (rng.uniform(0.14, 0.3) * side, rng.uniform(0.18, 0.42) * side)
    angle = rng.uniform(0, 180)
    mask = np.zeros(image.shape, np.float32)
    cv2.ellipse(mask, (centre, (2 * axes[0], 2 * axes[1]), angle), 1.0, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), side / 60), np.float32)
    y, x = np.mgrid[:side, :side]
    direction = np.radians(angle)
    stripes = np.sin((x * np.cos(direction) + y * np.sin(direction)) * 2 * np.pi / (side * rng.uniform(0.08, 0.16)))
    skin = np.median(image) * rng.uniform(0.8, 1.15) + stripes * rng.uniform(2, 14)
    return np.asarray(np.clip(image * (1 - mask) + skin * mask, 0, 255), np.uint8)
