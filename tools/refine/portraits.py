"""Portraits for the frame CNN: larger and sharper than stills, one label each, most of them neutral or happy."""

from pathlib import Path

import numpy as np

from emo_core.datasets.pictures.portraits import find_faces, part_of, read_portraits
from emo_core.emotions import EMOTIONS
from tools.refine.faces import Faces

DRAWN = {
    "neutral": 2.0, "happiness": 1.3, "surprise": 1.0, "sadness": 1.3, "anger": 0.7, "disgust": 0.4, "fear": 0.3,
    "contempt": 0.05,
}  # fmt: skip
"""How often each emotion is drawn, in proportion: near to its share among stills, not among portraits."""


def gather_portraits(path: Path, side: int, cache: Path, certainty: float) -> tuple[Faces, Faces]:
    """Faces of the people who are learned from and of those by whom the recipe is chosen; the others are not read.

    Args:
        path: folder or zip of pictures with ``labels.csv``.
        side: side S of the crops.
        cache: folder for the faces that are found.
        certainty: share of the target that the one label gets; the other emotions share the rest.
    """
    parts = []
    for part in ("train", "choose"):
        portraits = part_of(read_portraits(path), part)
        track = find_faces(portraits, side, cache)
        labels = portraits.labels[track.detected]
        targets = np.full((len(labels), len(EMOTIONS)), (1 - certainty) / (len(EMOTIONS) - 1), np.float32)
        targets[np.arange(len(labels)), labels] = certainty
        counts = np.bincount(labels, minlength=len(EMOTIONS))
        drawn = np.array([DRAWN[name] for name in EMOTIONS])[labels] / counts[labels]
        parts.append(Faces(track.crops[track.detected], targets, np.asarray(drawn / drawn.sum(), np.float32), labels))
    return parts[0], parts[1]
