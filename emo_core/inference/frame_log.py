"""What is large of every face in a video lies on disk: crops, landmarks and features; what is small stays in memory."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emo_core.faces.alignment import normalize_intensity
from emo_core.files.rows import RowLog, RowWriter
from emo_core.types import Bytes, Floats

NOWHERE = -1
"""Place of a frame in which a face is not seen."""

_BLOCK_FRAMES = 512  # held in memory while the frames of a person are put in order


class Large(NamedTuple):
    """What is large of one person through T frames, each in a file of its own: fields as in `emo_core.types`."""

    crops: Bytes
    landmarks: Floats
    faces: Floats
    features: Floats


class FrameLog:
    """Crops, landmarks and features of every face of one video, in the order in which they are seen.

    Args:
        folder: on whose disk they lie until this object goes.
    """

    def __init__(self, folder: Path) -> None:
        self._logs = RowLog(folder), RowLog(folder), RowLog(folder)

    def add(self, crops: Bytes, landmarks: Floats, features: Floats) -> NDArray[np.intp]:
        """Append n frames of a face; their places (n,).

        Raises:
            ExportError: the disk is full.
        """
        rows: tuple[NDArray[Any], ...] = crops, landmarks, features
        first, *_ = (log.append(part) for log, part in zip(self._logs, rows, strict=True))
        return first + np.arange(len(crops))

    def crops(self, places: NDArray[np.intp]) -> Bytes:
        """The crops at places (n,)."""
        return self._logs[0].read(places)

    def write_person(self, places: NDArray[np.intp], folder: Path) -> Large:
        """Write the frames of one person in order, and open them as files.

        Args:
            places: (T,) of every frame of the video, :data:`NOWHERE` where the person is not seen; seen at least once.
            folder: takes the files.

        Raises:
            ExportError: the disk is full.
        """
        some = places[places != NOWHERE][:1]
        like = [log.read(some) for log in self._logs]
        shapes = [(len(places), *part.shape[1:]) for part in (like[0], like[1], like[0], like[2])]
        kinds = np.uint8, np.float32, np.float32, np.float32
        folder.mkdir()
        files = [
            RowWriter(folder / f"{name}.npy", shape, kind)
            for name, shape, kind in zip(Large._fields, shapes, kinds, strict=True)
        ]
        for first in range(0, len(places), _BLOCK_FRAMES):
            block: tuple[NDArray[Any], ...] = self._block(places[first : first + _BLOCK_FRAMES])
            for file, rows in zip(files, block, strict=True):
                file.append(rows)
        return Large(*(file.open() for file in files))

    def _block(self, places: NDArray[np.intp]) -> Large:
        """Frames in memory: 0, for landmarks NaN, where nothing is seen."""
        seen = places != NOWHERE
        crops, landmarks, features = (log.read(places[seen]) for log in self._logs)
        return Large(
            _spread(crops, seen, 0), _spread(landmarks, seen, np.nan), _spread(normalize_intensity(crops), seen, 0),
            _spread(features, seen, 0),
        )  # fmt: skip


def _spread(rows: NDArray[Any], seen: NDArray[np.bool_], nothing: float) -> NDArray[Any]:
    """Rows (n, …) at the frames where they are seen, (T, …)."""
    if seen.all():
        return rows
    whole = np.full((len(seen), *rows.shape[1:]), nothing, rows.dtype)
    whole[seen] = rows
    return whole
