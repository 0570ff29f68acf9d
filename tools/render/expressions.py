"""How emotions look: ways to show each one, as weights of the face model's shapes (ARKit names, FACS behind them).

A name without side stands for both halves of the face.
"""

from collections.abc import Mapping

PAIRED = (
    "browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookUp",
    "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch",
    "mouthUpperUp", "noseSneer",
)  # fmt: skip
"""Shapes in use that have a left and a right half; the others the model has once."""

Expression = Mapping[str, float]

EXPRESSIONS: Mapping[str, tuple[Expression, ...]] = {
    "happiness": (  # AU 6, 12, 25
        {"mouthSmile": 0.95, "cheekSquint": 0.75, "eyeSquint": 0.3, "mouthUpperUp": 0.3, "jawOpen": 0.12},
        {"mouthSmile": 0.95, "cheekSquint": 0.7, "eyeSquint": 0.25, "mouthDimple": 0.15},
        {"mouthSmile": 1.0, "cheekSquint": 0.85, "eyeSquint": 0.4, "mouthUpperUp": 0.4, "jawOpen": 0.34},
    ),
    "surprise": (  # AU 1, 2, 5, 26
        {"browInnerUp": 0.95, "browOuterUp": 0.95, "eyeWide": 0.85, "jawOpen": 0.48},
        {"browInnerUp": 0.9, "browOuterUp": 0.85, "eyeWide": 0.7, "jawOpen": 0.28, "mouthFunnel": 0.2},
        {"browInnerUp": 1.0, "browOuterUp": 0.95, "eyeWide": 0.95, "jawOpen": 0.18},
    ),
    "sadness": (  # AU 1, 4, 15, 17
        {"browInnerUp": 0.9, "browDown": 0.3, "mouthFrown": 0.85, "mouthShrugLower": 0.4, "eyeSquint": 0.2,
         "eyeBlink": 0.12},
        {"browInnerUp": 0.95, "browDown": 0.35, "mouthFrown": 0.75, "mouthStretch": 0.25, "jawOpen": 0.1,
         "cheekSquint": 0.25, "eyeSquint": 0.35},
        {"browInnerUp": 0.8, "browDown": 0.2, "mouthFrown": 0.95, "mouthShrugLower": 0.55, "mouthPress": 0.3,
         "eyeBlink": 0.18},
    ),
    "quiet sadness": (
        {"browInnerUp": 0.6, "browDown": 0.12, "mouthFrown": 0.5, "mouthPress": 0.25, "eyeBlink": 0.22},
        {"browInnerUp": 0.5, "mouthFrown": 0.55, "mouthShrugLower": 0.25, "eyeBlink": 0.28},
    ),
    "fear": (  # AU 1, 2, 4, 5, 20, 25, 26
        {"browInnerUp": 0.95, "browOuterUp": 0.35, "browDown": 0.4, "eyeWide": 0.95, "mouthStretch": 0.85,
         "jawOpen": 0.2},
        {"browInnerUp": 0.9, "browOuterUp": 0.5, "browDown": 0.35, "eyeWide": 0.9, "mouthStretch": 0.6, "jawOpen": 0.34,
         "mouthLowerDown": 0.3},
        {"browInnerUp": 1.0, "browOuterUp": 0.2, "browDown": 0.45, "eyeWide": 0.8, "mouthStretch": 0.9,
         "mouthLowerDown": 0.35, "jawOpen": 0.1},
    ),
    "anger": (  # AU 4, 5, 7, 23
        {"browDown": 1.0, "eyeSquint": 0.45, "mouthPress": 0.6, "mouthRollLower": 0.2, "noseSneer": 0.2},
        {"browDown": 1.0, "eyeSquint": 0.3, "noseSneer": 0.45, "mouthUpperUp": 0.4, "mouthLowerDown": 0.5,
         "jawOpen": 0.15},
    ),
    "disgust": (  # AU 9, 10, 17
        {"noseSneer": 0.95, "mouthUpperUp": 0.55, "browDown": 0.5, "eyeSquint": 0.4, "cheekSquint": 0.3},
        {"noseSneer": 0.8, "mouthUpperUp": 0.4, "browDown": 0.45, "mouthShrugLower": 0.5, "mouthFrown": 0.35},
    ),
    "contempt": (  # AU 14 on one side
        {"mouthSmile_L": 0.4, "mouthDimple_L": 0.8, "mouthPress_L": 0.3, "eyeSquint": 0.15},
        {"mouthSmile_R": 0.35, "mouthDimple_R": 0.85, "mouthUpperUp_R": 0.25, "browDown_L": 0.25},
    ),
    "yawn": (
        {"jawOpen": 0.9, "mouthFunnel": 0.15, "mouthStretch": 0.25, "eyeBlink": 1.0, "eyeSquint": 0.4,
         "browInnerUp": 0.2},
    ),
    "rest": ({"mouthClose": 0.035},),
}  # fmt: skip
"""Emotion (and what else a face does) → ways to show it in full."""


def both_sides(name: str) -> tuple[str, ...]:
    """Shapes of the model that `name` stands for.

    Example:
        >>> both_sides("mouthSmile"), both_sides("jawOpen"), both_sides("mouthSmile_L")
        (('mouthSmile_L', 'mouthSmile_R'), ('jawOpen',), ('mouthSmile_L',))
    """
    return (f"{name}_L", f"{name}_R") if name in PAIRED else (name,)
