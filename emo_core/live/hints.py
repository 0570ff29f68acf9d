"""What a person before the camera can do for a better picture, in words."""

import numpy as np

from emo_core.types import FaceTrack, NormalizedClip

NO_FACE = "No face to be seen: come into the picture."
TOO_DARK = "Too dark: turn on a light or face a window."
TOO_BRIGHT = "Too bright: move away from the lamp or window."
TURN = "Turn to the camera."
CLOSER = "Come closer."
BACK = "Move back a little, your face is cut off."
CLEAR = "Keep your hands and hair off your face."
BLURRED = "Blurred: hold still and wipe the lens."

_MIDDLE_GREY = 110.0
_EDGE_SHARE = 0.02


def capture_hints(track: FaceTrack, normalized: NormalizedClip, size: tuple[int, int]) -> tuple[str, ...]:
    """The two worst faults of about a second of frames, worst first; nothing where all is well.

    Args:
        track: T ≥ 1 frames of one face.
        normalized: the same frames with their quality.
        size: height and width of the frames in pixels.

    Example:
        >>> from emo_core.faces.tracking import empty_track
        >>> from emo_core.inference.pipeline import normalize_clip
        >>> nobody = empty_track(3, 48)
        >>> capture_hints(nobody, normalize_clip(nobody), (480, 640))
        ('No face to be seen: come into the picture.',)
    """
    seen = track.detected
    if seen.mean() < 0.5:
        return (NO_FACE,)
    means = {name: float(values[seen].mean()) for name, values in normalized.components.items()}
    dark = float(track.crops[seen].mean()) < _MIDDLE_GREY
    faults = [
        (means["exposure"], 0.6, TOO_DARK if dark else TOO_BRIGHT),
        (means["frontalness"], 0.6, TURN),
        (means["face_size"], 0.8, CLOSER),
        (_inside(track, size), 0.9, BACK),
        (means["confidence"], 0.5, CLEAR),
        (means["sharpness"], 0.5, BLURRED),
    ]
    found = sorted((value / limit, text) for value, limit, text in faults if value < limit)
    return tuple(text for _, text in found[:2])


def _inside(track: FaceTrack, size: tuple[int, int]) -> float:
    """Share of the seen boxes that lie within the picture."""
    height, width = size
    boxes = track.boxes_xyxy[track.detected] / np.array([width, height, width, height], np.float32)
    return float(((boxes > -_EDGE_SHARE) & (boxes < 1 + _EDGE_SHARE)).all(axis=1).mean())
