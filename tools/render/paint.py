"""Skin as a texture: tones, occlusion, lips, eyebrows, lashes, beard and the roots of the hair.

The texture has two tiles side by side, the face on the left and the back of the head on the right. Everything is
painted by where on the neutral mean face a texel lies, so paint moves with the skin when the face is blended.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.render.geometry import LASHES, SKIN, Floats, IctFace, smoothstep, triangles
from tools.render.hair import hair_height
from tools.render.people import Colour, Person

SIDE = 768
"""Height of the texture in texels; it is twice as wide."""

_BROW_CURVE = np.array([(0.9, 5.25), (2.0, 5.6), (3.0, 5.85), (4.0, 6.0), (4.9, 5.8), (5.7, 5.25)])
_MOUTH_Y = -3.45


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Where every texel lies.

    Attributes:
        positions: (SIDE, 2·SIDE, 3) float32 on the neutral mean face; row 0 is v = 0.
        openness: (SIDE, 2·SIDE) float32 in [0, 1], how much light from around arrives.
        lash_distance: (SIDE, 2·SIDE) float32, cm to the roots of the eyelashes, at most 1.
        grain: (SIDE, 2·SIDE) float32 fine noise, mean 0, standard deviation 1.
        blotches: (SIDE, 2·SIDE) float32 coarse noise, the same.
    """

    positions: Floats
    openness: Floats
    lash_distance: Floats
    grain: Floats
    blotches: Floats


