"""One track of faces through a video, while it is watched: what is small of it in memory, what is large in a log."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from emo_core.faces.appearance import Look
from emo_core.inference.frame_log import FrameLog, Large
from emo_core.types import Bytes, FaceTrack, FeatureSequence, Floats, NormalizedClip, concatenate, select

_Part = TypeVar("_Part", FaceTrack, NormalizedClip, FeatureSequence)

_BLOCK_CLIPS = 32
_LARGE = frozenset(Large._fields)


class TrackRecord:
    """What has been learned of one track so far: the frames in which it is seen, in blocks.

    What is large of a frame goes to a log on disk. The normalized faces follow from the crops, so they are made anew at
    the end. Blocks are large, so that their memory goes back to the system when they are given up.

    Args:
        log: of the video.
    """

    def __init__(self, log: FrameLog) -> None:
        self.log = log
        self.rows: list[NDArray[np.intp]] = []
        self.tracks: list[FaceTrack] = []
        self.normalized: list[NormalizedClip] = []
        self.features: list[FeatureSequence] = []
        self.look: Look | None = None
        self._places: list[NDArray[np.intp]] = []
        self._num_packed = 0

    def add(
        self, first: int, track: FaceTrack, normalized: NormalizedClip, features: FeatureSequence, look: Look
    ) -> None:
        """Append what one clip shows of the track.

        Args:
            first: index of the first frame of the clip.
            track: of the frames of the clip.
            normalized: of the same.
            features: of the same.
            look: of the person so far.

        Raises:
            ExportError: the disk is full.
        """
        seen = track.detected
        self._places.append(self.log.add(track.crops[seen], track.landmarks[seen], features.features[seen]))
        self.rows.append(first + np.flatnonzero(seen))
        self.tracks.append(select(_small_track(track), seen))
        self.normalized.append(select(_small_clip(normalized), seen))
        self.features.append(select(_small_features(features), seen))
        self.look = look
        if len(self.rows) - self._num_packed >= _BLOCK_CLIPS:
            self._pack()

    def _pack(self) -> None:
        """Put the newest clips together to one block."""
        fresh = slice(self._num_packed, None)
        self._places[fresh] = [np.concatenate(self._places[fresh])]
        self.rows[fresh] = [np.concatenate(self.rows[fresh])]
        self.tracks[fresh] = [concatenate(self.tracks[fresh])]
        self.normalized[fresh] = [concatenate(self.normalized[fresh])]
        self.features[fresh] = [concatenate(self.features[fresh])]
        self._num_packed += 1

    @cached_property
    def presence(self) -> float:
        """How large and how long the face was seen: eye distances summed over the frames."""
        return float(sum(np.nansum(track.eye_distance_px) for track in self.tracks))

    @cached_property
    def frames(self) -> NDArray[np.intp]:
        """Indices (n,) of the frames in which it is seen."""
        return np.concatenate(self.rows)

    @cached_property
    def clearest(self) -> float:
        """Confidence of the frame in which it is seen best."""
        return max((float(track.confidence.max()) for track in self.tracks if len(track.confidence)), default=0.0)

    def box_at(self, frame: int) -> Floats:
        """Box (4,) in a frame in which it is seen."""
        part = next(part for part, rows in enumerate(self.rows) if frame <= rows[-1])
        return np.asarray(self.tracks[part].boxes_xyxy[np.searchsorted(self.rows[part], frame)], np.float32)

    @property
    def crops(self) -> Iterator[Bytes]:
        """Its crops (n, S, S), some at a time."""
        return (self.log.crops(places) for places in self._places)

    def place(self, places: NDArray[np.intp]) -> None:
        """Write where its frames lie in the log into those of the whole video, (T,)."""
        places[self.frames] = np.concatenate(self._places)

    def fill(self, track: FaceTrack, normalized: NormalizedClip, features: FeatureSequence) -> None:
        """Write what is small of its frames into arrays of the whole video, and give it up."""
        while self.rows:
            rows = self.rows.pop()
            _write(self.tracks.pop(), track, rows)
            _write(self.features.pop(), features, rows)
            _write(self.normalized.pop(), normalized, rows)


def _write(piece: _Part, whole: _Part, rows: NDArray[np.intp]) -> None:
    """Copy a block into the rows of the whole video, but for what lies in files."""
    for name in piece.__slots__:
        source, target = getattr(piece, name), getattr(whole, name)
        if isinstance(source, Mapping):
            for key, values in source.items():
                target[key][rows] = values
        elif name not in _LARGE:
            target[rows] = source


def _small_track(track: FaceTrack) -> FaceTrack:
    """A track without what a log keeps."""
    count = len(track.detected)
    return replace(track, crops=np.zeros((count, 0, 0), np.uint8), landmarks=np.zeros((count, 0, 3), np.float32))


def _small_clip(clip: NormalizedClip) -> NormalizedClip:
    return replace(clip, faces=np.zeros((len(clip.mask), 0, 0), np.float32))


def _small_features(features: FeatureSequence) -> FeatureSequence:
    return replace(features, features=np.zeros((len(features.mask), 0), np.float32))
