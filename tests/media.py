"""Tiny videos for tests: good ones whose frames can be told apart after lossy coding, and every kind of bad file.

Each function that takes a `folder` writes one file into it and returns its path.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from emo_core.analysis import VideoInfo
from emo_core.video.reader import open_video

NUM_LEVELS = 8
CODECS = {"mp4": "libx264", "mov": "libx264", "mkv": "libx264", "webm": "libvpx", "avi": "mpeg4"}
PHONE_MATRIX = bytes.fromhex("00000000 00010000 00000000 ffff0000 00000000 00000000")
"""Start of the track matrix that phones write for upright video: show it turned by 90° clockwise."""


def grey_level(index: int) -> int:
    """Grey of frame `index`: eight levels 28 apart, in cycles."""
    return 24 + 28 * (index % NUM_LEVELS)


def read_level(frame: NDArray[np.uint8]) -> int:
    """Index (modulo 8) that a decoded frame shows."""
    return round((float(frame.mean()) - 24) / 28)


def levels(frames: NDArray[np.uint8]) -> list[int]:
    return [read_level(frame) for frame in frames]


def read(
    source: Path | bytes, rate_hz: float = 10.0, **kwargs: Any
) -> tuple[NDArray[np.uint8], NDArray[np.float64], VideoInfo]:
    """Frames, times and info of a whole video."""
    with open_video(source, **kwargs) as reader:
        clips = list(reader.clips(rate_hz))
        info = reader.info()
    return np.concatenate([c.frames for c in clips]), np.concatenate([c.timestamps_s for c in clips]), info


def grey_frame(index: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    return np.full((height, width, 3), grey_level(index), np.uint8)


def corner_frame(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """Black with a red top left quarter."""
    frame = np.zeros((height, width, 3), np.uint8)
    frame[: height // 2, : width // 2] = (230, 20, 20)
    return frame


def write(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    times_s: Sequence[float],
    *,
    codec: str | None = None,
    rotation_deg: int = 0,
    codec_options: dict[str, str] | None = None,
    with_sound: bool = False,
    aspect: Fraction | None = None,
    **muxer: str,
) -> Path:
    """Frames at given times (in steps of 1 ms); `rotation_deg` turns them upright, counter-clockwise."""
    codec = codec or CODECS[path.suffix[1:]]
    times_s = list(times_s)
    steps = np.diff(times_s)
    constant = len(steps) == 0 or float(np.ptp(steps)) < 1e-9
    rate = Fraction(1 / float(steps[0])).limit_denominator(1001) if constant and len(steps) else Fraction(10)
    if codec_options is None:
        codec_options = {} if constant or codec != "libx264" else {"bf": "0"}  # as phones do it
    with av.open(str(path), "w", options=muxer) as container:
        stream = container.add_stream(codec, rate, codec_options)
        stream.pix_fmt, stream.height, stream.width = "yuv420p", *frames[0].shape[:2]
        stream.codec_context.time_base = 1 / rate if constant else Fraction(1, 1000)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        sound = container.add_stream("aac" if path.suffix == ".mp4" else "libopus", 48000) if with_sound else None
        for index, (frame, time_s) in enumerate(zip(frames, times_s, strict=True)):
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")
            image.time_base = stream.codec_context.time_base
            image.pts = index if constant else round(time_s * 1000)
            container.mux(stream.encode(image))
        container.mux(stream.encode())
        if sound:
            _encode_silence(container, sound, 2 * times_s[-1])
    return path


def _encode_silence(container, stream, seconds: float) -> None:
    for start in range(0, round(seconds * 48000), 960):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48000, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def grey_video(folder: Path, name: str = "grey.mp4", num_frames: int = 12, fps: float = 10.0, **kwargs) -> Path:
    """Frame k shows :func:`grey_level` (k)."""
    frames = [grey_frame(k) for k in range(num_frames)]
    return write(folder / name, frames, [k / fps for k in range(num_frames)], **kwargs)


def noisy_video(folder: Path, name: str, num_frames: int = 40, fps: int = 10) -> Path:
    """Pictures too busy to be coded small: a share of the bytes is a share of the time. It has sound if named so.

    Knows more formats than :func:`write`.
    """
    codec, sound_codec, pixels = {
        "avi": ("mpeg4", "mp2", "yuv420p"), "flv": ("flv1", "aac", "yuv420p"), "wmv": ("wmv2", None, "yuv420p"),
        "gif": ("gif", None, "rgb8"), "mp4": ("libx264", "aac", "yuv420p"), "mkv": ("libx264", "aac", "yuv420p"),
        "webm": ("libvpx", "libopus", "yuv420p"),
    }[name.rsplit(".", 1)[1]]  # fmt: skip
    rng = np.random.default_rng(0)
    with av.open(str(folder / name), "w", options={"live": "1"} if "live" in name else {}) as container:
        stream = container.add_stream(codec, fps, {} if codec == "gif" else {"g": "10"})
        stream.pix_fmt, stream.height, stream.width = pixels, 48, 64
        sound = container.add_stream(sound_codec, 48000) if "sound" in name and sound_codec else None
        for index in range(num_frames):
            noise = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
            image = av.VideoFrame.from_ndarray(noise, "rgb24").reformat(format=pixels)
            image.pts, image.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(image))
        container.mux(stream.encode())
        if sound:
            _encode_silence(container, sound, num_frames / fps)
    return folder / name


def browser_recording(folder: Path, name: str = "recording.webm", num_frames: int = 30, **kwargs) -> Path:
    """Like MediaRecorder's webm: no duration, no index, an uneven rate."""
    times_s = [0.033 * k + 0.007 * (k % 3) for k in range(num_frames)]
    return write(folder / name, [grey_frame(k) for k in range(num_frames)], times_s, live="1", **kwargs)


