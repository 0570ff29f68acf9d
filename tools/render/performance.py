"""What is performed: the emotions of a story over time, and the shapes, head and eyes of every frame. No drawing here.

Shares of the emotions are keyframes, linear in between; a face follows them a little smoother. Speech, blinks, glances
and head motion come with every story, so that none of them tells a class.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emo_core.types import Doubles
from tools.render.expressions import EXPRESSIONS, PAIRED, both_sides
from tools.render.people import Person
from tools.render.setting import Setting, make_setting

FPS = 15.0

STORIES: Mapping[str, str] = {
    "happiness": "amusement_surprise",
    "surprise": "amusement_surprise",
    "happiness + surprise": "amusement_surprise",
    "surprise → happiness": "amusement_surprise",
    "happiness → surprise": "amusement_surprise",
    "sadness": "sadness_fear",
    "quiet sadness": "sadness_fear",
    "fear": "sadness_fear",
    "sadness + fear": "sadness_fear",
    "sadness → fear": "sadness_fear",
    "fear → sadness": "sadness_fear",
    "neutral": "other",
    "speech": "other",
    "looking away": "other",
    "lowered eyes": "other",
    "anger": "other",
    "disgust": "other",
    "contempt": "other",
    "yawn": "other",
}
"""Story → its class. ``+`` is a blend, ``→`` a transition."""

Keyframe = tuple[float, dict[str, float]]
"""Time in seconds and the strength in [0, 1] of every emotion shown; an empty mapping is neutral."""

_BLEND_SHARE = (0.36, 0.64)  # of the first emotion; leaves room under the 25% that make a true blend
_SMOOTHING_S = 0.07
_LONGEST_S = 3.75
_QUIET = "quiet sadness"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: shape weights in [0, 1] by the model's names, head yaw, pitch, roll and gaze yaw, pitch in degrees."""

    shapes: Mapping[str, float]
    head_deg: tuple[float, float, float]
    gaze_deg: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """A story performed by a person.

    Attributes:
        story: key of :data:`STORIES`.
        keyframes: strengths of the emotions over time.
        frames: one for every 1 / :data:`FPS` seconds.
        setting: camera, lights, background.
    """

    story: str
    keyframes: tuple[Keyframe, ...]
    frames: tuple[Frame, ...]
    setting: Setting

    @property
    def label(self) -> str:
        """The class of the story."""
        return STORIES[self.story]


def perform(person: Person, story: str, seed: int) -> Performance:
    """The performance of a story; the same arguments always give the same one."""
    rng = np.random.default_rng([77, seed])
    keyframes, duration_s = _keyframes(story, rng)
    times_s = np.arange(round(duration_s * FPS)) / FPS
    tracks: dict[str, Doubles] = {}
    for shape, value in EXPRESSIONS["rest"][0].items():
        _add(tracks, shape, np.full(len(times_s), value))
    emotions = {name for _, strengths in keyframes for name in strengths}
    for emotion in sorted(emotions) or ([story] if story == "yawn" else []):
        activation = _yawn(times_s) if story == "yawn" else _activation(keyframes, emotion, times_s)
        _show(tracks, _QUIET if story == _QUIET else emotion, activation, person, rng)
    speech = _speech(story, times_s, rng)
    for shape, values in speech.items():
        _add(tracks, shape, values)
    head, gaze = _head_and_gaze(story, keyframes, times_s, rng)
    _add(tracks, "eyeBlink", _blinks(times_s, rng))
    _follow_with_lids(tracks, gaze)
    frames = _frames(tracks, head, gaze, person)
    return Performance(story, keyframes, frames, make_setting(rng))


def _keyframes(story: str, rng: np.random.Generator) -> tuple[tuple[Keyframe, ...], float]:
    """Onset, apex and offset of the story, and its length in seconds."""
    if story in ("neutral", "speech", "looking away", "lowered eyes", "yawn"):
        duration_s = _whole_frames(rng.uniform(2.6, 4.0))
        return ((0.0, {}), (duration_s, {})), duration_s
    start_s, onset_s, offset_s = rng.uniform(0.15, 0.4), rng.uniform(0.25, 0.6), rng.uniform(0.35, 0.7)
    strength = rng.uniform(0.5, 1.0)
    phases: list[dict[str, float]]
    if "→" in story:
        first, second = story.split(" → ")
        phases = [{first: strength}, {second: float(rng.uniform(0.5, 1.0))}]
    elif "+" in story:
        first, second = story.split(" + ")
        share = rng.uniform(*_BLEND_SHARE)
        larger, strength = max(share, 1 - share), rng.uniform(0.7, 1.0)  # the weaker half must be seen too
        phases = [{first: strength * share / larger, second: strength * (1 - share) / larger}]
    else:
        phases = [{"sadness" if story == _QUIET else story: strength}]
    times_s = [0.0, start_s]
    states: list[dict[str, float]] = [{}, {}]
    for index, phase in enumerate(phases):
        step_s = onset_s if index == 0 else rng.uniform(0.3, 0.6)
        apex_s = rng.uniform(0.9, 1.6) / len(phases) + 0.3
        times_s += [times_s[-1] + step_s, times_s[-1] + step_s + apex_s]
        states += [phase, {name: value * rng.uniform(0.9, 1.0) for name, value in phase.items()}]
    times_s.append(times_s[-1] + offset_s)
    stretch = float(np.clip(times_s[-1], 2.0, _LONGEST_S)) / times_s[-1]
    times_s = [time_s * stretch for time_s in times_s]
    duration_s = _whole_frames(times_s[-1] + rng.uniform(0.1, 0.2))
    times_s.append(duration_s)
    rounded = [{name: round(float(value), 3) for name, value in state.items()} for state in (*states, {}, {})]
    return tuple((round(float(t), 3), state) for t, state in zip(times_s, rounded, strict=True)), duration_s


