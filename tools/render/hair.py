"""Hair, glasses and shoulders: meshes that the face model lacks, in the coordinates of its neutral mean face."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.render.geometry import SKIN, Floats, IctFace, Indices, smoothstep, triangles, vertex_normals
from tools.render.people import Colour, Person

_HAIRLINE_Z = np.array([-9.0, -5.0, -3.2, -2.0, -1.2, 1.6, 2.6, 4.0, 6.0, 8.0, 10.0])
_HAIRLINE_Y = np.array([-6.5, -6.0, -3.0, 1.5, 4.3, 4.3, 3.5, 7.2, 9.2, 10.0, 10.2])

_THICKNESS = {  # cm, of short and of full hair; unevenness as a share
    "none": (0.0, 0.0, 0.0),
    "buzz": (0.05, 0.12, 0.0),
    "short": (0.5, 1.1, 0.08),
    "quiff": (0.6, 1.2, 0.1),
    "fringe": (0.8, 1.4, 0.1),
    "curly": (1.2, 2.2, 0.35),
    "afro": (2.4, 4.2, 0.18),
    "bob": (0.8, 1.3, 0.05),
    "long": (0.7, 1.2, 0.05),
    "bun": (0.35, 0.6, 0.04),
}


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A coloured surface.

    Attributes:
        points, normals: (n, 3) float32.
        triangles: (t, 3) indices of points.
        colours: (n, 3) uint8 RGB.
        follows: (n,) vertices of the face that the points move with; none for a rigid surface.
    """

    points: Floats
    triangles: Indices
    colours: NDArray[np.uint8]
    normals: Floats
    follows: Indices | None = None


def hair_height(positions: Floats, person: Person) -> Floats:
    """How far above the hairline a point of the head lies, cm; negative on bare skin."""
    x, y, z = (positions[..., axis] for axis in range(3))
    line = np.interp(z, _HAIRLINE_Z, _HAIRLINE_Y)
    front = smoothstep(3.0, 7.0, z)
    if person.hair_style == "fringe":
        line = line - 2.4 * front
    line = line + front * (0.9 * (person.hair_length - 0.6) * np.abs(x) / 6 - 0.3)  # receding or full at the temples
    return np.asarray(y - line, np.float32)


def make_hair(face: IctFace, base: Floats, person: Person) -> list[Mesh]:
    """Meshes of the person's hair on the head `base` (N, 3); none for a bald one."""
    if person.hair_style in ("none", "buzz"):
        return []
    meshes = [_cap(face, base, person)]
    if person.hair_style in ("bob", "long"):
        meshes.append(_curtain(base, person))
    if person.hair_style == "bun":
        meshes.append(_bun(base, person))
    return meshes


def _cap(face: IctFace, base: Floats, person: Person) -> Mesh:
    """The scalp, lifted by the thickness of the hair."""
    quads = face.quads_of(*SKIN)
    height = hair_height(face.vertices, person)
    quads = quads[(height[quads] > -0.4).any(axis=1)]
    used, corners = np.unique(quads, return_inverse=True)
    low, high, uneven = _THICKNESS[person.hair_style]
    thickness = low + (high - low) * person.hair_length
    rng = np.random.default_rng([11, person.number])
    waves = _waves(face.vertices[used], rng, 1.1 if uneven > 0.3 else 0.5)
    edge = np.sqrt(smoothstep(-0.15, 2.6 + 0.8 * thickness, height[used]))
    lift = thickness * edge * (1 + uneven * waves)
    if person.hair_style == "quiff":
        lift = lift * (1 + 1.4 * smoothstep(2, 8, face.vertices[used, 2]))
    normals = vertex_normals(base, face.quads_of(*SKIN))[used]
    points = base[used] + normals * (lift - 0.03)[:, None]
    shade = 0.12 * (waves if uneven > 0.15 else _strands(face.vertices[used], rng))
    cap = _mesh(points, triangles(corners.reshape(-1, 4)), person.hair, shade - 0.15 * (1 - edge))
    return replace(cap, follows=used)


