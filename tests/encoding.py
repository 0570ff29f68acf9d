"""Files of frames, and of packets that another file holds."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE = Fraction(24000, 1001)
Ticks = Callable[[int], int]


def encode(
    path: Path, frames: Sequence[NDArray[np.uint8]], *, rate: Fraction | int = RATE, ticks: Ticks | None = None,
    codec: str = "libx264", pixels: str = "yuv420p", options: dict[str, str] | None = None, **stream_settings: object,
) -> Path:  # fmt: skip
    """Frames at 1 / `rate` seconds, or at `ticks` of a thousandth of a second."""
    rate = Fraction(rate)
    options = {"crf": "16", "preset": "ultrafast", "bf": "0", "g": "24"} if options is None else options
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate, options)
        stream.pix_fmt, stream.height, stream.width = pixels, *frames[0].shape[:2]
        base = Fraction(1, 1000) if ticks else 1 / rate
        stream.codec_context.time_base = base
        for name, value in stream_settings.items():
            if name == "matrix":
                stream.set_display_matrix(value)
            else:
                setattr(stream.codec_context, name, value)
        for index, frame in enumerate(frames):
            picture = "rgb48le" if frame.dtype == np.uint16 else "rgb24"
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), picture)
            image.pts, image.time_base = ticks(index) if ticks else index, base
            container.mux(stream.encode(image))
        container.mux(stream.encode())
    return path


def remux(
    path: Path, plain: Path, *, shift_s: float = 0.0, sound_s: float | None = None, keep: slice = slice(None),
    gap: tuple[float, float] | None = None,
) -> Path:  # fmt: skip
    """The packets of the plain file in another container, `shift_s` later; sound from 0 for `sound_s` if given."""
    with av.open(str(plain)) as source, av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as target:
        picture = source.streams.video[0]
        own = target.add_stream_from_template(picture)
        sound = None
        if sound_s:
            sound = target.add_stream("libopus" if path.suffix in (".webm", ".mkv") else "aac", 48000)
            sound.layout = "mono"
            for packet in _silence(sound, sound_s):
                target.mux(packet)
        packets = [packet for packet in source.demux(picture) if packet.size][keep]
        zero = packets[0].pts
        for packet in packets:
            time_s = float((packet.pts - zero) * packet.time_base)
            later_s = shift_s + (gap[1] if gap and time_s >= gap[0] else 0.0)
            packet.pts = packet.dts = round((time_s + later_s) / packet.time_base)
            packet.stream = own
            target.mux(packet)
        if sound:
            target.mux(sound.encode())
    return path


def _silence(stream: av.AudioStream, seconds: float) -> Iterator[av.Packet]:
    for start in range(0, round(seconds * 48000), 960):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48000, start
        yield from stream.encode(frame)
