"""Portraits as stills to compose clips from: larger and sharper faces than those people voted on, one label each."""

from pathlib import Path

import cv2
import numpy as np

from emo_core.datasets.pictures.ferplus import Stills
from emo_core.datasets.pictures.portraits import find_faces, part_of, read_portraits
from emo_core.emotions import VOTE_NAMES
from emo_core.model.bundle import FrameNetwork
from emo_core.training.synthesis.feature_bank import Bank, build_banks
from emo_core.types import Bytes

_SIDE_PX = 96  # to which the pictures are reduced before they are damaged
_AGREED = 10  # votes that the one label counts for


def portrait_banks(
    path: Path, cnn: FrameNetwork, side: int, *, seed: int, num_varied: int, cache: Path
) -> tuple[Bank, ...]:
    """Banks of the portraits of those people whom the frame CNN learned from, varied as its training varied them.

    Args:
        path: folder or zip of pictures, as :func:`read_portraits` reads it.
        cnn: frame CNN.
        side: side S of its crops.
        seed: of damage, movement and variation.
        num_varied: how many banks.
        cache: folder for what was seen.

    Raises:
        DatasetError: the pictures cannot be read, or show no face.
    """
    portraits = part_of(read_portraits(path), "train")
    track = find_faces(portraits, side, cache)
    votes = np.zeros((len(portraits.labels), len(VOTE_NAMES)), np.uint8)
    votes[np.arange(len(votes)), portraits.labels] = _AGREED
    images = [_reduced(image) for image in portraits.images()]
    return build_banks(images, Stills(track.crops, votes, track), cnn, seed=seed, num_varied=num_varied, cache=cache)[
        1:
    ]


def _reduced(image: Bytes | None) -> Bytes:
    """A picture (H, W, 3) in grey, made square by its edges and small; black where there is none."""
    if image is None:
        return np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    missing = max(grey.shape) - np.array(grey.shape)
    grey = np.pad(grey, [(gap // 2, gap - gap // 2) for gap in missing], mode="edge")
    return np.asarray(cv2.resize(grey, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)
