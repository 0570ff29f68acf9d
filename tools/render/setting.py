"""Where a clip is shot: camera, lights and background, drawn by chance."""

from dataclasses import dataclass

import numpy as np

from tools.render.people import Colour


@dataclass(frozen=True, slots=True)
class Light:
    """A far light: where it comes from, its colour and intensity."""

    direction: tuple[float, float, float]
    colour: Colour
    intensity: float


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a clip is shot.

    Attributes:
        camera_distance: cm; 65 fills most of the picture with the head.
        camera_x, camera_y: cm that the camera looks beside the face.
        camera_tilt: how far the camera stands above (> 0) or below, as a share of a tenth of the distance.
        lights: key, fill and perhaps rim.
        background: kind, two colours and a seed.
    """

    camera_distance: float
    camera_x: float
    camera_y: float
    camera_tilt: float
    lights: tuple[Light, ...]
    background: tuple[str, Colour, Colour, int]


def make_setting(rng: np.random.Generator) -> Setting:
    """A random camera, lights and background."""
    lights = _make_lights(rng)
    kind = str(rng.choice(("plain", "gradient", "bokeh", "wall", "window")))
    first, second = _muted(rng), _muted(rng)
    return Setting(
        camera_distance=float(rng.uniform(62, 88)),
        camera_x=float(rng.uniform(-3, 3)),
        camera_y=float(rng.uniform(-2, 1.5)),
        camera_tilt=float(rng.uniform(-0.8, 1.0)),
        lights=lights,
        background=(kind, first, second, int(rng.integers(2**31))),
    )


def _make_lights(rng: np.random.Generator) -> tuple[Light, ...]:
    """A key light from either side, warm or cool, a weak fill from the other side, and sometimes a rim from behind."""
    warmth, level = float(rng.uniform(-1, 1)), float(rng.uniform(0.75, 1.05))
    warm = (1.0, 1 - 0.08 * warmth, 1 - 0.22 * warmth)
    cool = (1 + 0.14 * warmth, 1 + 0.05 * warmth, 1.0)
    side = float(rng.choice((-1.0, 1.0)))
    key_from = (side * rng.uniform(0.1, 1.0), rng.uniform(0.2, 0.9), 1.0)
    fill_from = (-side * rng.uniform(0.4, 1.0), rng.uniform(-0.2, 0.4), 1.0)
    lights = [
        Light(key_from, warm if warmth > 0 else cool, level),
        Light(fill_from, (0.94, 0.97, 1.0), rng.uniform(0.12, 0.35)),
    ]
    if rng.random() < 0.35:
        lights.append(Light((-side, 0.5, -0.6), (1.0, 1.0, 1.0), rng.uniform(0.2, 0.5)))
    return tuple(lights)


def _muted(rng: np.random.Generator) -> Colour:
    value, saturation = rng.uniform(0.2, 0.85), rng.uniform(0.05, 0.35)
    red, green, blue = (float(v) for v in value * (1 - saturation + saturation * rng.random(3)))
    return red, green, blue
