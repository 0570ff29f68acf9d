"""Perceptual prints of faces: two clips that show the same frames are near in them, whatever they are called.

A print of an aligned crop says for each cell of a 16×16 grid whether it is brighter than its right neighbour: it
survives another codec, size and brightness, and tells one moment of a face from another.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_core.types import Bytes

Words = NDArray[np.uint64]

NUM_BITS = 256
NEAR = 0.06
"""Mean share of differing bits up to which two clips count as one; copies reach 0.04, other clips of the same
person 0.08 (measured on the demo clips)."""

_GRID = 16
_FRAMES = 8  # of a clip, compared with all frames of another one
_BLOCK = 1 << 22


def face_prints(crops: Bytes) -> Words:
    """Prints (T, 4) uint64 of aligned crops (T, S, S) uint8."""
    bits = np.zeros((len(crops), NUM_BITS), bool)
    for index, crop in enumerate(crops):
        small = cv2.resize(crop, (_GRID + 1, _GRID), interpolation=cv2.INTER_AREA)
        bits[index] = (small[:, 1:] > small[:, :-1]).ravel()
    words: Words = np.packbits(bits, axis=1).view(np.uint64)
    return words


def distance(first: Words, second: Words) -> float:
    """How far the frames of one clip are from their likest ones in the other, in [0, 1]; 1 where one has no frames.

    Example:
        >>> a = face_prints(np.random.default_rng(0).integers(0, 255, (4, 48, 48), np.uint8))
        >>> distance(a, a[1:])
        0.0
    """
    if not len(first) or not len(second):
        return 1.0
    shorter, longer = sorted((first, second), key=len)
    differing = np.bitwise_count(_some(shorter)[:, np.newaxis] ^ longer[np.newaxis]).sum(axis=2)
    return float(np.median(differing.min(axis=1)) / NUM_BITS)


def near_pairs(prints: Sequence[Words]) -> Iterator[tuple[int, int, float]]:
    """Pairs of clips i < j that show the same frames, with their distance."""
    ends = np.cumsum([0, *map(len, prints)])
    every = np.concatenate(prints) if len(prints) else np.zeros((0, 4), np.uint64)
    for index, own in enumerate(prints):
        if not len(own):
            continue
        some = _some(own)
        step = max(1, _BLOCK // (len(some) * 4))
        least = np.full((len(some), len(prints)), NUM_BITS)
        for first, last in _runs(ends, step):
            start, stop = int(ends[first]), int(ends[last])
            if start == stop:
                continue
            differing = np.bitwise_count(some[:, np.newaxis] ^ every[start:stop][np.newaxis]).sum(axis=2)
            filled = [k for k in range(first, last) if len(prints[k])]
            least[:, filled] = np.minimum.reduceat(differing, [int(ends[k]) - start for k in filled], axis=1)
        found = np.median(least, axis=0) / NUM_BITS
        for other in np.flatnonzero(found <= NEAR).tolist():
            if (len(own), index) < (len(prints[other]), other):  # each pair once, the shorter clip within the longer
                yield min(index, other), max(index, other), float(found[other])


def _some(prints: Words) -> Words:
    """Frames spread over a clip."""
    spread: NDArray[np.intp] = np.unique(np.linspace(0, len(prints) - 1, _FRAMES).round().astype(int))
    return prints[spread]


def _runs(ends: NDArray[np.intp], step: int) -> Iterator[tuple[int, int]]:
    """Runs of clips that hold about `step` frames each."""
    marks = [0]
    for index in range(1, len(ends)):
        if ends[index] - ends[marks[-1]] >= step or index == len(ends) - 1:
            marks.append(index)
    yield from pairwise(marks)
