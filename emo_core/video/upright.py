"""A decoded frame as a person would see it: turned, mirrored, with square pixels, of one size, as common RGB."""

import struct
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from emo_core.types import Bytes
from emo_core.video import hdr

Size = tuple[int, int]
"""Width and height in pixels."""

Matrix = tuple[int, int, int, int]
"""a, b, c, d of x′ = a·x + c·y, y′ = b·x + d·y, which says how a stored frame is to be shown."""


class Upright:
    """Makes upright RGB of the frames of one video; the first frame decides the size, later ones are padded into it.

    Args:
        stream: tells the shape of the pixels.
        max_side_px: longer side of what is handed out; bigger frames are reduced, smaller ones stay.

    Attributes:
        framing: how often the size had changed when the latest frame came.
    """

    def __init__(self, stream: av.VideoStream, max_side_px: int) -> None:
        self._aspect = float(stream.sample_aspect_ratio or 1)
        self._max_side_px = max_side_px
        self._reformatter = VideoReformatter()
        self._size: Size | None = None
        self.framing = 0
        self._latest: Size | None = None
        self._matrices: dict[int, Matrix] = {}
        self._fallback = (stream.width, stream.height)

    @property
    def size(self) -> Size:
        """Size of the source, upright, with square pixels; before the first frame as the file states it."""
        return self._size or self._fallback

    def measure(self, frame: av.VideoFrame) -> None:
        """Take the size from the first frame."""
        if self._size is None:
            _, self._size = self._sizes(frame)

    def to_rgb(self, frame: av.VideoFrame) -> Bytes:
        """Upright RGB (H, W, 3) uint8 of the first frame's size, reduced to the longer side allowed."""
        self.measure(frame)
        stored, upright = self._sizes(frame)
        scale = min(1.0, self._max_side_px / max(self.size))
        whole = tuple(max(1, round(side * scale)) for side in self.size)
        self.framing += self._latest not in (None, upright)
        self._latest = upright
        if upright != self.size:
            scale = min(whole[0] / upright[0], whole[1] / upright[1])
        width, height = (max(1, round(side * scale)) for side in stored)
        picture = _turned(self._convert(frame, width, height), self._matrix(frame))
        return picture if upright == self.size else _padded(picture, (whole[0], whole[1]))

    def _convert(self, frame: av.VideoFrame, width: int, height: int) -> Bytes:
        if frame.color_trc in (hdr.PQ, hdr.HLG):
            deep = self._reformatter.reformat(
                frame, width, height, "rgb48le", src_colorspace=frame.colorspace, interpolation="AREA", threads=1
            )
            return hdr.to_sdr(deep.to_ndarray(), frame.color_trc)
        rgb = self._reformatter.reformat(frame, width, height, "rgb24", interpolation="AREA", threads=1)
        return np.asarray(rgb.to_ndarray(), np.uint8)

    def _sizes(self, frame: av.VideoFrame) -> tuple[Size, Size]:
        """Size as stored and size upright, both with square pixels."""
        width = round(frame.width * self._aspect) if 0.25 <= self._aspect <= 4 else frame.width
        stored = (width, frame.height)
        a, b, c, d = self._matrix(frame)
        return stored, (stored[::-1] if abs(b) + abs(c) > abs(a) + abs(d) else stored)

    def _matrix(self, frame: av.VideoFrame) -> Matrix:
        """As :func:`display_matrix`, asked once for each angle.

        PyAV ties a frame that was asked to itself: it stays until garbage is collected, gigabytes of large ones.
        """
        angle = frame.rotation
        if angle not in self._matrices:
            self._matrices[angle] = display_matrix(frame)
        return self._matrices[angle]


def display_matrix(frame: av.VideoFrame) -> Matrix:
    """How a stored frame is to be shown.

    FFmpeg hands the matrix of the stream on with every frame. Its angle alone would lose that a picture is mirrored.
    """
    found: Any = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return 1, 0, 0, 1
    a, b, _, c, d = struct.unpack("5i", bytes(found)[:20])
    return (a, b, c, d) if a or b or c or d else (1, 0, 0, 1)


def _turned(picture: Bytes, matrix: tuple[int, int, int, int]) -> Bytes:
    """A picture as the nearest of the eight matrices of quarter turns and mirrors shows it."""
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):  # columns become rows
        across, down, picture = c, b, picture.transpose(1, 0, 2)
    else:
        across, down = a, d
    return picture[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]


def _padded(picture: Bytes, size: Size) -> Bytes:
    """A picture in the middle of a black one of `size`."""
    height, width = picture.shape[:2]
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(
        cv2.copyMakeBorder(
            picture, top, size[1] - height - top, left, size[0] - width - left, cv2.BORDER_CONSTANT, value=(0, 0, 0)
        ),
        np.uint8,
    )
