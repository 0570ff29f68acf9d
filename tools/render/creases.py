"""What the model's shapes lack: strength, and the folds that skin makes when it moves."""

import numpy as np

from tools.render.geometry import SKIN, Floats, IctFace, smoothstep, vertex_normals

_GAINS = {  # the model's full smile, frown and brows are mild ones
    "mouthSmile": 1.3, "mouthFrown": 1.7, "browInnerUp": 1.5, "browOuterUp": 1.1, "browDown": 1.4,
    "eyeWide": 1.25, "cheekSquint": 1.3, "mouthUpperUp": 1.2, "noseSneer": 1.15, "eyeSquint": 1.3, "mouthStretch": 1.1,
    "mouthPress": 1.2,
}  # fmt: skip
_FOLD = np.array([(1.75, -0.3), (2.5, -1.5), (3.2, -2.7), (3.6, -3.9)])  # from the wing of the nose past the mouth


def strengthen(face: IctFace) -> dict[str, Floats]:
    """The shapes of the model, name → (N, 3) float32, with their gains and folds."""
    normals = vertex_normals(face.vertices, face.quads_of(*SKIN))
    folds = {
        "mouthSmile": 0.9 * _cheek_fold(face.vertices),
        "mouthUpperUp": 0.35 * _cheek_fold(face.vertices),
        "mouthStretch": 0.3 * _cheek_fold(face.vertices),
        "browOuterUp": _forehead_lines(face.vertices),
        "browInnerUp": 0.8 * _forehead_lines(face.vertices) * smoothstep(4.5, 2.0, np.abs(face.vertices[:, 0])),
        "browDown": _frown_lines(face.vertices),
        "eyeSquint": _crows_feet(face.vertices),
        "cheekSquint": 0.7 * _crows_feet(face.vertices),
    }
    shapes = {}
    for name, deltas in face.shapes.items():
        stem, _, side = name.partition("_")
        shape = deltas * _GAINS.get(stem, 1.0)
        if stem in folds:
            own = smoothstep(-0.8, 0.8, face.vertices[:, 0] * (1 if side == "L" else -1))
            shape = shape + normals * (own * folds[stem])[:, None]
        shapes[name] = shape.astype(np.float32)
    return shapes


def _cheek_fold(points: Floats) -> Floats:
    """A furrow from nose to mouth, and the cheek raised beside it; cm along the normal."""
    x, y = np.abs(points[:, 0]), points[:, 1]
    beside = x - np.interp(-y, -_FOLD[:, 1], _FOLD[:, 0])
    along = smoothstep(0.1, -0.7, y) * smoothstep(-4.6, -3.4, y) * (points[:, 2] > 5)
    furrow = -0.2 * np.exp(-((beside / 0.24) ** 2)) + 0.17 * np.exp(-(((beside - 0.65) / 0.45) ** 2))
    return np.asarray(along * furrow, np.float32)


def _forehead_lines(points: Floats) -> Floats:
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    inside = smoothstep(6.4, 7.0, y) * smoothstep(10.4, 9.2, y) * smoothstep(5.8, 4.2, x) * (z > 3)
    return np.asarray(0.055 * inside * np.cos(2 * np.pi * (y + 0.03 * x**2 - 7.2) / 0.95), np.float32)


def _frown_lines(points: Floats) -> Floats:
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    inside = smoothstep(4.6, 5.2, y) * smoothstep(7.0, 6.0, y) * (z > 5)
    return np.asarray(inside * (-0.13 * np.exp(-(((x - 0.65) / 0.2) ** 2)) + 0.1 * np.exp(-(((x - 1.15) / 0.3) ** 2))))


def _crows_feet(points: Floats) -> Floats:
    x, y, z = np.abs(points[:, 0]) - 5.0, points[:, 1] - 3.6, points[:, 2]
    inside = smoothstep(0.2, 0.7, x) * smoothstep(2.2, 1.2, x) * smoothstep(1.4, 0.8, np.abs(y)) * (z > 2)
    return np.asarray(0.05 * inside * np.cos(2 * np.pi * y / (0.4 + 0.3 * np.maximum(x, 0))), np.float32)
