"""Face pictures with votes (FER+): labels from votes, alignment with the app's own code, realistic damage.

The pictures are read from where the user keeps them and never become part of the project.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_core.emotions import EMOTIONS, VOTE_NAMES
from emo_core.errors import DatasetError
from emo_core.faces.landmarks import FaceLandmarker
from emo_core.faces.tracking import align_stills
from emo_core.files.formats import POINTER_BYTES, describe_pointer
from emo_core.files.kept import keep, kept_arrays
from emo_core.types import Booleans, Bytes, Doubles, FaceTrack, Floats
from emo_core.video.source import clean_name

_CACHE_VERSION = 1  # raise when alignment or damage changes
_COPY_CORRELATION, _COPY_BLOCK = 0.98, 256
_MIN_VOTES = 2  # single votes are noise (FER+ practice)
_PAIR_VOTES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Stills:
    """Face pictures ready for the frame CNN.

    Attributes:
        crops: (N, S, S) uint8 grey: aligned where landmarks were found, the picture as it is elsewhere.
        votes: (N, 10) uint8, annotators per :data:`VOTE_NAMES`.
        track: landmarks and pose over the N pictures; undetected where none were found.
    """

    crops: Bytes
    votes: NDArray[np.uint8]
    track: FaceTrack


def read_votes(path: Path) -> tuple[Bytes, NDArray[np.uint8]]:
    """Pictures (N, 48, 48) uint8 and votes (N, 10) uint8 of an ``.npz`` in FER+ layout.

    Raises:
        DatasetError: the file is missing, is no ``.npz``, or its arrays have other names, shapes or types.
    """
    name = clean_name(path.name)
    try:
        with path.open("rb") as file:
            if pointer := describe_pointer(file.read(POINTER_BYTES)):
                raise DatasetError(f"{name} {pointer}.")
            file.seek(0)
            with np.load(file, allow_pickle=False) as data:
                images, votes = np.asarray(data["images"]), np.asarray(data["votes"])
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {name}: give the path of an .npz with 'images' and 'votes'.") from error
    except DatasetError:
        raise
    except Exception as error:  # zipfile, zlib, NumPy's parser of headers: a damaged file can fail in any of them
        raise DatasetError(
            f"{name} cannot be read: it must be an .npz with arrays 'images' (N, 48, 48) and 'votes' (N, 10)."
        ) from error
    pictures = images.ndim == 3 and images.shape[1] == images.shape[2] and images.size and images.dtype == np.uint8
    if not pictures or votes.shape != (len(images), len(VOTE_NAMES)) or not _are_counts(votes):
        raise DatasetError(
            f"{name} holds images {images.shape} {images.dtype} and votes {votes.shape} {votes.dtype}; "
            "expected at least one picture, (N, 48, 48) uint8, and counts of votes, (N, 10)."
        )
    return images, votes.astype(np.uint8)


def _are_counts(votes: NDArray[Any]) -> bool:
    """Whether an array holds whole numbers in 0…255, of whatever type."""
    return votes.dtype.kind in "iuf" and bool(np.all((votes >= 0) & (votes <= 255) & (votes == np.round(votes))))


def majority_labels(votes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Emotion with most votes after dropping single votes, (N,); −1 where that is *unknown* or *not face*.

    Example:
        >>> majority_labels(np.array([[6, 3, 1, 0, 0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0, 8, 0]], np.uint8))
        array([ 0, -1])
    """
    kept = _counted(votes)
    best = kept.argmax(axis=1)
    usable = (best < len(EMOTIONS)) & (kept.max(axis=1) > 0)
    return np.where(usable, best, -1)


def vote_distributions(votes: NDArray[np.uint8]) -> Floats:
    """Share of each basic emotion among the votes for one, single votes dropped, (N, 8) float32.

    Rows sum to 1, or are 0 where nobody (or only single votes) named an emotion.
    """
    kept = _counted(votes)[:, : len(EMOTIONS)].astype(np.float32)
    return np.asarray(kept / np.maximum(kept.sum(axis=1, keepdims=True), 1), np.float32)


