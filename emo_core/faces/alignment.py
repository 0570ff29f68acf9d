"""Faces turned, scaled and lit alike: aligned by the eyes, evened in light (method §2)."""

import math

import cv2
import numpy as np

from emo_core.types import Bytes, Doubles, Floats

EYE_CENTRES = np.array([[0.311, 0.386], [0.674, 0.386]])
"""Where the eye centres lie in the crop (x, y as shares of its side): FER+'s own framing, measured as medians."""


EYE_DISTANCE = float(np.linalg.norm(EYE_CENTRES[1] - EYE_CENTRES[0]))
"""Distance between the eye centres as a share of the crop's side."""


_EYE_CORNERS = np.array([33, 133, 362, 263])  # the person's right eye, which is on the image's left, then the left one


_STANDARD_MEAN, _STANDARD_DEVIATION = 0.5, 0.2


_LEAST_DEVIATION = 4.0  # grey levels; a flat crop is not blown up to noise


def eye_centres(landmarks: Floats) -> Doubles:
    """Centres of the eye on the image's left and on its right, (2, 3) float64 x, y, z in the unit of `landmarks`."""
    return np.asarray(landmarks[_EYE_CORNERS].reshape(2, 2, 3).mean(axis=1), np.float64)


def eye_distance(eyes: Doubles) -> float:
    """Distance between the eye centres (2, 3) in space, so that a turned face does not count as a small one."""
    return math.dist(*eyes.tolist())


def alignment(eyes: Doubles, side: int) -> Doubles:
    """Similarity transform (2, 3) from image pixels to crop pixels: the eyes level, at `EYE_CENTRES` when frontal.

    The scale is that of the eye distance in space. Pixel centres lie at whole coordinates; a point p maps to
    `M[:, :2] @ p + M[:, 2]`.

    Args:
        eyes: (2, 3) float64, as :func:`eye_centres` gives them.
        side: side of the crop in pixels.
    """
    (right_x, right_y, _), (left_x, left_y, _) = eyes.tolist()
    angle = math.atan2(left_y - right_y, left_x - right_x)
    scale = EYE_DISTANCE * side / max(eye_distance(eyes), 1e-6)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    x, y = (right_x + left_x) / 2, (right_y + left_y) / 2
    target_x, target_y = (EYE_CENTRES[0] + EYE_CENTRES[1]) / 2 * side - 0.5
    return np.array([[cos, sin, target_x - (cos * x + sin * y)], [-sin, cos, target_y - (cos * y - sin * x)]])


def align_face(image: Bytes, eyes: Doubles, side: int) -> Bytes:
    """Grey crop (side, side) uint8 of an RGB image (H, W, 3) uint8, aligned by the eye centres (2, 3).

    The crop is drawn at a whole multiple of its size and averaged down, so that large faces do not alias.
    """
    factor = int(np.clip(np.ceil(eye_distance(eyes) / (EYE_DISTANCE * side)), 1, 12))
    size = (side * factor, side * factor)
    transform = alignment(eyes, side * factor)
    large = cv2.warpAffine(image, transform, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.cvtColor(large, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def normalize_intensity(crops: Bytes) -> Floats:
    """Crops with the same mean and contrast: (…, S, S) uint8 → float32 in [0, 1], mean 0.5, standard deviation 0.2.

    Takes out exposure and contrast, which say nothing of emotion. Both are measured on the face, an eighth of the side
    away from the border; values beyond ±2.5 deviations are clipped.
    """
    grey = crops.astype(np.float32)
    margin = crops.shape[-1] // 8
    face = grey[..., margin:-margin, margin:-margin]
    mean = face.mean(axis=(-2, -1), keepdims=True)
    deviation = np.maximum(face.std(axis=(-2, -1), keepdims=True), _LEAST_DEVIATION)
    scaled = _STANDARD_MEAN + (grey - mean) * (_STANDARD_DEVIATION / deviation)
    return np.asarray(np.clip(scaled, 0.0, 1.0), np.float32)