def _curtain(base: Floats, person: Person) -> Mesh:
    """Hair that falls beside and behind the face."""
    low, high, _ = _THICKNESS[person.hair_style]
    lift = low + (high - low) * person.hair_length
    bottom = (-7.0 if person.hair_style == "bob" else -17.0) - 2 * person.hair_length
    angles = np.radians(np.linspace(-26, 206, 96))
    heights = np.linspace(8.5, bottom, 28)
    angle, y = np.meshgrid(angles, heights)
    half = np.abs(base[(np.abs(base[:, 1] - 6) < 1.5)][:, 0]).max()
    wide = -0.9 + (1.0 + lift) * smoothstep(8.5, 3.5, y) + 0.5 * smoothstep(4, -4, y)
    rng = np.random.default_rng([12, person.number])
    ripple = np.interp(angles, np.linspace(-0.5, 3.7, 40), rng.normal(0, 1, 40))
    fine = np.interp(angles, np.linspace(-0.5, 3.7, 90), rng.normal(0, 1, 90))
    out = wide + 0.12 * ripple
    points = np.stack([(half + out) * np.cos(angle), y, -1.0 - (8.2 + out) * np.sin(angle)], axis=-1)
    points[..., 1] += 0.25 * np.interp(angles, np.linspace(-0.5, 3.7, 60), rng.normal(0, 1, 60)) * (y < bottom + 1)
    corners = np.arange(angle.size).reshape(angle.shape)
    quads = np.stack([corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:]], axis=-1).reshape(-1, 4)
    shade = np.broadcast_to(0.08 * ripple + 0.14 * fine, angle.shape) - 0.25 * smoothstep(4, -10, y)
    return _mesh(points.reshape(-1, 3).astype(np.float32), triangles(quads), person.hair, shade.ravel())


def _bun(base: Floats, person: Person) -> Mesh:
    top = float(base[:, 1].max())
    points, corners = _sphere(24, 18)
    rng = np.random.default_rng([13, person.number])
    centre = np.array([0, top + 0.8 + person.hair_length, -4.5])
    size = 2.6 + person.hair_length
    waves = _waves(points * 3, rng, 1.0)
    ball = (centre + size * (1 + 0.05 * waves[:, None]) * points).astype(np.float32)
    return _mesh(ball, corners, person.hair, 0.1 * waves)


def make_glasses(eyes: Floats, person: Person) -> Mesh:
    """Rims, bridge and temples in front of the eye centres (2, 3), the person's left first."""
    rng = np.random.default_rng([14, person.number])
    width, height, power = rng.uniform(2.3, 2.6), rng.uniform(1.5, 2.1), rng.uniform(2, 4)
    turn = np.linspace(0, 2 * np.pi, 41)
    curves = []
    for eye in eyes:
        cos, sin = np.cos(turn), np.sin(turn)
        rim = np.stack([size * np.sign(c) * np.abs(c) ** (2 / power) for size, c in ((width, cos), (height, sin))])
        side = np.sign(eye[0])
        depth = eye[2] + 3.0 - 0.06 * (rim[0] * side + 2.5) ** 2
        curves.append(np.stack([eye[0] + 0.15 * side + rim[0], eye[1] - 0.3 + rim[1], depth], axis=1))
        hinge = np.array([eye[0] + side * (width + 0.15), eye[1] + 0.3, eye[2] + 1.6])
        curves.append(np.stack([hinge, [side * 8.0, eye[1] + 0.3, 4.0], [side * 8.6, eye[1] + 0.1, 0.0]]))
    inner = [np.array([eye[0] - np.sign(eye[0]) * (width - 0.15), eye[1], eye[2] + 2.95]) for eye in eyes]
    curves.append(np.stack([inner[0], (inner[0] + inner[1]) / 2 + (0, 0.25, 0.15), inner[1]]))
    tubes = [_tube(curve, 0.16) for curve in curves]
    starts = np.cumsum([0] + [len(points) for points, _ in tubes[:-1]])
    points = np.concatenate([points for points, _ in tubes]).astype(np.float32)
    corners = np.concatenate([quads + start for (_, quads), start in zip(tubes, starts, strict=True)])
    colour: Colour = ((0.08, 0.08, 0.09), (0.25, 0.14, 0.08), (0.45, 0.43, 0.40))[rng.integers(3)]
    return _mesh(points, triangles(corners), colour, np.zeros(len(points)))


def make_shoulders(person: Person) -> Mesh:
    """A torso in a shirt under the neck."""
    share, angle = np.meshgrid(np.linspace(0, 1, 30), np.linspace(0, 2 * np.pi, 60), indexing="ij")
    width = 7.3 + 14.5 * smoothstep(-0.08, 0.42, share) + 2 * share
    depth = 6.6 + 5.0 * smoothstep(-0.05, 0.45, share)
    y = -10.6 - 3.2 * smoothstep(0, 0.35, share) - 27 * smoothstep(0.22, 1.0, share) - 40 * smoothstep(0.8, 1.0, share)
    y = y - 2.4 * np.clip(np.sin(angle), 0, 1) * (1 - smoothstep(0, 0.3, share))  # the collar is lower in front
    points = np.stack([width * np.cos(angle), y, -1.8 + depth * np.sin(angle)], axis=-1).reshape(-1, 3)
    corners = np.arange(share.size).reshape(share.shape)
    quads = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=-1).reshape(-1, 4)
    shade = np.where(share.ravel() < 0.05, -0.2, 0.0)
    return _mesh(points.astype(np.float32), triangles(quads), person.cloth, shade)


