"""Which of the pictures in a file is looked at, where it holds several."""

from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition, Stream

from emo_core.video.source import EXPORT, RECOPY, video_error

_NO_PICTURE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_LOOK_FRAMES, _LOOK_PACKETS = 24, 400  # what is decoded of each stream to see whether anything moves
_LOOK_SIZE = (64, 36)
_MOVING_LEVELS = 0.5  # mean grey levels between a picture and the first; coding noise stays below


@dataclass(frozen=True, slots=True)
class StreamChoice:
    """The stream to look at.

    Attributes:
        index: in the container.
        note: why this one, a sentence for the user; empty where there was no choice.
        is_used_up: whether frames were decoded to find it, so that the file has to be opened again.
    """

    index: int
    note: str = ""
    is_used_up: bool = False


def choose_stream(container: InputContainer, name: str) -> StreamChoice:
    """The stream marked as default, else the largest one that moves; a cover picture never.

    Raises:
        VideoError: the file called `name` holds no stream of pictures that can be decoded.
    """
    streams = [stream for stream in container.streams.video if not stream.disposition & _NO_PICTURE]
    usable = [stream for stream in streams if stream.codec_context is not None]
    if streams and not usable:
        raise video_error(name, f"uses a video codec that cannot be decoded; {EXPORT}")
    if not usable:
        lost = not container.streams.audio
        fault = f"is cut off or damaged, no picture in it can be read; {RECOPY}"
        raise video_error(name, fault if lost else "holds only sound; choose a file with pictures")
    if len(usable) == 1:
        return StreamChoice(usable[0].index)
    marked = [stream for stream in usable if stream.disposition & Disposition.default]
    if len(marked) == 1:
        return StreamChoice(marked[0].index, _note(usable, marked[0], "marked as the default"))
    pool = marked or usable
    motion = _motion(container, pool)
    sizes = {stream.index: stream.width * stream.height for stream in pool}
    best = max(pool, key=lambda stream: (motion[stream.index] > _MOVING_LEVELS, sizes[stream.index]))
    return StreamChoice(best.index, _note(usable, best, "the largest that moves"), is_used_up=True)


def _note(streams: Sequence[av.VideoStream], chosen: av.VideoStream, why: str) -> str:
    place = [stream.index for stream in streams].index(chosen.index) + 1
    return (
        f"The file holds {len(streams)} videos; this is about number {place} "
        f"({chosen.width}×{chosen.height} pixels), {why}."
    )


def _motion(container: InputContainer, streams: Sequence[av.VideoStream]) -> dict[int, float]:
    """Greatest mean difference to the first picture, in grey levels, over the beginning of each stream."""
    first: dict[int, np.ndarray] = {}
    found = {stream.index: 0.0 for stream in streams}
    counts = dict.fromkeys(found, 0)
    try:
        for number, packet in enumerate(container.demux(*streams)):
            index = packet.stream.index
            if counts[index] < _LOOK_FRAMES:
                for picture in _pictures(packet):
                    counts[index] += 1
                    before = first.setdefault(index, picture)
                    found[index] = max(found[index], float(np.abs(picture - before).mean()))
            if number >= _LOOK_PACKETS or min(counts.values()) >= _LOOK_FRAMES:
                break
    except av.FFmpegError:
        pass  # what was seen so far decides; the pass over the chosen stream says what is wrong
    return found


def _pictures(packet: "av.Packet[Stream]") -> list[np.ndarray]:
    """Small grey pictures (h, w) float32 of a packet."""
    try:
        frames = packet.decode()
    except av.FFmpegError:
        return []
    return [
        frame.reformat(*_LOOK_SIZE, "gray", interpolation="AREA").to_ndarray().astype(np.float32)
        for frame in frames
        if isinstance(frame, av.VideoFrame)
    ]
