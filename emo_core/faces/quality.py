"""How good each frame of a face track is, by named components (method §3; terms of ISO/IEC 29794-5).

Every component lies in [0, 1], is 0 where no face was found and never NaN. Constants were set by hand on the FER+
training faces (48×48 grey), the distribution that the frame network learned from: good means "as good as those".
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emo_core.types import QUALITY_COMPONENTS, Booleans, Bytes, FaceTrack, Floats, check_shape

MIN_QUALITY = 0.05
"""Frames of less overall quality do not count: there is too little of the face left to judge."""

# Sharpness ratio r (see _sharpness) on FER+ training faces, percentiles 1/5/50/95: 0.044/0.064/0.139/0.290; its median
# after a Gaussian blur of sigma 1/1.5/2/3 px at 48 px: 0.041/0.018/0.0092/0.0031. The two constants put the 5th
# percentile of the stills at 0.9 and the median of the stills blurred by 2 px at 0.2.
_SHARPNESS_HALF = 0.0195
_SHARPNESS_SLOPE = 1.85
_SHARPNESS_NOISE_VARIANCE = 4.0  # grey levels²; a crop flatter than this has no detail to be sharp

# Exposure on FER+ training faces: percentiles 1/99 of the mean 50/203, percentile 1 of the standard deviation 25,
# percentile 95 of the share of pixels ≤ 10 is 0.15 (hair, pupils) and ≥ 250 is 0.11. All of these are good exposures.
# Skin is not to be judged, only what the camera lost. A darker face has a lower mean and, in proportion, contrast: the
# median face (129 ± 53) at a mean of 60 has a deviation of 25. So contrast costs only below 14, where noise and coding
# blur the levels, and the mean only where 8 bits run out of steps (below 40, above 215).
_CONTRAST_BAD, _CONTRAST_GOOD = 2.0, 14.0  # standard deviation
_BLACK_LEVEL, _BLACK_SHARE_GOOD, _BLACK_SHARE_BAD = 10, 0.20, 0.70
_WHITE_LEVEL, _WHITE_SHARE_GOOD, _WHITE_SHARE_BAD = 250, 0.12, 0.60
_MEAN_BLACK, _MEAN_DARK, _MEAN_BRIGHT, _MEAN_WHITE = 8.0, 40.0, 215.0, 250.0

# Distance of the eye centres as a share of the crop's side: FER+ framing has 0.365 (17.5 px of 48 px), where a source
# pixel fills a crop pixel; at 4 px of 48 px an eye is one pixel wide.
_EYES_BAD, _EYES_GOOD = 4 / 48, 0.365

# Angle between the face's normal and the camera's axis in degrees, and frontalness there.
_ANGLES_DEG, _FRONTALNESS = (10.0, 35.0, 70.0), (1.0, 0.5, 0.0)


def measure_quality(track: FaceTrack) -> dict[str, Floats]:
    """Say how good each frame is, component by component.

    * sharpness: share of fine detail in the crop, against that of good stills;
    * exposure: contrast, pixels lost to black or white, and only at the extremes the mean;
    * face_size: distance of the eyes in source pixels against what the crop can show;
    * frontalness: 1 up to 10° off the camera's axis, ½ at 35°, 0 from 70° (roll is undone by alignment);
    * confidence: the detector's, passed through.

    Args:
        track: T frames; a detected frame with an unknown number (NaN) gets 0 in the component that needs it.

    Returns:
        Names of :data:`~emo_core.types.QUALITY_COMPONENTS`, in order → (T,) float32 in [0, 1]; 0 where not detected.

    Example:
        >>> import numpy as np
        >>> nowhere = FaceTrack(
        ...     crops=np.zeros((1, 48, 48), np.uint8), boxes_xyxy=np.full((1, 4), np.nan, np.float32),
        ...     landmarks=np.full((1, 478, 3), np.nan, np.float32), pose_deg=np.full((1, 3), np.nan, np.float32),
        ...     confidence=np.zeros(1, np.float32), eye_distance_px=np.full(1, np.nan, np.float32),
        ...     detected=np.array([False]))
        >>> {name: values.tolist() for name, values in measure_quality(nowhere).items()}
        {'sharpness': [0.0], 'exposure': [0.0], 'face_size': [0.0], 'frontalness': [0.0], 'confidence': [0.0]}
    """
    values = {name: np.zeros(len(track.crops), np.float32) for name in QUALITY_COMPONENTS}
    for frame in np.flatnonzero(track.detected):
        values["sharpness"][frame] = _sharpness(track.crops[frame])
        values["exposure"][frame] = _exposure(track.crops[frame])
    side = track.crops.shape[1]
    yaw_deg, pitch_deg = track.pose_deg[:, 0], track.pose_deg[:, 1]
    values["face_size"] = _ramp(track.eye_distance_px / side, _EYES_BAD, _EYES_GOOD)
    off_axis_deg = _off_axis_deg(yaw_deg, pitch_deg)
    values["frontalness"] = np.interp(off_axis_deg, _ANGLES_DEG, _FRONTALNESS).astype(np.float32)
    values["confidence"] = np.clip(track.confidence, 0, 1)
    return {
        name: np.where(track.detected & np.isfinite(component), component, 0).astype(np.float32)
        for name, component in values.items()
    }


def overall_quality(components: Mapping[str, Floats]) -> Floats:
    """Sum up the components of each frame in one number q, the quality of method §4.

    q = √(min · geometric mean) of the components. Defects do not make up for one another, so the worst one counts
    most: with one component at 0.05 and the others at 1, q is 0.17, where a geometric mean alone says 0.55 and a plain
    mean 0.81. The geometric mean keeps q monotone in every component, not only in the worst. q is continuous, is 0 if
    any component is 0, and is c if all are c, so it reads on the scale of its components.

    Args:
        components: what :func:`measure_quality` returns: every name of
            :data:`~emo_core.types.QUALITY_COMPONENTS` → (T,) in [0, 1].

    Returns:
        (T,) float32 in [0, 1].

    Raises:
        ValueError: a component is missing or unknown, lies outside [0, 1], or has another length.

    Example:
        >>> import numpy as np
        >>> good = {name: np.ones(2, np.float32) for name in QUALITY_COMPONENTS}
        >>> quality = overall_quality(good | {"sharpness": np.array([1.0, 0.05], np.float32)})
        >>> [round(float(q), 2) for q in quality]
        [1.0, 0.17]
    """
    if set(components) != set(QUALITY_COMPONENTS):
        raise ValueError(f"components are {tuple(components)}, expected {QUALITY_COMPONENTS}")
    arrays = [np.asarray(components[name], np.float64) for name in QUALITY_COMPONENTS]
    for name, array in zip(QUALITY_COMPONENTS, arrays, strict=True):
        check_shape(name, array, (len(arrays[0]),))
        if not np.all((array >= 0) & (array <= 1)):
            raise ValueError(f"{name} has values outside [0, 1]")
    stacked = np.stack(arrays)
    geometric_mean = np.prod(stacked ** (1 / len(stacked)), axis=0)  # roots first: a product of tiny numbers is 0
    return np.asarray(np.sqrt(stacked.min(axis=0) * geometric_mean), np.float32).clip(0, 1)


def usable(detected: Booleans, quality: Floats) -> Booleans:
    """Mask of the frames that count: a face was found and its quality is at least :data:`MIN_QUALITY`.

    Args:
        detected: (T,) bool.
        quality: (T,) in [0, 1], from :func:`overall_quality`.

    Returns:
        (T,) bool.

    Raises:
        ValueError: the lengths differ.

    Example:
        >>> import numpy as np
        >>> usable(np.array([True, True, False]), np.array([0.7, 0.01, 0.7], np.float32)).tolist()
        [True, False, False]
    """
    check_shape("quality", quality, (len(detected),))
    return np.asarray(detected & (quality >= MIN_QUALITY), np.bool_)


def _ramp(values: Floats, bad: float, good: float) -> Floats:
    """0 up to `bad`, 1 from `good` on, straight between."""
    return np.asarray(np.clip((values - bad) / (good - bad), 0, 1), np.float32)


def _sharpness(crop: Bytes) -> float:
    """Fine detail of a crop (S, S) in [0, 1), whatever its contrast.

    The ratio r of the variance of the Laplacian to that of the grey levels, both after a 3×3 binomial blur: without
    that blur, camera noise on a blurred face passes for detail.
    """
    grey: NDArray[np.floating] = crop.astype(np.float32)
    grey = grey[:-2] + 2 * grey[1:-1] + grey[2:]
    grey = (grey[:, :-2] + 2 * grey[:, 1:-1] + grey[:, 2:]) / 16
    centre = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * centre
    ratio = float(laplacian.var() / (centre.var() + _SHARPNESS_NOISE_VARIANCE))
    return 1.0 - 1.0 / (1.0 + float((ratio / _SHARPNESS_HALF) ** _SHARPNESS_SLOPE))


def _exposure(crop: Bytes) -> float:
    """Product of the scores of contrast, lost blacks, lost whites and mean of a crop (S, S), in [0, 1]."""
    mean = crop.mean()
    black_share = np.count_nonzero(crop <= _BLACK_LEVEL) / crop.size
    white_share = np.count_nonzero(crop >= _WHITE_LEVEL) / crop.size
    scores: NDArray[np.float64] = np.clip(
        (
            (crop.std() - _CONTRAST_BAD) / (_CONTRAST_GOOD - _CONTRAST_BAD),
            (_BLACK_SHARE_BAD - black_share) / (_BLACK_SHARE_BAD - _BLACK_SHARE_GOOD),
            (_WHITE_SHARE_BAD - white_share) / (_WHITE_SHARE_BAD - _WHITE_SHARE_GOOD),
            (mean - _MEAN_BLACK) / (_MEAN_DARK - _MEAN_BLACK),
            (_MEAN_WHITE - mean) / (_MEAN_WHITE - _MEAN_BRIGHT),
        ),
        0,
        1,
    )
    return float(scores.prod())


def _off_axis_deg(yaw_deg: Floats, pitch_deg: Floats) -> Floats:
    """Angle between the face's normal and the camera's axis, 0…90 degrees."""
    yaw, pitch = (np.radians(np.clip(angle, -90, 90)) for angle in (yaw_deg, pitch_deg))
    return np.asarray(np.degrees(np.arccos(np.cos(yaw) * np.cos(pitch))), np.float32)