def make_canvas(face: IctFace, openness: Floats) -> Canvas:
    """The canvas of the face model; `openness` is (N,) at its vertices."""
    skin = np.isin(face.materials, SKIN)
    values = np.concatenate([face.vertices, openness[:, None]], axis=1)
    image = _rasterize(face.uv, triangles(face.quad_uv[skin]), values, triangles(face.quads[skin]))
    rng = np.random.default_rng(1)
    grain = rng.normal(size=image.shape[:2]).astype(np.float32)
    coarse = cv2.resize(rng.normal(size=(24, 48)).astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    positions = np.ascontiguousarray(image[..., :3])
    roots = face.vertices[face.vertices_of(LASHES)]
    return Canvas(positions, image[..., 3], _distance(positions, roots), grain, coarse / coarse.std())


def _rasterize(uv: Floats, uv_corners: NDArray[np.int64], values: Floats, corners: NDArray[np.int64]) -> Floats:
    """Values of the vertices interpolated over the texture; texels of no triangle take their neighbours' values."""
    image = np.zeros((SIDE, 2 * SIDE, values.shape[1]), np.float32)
    filled = np.zeros((SIDE, 2 * SIDE), bool)
    texels = uv[uv_corners].astype(float) * SIDE - 0.5
    edges = np.stack([texels[:, 1] - texels[:, 0], texels[:, 2] - texels[:, 0]], axis=2)
    lows = np.maximum(np.ceil(texels.min(axis=1) - 0.5).astype(int), 0)
    highs = np.minimum(np.floor(texels.max(axis=1) + 0.5).astype(int), (2 * SIDE - 1, SIDE - 1)) + 1
    solid = np.flatnonzero((np.abs(np.linalg.det(edges)) > 1e-6) & (highs > lows).all(axis=1))
    inverses = np.linalg.inv(edges[solid])
    rows, columns = np.mgrid[0:SIDE, 0 : 2 * SIDE]
    for index, inverse in zip(solid, inverses, strict=True):
        (left, top), (right, bottom) = lows[index], highs[index]
        x, y = columns[top:bottom, left:right], rows[top:bottom, left:right]
        along = inverse @ np.stack([x.ravel() - texels[index, 0, 0], y.ravel() - texels[index, 0, 1]])
        weights = np.stack([1 - along[0] - along[1], along[0], along[1]])
        inside = weights.min(axis=0) > -0.3
        at = (y.ravel()[inside], x.ravel()[inside])
        image[at] = weights.T[inside] @ values[corners[index]]
        filled[at] = True
    for _ in range(12):  # a margin against seams
        grown = cv2.dilate(filled.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~filled
        count = cv2.blur(filled.astype(np.float32), (3, 3))[..., None]
        mean = cv2.blur(image * filled[..., None], (3, 3)) / np.maximum(count, 1e-6)
        image[grown] = mean[grown]
        filled |= grown
    return image


def _distance(positions: Floats, points: Floats) -> Floats:
    """Distance to the nearest of `points`, at most 1; searched near the eyes only."""
    distance = np.ones(positions.shape[:2], np.float32)
    x, y, z = (positions[..., axis] for axis in range(3))
    near = (np.abs(y - 3.6) < 2) & (np.abs(np.abs(x) - 3.2) < 2.6) & (z > 7)
    for rows in np.array_split(np.argwhere(near), 40):
        at = positions[rows[:, 0], rows[:, 1]]
        nearest = np.sqrt(((at[:, None] - points[None]) ** 2).sum(axis=2).min(axis=1))
        distance[rows[:, 0], rows[:, 1]] = np.minimum(nearest, 1)
    return distance


def paint_skin(canvas: Canvas, person: Person) -> NDArray[np.uint8]:
    """The person's texture, (SIDE, 2·SIDE, 3) uint8 RGB; row 0 is v = 0."""
    colour = np.ones_like(canvas.positions) * np.array(person.skin, np.float32)
    colour *= (1 + 0.025 * canvas.grain + 0.03 * canvas.blotches)[..., None]
    _tint(colour, (1.0, 0.80, 0.78), 0.55 * person.blush * _blush(canvas))
    _tint(colour, (0.78, 0.66, 0.58), person.freckles * _freckles(canvas))
    _cover(colour, person.lips, 0.9 * _lips(canvas))
    shade = (1 - canvas.openness[..., None]) * np.array([0.75, 0.95, 1.0], np.float32)  # light in folds turns red
    colour *= np.clip(1.05 - 0.85 * shade, 0.05, 1)
    dark = _hair_on_skin(person)
    _cover(colour, 0.8 * dark + 0.12 * np.array(person.skin), _beard(canvas, person))
    _cover(colour, dark, _brows(canvas, person))
    _cover(colour, (0.05, 0.035, 0.03), 0.85 * (1 - smoothstep(0.05, 0.17, canvas.lash_distance)))
    if person.hair_style != "none":
        height = hair_height(canvas.positions, person)
        roots = smoothstep(-0.35, 0.5, height + 0.15 * canvas.grain)
        _cover(colour, person.hair, roots * (0.75 if person.hair_style == "buzz" else 0.95))
    return np.asarray(np.clip(colour, 0, 1) * 255, np.uint8)


def _tint(colour: Floats, factor: Colour, strength: Floats) -> None:
    colour *= 1 + strength[..., None] * (np.array(factor, np.float32) - 1)


def _cover(colour: Floats, paint: Colour | NDArray[np.floating], opacity: Floats) -> None:
    colour += opacity[..., None] * (np.array(paint, np.float32) - colour)


def _hair_on_skin(person: Person) -> NDArray[np.floating]:
    """Colour of brows and beard: darker than the skin, or nobody would see them move."""
    hair, skin = np.array(person.hair), np.array(person.skin)
    return np.asarray(hair * min(1.0, 0.42 * skin.mean() / hair.mean()))


def _blush(canvas: Canvas) -> Floats:
    x, y, z = (canvas.positions[..., axis] for axis in range(3))
    cheeks = np.exp(-(((np.abs(x) - 4.6) / 1.9) ** 2) - ((y - 0.2) / 1.7) ** 2) * (z > 3)
    nose = np.exp(-((x / 1.2) ** 2) - ((y - 0.6) / 1.2) ** 2) * (z > 10)
    return np.asarray(cheeks + 0.8 * nose, np.float32)


def _freckles(canvas: Canvas) -> Floats:
    dots = smoothstep(0.35, 0.6, np.asarray(cv2.GaussianBlur(canvas.grain, (0, 0), 1.4), np.float32))
    x, y = canvas.positions[..., 0], canvas.positions[..., 1]
    return dots * np.exp(-((x / 5) ** 2) - ((y - 1) / 2) ** 2).astype(np.float32)


def _lips(canvas: Canvas) -> Floats:
    x, y, z = np.abs(canvas.positions[..., 0]), canvas.positions[..., 1], canvas.positions[..., 2]
    taper = np.sqrt(np.clip(1 - (x / 2.75) ** 2, 0, 1))
    bow = 0.12 * np.exp(-((x / 0.35) ** 2))
    upper, lower = _MOUTH_Y + (0.88 - bow) * taper**1.3, _MOUTH_Y - 1.05 * taper
    inside = np.minimum(upper - y, y - lower)
    return smoothstep(-0.08, 0.1, inside) * smoothstep(2.75, 2.5, x) * (z > 7)


def _brows(canvas: Canvas, person: Person) -> Floats:
    x, y, z = np.abs(canvas.positions[..., 0]), canvas.positions[..., 1], canvas.positions[..., 2]
    along = np.clip((x - 0.9) / 4.8, 0, 1)
    middle = np.interp(x, _BROW_CURVE[:, 0], _BROW_CURVE[:, 1]) + person.brow_height
    middle = middle + person.brow_arch * np.sin(np.pi * along**1.3)
    half = person.brow_thickness * (1.1 - 0.75 * along**1.6)
    strokes = cv2.GaussianBlur(canvas.grain, (0, 0), 1.2)
    strokes = strokes / strokes.std()
    inside = smoothstep(0.16, -0.08, np.abs(y - middle) - half + 0.05 * strokes)
    ends = smoothstep(0.9, 1.4, x) * smoothstep(5.7, 5.2, x) * (z > 5)
    return 0.92 * inside * ends


def _beard(canvas: Canvas, person: Person) -> Floats:
    if person.beard == "none":
        return np.zeros(canvas.openness.shape, np.float32)
    x, y, z = np.abs(canvas.positions[..., 0]), canvas.positions[..., 1], canvas.positions[..., 2]
    lips = smoothstep(0.0, 0.9, _lips(canvas))
    ragged = 0.25 * canvas.blotches + 0.12 * canvas.grain
    top = -1.75 - 0.12 * x**2 - 0.3 * np.exp(-((x / 0.4) ** 2))
    moustache = smoothstep(3.3, 2.3, x) * smoothstep(0.15, -0.3, y - top) * smoothstep(-4.4, -3.4, y + ragged) * (z > 7)
    under = smoothstep(-9.3, -8.3, y - 0.12 * (7 - np.clip(z, 0, 12)) + ragged)  # ends under the jaw
    goatee = smoothstep(2.6, 1.7, x + ragged) * smoothstep(-4.55, -5.1, y) * under * (z > 4)
    jaw = smoothstep(0.6, -1.1, y + 0.42 * np.clip(z - 1, 0, 9) + ragged) * under * smoothstep(0.2, 1.4, z)
    area = {
        "stubble": np.maximum(jaw, moustache) * 0.3,
        "moustache": moustache * 0.75,
        "goatee": np.maximum(goatee, moustache) * 0.7,
        "full": np.maximum(jaw, np.maximum(goatee, moustache)) * 0.75,
    }[person.beard]
    return np.asarray(area * (1 - lips) * np.clip(0.9 + 0.15 * canvas.grain, 0, 1), np.float32)
