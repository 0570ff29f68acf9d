"""What is drawn on the live picture: the face's box, the verdict or *not sure*, and the quality.

Called for every frame on the connection's thread, so it takes about a millisecond and knows no Streamlit.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from emo_core.emotions import UNSURE, class_colour, display_percent
from emo_core.model.presence import verdict_words
from emo_core.types import Bytes

if TYPE_CHECKING:
    from emo_core.live.analyzer import LiveResult

_BAND_SHARE = 0.1  # of the height; the dimmed band at the top that the words stand on
_LEAST_LETTERS_PX = 9  # words that do not fit are drawn smaller, then cut off
_METER = (62, 156, 106), (217, 164, 65), (200, 85, 61)  # good, fair, poor, as under the frames of a clip


def draw(image: Bytes, result: "LiveResult | None", labels: tuple[str, ...], told: "LiveResult | None" = None) -> Bytes:
    """A mirrored copy of an RGB frame (H, W, 3) uint8 with a result drawn on it.

    Args:
        image: the frame.
        result: the newest one; its box is drawn.
        labels: classes of the model.
        told: the result that is told beside the picture: the words are of it, so that both say the same. None where
            nothing is told there.
    """
    picture = np.asarray(cv2.flip(image, 1), np.uint8)
    height, width = picture.shape[:2]
    band = max(24, round(height * _BAND_SHARE))
    cv2.convertScaleAbs(picture[:band], dst=picture[:band], alpha=0.4)
    margin = band // 4
    if result is None:
        _write(picture, "Starting …", margin, margin, band - 2 * margin)
        return picture
    # at the rate of the camera only steps of 5% can be read; beside a card it is the number of the card
    share = round(20 * result.probability) / 20 if told is None else told.probability
    told = told or result
    colour = _rgb(class_colour(told.label, labels))
    if result.box_xyxy is not None:
        x0, y0, x1, y1 = (
            int(value) for value in result.box_xyxy * np.array([width, height, width, height], np.float32)
        )
        cv2.rectangle(picture, (width - x1, y0), (width - x0, y1), colour, max(2, height // 200), cv2.LINE_AA)
    cv2.rectangle(picture, (0, 0), (margin // 2, band - 1), colour, -1)
    is_sure = told.box_xyxy is not None and told.label != UNSURE
    words = moment_words(told) + (f", {display_percent(share)}" if is_sure else "")
    room = _draw_quality(picture, told.quality, band) - 2 * margin
    size = band - 2 * margin
    fit = max(min(size, _LEAST_LETTERS_PX), min(size, size * room // _text(words, size).shape[1]))
    _write(picture[:, : room + margin], words, margin, (band - fit) // 2, fit)
    return picture


def moment_words(result: "LiveResult") -> str:
    """The verdict of the moment as the card of a clip words it."""
    return "No face" if result.box_xyxy is None else verdict_words(result)


def _draw_quality(picture: Bytes, quality: float, band: int) -> int:
    """A meter at the right end of the band, with its name; returns where that begins, in pixels from the left."""
    width = picture.shape[1]
    length, thick = width // 8, max(5, band // 6)
    x, y = width - length - band // 4, (band - thick) // 2
    colour = _METER[0 if quality >= 0.6 else 1 if quality >= 0.3 else 2]
    filled = round(length * min(max(quality, 0.0), 1.0))
    cv2.rectangle(picture, (x, y), (x + length, y + thick), (90, 90, 90), -1)
    cv2.rectangle(picture, (x, y), (x + filled, y + thick), colour, -1)
    size = band // 3
    left = int(x - _text("quality", size).shape[1] - size // 2)
    _write(picture, "quality", left, (band - size) // 2, size)
    return left


def _write(picture: Bytes, text: str, x: int, y: int, size: int) -> None:
    """White text on the dimmed band, letters about `size` pixels high, its corner at (x, y); cut off at the edge."""
    cover = _text(text, size)
    x, y = max(x, 0), max(y, 0)
    place = picture[y : y + cover.shape[0], x : x + cover.shape[1]]
    np.maximum(place, cover[: place.shape[0], : place.shape[1], np.newaxis], out=place)


@lru_cache(maxsize=256)
def _text(text: str, size: int) -> Bytes:
    """White letters on black, (h, w) uint8."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size)
    left, _, right, _ = font.getbbox(text)
    sheet = Image.new("L", (round(right - left) + 2, round(1.4 * size)))
    ImageDraw.Draw(sheet).text((-left, 0), text, 255, font)
    return np.asarray(sheet, np.uint8)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
