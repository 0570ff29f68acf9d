"""A file that Chromium plays as its camera: the sample clip at 30 frames a second, each with its number in the picture.

The number stands at the bottom in :data:`NUM_BITS` black and white squares, lowest bit left, so that a program can read
which frame it sees wherever the picture went.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from emo_core.types import Bytes
from tests import sample

WIDTH, HEIGHT, FPS = 640, 480, 30
NUM_BITS = 10
SIDE_PX = 32
"""Side of one square of the counter."""

DISTRESS, LAUGHTER = (1.0, 9.0), (12.0, 19.0)
"""Spans of the sample in seconds whose verdicts are known."""


def write_camera(path: Path, spans: Sequence[tuple[float, float]]) -> Path:
    """Write the spans of the sample (seconds), one after the other, as an MJPEG file that Chromium repeats."""
    with av.open(str(path), "w", format="mjpeg") as target:
        stream = target.add_stream("mjpeg", rate=FPS, options={"qmin": "2", "qmax": "3"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for number, image in enumerate(_steady(spans)):
            image = image.copy()
            stamp(image, number)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        target.mux(stream.encode())
    return path


def stamp(image: Bytes, number: int, row: int = 0) -> None:
    """Write `number` into an RGB frame with the camera's proportions, in place; row 0 is the lowest."""
    side = image.shape[0] * SIDE_PX / HEIGHT
    top, bottom = (round(image.shape[0] - (row + up) * side) for up in (1, 0))
    for bit in range(NUM_BITS):
        image[top:bottom, round(bit * side) : round((bit + 1) * side)] = 255 if (number >> bit) & 1 else 0


def read_stamp(image: Bytes) -> int:
    """The number in the bottom of an RGB frame of any size with the proportions of the camera."""
    side = image.shape[0] * SIDE_PX / HEIGHT
    row = int(image.shape[0] - side / 2)
    return sum(1 << bit for bit in range(NUM_BITS) if image[row, int((bit + 0.5) * side)].mean() > 128)


def _steady(spans: Sequence[tuple[float, float]]) -> Iterator[Bytes]:
    """Frames at exactly FPS: the right 4:3 of the sample, where the face is, enlarged."""
    for start_s, end_s in spans:
        due_s, latest = start_s, None
        with av.open(str(sample.PATH)) as source:
            for frame in source.decode(video=0):
                while latest is not None and due_s < min(float(frame.time), end_s):
                    yield latest
                    due_s += float(Fraction(1, FPS))
                if float(frame.time) >= end_s:
                    break
                if float(frame.time) >= start_s - 0.2:
                    picture = frame.to_ndarray(format="rgb24")
                    picture = picture[:, -picture.shape[0] * WIDTH // HEIGHT :]
                    latest = np.asarray(cv2.resize(picture, (WIDTH, HEIGHT)), np.uint8)