def voted_pair(votes: NDArray[np.uint8], first: str, second: str, each: int = 3, together: int = 7) -> Booleans:
    """Pictures in which people see both emotions: each ≥ `each` votes and both together ≥ `together`, (N,) bool.

    Args:
        votes: (N, 10) uint8.
        first: one basic emotion.
        second: the other.
        each: least votes for either.
        together: least votes for both.
    """
    a, b = (votes[:, EMOTIONS.index(name)].astype(int) for name in (first, second))
    return np.asarray((a >= each) & (b >= each) & (a + b >= together), bool)


def pair_shares(votes: NDArray[np.uint8], first: str, second: str) -> tuple[Booleans, Doubles]:
    """Pictures (N,) with ≥ 6 votes for a pair of emotions, and for each of them the first one's share of those votes.

    Single votes are dropped, so a picture that all but one annotator agree on shows one emotion alone.

    Example:
        >>> votes = np.array([[0, 4, 4, 0, 0, 0, 0, 0, 0, 0], [0, 9, 1, 0, 0, 0, 0, 0, 0, 0]], np.uint8)
        >>> pair_shares(votes, "happiness", "surprise")
        (array([ True,  True]), array([0.5, 1. ]))
    """
    counts = _counted(votes)[:, [EMOTIONS.index(first), EMOTIONS.index(second)]].astype(np.float64)
    chosen = counts.sum(axis=1) >= _PAIR_VOTES
    return chosen, counts[chosen, 0] / counts[chosen].sum(axis=1)


def _counted(votes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(votes >= _MIN_VOTES, votes, np.uint8(0))


def find_copies(images: Bytes, others: Bytes) -> Booleans:
    """Which pictures (N, H, H) are copies, to the letter or nearly, of one of `others` (M, H, H); (N,) bool.

    FER2013 holds the same photographs in its training and validation parts, so a picture must be asked before it is
    called unseen. A copy correlates by 0.98 or more, pixel by pixel; brightness and contrast do not matter.

    Example:
        >>> pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 8), np.uint8)
        >>> find_copies(pictures, pictures[1:2] // 2)
        array([False,  True, False])
    """
    known = _standardized(others)
    blocks = np.array_split(_standardized(images), max(1, len(images) // _COPY_BLOCK))
    return np.concatenate([(block @ known.T).max(axis=1) >= _COPY_CORRELATION for block in blocks])


def _standardized(images: Bytes) -> Floats:
    """Pictures as vectors (N, H·H) of mean 0 and length 1; a flat picture is 0."""
    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels -= pixels.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(pixels, axis=1, keepdims=True)
    return np.asarray(pixels / np.maximum(lengths, 1e-6), np.float32)


def align(images: Sequence[Bytes] | Bytes, votes: NDArray[np.uint8], side: int, cache: Path | None = None) -> Stills:
    """Stills aligned by the code the app uses; 9 ms a picture, so the result is kept in the folder `cache` if given.

    Args:
        images: N square grey pictures, uint8; sizes may differ.
        votes: (N, 10) uint8.
        side: side S of the crops.
        cache: folder for the result, found again by content.
    """
    content = hashlib.sha256(f"{_CACHE_VERSION} {side}".encode())
    for image in images:
        content.update(image.tobytes())
    path = cache / f"aligned-{content.hexdigest()[:20]}.npz" if cache else None
    track = kept_arrays(path, lambda arrays: FaceTrack(**arrays)) if path else None
    if track is None:
        track = align_stills(FaceLandmarker(), images, side)
        if path:
            arrays = {name: getattr(track, name) for name in FaceTrack.__slots__}
            keep(path, lambda part: np.savez(part, **arrays))
    return Stills(with_fallback(track, images), votes, track)


def with_fallback(track: FaceTrack, images: Sequence[Bytes] | Bytes) -> Bytes:
    """Aligned crops, and where no landmarks were found the picture itself at the crop's size, (N, S, S) uint8."""
    crops = track.crops.copy()
    side = crops.shape[1]
    for index in np.flatnonzero(~track.detected).tolist():
        crops[index] = cv2.resize(images[index], (side, side), interpolation=cv2.INTER_AREA)
    return crops