def _whole_frames(duration_s: float) -> float:
    return round(duration_s * FPS) / FPS


def _activation(keyframes: tuple[Keyframe, ...], emotion: str, times_s: Doubles) -> Doubles:
    values = [state.get(emotion, 0.0) for _, state in keyframes]
    fine_s = np.arange(-0.3, times_s[-1] + 0.31, 0.01)
    curve = np.interp(fine_s, [time for time, _ in keyframes], values)
    kernel = np.exp(-0.5 * (np.arange(-0.25, 0.251, 0.01) / _SMOOTHING_S) ** 2)
    smooth = np.convolve(np.pad(curve, 25, "edge"), kernel / kernel.sum(), "valid")
    return np.asarray(np.interp(times_s, fine_s, smooth))


def _yawn(times_s: Doubles) -> Doubles:
    share = (times_s / times_s[-1] - 0.12) / 0.76
    return np.asarray(np.clip(1.25 * np.sin(np.pi * np.clip(share, 0, 1)), 0, 1))


def _show(
    tracks: dict[str, Doubles], emotion: str, activation: Doubles, person: Person, rng: np.random.Generator
) -> None:
    """Add one of the ways to show an emotion, in the manner of the person."""
    ways = EXPRESSIONS[emotion]
    preferred = (person.number + len(emotion)) % len(ways)
    way = ways[preferred if rng.random() < 0.5 else rng.integers(len(ways))]
    shake = 1 + 0.06 * _drift(len(activation), rng, 2.0)
    laugh = emotion == "happiness" and way.get("jawOpen", 0) > 0.2
    time_s = np.arange(len(activation)) / FPS
    bounce = 1 - 0.3 * (1 + np.sin(2 * np.pi * rng.uniform(2.8, 4.2) * time_s)) / 2 if laugh else np.ones(len(time_s))
    for shape, weight in way.items():
        own = person.habits.get(shape.split("_")[0], 1.0) * float(np.exp(rng.normal(0, 0.1)))
        _add(tracks, shape, activation * weight * own * shake * (bounce if shape == "jawOpen" else 1.0))


def _speech(story: str, times_s: Doubles, rng: np.random.Generator) -> dict[str, Doubles]:
    """Mouth of somebody who speaks for a while, or nothing."""
    talks = story == "speech" or (story not in ("neutral", "yawn", _QUIET) and rng.random() < 0.3)
    if not talks:
        return {}
    length_s = times_s[-1]
    start_s, stop_s = (0.1, length_s - 0.1) if story == "speech" else np.sort(rng.uniform(0, length_s, 2))
    loud = rng.uniform(0.7, 1.2) * (1.0 if story == "speech" else 0.6)
    sounds = ({"jawOpen": 0.26}, {"jawOpen": 0.16, "mouthStretch": 0.25}, {"jawOpen": 0.12, "mouthFunnel": 0.5},
              {"mouthPucker": 0.55, "jawOpen": 0.06}, {"mouthRollLower": 0.35, "mouthPress": 0.3},
              {"mouthLowerDown": 0.45, "jawOpen": 0.1})  # fmt: skip
    speech: dict[str, Doubles] = {}
    time_s = float(start_s)
    while time_s < stop_s:
        width_s = rng.uniform(0.07, 0.12)
        pulse = np.exp(-0.5 * ((times_s - time_s) / width_s) ** 2) * loud * rng.uniform(0.6, 1.1)
        for shape, weight in sounds[rng.integers(len(sounds))].items():
            speech[shape] = speech.get(shape, np.zeros(len(times_s))) + weight * pulse
        time_s += rng.uniform(0.15, 0.28) if rng.random() < 0.88 else rng.uniform(0.4, 0.7)
    speech["browInnerUp"] = 0.18 * np.clip(_drift(len(times_s), rng, 1.2), 0, 1)  # brows stress words
    speech["browOuterUp"] = 0.9 * speech["browInnerUp"]
    return speech


def _blinks(times_s: Doubles, rng: np.random.Generator) -> Doubles:
    closed = np.zeros(len(times_s))
    time_s = rng.exponential(1.8)
    while time_s < times_s[-1]:
        closed = np.maximum(closed, np.exp(-(((times_s - time_s) / 0.075) ** 2)))
        time_s += 0.4 + rng.exponential(2.4)
    return closed


