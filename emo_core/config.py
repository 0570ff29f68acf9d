"""Settings: those that travel with a bundle, and those of a server.

Every number that serving and training must share is a field here and is stored in `bundle.json`, so the two cannot
drift. What a server may do at a time is said by whoever runs it, in its environment:

    EMO_JOBS          works of visitors at a time, a process each; 0: in that of the pages     else the cores
    EMO_JOB_MINUTES   wall time of one work                                                    else 60
    EMO_JOB_MB        memory of one work                                                       else 2048
    EMO_LIVE_VIEWS    cameras watched at a time                                                else 2 for each core
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from emo_core.errors import SettingError

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


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What a server may do at a time.

    Attributes:
        jobs: works of visitors at a time; 0 does them in the process of the pages, to look for mistakes.
        job_minutes: wall time of one work.
        job_mb: memory of its process, in MB.
        live_views: cameras watched at a time.
    """

    jobs: int
    job_minutes: int
    job_mb: int
    live_views: int

    @classmethod
    def from_environment(cls) -> Self:
        """As whoever runs the server says.

        Raises:
            SettingError: a setting is no whole number that it can be.

        Example:
            >>> ServerConfig.from_environment().job_minutes
            60
        """
        cores = os.cpu_count() or 1
        return cls(
            _whole("EMO_JOBS", cores, 0), _whole("EMO_JOB_MINUTES", 60, 1), _whole("EMO_JOB_MB", 2048, 256),
            _whole("EMO_LIVE_VIEWS", 2 * cores, 0),
        )  # fmt: skip


def _whole(name: str, usual: int, least: int) -> int:
    """A setting that is a whole number."""
    text = os.environ.get(name, "").strip() or str(usual)
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= 10**6):
        raise SettingError(f"{name} is no whole number from {least} on: correct it, or leave it out for {usual}.")
    return int(text)
