"""Portraits for the frame CNN: larger and sharper than stills, one label each, most of them neutral or happy."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core.datasets.pictures.portraits import find_faces, part_of, read_portraits
from emo_core.emotions import EMOTIONS
from emo_core.types import Bytes
from tools.refine.faces import Faces

DRAWN = {
    "neutral": 2.0, "happiness": 1.3, "surprise": 1.0, "sadness": 1.3, "anger": 0.7, "disgust": 0.4, "fear": 0.3,
    "contempt": 0.05,
}  # fmt: skip
"""How often each emotion is drawn, in proportion: near to its share among stills, not among portraits."""


def gather_portraits(
    path: Path, side: int, cache: Path, certainty: float, *, final: bool
) -> tuple[Faces, Faces | None]:
    """Faces of the people who are learned from, and of those by whom the recipe is chosen; the others are not read.

    Args:
        path: folder or zip of pictures with ``labels.csv``.
        side: side S of the crops.
        cache: folder for the faces that are found.
        certainty: share of the target that the one label gets; the other emotions share the rest.
        final: the recipe is chosen: the people who chose it are learned from, too, and nobody is left to choose.
    """
    everyone = read_portraits(path)
    found = []
    for part in ("train", "choose"):
        portraits = part_of(everyone, part)
        track = find_faces(portraits, side, cache)
        found.append((track.crops[track.detected], portraits.labels[track.detected]))
    if final:
        crops, labels = zip(*found, strict=True)
        return _faces(np.concatenate(crops), np.concatenate(labels), certainty), None
    train, choose = (_faces(*part, certainty) for part in found)
    return train, choose


def _faces(crops: Bytes, labels: NDArray[np.intp], certainty: float) -> Faces:
    targets = np.full((len(labels), len(EMOTIONS)), (1 - certainty) / (len(EMOTIONS) - 1), np.float32)
    targets[np.arange(len(labels)), labels] = certainty
    counts = np.bincount(labels, minlength=len(EMOTIONS))
    drawn = np.array([DRAWN[name] for name in EMOTIONS])[labels] / counts[labels]
    return Faces(crops, targets, np.asarray(drawn / drawn.sum(), np.float32), labels)
