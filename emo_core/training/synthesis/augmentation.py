"""What is done to a face while a network learns from it: moved, turned, lit otherwise, damaged as real clips are."""

import math

import cv2
import numpy as np

from emo_core.training.synthesis.corruption import CORRUPTIONS, corrupt
from emo_core.types import Bytes


def augment(crop: Bytes, rng: np.random.Generator, damage_share: float) -> Bytes:
    """One crop (S, S) uint8 mirrored, moved, turned and scaled a little, its gamma changed, sometimes damaged."""
    if rng.random() < damage_share:
        crop = corrupt(crop, str(rng.choice(CORRUPTIONS)), rng)
    side = crop.shape[0]
    turn = cv2.getRotationMatrix2D((side / 2 - 0.5, side / 2 - 0.5), rng.normal(0, 6), math.exp(rng.normal(0, 0.08)))
    turn[:, 2] = turn[:, 2] + rng.normal(0, 1.5 * side / 48, 2)
    if rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    crop = np.asarray(cv2.warpAffine(crop, turn, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    if rng.random() < 0.4:
        gamma = math.exp(rng.normal(0, 0.3))
        crop = (255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)[crop]
    return crop
