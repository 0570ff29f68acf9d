"""The ICT face model as arrays: loading, blending of shapes, normals, triangles. Units are those of the model (cm)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core.errors import DatasetError

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

SKIN = ("M_Face", "M_BackHead")
GUMS, TEETH, SCLERA_LEFT, LASHES = "M_GumsTongue", "M_Teeth", "M_ScleraLeft", "M_EyeLashes"
"""Materials in use beside the skin; iris, tear fluid and eye occlusion need shaders that a plain renderer lacks."""


@dataclass(frozen=True, slots=True, eq=False)
class IctFace:
    """The face model.

    Attributes:
        vertices: (N, 3) float32 neutral mean face; x to the person's left, y up, z forward.
        quads: (Q, 4) int64; triangles repeat their last corner.
        quad_uv: (Q, 4) int64 into `uv`, as `quads`.
        uv: (U, 2) float32; the face lies in [0, 1]², the back of the head in [1, 2] × [0, 1].
        materials: (Q,) str.
        shapes: expression name such as ``jawOpen`` or ``mouthSmile_L`` → (N, 3) float32 offsets.
        identities: (I, N, 3) float32 offsets.
    """

    vertices: Floats
    quads: Indices
    quad_uv: Indices
    uv: Floats
    materials: NDArray[np.str_]
    shapes: dict[str, Floats]
    identities: Floats

    def quads_of(self, *materials: str) -> Indices:
        """Quads of the materials, (q, 4)."""
        return self.quads[np.isin(self.materials, materials)]

    def vertices_of(self, *materials: str) -> Indices:
        """Sorted indices of the vertices of the materials."""
        return np.unique(self.quads_of(*materials))


def load_ict(path: Path) -> IctFace:
    """The face model from `ict_face.npz`.

    Raises:
        DatasetError: the file is missing or holds something else.
    """
    if not path.is_file():
        raise DatasetError(f"“{path.name}” was not found; give the path of ict_face.npz with --ict.")
    try:
        with np.load(path, allow_pickle=False) as data:
            names = [str(name) for name in data["expression_names"]]
            deltas = data["expression_deltas"]
            return IctFace(
                vertices=data["vertices"].astype(np.float32),
                quads=_close_triangles(data["quads"]),
                quad_uv=_close_triangles(data["quad_uv"]),
                uv=data["uv"].astype(np.float32),
                materials=data["material_names"][data["quad_material"]],
                shapes={name: deltas[index].astype(np.float32) for index, name in enumerate(names)},
                identities=data["identity_deltas"].astype(np.float32),
            )
    except (OSError, KeyError, ValueError, EOFError) as error:
        sentence = f"“{path.name}” is not the ICT face model; give the path of ict_face.npz with --ict."
        raise DatasetError(sentence) from error


def _close_triangles(quads: NDArray[np.integer]) -> Indices:
    closed = quads.astype(np.int64)
    closed[:, 3] = np.where(closed[:, 3] < 0, closed[:, 2], closed[:, 3])
    return closed


def triangles(quads: Indices) -> Indices:
    """Two triangles of every quad, one of every triangle that repeats its last corner, (t, 3)."""
    halves = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]][quads[:, 2] != quads[:, 3]]])
    return np.ascontiguousarray(halves)


def vertex_normals(points: Floats, quads: Indices) -> Floats:
    """Unit normals at the vertices, (N, 3) float32, weighted by area; 0 at vertices of no quad."""
    a, b, c, d = (points[quads[:, corner]] for corner in range(4))
    normals = np.cross(c - a, d - b)
    summed = np.empty_like(points)
    corners = quads.ravel()
    for axis in range(3):
        summed[:, axis] = np.bincount(corners, np.repeat(normals[:, axis], 4), minlength=len(points))
    return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-9), np.float32)


def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """Matrix (3, 3) that turns a head: yaw > 0 to its left, pitch > 0 down, roll > 0 towards its left shoulder."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw_deg, pitch_deg, roll_deg])) for f in (np.cos, np.sin))
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(yaw @ pitch @ roll, np.float32)


def smoothstep(low: float, high: float, values: NDArray[np.floating]) -> Floats:
    """0 up to `low`, 1 from `high` on, smooth between; falls where `low` is the larger."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
