"""The same eight seconds in the many ways in which files hold them, each made in well under a second.

A variant is a function of a folder and the :class:`Cut`; it writes one file and returns its path.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from emo_core.video import hdr
from emo_core.video.reader import open_video
from tests import sample
from tests.encoding import RATE, encode, remux
from tests.hdr_light import BT709, BT2020, hlg_signal, pq_signal, to_xyz

PARTS_S = (0.0, 3.8), (12.0, 16.2)  # sadness, then laughter
SIZE = (320, 180)
Frames = list[NDArray[np.uint8]]


@dataclass(frozen=True)
class Cut:
    """Frames (180, 320, 3) of the sample, and the file that holds them plainly."""

    frames: Frames
    plain: Path


@dataclass(frozen=True)
class Variant:
    """How to make it, and what is right.

    Attributes:
        make: function of a folder and the cut.
        start_s: when its first picture is shown.
        gap: seconds after the first picture at which a gap begins, and how long it lasts.
        warning: words of the warning that is due; empty if none is.
        slack_s: how far its segments may begin and end from where those of the plain clip do.
    """

    make: Callable[[Path, Cut], Path]
    start_s: float = 0.0
    gap: tuple[float, float] | None = None
    warning: str = ""
    slack_s: float = 0.4


def cut_sample(folder: Path) -> Cut:
    """Four seconds of each, far from the thresholds: what is tried is the file, not the verdict."""
    with open_video(sample.PATH, max_side_px=SIZE[0]) as reader:
        frames = [
            frame.copy()
            for clip in reader.clips(float(RATE))
            for frame, time_s in zip(clip.frames, clip.timestamps_s, strict=True)
            if any(start_s <= time_s < end_s for start_s, end_s in PARTS_S)
        ]
    return Cut(frames, encode(folder / "plain.mp4", frames))


def joined(folder: Path, cut: Cut, suffix: str, parts: int) -> Path:
    """Parts that each begin at the same stamp, one behind the other."""
    size = -(-len(cut.frames) // parts)
    content = b""
    for part in range(parts):
        path = folder / f"part{part}.{suffix}"
        some = cut.frames[part * size : (part + 1) * size]
        if suffix == "mpg":
            encode(path, some, codec="mpeg2video", options={"g": "12", "q": "2"})
        else:
            encode(path, some)
        content += path.read_bytes()
    path = folder / f"joined.{suffix}"
    path.write_bytes(content)
    return path


def later_part_first(folder: Path, cut: Cut) -> Path:
    """The first half has stamps 5000 s behind those of the second."""
    half = len(cut.frames) // 2
    content = b""
    for number, shift_s in enumerate((5000.0, 0.0)):
        path = folder / f"{number}.ts"
        keep = slice(number * half, (number + 1) * half)
        content += remux(path, cut.plain, shift_s=shift_s, keep=keep).read_bytes()
    (folder / "later.ts").write_bytes(content)
    return folder / "later.ts"


def upright(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame of 180×320 around the face, as after a phone was turned."""
    return np.pad(frame[:, 140:320], ((70, 70), (0, 0), (0, 0)))