def variable_rate_video(folder: Path, times_s: Sequence[float], name: str = "variable.mp4") -> Path:
    return write(folder / name, [grey_frame(k) for k in range(len(times_s))], times_s)


def rotated_video(folder: Path, rotation_deg: int, name: str = "rotated.mp4") -> Path:
    """Upright it is :func:`corner_frame`; stored it is turned, with the angle (counter-clockwise) in the container."""
    stored = np.rot90(corner_frame(), k=-rotation_deg // 90)
    return write(folder / name, [stored] * 4, [0.0, 0.1, 0.2, 0.3], rotation_deg=rotation_deg)


def one_frame_video(folder: Path, name: str = "one.mp4") -> Path:
    return write(folder / name, [grey_frame(3)], [0.0])


def still_image(folder: Path, name: str = "photo.png") -> Path:
    av.VideoFrame.from_ndarray(corner_frame(), "rgb24").save(folder / name)
    return folder / name


def audio_only(folder: Path, name: str = "sound.m4a") -> Path:
    """Half a second of silence, m4a or wav."""
    with av.open(str(folder / name), "w") as container:
        stream = container.add_stream("pcm_s16le" if name.endswith(".wav") else "aac", 48000)
        stream.layout = "mono"
        _encode_silence(container, stream, 0.5)
    return folder / name


def cut_without_index(folder: Path, name: str = "cut.mp4") -> Path:
    """An mp4 whose index came last, cut among its pictures: it cannot be opened."""
    return _cut(grey_video(folder, name, 60), 0.3)


def cut_inside_index(folder: Path, name: str = "cut_inside.mp4") -> Path:
    """An mp4 cut in the middle of its index, which comes last: it opens and has no stream of use."""
    return _cut(grey_video(folder, name), 0.6)


def cut_with_index(folder: Path, name: str = "cut_indexed.mp4", keep: float = 0.6) -> Path:
    """An mp4 with its index first and its pictures cut: it opens and ends early."""
    return _cut(grey_video(folder, name, 60, movflags="+faststart", codec_options={"g": "10"}), keep)


def cut_mkv(folder: Path, name: str = "cut.mkv") -> Path:
    return _cut(grey_video(folder, name, 60, codec_options={"g": "10"}), 0.5)


def _cut(path: Path, keep: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def damaged_video(folder: Path, name: str = "damaged.mp4", share: float = 0.02) -> Path:
    """A run of zeros in the middle of the pictures."""
    path = grey_video(folder, name, 80, codec_options={"g": "8", "bf": "0"})
    content = bytearray(path.read_bytes())
    start, end = content.index(b"mdat") + 8, content.rindex(b"moov") - 4
    middle, half = (start + end) // 2, max(20, int((end - start) * share / 2))
    content[middle - half : middle + half] = bytes(2 * half)
    path.write_bytes(content)
    return path


def standing_video(folder: Path, name: str = "standing.mp4", num_frames: int = 400, ticks: int = 0) -> Path:
    """Each frame is shown `ticks` of the mp4's clock after the one before: none, or next to none."""
    path = grey_video(folder, name, num_frames, codec_options={"bf": "0"})
    content = bytearray(path.read_bytes())
    place = content.index(b"stts") + 16
    content[place : place + 4] = ticks.to_bytes(4, "big")
    path.write_bytes(content)
    return path


def cut(path: Path, keep: float) -> Path:
    """The first `keep` of a file's bytes."""
    return _cut(path, keep)


def unreadable_end_video(folder: Path, name: str = "end.mp4", first_bad: int = 55) -> Path:
    """Sixty frames of which the reader fails at `first_bad`: the index states an absurd size."""
    path = grey_video(folder, name, 60, codec_options={"bf": "2"})
    content = bytearray(path.read_bytes())
    entry = content.index(b"stsz") + 16 + 4 * first_bad
    content[entry : entry + 4] = bytes.fromhex("28000010")
    path.write_bytes(content)
    return path


def text_file(folder: Path, name: str = "notes.mp4") -> Path:
    (folder / name).write_text("This is no video at all.\n" * 40)
    return folder / name


def empty_file(folder: Path, name: str = "empty.mp4") -> Path:
    (folder / name).touch()
    return folder / name


def overlong_video(folder: Path, name: str = "long.mp4", hours: int = 3) -> Path:
    """Three frames an hour apart; webm is written without a stated duration."""
    times_s = [3600.0 * k / 2 + 0.001 * (k % 2) for k in range(2 * hours + 1)]
    live = {"live": "1"} if name.endswith("webm") else {}
    return write(folder / name, [grey_frame(k) for k in range(len(times_s))], times_s, **live)
