"""Settings: those that travel with a bundle, and those of a server.

Every number that serving and training must share is a field here and is stored in `bundle.json`, so the two cannot
drift. What a server may do at a time is said by whoever runs it, in its environment:

    EMO_PUBLIC        1: open to everybody: no folders of the server, no training, smaller limits    else 0
    EMO_JOBS          works of visitors at a time, a process each; 0: in that of the pages     else the cores
    EMO_JOB_MINUTES   wall time of one work                                                    else 60
    EMO_JOB_MB        memory of one work                                                       else 2048
    EMO_LIVE_VIEWS    cameras watched at a time                                                else 2 for each core
    EMO_UPLOADS_MB    uploads on the disk that a process holds at a time, of all visits        else 4 of the largest
    EMO_VISIT_MB      clips and results of a visit on the disk, beside the result on show          else 2048
    EMO_METRICS_PORT  port of this machine where a process tells its figures to Prometheus     else none
    EMO_LOG           json: logs as a JSON object a line, with nothing of a person             else text
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


def is_public() -> bool:
    """Whether the server is open to everybody."""
    return os.environ.get("EMO_PUBLIC", "").strip() == "1"


def refuse_if_public(what: str) -> None:
    """Called before what visitors of a server that is open to everybody may not do.

    Args:
        what: they may not do, as the end of a sentence that begins with “This server is open to everybody, so it”.

    Raises:
        SettingError: the server is open to everybody.
    """
    if is_public():
        raise SettingError(f"This server is open to everybody, so it {what}: install the studio to do that yourself.")


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What whoever runs a server says in its environment; each process of it has its own.

    Attributes:
        jobs: works of visitors at a time; 0 does them in the process of the pages, to look for mistakes.
        job_minutes: wall time of one work.
        job_mb: memory of its process, in MB.
        live_views: cameras watched at a time.
        uploads_mb: megabytes of uploads held at a time; 0 stands for four of the largest.
        visit_mb: megabytes of the disk that clips and results of a visit may take, the one on show apart.
        metrics_port: where figures are told; 0 for nowhere.
        json_logs: whether logs are lines of JSON.
        public: whether the server is open to everybody.
    """

    jobs: int
    job_minutes: int
    job_mb: int
    live_views: int
    uploads_mb: int = 0
    visit_mb: int = 2048
    metrics_port: int = 0
    json_logs: bool = False
    public: bool = False

    @classmethod
    def from_environment(cls) -> Self:
        """As whoever runs the server says.

        Raises:
            SettingError: a setting is none that it can be.

        Example:
            >>> ServerConfig.from_environment().job_minutes
            60
        """
        cores = os.cpu_count() or 1
        public = _one_of("EMO_PUBLIC", ("0", "1")) == "1"
        return cls(
            _whole("EMO_JOBS", cores, 0), _whole("EMO_JOB_MINUTES", 10 if public else 60, 1),
            _whole("EMO_JOB_MB", 2048, 256), _whole("EMO_LIVE_VIEWS", cores if public else 2 * cores, 0),
            _whole("EMO_UPLOADS_MB", 0, 0), _whole("EMO_VISIT_MB", 2048, 0), _whole("EMO_METRICS_PORT", 0, 0, 65535),
            _one_of("EMO_LOG", ("text", "json")) == "json", public,
        )  # fmt: skip


def _whole(name: str, usual: int, least: int, most: int = 10**6) -> int:
    """A setting that is a whole number."""
    text = os.environ.get(name, "").strip() or str(usual)
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise SettingError(
            f"{name} is no whole number from {least} to {most}: correct it, or leave it out for {usual}."
        )
    return int(text)


def _one_of(name: str, words: tuple[str, ...]) -> str:
    """A setting that is one of a few words, the first if nothing is said."""
    text = os.environ.get(name, "").strip() or words[0]
    if text not in words:
        raise SettingError(f"{name} is neither {' nor '.join(words)}: correct it, or leave it out for {words[0]}.")
    return text
