"""Frames → H.264 mp4: the only writer of video; :mod:`emo_core.video.reader` reads."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from emo_core import SOFTWARE
from emo_core.files.atomic_write import replaced_whole
from emo_core.types import Bytes
from emo_core.video.sound import Sound


def write_video(path: Path | str, frames: Iterable[Bytes], fps: Fraction | float, *, crf: int = 20) -> None:
    """Write frames at a steady rate as an H.264 mp4 (yuv420p, index first) that every browser plays.

    The file appears under its name only when it is whole; a failure leaves nothing behind.

    Args:
        path: target; an existing file is replaced.
        frames: (H, W, 3) uint8 RGB each, all of one size; odd sizes gain one row or column by repetition.
        fps: frames per second, > 0; 30000/1001 and its kin are recognised in a float.
        crf: constant rate factor of x264, 0 (lossless) … 51 (worst).

    Raises:
        ValueError: there is no frame, a frame has another shape or dtype, or `fps` is not positive.
    """
    if not fps > 0:
        raise ValueError(f"fps is {fps}, expected more than 0")
    rate = Fraction(fps).limit_denominator(1001)
    write_timed(path, ((frame, tick) for tick, frame in enumerate(frames)), rate, crf=crf, preset="fast")


def write_timed(
    path: Path | str,
    frames: Iterable[tuple[Bytes, int]],
    rate: Fraction,
    *,
    crf: int,
    preset: str,
    sound: Sound | None = None,
) -> None:
    """Write frames each at its own time, as :func:`write_video` does.

    Args:
        path: target; an existing file is replaced.
        frames: frame, and when it is shown in units of 1 / `rate` seconds, increasing; each stays until the next.
        rate: units per second.
        crf: constant rate factor of x264.
        preset: of x264; faster ones make larger files.
        sound: to go with the frames.

    Raises:
        ValueError: there is no frame, or a frame has another shape or dtype.
    """
    path = Path(path)
    with replaced_whole(path) as part:
        _encode(part, frames, rate, crf, preset, sound)


def _encode(
    path: Path, frames: Iterable[tuple[Bytes, int]], rate: Fraction, crf: int, preset: str, sound: Sound | None
) -> None:
    with av.open(f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata["comment"] = SOFTWARE
        stream = container.add_stream("libx264", rate, {"crf": str(crf), "preset": preset})
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace = 6  # BT.601, what the conversion makes; else players guess by size
        if sound:
            sound.attach(container)
        shape: tuple[int, ...] = ()
        for index, (frame, tick) in enumerate(frames):
            fits = frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3
            if not fits or frame.shape != (shape or frame.shape):
                raise ValueError(f"frame {index} is {frame.dtype} {frame.shape}, expected uint8 {shape or '(H, W, 3)'}")
            even = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), "edge")
            if not shape:
                shape = frame.shape
                stream.height, stream.width = even.shape[:2]
            image = av.VideoFrame.from_ndarray(even, "rgb24")
            image.pts, image.time_base = tick, 1 / rate
            container.mux(stream.encode(image))
            if sound:
                container.mux(list(sound.until(float(tick / rate))))
        if not shape:
            raise ValueError("there is no frame to write")
        container.mux(stream.encode())
        if sound:
            container.mux(list(sound.until(float("inf"))))
