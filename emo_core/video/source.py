"""A video file before any decoding: what it may cost, what it is called, opening it and judging its container.

Whatever is wrong with a file becomes a :class:`~emo_core.errors.VideoError` here; :mod:`emo_core.video.reader` decodes.
"""

import io
import math
import os
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import av.logging
from av.container import InputContainer

from emo_core.errors import VideoError
from emo_core.files import limits as most
from emo_core.files.formats import POINTER_BYTES, describe_pointer

av.logging.set_level(None)  # FFmpeg's chatter never reaches the terminal; what matters becomes a VideoError

COMPLETE_SHARE = 0.9
"""A file with less of what it announces counts as cut off."""

EXPORT = "export it as MP4 (H.264) and try again"
"""Remedy for a file of a kind that cannot be read."""

RECOPY = "copy or export it again"
"""Remedy for a damaged file."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What a video may cost; the defaults admit any ordinary recording of a person.

    Attributes:
        max_duration_s: seconds from the first frame to the last.
        max_pixels: width times height of a frame.
        max_bytes: size of the file.
        max_frames: pictures, those that are not looked at included; 240 a second for all of the time.
    """

    max_duration_s: float = 60 * most.MAX_MINUTES
    max_pixels: int = most.MAX_WIDTH_PX * most.MAX_HEIGHT_PX
    max_bytes: int = most.MAX_MB * 2**20
    max_frames: int = 240 * 60 * most.MAX_MINUTES

    def check_bytes(self, name: str, num_bytes: int) -> None:
        """Raise :class:`VideoError` if a file called `name` is too large."""
        if num_bytes > self.max_bytes:
            size, limit = num_bytes / 2**20, self.max_bytes / 2**20
            raise video_error(name, f"has {size:,.1f} MB, over the limit of {limit:,.1f} MB; shorten or compress it")

    def check_pixels(self, name: str, width: int, height: int) -> None:
        """Raise :class:`VideoError` if frames of this size are too large."""
        if width * height > self.max_pixels:
            over = f"over the limit of {self.max_pixels / 1e6:.1f} megapixels"
            raise video_error(name, f"has frames of {width}×{height} pixels, {over}; export it at 1080p")

    def check_duration(self, name: str, seconds: float) -> None:
        """Raise :class:`VideoError` if a video of this length is too long."""
        if seconds > self.max_duration_s:
            limit = f"{self.max_duration_s / 60:g} minutes"
            raise video_error(name, f"is longer than the limit of {limit}; cut it into shorter parts")


DEFAULT_LIMITS = VideoLimits()
"""Of a clip that a visitor brings."""

NO_LIMITS = VideoLimits(max_duration_s=math.inf, max_bytes=sys.maxsize, max_frames=sys.maxsize)
"""Of length and size: for whoever types at the command line, and for a clip that was admitted before."""


def clean_name(name: str) -> str:
    r"""File name as it may be shown anywhere: one printable line without folders, at most 80 characters.

    Example:
        >>> clean_name("../../etc/a\nb.mp4"), clean_name("C:\\clips\\été “1”.mp4"), clean_name("..")
        ('a b.mp4', 'été “1”.mp4', 'video')
    """
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    printable = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in unicodedata.normalize("NFC", last))
    line = " ".join(printable.split())
    if len(line) > 80:
        line = f"{line[:68]}…{line[-11:]}"
    return line if line.strip(". ") else "video"


def video_error(name: str, what: str) -> VideoError:
    """The error that tells the user `what` is the matter with the file called `name`, and the remedy."""
    return VideoError(f"“{name}” {what}.")


def open_file(source: Path | str | bytes, name: str, limits: VideoLimits) -> tuple[BinaryIO, int]:
    """Open the file or content, with its size in bytes.

    Raises:
        VideoError: it is missing, no file, empty, a pointer to another file or over the limit.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else _open_path(Path(source), name)
    num_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    pointer = describe_pointer(file.read(POINTER_BYTES))
    file.seek(0)
    try:
        if pointer:
            raise video_error(name, pointer)
        if num_bytes == 0:
            raise video_error(name, "is empty (0 bytes); record it or copy it again")
        limits.check_bytes(name, num_bytes)
    except VideoError:
        file.close()
        raise
    return file, num_bytes


def _open_path(path: Path, name: str) -> BinaryIO:
    try:
        if path.is_dir():
            raise video_error(name, "is a folder; choose a video file inside it")
        if path.exists() and not path.is_file():
            raise video_error(name, "is not a file; choose a video file")
        return path.open("rb")
    except FileNotFoundError:
        raise video_error(name, "was not found; check its name and folder") from None
    except (OSError, ValueError):
        raise video_error(name, "cannot be read; check its name and that you may open it") from None


def open_container(source: BinaryIO, name: str, limits: VideoLimits) -> InputContainer:
    """Open through our own file object and no protocol at all, so a playlist cannot pull in other files or URLs."""
    options = {"protocol_whitelist": "", "max_pixels": str(2 * limits.max_pixels)}
    try:
        return av.open(source, "r", options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError):  # damage may send FFmpeg to places that a file cannot have
        source.seek(0)
        start = source.read(12)
    if start[4:8] == b"ftyp" or start[:4] in (b"RIFF", b"\x1aE\xdf\xa3"):
        raise video_error(name, f"is cut off or damaged and cannot be opened; {RECOPY}")
    raise video_error(name, f"is not a video that can be read; {EXPORT}")


def declared_duration_s(container: InputContainer, stream: av.VideoStream) -> float | None:
    """Length that the file states for its video stream alone, in seconds."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))  # Matroska
    if tag:
        end_s = int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3])
        # FFmpeg writes the time of the end there, other programs the length
        start_s = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
        return end_s - start_s if end_s > start_s else end_s
    return container.duration / av.time_base if container.duration and len(container.streams) == 1 else None


def whole_duration_s(container: InputContainer, stream: av.VideoStream) -> float | None:
    """Length of the file from where its pictures begin, in seconds; None where it does not tell."""
    if not container.duration:
        return None
    begin_s = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
    late_s = max(0.0, begin_s - (container.start_time or 0) / av.time_base)
    length_s = container.duration / av.time_base
    return length_s - late_s if length_s > late_s else length_s


def is_cut_off(container: InputContainer, stream: av.VideoStream, num_bytes: int) -> bool:
    """Whether the index of an mp4 points behind the end of the file, known before any decoding."""
    entries = stream.index_entries
    if "mp4" not in container.format.name or not len(entries):
        return False
    entry = entries[int(COMPLETE_SHARE * (len(entries) - 1))]
    return entry.pos + entry.size > num_bytes
