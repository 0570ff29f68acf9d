"""Blendshapes: how far brows, lids, cheeks, jaw and lips are from rest, read off the landmarks by the vendored model.

The model (part of `face_landmarker.task`, MediaPipe, Apache-2.0) gives 52 scores named after ARKit's shapes. Left and
right are averaged here, so that a face and its mirror image are described alike, as the frame CNN does.
"""

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from emo_core.faces.landmarks import NUM_LANDMARKS, read_vendored
from emo_core.types import Booleans, Floats, check_shape

_POINTS = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)  # fmt: skip
"""Landmarks that the model reads, in its order."""

_PAIRED = (
    "browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp",
    "eyeSquint", "eyeWide", "jaw", "mouthDimple", "mouthFrown", "mouth", "mouthLowerDown", "mouthPress", "mouthSmile",
    "mouthStretch", "mouthUpperUp", "noseSneer",
)  # fmt: skip
"""Shapes that the model scores on the left and on the right (`jaw` and `mouth`: moved to the left, to the right)."""

BLENDSHAPES: tuple[str, ...] = (
    "browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn",
    "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide", "jawForward", "jaw", "jawOpen", "mouthClose", "mouthDimple",
    "mouthFrown", "mouthFunnel", "mouth", "mouthLowerDown", "mouthPress", "mouthPucker", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer",
)  # fmt: skip
"""Names of the scores, left and right averaged."""

# The model's order: one neutral score, then by name, where jawLeft, jawOpen, jawRight and mouthLeft … are apart.
_OUTPUTS = sorted(
    [(f"{name}{side}", name) for name in _PAIRED for side in ("Left", "Right")]
    + [(name, name) for name in BLENDSHAPES if name not in _PAIRED]
)


class BlendshapeModel:
    """Scores of landmarks; owns its interpreter, so use one per thread.

    Raises:
        BundleError: the model is missing or cannot be read.
    """

    def __init__(self) -> None:
        self._interpreter = Interpreter(model_content=read_vendored("face_blendshapes"), num_threads=1)
        self._interpreter.allocate_tensors()

    def __call__(self, landmarks: Floats, detected: Booleans) -> Floats:
        """Scores (T, len(BLENDSHAPES)) float32 in [0, 1] of landmarks (T, 478, 3); 0 where `detected` (T,) is False."""
        check_shape("landmarks", landmarks, (len(detected), NUM_LANDMARKS, 3))
        source, target = (details[0]["index"] for details in (
            self._interpreter.get_input_details(), self._interpreter.get_output_details(),
        ))  # fmt: skip
        scores = np.zeros((len(detected), 1 + len(_OUTPUTS)), np.float32)
        for frame in np.flatnonzero(detected):
            self._interpreter.set_tensor(source, np.ascontiguousarray(landmarks[frame, _POINTS, :2])[np.newaxis])
            self._interpreter.invoke()
            scores[frame] = self._interpreter.get_tensor(target).ravel()
        return np.asarray(scores @ _AVERAGE, np.float32)


def _averaging() -> Floats:
    """(52, K): each column averages the outputs of one name."""
    matrix = np.zeros((1 + len(_OUTPUTS), len(BLENDSHAPES)), np.float32)
    for row, (_, name) in enumerate(_OUTPUTS, start=1):
        matrix[row, BLENDSHAPES.index(name)] = 1
    return np.asarray(matrix / matrix.sum(axis=0), np.float32)


_AVERAGE = _averaging()