def make_eyeball(person: Person) -> Mesh:
    """An eyeball of radius 1 that looks along +z, finer towards the iris; the cornea bulges."""
    angle = np.concatenate([np.linspace(0, 0.5, 26), np.linspace(0.54, 1.9, 20)])
    around = np.linspace(0, 2 * np.pi, 48)
    theta, phi = np.meshgrid(angle, around, indexing="ij")
    radius = 1 + 0.09 * np.exp(-((theta / 0.36) ** 2))
    points = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1) * radius[..., None]
    rays = np.interp(phi, around, np.random.default_rng([15, person.number]).normal(0, 1, len(around)))
    pale = 1 + 0.18 * np.asarray(rays) + 0.15 * smoothstep(0.36, 0.2, theta)
    iris = np.array(person.eyes) * pale[..., None]
    white = np.array([0.90, 0.87, 0.84]) - 0.25 * smoothstep(0.6, 1.2, theta)[..., None] * np.array([0.5, 1, 1])
    colour = white + smoothstep(0.42, 0.37, theta)[..., None] * (iris - white)
    colour = colour * (1 - 0.55 * np.exp(-(((theta - 0.385) / 0.03) ** 2)))[..., None]  # limbus
    colour = colour * (1 - 0.97 * smoothstep(0.17, 0.145, theta))[..., None]  # pupil
    corners = np.arange(theta.size).reshape(theta.shape)
    quads = np.stack([corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:]], axis=-1).reshape(-1, 4)
    flat = points.reshape(-1, 3).astype(np.float32)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return Mesh(flat, triangles(quads), np.asarray(np.clip(colour, 0, 1).reshape(-1, 3) * 255, np.uint8), unit)


def _mesh(points: NDArray[np.floating], corners: Indices, colour: Colour, shade: NDArray[np.floating]) -> Mesh:
    """A mesh of one colour, lighter or darker by `shade`; normals follow the triangles."""
    colours = np.clip(np.array(colour) * (1 + shade[:, None]), 0, 1) * 255
    points = np.asarray(points, np.float32)
    normals = vertex_normals(points, np.column_stack([corners, corners[:, 2]]))
    return Mesh(points, corners, np.asarray(colours, np.uint8), normals)


def _waves(positions: NDArray[np.floating], rng: np.random.Generator, frequency: float) -> Floats:
    """Smooth noise in space, mean 0, standard deviation about 1."""
    directions = rng.normal(0, frequency, (24, 3))
    return np.asarray(np.sin(positions @ directions.T + rng.uniform(0, 7, 24)).sum(axis=1) / np.sqrt(12), np.float32)


def _strands(positions: NDArray[np.floating], rng: np.random.Generator) -> Floats:
    """Streaks from the crown down, mean 0."""
    angle = np.arctan2(positions[:, 0], positions[:, 2] + 3.0)
    rates = rng.integers(9, 30, 10)
    return np.asarray(np.sin(angle[:, None] * rates + rng.uniform(0, 7, 10)).sum(axis=1) / np.sqrt(5), np.float32)


def _sphere(columns: int, rows: int) -> tuple[Floats, Indices]:
    theta, phi = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    points = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta), np.sin(theta) * np.sin(phi)], axis=-1)
    corners = np.arange(theta.size).reshape(theta.shape)
    quads = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], axis=-1).reshape(-1, 4)
    return points.reshape(-1, 3).astype(np.float32), triangles(quads)


def _tube(curve: NDArray[np.floating], radius: float) -> tuple[Floats, Indices]:
    """A tube along points (n, 3): its points and quads."""
    tangents = np.gradient(curve, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    side = np.cross(tangents, np.array([0.3, 0.2, 1.0]))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(tangents, side)
    turn = np.linspace(0, 2 * np.pi, 7)
    ring = curve[:, None] + radius * (np.cos(turn)[:, None] * side[:, None] + np.sin(turn)[:, None] * other[:, None])
    corners = np.arange(ring.shape[0] * 7).reshape(-1, 7)
    quads = np.stack([corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:]], axis=-1).reshape(-1, 4)
    return ring.reshape(-1, 3).astype(np.float32), quads
