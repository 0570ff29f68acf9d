"""What happens to a rendered picture: a background behind it, and damage of graded strength."""

from collections.abc import Iterable, Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.render.people import Person
from tools.render.setting import Setting

DEGRADATIONS = ("none", "blur", "dark", "small", "occluded", "compressed")
"""What may be wrong with a clip; levels run from 1 to 3, 0 is a clean clip."""

SMALL_DISTANCE = (1.0, 1.5, 2.0, 2.7)
"""How much farther the camera stands in a clip of a small face, by level."""

CLEAN_CRF = 26
COMPRESSED_CRF = (CLEAN_CRF, 34, 39, 44)

_BLUR_PX = (0.0, 1.3, 2.2, 3.3)
_DARK_GAIN = (1.0, 0.45, 0.28, 0.17)
_COVERED = (0.0, 0.22, 0.36, 0.5)  # how far the hand comes up the face

Bytes = NDArray[np.uint8]


def make_background(setting: Setting, width: int, height: int) -> NDArray[np.float32]:
    """Picture behind the person, (height, width, 3) float32 in [0, 255]."""
    kind, first, second, seed = setting.background
    rng = np.random.default_rng(seed)
    low, high = np.array(first) * 255, np.array(second) * 255
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    share: NDArray[Any] = np.zeros((height, width))
    if kind == "plain":
        pass
    elif kind == "gradient":
        angle = rng.uniform(0, 2 * np.pi)
        share = 0.5 + 0.7 * ((x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle))
    elif kind == "wall":
        share = cv2.resize(rng.random((6, 6)), (width, height), interpolation=cv2.INTER_CUBIC) * 0.6
    elif kind == "window":
        share = ((np.abs(x - rng.uniform(0.1, 0.9)) < 0.16) & (y < rng.uniform(0.4, 0.9))).astype(float)
        share = cv2.GaussianBlur(share, (0, 0), width / 40)
    else:
        for _ in range(9):
            radius = rng.uniform(0.05, 0.16)
            share += rng.uniform(0.2, 0.6) * ((x - rng.random()) ** 2 + (y - rng.random()) ** 2 < radius**2)
        share = cv2.GaussianBlur(np.clip(share, 0, 1), (0, 0), width / 60)
    return np.asarray(low + np.clip(share, 0, 1)[..., None] * (high - low), np.float32)


def compose(rgba: Bytes, background: NDArray[np.float32]) -> Bytes:
    """The rendered picture (·, ·, 4), larger, before the background (h, w, 3), reduced to it, RGB uint8."""
    height, width = background.shape[:2]
    small = cv2.resize(rgba.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    alpha = small[..., 3:] / 255
    return np.asarray(np.clip(small[..., :3] + background * (1 - alpha), 0, 255), np.uint8)


def degrade(frames: Iterable[Bytes], kind: str, level: int, person: Person, seed: int) -> Iterator[Bytes]:
    """Frames with the damage that is done to pictures; small faces and compression are made elsewhere."""
    rng = np.random.default_rng([31, seed])
    hand = None
    for frame in frames:
        if kind == "blur":
            yield np.asarray(cv2.GaussianBlur(frame, (0, 0), _BLUR_PX[level]), np.uint8)
        elif kind == "dark":
            noise = rng.normal(0, 1.2, frame.shape[:2])[..., None]
            yield np.asarray(np.clip(frame * _DARK_GAIN[level] + noise, 0, 255), np.uint8)
        elif kind == "occluded":
            if hand is None:
                hand = _hand(frame.shape[0], _COVERED[level], person, rng)
            colour, alpha = hand
            yield np.asarray(frame * (1 - alpha) + colour * alpha, np.uint8)
        else:
            yield frame


def _hand(side: int, covered: float, person: Person, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """A hand from the lower edge: colour (side, side, 3) and opacity (side, side, 1)."""
    left = rng.choice((-1, 1))
    scale = side / 256
    tip = np.array([128 + left * rng.uniform(10, 26), 205 - 150 * covered]) * scale
    lean = np.radians(left * rng.uniform(12, 30))
    down = np.array([np.sin(lean), np.cos(lean)])
    across = np.array([down[1], -down[0]])
    mask = np.zeros((side, side), np.uint8)
    shade = np.zeros((side, side), np.float32)
    for index, reach in enumerate((10, 0, 3, 14)):
        root = tip + across * (index - 1.5) * 15 * scale + down * 62 * scale
        end = tip + across * (index - 1.5) * 17 * scale + down * reach * scale
        cv2.line(mask, _px(root), _px(end), 255, round(15 * scale), cv2.LINE_AA)
        gap = across * 7.5 * scale
        cv2.line(shade, _px(root + gap), _px(end + gap), 1.0, max(1, round(3 * scale)))
    palm = tip + down * 92 * scale
    axes = (round(36 * scale), round(46 * scale))
    cv2.ellipse(mask, _px(palm), axes, -np.degrees(lean), 0, 360, 255, -1, cv2.LINE_AA)
    cv2.line(mask, _px(palm), _px(palm + down * 160 * scale), 255, round(54 * scale), cv2.LINE_AA)
    thumb = palm - across * left * 52 * scale - down * 22 * scale
    cv2.line(mask, _px(palm), _px(thumb), 255, round(18 * scale), cv2.LINE_AA)
    depth = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 5)
    light = 0.62 + 0.3 * np.clip(depth / (9 * scale), 0, 1) - 0.22 * cv2.GaussianBlur(shade, (0, 0), 1.6 * scale)
    alpha = cv2.GaussianBlur(mask, (0, 0), 0.8 * scale)[..., None] / 255.0
    return light[..., None] * np.array(person.skin) * 255, alpha


def _px(point: NDArray[np.floating]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
