"""Which way a head looks, from its landmarks."""

import numpy as np

from emo_core.types import Floats

_RIGHT_EYE, _LEFT_EYE = (33, 133), (362, 263)  # corners; the person's right eye is on the image's left
_FOREHEAD, _CHIN = 10, 152
_PITCH_OFFSET = np.radians(7.5)  # forehead to chin is not upright in a level face: median over FER+


def head_pose(landmarks: Floats) -> Floats:
    """Yaw, pitch and roll in degrees, (3,) float32, from landmarks (478, 3); signs as in :class:`FaceTrack`."""
    across = _unit(landmarks[list(_LEFT_EYE)].mean(axis=0) - landmarks[list(_RIGHT_EYE)].mean(axis=0))
    down = landmarks[_CHIN] - landmarks[_FOREHEAD]
    down = _unit(down - across * float(down @ across))
    forward = 0.0 - _cross(across, down)  # out of the face, towards the camera; 0 − 0 is +0, −(0) would be −0,
    yaw = np.arctan2(forward[0], 0.0 - forward[2])  # and points that all coincide would read as turned by 180°
    pitch = np.arctan2(forward[1], np.hypot(forward[0], forward[2])) - _PITCH_OFFSET
    roll = np.arctan2(across[1], across[0])
    return np.degrees([yaw, pitch, roll]).astype(np.float32)


def _cross(a: Floats, b: Floats) -> Floats:
    """The cross product (3,) of two vectors; NumPy's own takes ten times as long for one pair."""
    return np.asarray(a[[1, 2, 0]] * b[[2, 0, 1]] - a[[2, 0, 1]] * b[[1, 2, 0]])


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
