"""The data that flows from stage to stage: frozen dataclasses, shapes checked on entry.

T sampled frames, H×W pixels, S crop side, m features, C classes. A frame in which no face was found keeps its place in
every array: `detected` and `mask` are False there, numbers are NaN or 0 as documented, and nothing is invented.
"""

import copyreg
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]
Bytes: TypeAlias = NDArray[np.uint8]
Booleans: TypeAlias = NDArray[np.bool_]

QUALITY_COMPONENTS: tuple[str, ...] = ("sharpness", "exposure", "face_size", "frontalness", "confidence")
"""Named components of the quality of a frame, each in [0, 1] (terms of ISO/IEC 29794-5)."""


def _fixed(names: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(names)


copyreg.pickle(MappingProxyType, lambda names: (_fixed, (dict(names),)))  # else nothing that holds one can be pickled


def check_shape(name: str, array: NDArray[np.generic], shape: tuple[int | None, ...]) -> None:
    """Raise ``ValueError`` unless `array` has `shape`; None stands for any extent."""
    fits = array.ndim == len(shape) and all(s is None or s == n for s, n in zip(shape, array.shape, strict=True))
    if not fits:
        expected = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
        raise ValueError(f"{name} has shape {array.shape}, expected {expected}")


_ONE_SIZE = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A bounded run of sampled frames.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB, upright; may be smaller than the source.
        timestamps_s: (T,) float64, seconds on the file's own clock (see :class:`VideoInfo`), strictly increasing.
        width, height: size of the source in pixels, after rotation.
        framings: (T,) number of the size that each frame has in the file, another one behind every change of size on
            the way, where a face may be in another place at once; zeros if not given.
    """

    frames: Bytes
    timestamps_s: Doubles
    width: int
    height: int
    framings: NDArray[np.intp] = field(default_factory=lambda: _ONE_SIZE)

    def __post_init__(self) -> None:
        check_shape("frames", self.frames, (None, None, None, 3))
        if self.framings is _ONE_SIZE:
            object.__setattr__(self, "framings", np.zeros(len(self.frames), np.intp))
        check_shape("framings", self.framings, (len(self.frames),))
        check_shape("timestamps_s", self.timestamps_s, (len(self.frames),))
        if np.any(np.diff(self.timestamps_s) <= 0):
            raise ValueError("timestamps_s must increase")

    def at(self, frames: Booleans) -> "Clip":
        """The clip of some of its frames, (T,) bool."""
        return replace(
            self, frames=self.frames[frames], timestamps_s=self.timestamps_s[frames], framings=self.framings[frames]
        )

    @property
    def source_scale(self) -> float:
        """Source pixels per pixel of `frames`."""
        return float(self.width / self.frames.shape[2])


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """One person's face through the frames of a clip.

    Attributes:
        crops: (T, S, S) uint8 grey, aligned by the eyes; 0 where no face was found.
        boxes_xyxy: (T, 4) float32, source pixels; NaN where no face was found.
        landmarks: (T, 478, 3) float32, source pixels (z in the same unit, smaller is nearer); NaN where none.
        pose_deg: (T, 3) float32 yaw, pitch, roll in degrees; yaw > 0 turns to the image's right, pitch > 0 looks down,
            roll > 0 leans clockwise in the image; NaN where none.
        confidence: (T,) float32 in [0, 1]: how sure the detector is that an unobstructed face is there; 0 where none.
        eye_distance_px: (T,) float32, source pixels between the eye centres; NaN where none.
        detected: (T,) bool.
    """

    crops: Bytes
    boxes_xyxy: Floats
    landmarks: Floats
    pose_deg: Floats
    confidence: Floats
    eye_distance_px: Floats
    detected: Booleans

    def __post_init__(self) -> None:
        frames = len(self.crops)
        check_shape("crops", self.crops, (None, None, None))
        check_shape("boxes_xyxy", self.boxes_xyxy, (frames, 4))
        check_shape("landmarks", self.landmarks, (frames, None, 3))
        check_shape("pose_deg", self.pose_deg, (frames, 3))
        check_shape("confidence", self.confidence, (frames,))
        check_shape("eye_distance_px", self.eye_distance_px, (frames,))
        check_shape("detected", self.detected, (frames,))


@dataclass(frozen=True, slots=True, eq=False)
class NormalizedClip:
    """What the network sees, and how good each frame is.

    Attributes:
        faces: (T, S, S) float32 in [0, 1], intensity-normalized aligned crops (mean 0.5); 0 where no face was found.
        quality: (T,) float32 in [0, 1]; 0 where no face was found.
        components: name of :data:`QUALITY_COMPONENTS` → (T,) float32 in [0, 1].
        mask: (T,) bool, frames that count.
    """

    faces: Floats
    quality: Floats
    components: Mapping[str, Floats]
    mask: Booleans

    def __post_init__(self) -> None:
        frames = len(self.faces)
        check_shape("faces", self.faces, (None, None, None))
        check_shape("quality", self.quality, (frames,))
        check_shape("mask", self.mask, (frames,))
        if tuple(self.components) != QUALITY_COMPONENTS:
            raise ValueError(f"components are {tuple(self.components)}, expected {QUALITY_COMPONENTS}")
        for name, values in self.components.items():
            check_shape(name, values, (frames,))
        object.__setattr__(self, "components", MappingProxyType(dict(self.components)))


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSequence:
    """What the frame CNN says of every frame (paper eq. 2, 3).

    Attributes:
        features: (T, m) float32, the pooled feature u_t; 0 where no face was found.
        emotions: (T, 8) float32, softmax over the basic emotions, rows sum to 1; NaN where no face was found.
        mask: (T,) bool.
    """

    features: Floats
    emotions: Floats
    mask: Booleans

    def __post_init__(self) -> None:
        check_shape("emotions", self.emotions, (len(self.features), 8))
        check_shape("mask", self.mask, (len(self.features),))


_Part = TypeVar("_Part", FaceTrack, NormalizedClip, FeatureSequence)


def concatenate(parts: Sequence[_Part]) -> _Part:
    """One stage's results over consecutive clips, joined in time; at least one part.

    Example:
        >>> part = FeatureSequence(np.zeros((2, 5), "f"), np.zeros((2, 8), "f"), np.ones(2, bool))
        >>> concatenate([part, part]).features.shape
        (4, 5)
    """
    joined: dict[str, Any] = {}
    for name in parts[0].__slots__:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], Mapping):
            joined[name] = {key: np.concatenate([value[key] for value in values]) for key in values[0]}
        else:
            joined[name] = np.concatenate(values)
    return type(parts[0])(**joined)


def select(whole: _Part, frames: Booleans) -> _Part:
    """One stage's results at some of the frames, (T,) bool.

    Example:
        >>> whole = FeatureSequence(np.zeros((2, 5), "f"), np.zeros((2, 8), "f"), np.ones(2, bool))
        >>> select(whole, np.array([True, False])).features.shape
        (1, 5)
    """
    chosen: dict[str, Any] = {}
    for name in whole.__slots__:
        values = getattr(whole, name)
        is_named = isinstance(values, Mapping)
        chosen[name] = {key: value[frames] for key, value in values.items()} if is_named else values[frames]
    return type(whole)(**chosen)