def _head_and_gaze(
    story: str, keyframes: tuple[Keyframe, ...], times_s: Doubles, rng: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """Head yaw, pitch, roll (T, 3) and gaze yaw, pitch in the head (T, 2), degrees."""
    num = len(times_s)
    head = rng.normal(0, (6.0, 3.5, 3.0))[None] + np.stack(
        [size * _drift(num, rng, rate) for size, rate in ((3.5, 0.5), (2.5, 0.6), (2.0, 0.4))], axis=1
    )
    gaze = np.stack([3.0 * _steps(num, rng), 2.0 * _steps(num, rng)], axis=1)
    gaze -= 0.6 * np.clip(head[:, :2], -12, 12)  # eyes stay near the camera
    side = rng.choice((-1.0, 1.0))
    turn = _plateau(times_s, rng)
    if story == "looking away":
        head[:, 0] += side * rng.uniform(14, 24) * turn
        head[:, 1] += rng.uniform(-6, 6) * turn
        gaze[:, 0] += side * rng.uniform(14, 24) * turn
    if story == "lowered eyes":
        head[:, 1] += rng.uniform(2, 9) * turn
        gaze[:, 1] += rng.uniform(16, 26) * turn
    if story == _QUIET:
        head[:, 1] += rng.uniform(2, 8) * turn
        gaze[:, 1] += rng.uniform(8, 22) * turn
    moved = {"surprise": -2.5, "fear": -1.5, "happiness": -1.0, "sadness": 2.5, "yawn": -4.0}
    for emotion, pitch in moved.items():
        head[:, 1] += pitch * rng.uniform(0, 1.5) * _activation(keyframes, emotion, times_s)
    return np.clip(head, -32, 32), np.clip(gaze, (-28, -16), (28, 28))


def _plateau(times_s: Doubles, rng: np.random.Generator) -> Doubles:
    """0 → 1, and mostly back to 0 before the end."""
    end_s = times_s[-1] - (rng.uniform(0.1, 0.5) if rng.random() < 0.7 else -1.0)
    points = [0.0, rng.uniform(0.1, 0.4), rng.uniform(0.6, 1.0), end_s - 0.4, end_s]
    return np.asarray(np.interp(times_s, points, [0, 0, 1, 1, 0]))


def _drift(num: int, rng: np.random.Generator, rate_hz: float) -> Doubles:
    """Slow motion about 0, mostly within ±1."""
    time_s = np.arange(num) / FPS
    rates, phases = rate_hz * rng.uniform(0.5, 1.5, 3), rng.uniform(0, 7, 3)
    return np.asarray(np.sin(2 * np.pi * rates * time_s[:, None] + phases).sum(axis=1) / 2)


def _steps(num: int, rng: np.random.Generator) -> Doubles:
    """Glances: a new level every second or so."""
    levels = rng.normal(0, 1, num)
    jumps = np.cumsum(rng.random(num) < 1 / FPS)
    return np.asarray(levels[jumps])


def _follow_with_lids(tracks: dict[str, Doubles], gaze: Doubles) -> None:
    """Lids follow the gaze up and down."""
    _add(tracks, "eyeLookDown", np.clip(gaze[:, 1] / 26, 0, 0.95))
    _add(tracks, "eyeLookUp", np.clip(-gaze[:, 1] / 26, 0, 0.6))


def _add(tracks: dict[str, Doubles], shape: str, values: Doubles) -> None:
    for name in both_sides(shape):
        tracks[name] = tracks.get(name, np.zeros(len(values))) + values


def _frames(tracks: dict[str, Doubles], head: Doubles, gaze: Doubles, person: Person) -> tuple[Frame, ...]:
    """Frames of the tracks, lopsided as the person is, each weight in [0, 1]; a blinking eye is not wide."""
    values: dict[str, Doubles] = {}
    for name, track in tracks.items():
        paired = name[:-2] in PAIRED and not name.startswith(("eyeBlink", "eyeLook"))
        side = {"L": 1.0, "R": -1.0}.get(name[-1], 0.0) if paired else 0.0
        values[name] = np.clip(track * (1 + side * person.lopsidedness), 0, 1)
    for side_name in ("L", "R"):
        lids = values[f"eyeBlink_{side_name}"]
        lowered = values[f"eyeLookDown_{side_name}"]
        values[f"eyeBlink_{side_name}"] = np.minimum(lids, 1 - 0.42 * lowered)  # both together would cross the lids
        for name in ("eyeWide", "eyeSquint"):
            if f"{name}_{side_name}" in values:
                values[f"{name}_{side_name}"] = values[f"{name}_{side_name}"] * (1 - lids)
    jaw = values.get("jawOpen")
    if jaw is not None:
        values["mouthClose"] = values["mouthClose"] * np.clip(1 - 4 * jaw, 0, 1)
    return tuple(
        Frame(
            {name: round(float(track[step]), 4) for name, track in values.items() if track[step] > 1e-3},
            (float(head[step, 0]), float(head[step, 1]), float(head[step, 2])),
            (float(gaze[step, 0]), float(gaze[step, 1])),
        )
        for step in range(len(head))
    )
