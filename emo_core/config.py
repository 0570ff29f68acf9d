"""Settings that travel with a bundle: frozen, JSON round trip.

Every number that serving and training must share lives here and is stored in `bundle.json`, so the two cannot drift.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

NUM_BLENDSHAPES = 31
"""Numbers that the landmark model's blendshapes add to a frame feature."""


class _JsonConfig:
    """JSON round trip for flat frozen dataclasses."""

    def to_dict(self) -> dict[str, Any]:
        """JSON form, the inverse of :meth:`from_dict`."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Settings from their JSON form.

        Raises:
            ValueError: a name is unknown, and the message lists the known ones; or a value has another type or range.
        """
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        unknown = set(data) - known
        if unknown:
            raise ValueError(f"unknown settings {sorted(unknown)}; known are {sorted(known)}")
        return msgspec.convert(dict(data), cls)


@dataclass(frozen=True, slots=True)
class PipelineConfig(_JsonConfig):
    """How a clip becomes windows of normalized frames.

    Attributes:
        sample_rate_hz: frames analysed per second of video.
        crop_side_px: side S of the aligned crop and of the network's input.
        window_steps: frames in a window, T of the LSTM.
        hop_steps: frames between the starts of two windows.
        min_face_s: a clip with less face than this is refused; a window with less is unsure.
        blend_share: least share of each component in a blend, for pairs whose presence was not measured.
        clip_share: least share of the evidence that the windows of the clip's verdict hold; with less the clip changes
            on the way and its verdict is unsure.
        blendshapes: whether the head reads the blendshapes of the landmark model beside the features of the frame CNN.
    """

    sample_rate_hz: Annotated[float, Meta(gt=0, le=120)] = 10.0
    crop_side_px: Annotated[int, Meta(ge=1, le=1024)] = 48
    window_steps: Annotated[int, Meta(ge=1, le=4096)] = 32
    hop_steps: Annotated[int, Meta(ge=1, le=4096)] = 8
    min_face_s: Annotated[float, Meta(ge=0, le=3600)] = 0.5
    blend_share: Annotated[float, Meta(ge=0, le=1)] = 0.25
    clip_share: Annotated[float, Meta(ge=0, le=1)] = 2 / 3
    blendshapes: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.hop_steps <= self.window_steps:
            raise ValueError(f"hop_steps {self.hop_steps} must lie in 1…window_steps ({self.window_steps})")
        if self.sample_rate_hz <= 0 or self.crop_side_px <= 0:
            raise ValueError("sample_rate_hz and crop_side_px must be positive")

    @property
    def min_face_frames(self) -> int:
        """Least number of frames with a usable face in a clip or window that gets a verdict."""
        return max(1, round(self.min_face_s * self.sample_rate_hz))