def cropped(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is left when the sides are cut off."""
    return frame[:, 100:320]


def halved(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same at half the size, as when a connection grows slow."""
    return np.asarray(cv2.resize(frame, (SIZE[0] // 2, SIZE[1] // 2), interpolation=cv2.INTER_AREA), np.uint8)


def framed_anew(
    folder: Path, cut: Cut, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], changed: Sequence[bool]
) -> Path:
    """In equal parts, of which those `changed` have frames of another size."""
    size = -(-len(cut.frames) // len(changed))
    content = b""
    for number, is_changed in enumerate(changed):
        start = number * size
        some = cut.frames[start : start + size]
        path = encode(folder / f"{number}.mp4", [change(frame) for frame in some] if is_changed else some)
        content += remux(folder / f"{number}.ts", path, shift_s=float(start / RATE)).read_bytes()
    (folder / "framed.ts").write_bytes(content)
    return folder / "framed.ts"


def two_streams(folder: Path, cut: Cut, *, default: bool) -> Path:
    """A larger grey stream before the right one, which is marked as the default or moves alone."""
    grey = [np.full((360, 640, 3), 90, np.uint8)] * len(cut.frames)
    other = encode(folder / "grey.mp4", grey)
    path = folder / "two.mkv"
    with av.open(str(other)) as first, av.open(str(cut.plain)) as second, av.open(str(path), "w") as target:
        own = [target.add_stream_from_template(source.streams.video[0]) for source in (first, second)]
        for number, stream in enumerate(own):
            stream.disposition = Disposition.default if not default or number == 1 else Disposition(0)
        packets = [
            (packet.dts * packet.time_base, number, packet)
            for number, source in enumerate((first, second))
            for packet in source.demux(video=0)
            if packet.size
        ]
        for _, number, packet in sorted(packets, key=lambda item: item[:2]):
            packet.stream = own[number]
            target.mux(packet)
    return path


def with_matrix(folder: Path, cut: Cut, matrix: tuple[int, int, int, int]) -> Path:
    """Stored as `matrix` (a, b, c, d) undoes it: x′ = a·x + c·y, y′ = b·x + d·y."""
    a, b, c, d = matrix
    where = _stored(cut.frames[0].shape[:2], matrix)
    stored = [np.ascontiguousarray(frame[where]) for frame in cut.frames]
    one = 1 << 16
    values = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]
    return encode(folder / "matrix.mp4", stored, matrix=values)


def _stored(size: tuple[int, int], matrix: tuple[int, int, int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pixel by pixel, as the matrix says: the stored pixel (x, y) is the one shown at (x′, y′), of rows and columns."""
    a, b, c, d = matrix
    height, width = size
    if b or c:
        height, width = width, height
    y, x = np.mgrid[:height, :width]
    shown_x, shown_y = a * x + c * y, b * x + d * y
    return shown_y - shown_y.min(), shown_x - shown_x.min()


def in_hdr(folder: Path, cut: Cut, transfer: int) -> Path:
    """10 bits in the curve and the primaries of HDR, by the formulas of the standards; white at 203 cd/m²."""
    to_2020 = np.linalg.inv(to_xyz(BT2020)) @ to_xyz(BT709)
    linear = (np.arange(256) / 255) ** 2.4
    deep = []
    for frame in cut.frames:
        light = 203 * cv2.transform(linear[frame], to_2020).clip(0, None)
        signal = pq_signal(light) if transfer == hdr.PQ else hlg_signal(light)
        deep.append((65535 * signal.clip(0, 1)).astype(np.uint16))
    return encode(
        folder / "hdr.mp4", deep, pixels="yuv420p10le", color_trc=transfer, color_primaries=9, colorspace=9,
        options={"crf": "12", "preset": "ultrafast"},
    )  # fmt: skip


def uneven(index: int) -> int:
    """Milliseconds of a rate that wavers between 12 and 40 a second."""
    return round(1000 * (index / float(RATE) + 0.018 * np.sin(index)))


def at_rate(folder: Path, cut: Cut, *, every: int = 1, repeat: int = 1) -> Path:
    """Every so many frames, or each several times."""
    frames = [frame for frame in cut.frames[::every] for _ in range(repeat)]
    return encode(folder / "rate.mp4", frames, rate=RATE * repeat / every)


def wide_pixels(folder: Path, cut: Cut) -> Path:
    """Squeezed to half the width, with pixels twice as wide as high."""
    squeezed = [cv2.resize(frame, (SIZE[0] // 2, SIZE[1]), interpolation=cv2.INTER_AREA) for frame in cut.frames]
    return encode(folder / "wide.mp4", squeezed, sample_aspect_ratio=Fraction(2))


def letterboxed(folder: Path, cut: Cut) -> Path:
    """As wide as a phone held upright, with bars above and below."""
    wide = [cv2.resize(frame, (540, 304), interpolation=cv2.INTER_CUBIC) for frame in cut.frames]
    return encode(folder / "bars.mp4", [np.pad(frame, ((328, 328), (0, 0), (0, 0))) for frame in wide])


def _late(suffix: str, start_s: float) -> Variant:
    def make(folder: Path, cut: Cut) -> Path:
        return remux(folder / f"late.{suffix}", cut.plain, shift_s=start_s, sound_s=min(start_s, 3.0))

    return Variant(make, start_s=start_s)


def _far(suffix: str, start_s: float) -> Variant:
    return Variant(lambda folder, cut: remux(folder / f"far.{suffix}", cut.plain, shift_s=start_s))


def _gap(suffix: str, at_s: float, length_s: float) -> Variant:
    def make(folder: Path, cut: Cut) -> Path:
        return remux(folder / f"gap.{suffix}", cut.plain, gap=(at_s, length_s))

    return Variant(make, gap=(at_s, length_s), warning="no picture")


def _framed_anew(change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], *changed: bool) -> Variant:
    make = partial(framed_anew, change=change, changed=changed)
    slack_s = 0.9 if change is upright else 0.4  # where the face has half its pixels, one window may be unsure
    return Variant(make, warning="size of the picture changes", slack_s=slack_s)


def _raw(codec: str, suffix: str, options: dict[str, str], warning: str = "") -> Variant:
    return Variant(
        lambda folder, cut: encode(folder / f"raw.{suffix}", cut.frames, codec=codec, options=options), warning=warning
    )


QUICK_HEVC = {"preset": "ultrafast", "x265-params": "log-level=none"}
MATRICES = [(a, b, c, d) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1) for d in (-1, 0, 1)
            if abs(a) == abs(d) != abs(b) == abs(c)]  # fmt: skip

VARIANTS = {
    "a little late mkv": _late("mkv", 0.5),
    "late mkv": _late("mkv", 3.0),
    "late mp4": _late("mp4", 3.0),
    "very late mp4": _late("mp4", 300.0),
    "very late ts": _late("ts", 300.0),
    "a day late mkv": _late("mkv", 90000.0),
    "far mkv": _far("mkv", 300.0),
    "far ts": _far("ts", 90000.0),
    "two parts ts": Variant(partial(joined, suffix="ts", parts=2), warning="2 recordings"),
    "five parts ts": Variant(partial(joined, suffix="ts", parts=5), warning="5 recordings"),
    "later part first ts": Variant(later_part_first, warning="2 recordings"),
    "clock of ts runs over": _far("ts", 2**33 / 90000 - 2),
    "three parts mpg": Variant(partial(joined, suffix="mpg", parts=3), warning="3 recordings"),
    "gap ts": _gap("ts", 6.0, 120.0),
    "gap mkv": _gap("mkv", 6.0, 2.0),
    "gap mp4": _gap("mp4", 6.0, 600.0),
    "uneven rate": Variant(lambda folder, cut: encode(folder / "uneven.mkv", cut.frames, ticks=uneven)),
    "120 a second": Variant(partial(at_rate, repeat=5)),
    "12 a second": Variant(partial(at_rate, every=2)),
    "8 a second": Variant(partial(at_rate, every=3)),
    "6 a second": Variant(partial(at_rate, every=4), slack_s=0.9),  # the window across the change of mood may be unsure
    "4.8 a second": Variant(partial(at_rate, every=5), warning="only 4.8 pictures a second", slack_s=0.9),
    "raw h264": _raw("libx264", "h264", {"preset": "ultrafast", "crf": "16"}),
    "raw hevc": _raw("libx265", "hevc", QUICK_HEVC),
    "turned midway": _framed_anew(upright, False, True),
    "turned back midway": _framed_anew(upright, True, False),
    "turned and back": _framed_anew(upright, False, True, False, True),
    "cropped midway": _framed_anew(cropped, False, True),
    "halved midway": _framed_anew(halved, False, True),
    "doubled midway": _framed_anew(halved, True, False),
    "default is second": Variant(partial(two_streams, default=True), warning="marked as the default"),
    "second moves": Variant(partial(two_streams, default=False), warning="the largest that moves"),
    "PQ": Variant(partial(in_hdr, transfer=hdr.PQ)),
    "HLG": Variant(partial(in_hdr, transfer=hdr.HLG)),
    "wide pixels": Variant(wide_pixels),
    "letterboxed": Variant(letterboxed),
    "upside down": Variant(
        lambda folder, cut: encode(folder / "down.mp4", [frame[::-1, ::-1] for frame in cut.frames]),
        slack_s=0.9,  # the face is fitted otherwise where it changes, and the window across that may be unsure
    ),
    "avi": Variant(lambda folder, cut: encode(folder / "old.avi", cut.frames, codec="mpeg4", options={"q": "2"})),
    "flv": Variant(lambda folder, cut: remux(folder / "plain.flv", cut.plain)),
    **{f"matrix {matrix}": Variant(partial(with_matrix, matrix=matrix)) for matrix in MATRICES},
}
