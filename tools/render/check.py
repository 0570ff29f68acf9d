"""Show that a face model sees what was driven: faces found, and smile, brows and jaw recovered from the landmarks."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emo_core.errors import DatasetError
from emo_core.faces.alignment import eye_centres, eye_distance
from emo_core.faces.landmarks import FaceLandmarker
from emo_core.faces.tracking import FaceTracker, empty_track
from emo_core.types import Doubles, FaceTrack, Floats
from emo_core.video.reader import open_video
from tools.render.expressions import PAIRED
from tools.render.people import make_person
from tools.render.performance import FPS, Frame, perform
from tools.render.plan import plan_clip, read_manifest

DETECTION_BAR, CORRELATION_BAR = 0.99, 0.6
MOTIONS = ("smile", "brow_raise", "jaw_open")

_CROP_SIDE_PX = 48
_MOST_FRAMES = 100  # of a clip
_MOUTH_CORNERS, _INNER_LIPS = (61, 291), (13, 14)
_NOSE_BRIDGE, _NOSE_BASE = 168, 2
_BROWS = (  # upper and lower edge, right and left
    ((70, 63, 105, 66, 107), (46, 53, 52, 65, 55)),
    ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285)),
)
_EYES = ((33, 133), (263, 362))


def check_clips(out: Path) -> dict[str, Any]:
    """Check every clip of the manifest in `out`; figures are of the clean ones, written to `checks.json`.

    Raises:
        DatasetError: a clip is not what its row says.
    """
    landmarker = FaceLandmarker()
    found: dict[str, list[bool]] = defaultdict(list)
    by_kind: dict[str, list[bool]] = defaultdict(list)
    pairs: dict[str, list[Doubles]] = defaultdict(list)  # (frames, motions, driven and recovered)
    rows = read_manifest(out / "manifest.csv")
    for row in rows:
        track = _track(landmarker, out / row["path"])
        by_kind[row["degradation"]] += track.detected.tolist()
        if row["degradation"] != "none":
            continue
        found[row["person"]] += track.detected.tolist()
        driven = np.array([_driven(frame) for frame in _frames(int(row["seed"]))])
        recovered = np.array([_recovered(points) for points in track.landmarks])
        if len(driven) != len(recovered):
            raise DatasetError(f"“{row['path']}” is not the clip of its seed; delete it and run the command render.")
        pairs[row["person"]].append(np.stack([driven, recovered], axis=2)[track.detected])
    checks = _figures(len(rows), found, by_kind, pairs)
    (out / "checks.json").write_text(json.dumps(checks, indent=1) + "\n", encoding="utf-8")
    return checks


def _track(landmarker: FaceLandmarker, path: Path) -> FaceTrack:
    """The largest face of a clip, in every frame."""
    with open_video(path) as reader:
        clip = next(reader.clips(FPS, _MOST_FRAMES))
    tracks = FaceTracker(landmarker, _CROP_SIDE_PX).track(clip) or {0: empty_track(len(clip.frames), _CROP_SIDE_PX)}
    return max(tracks.values(), key=lambda track: float(np.nansum(track.eye_distance_px)))


def _frames(seed: int) -> tuple[Frame, ...]:
    plan = plan_clip(seed)
    return perform(make_person(plan.person, PAIRED), plan.story, seed).frames


def _driven(frame: Frame) -> tuple[float, float, float]:
    def mean(*names: str) -> float:
        return float(np.mean([frame.shapes.get(name, 0.0) for name in names]))

    brows = [f"{name}_{side}" for name in ("browInnerUp", "browOuterUp") for side in "LR"]
    return mean("mouthSmile_L", "mouthSmile_R"), mean(*brows), mean("jawOpen")


def _recovered(points: Floats) -> tuple[float, float, float]:
    """Smile, brow raise and jaw opening from landmarks (478, 3), in eye distances; each grows with its motion.

    Brows are measured in the picture: the depth of the landmarks is a guess and would add noise.
    """
    unit = eye_distance(eye_centres(points))
    corners, lips = points[list(_MOUTH_CORNERS)], points[list(_INNER_LIPS)]
    up = _upward(points)
    middle = corners.mean(axis=0)
    width = float(np.linalg.norm(corners[0] - corners[1]))
    smile = width / 2 + float((middle - points[_NOSE_BASE]) @ up) + float((middle - lips.mean(axis=0)) @ up) / 2
    heights = [
        np.linalg.norm((points[list(edge)].mean(axis=0) - points[list(eye)].mean(axis=0))[:2])
        for edges, eye in zip(_BROWS, _EYES, strict=True)
        for edge in edges
    ]
    return smile / unit, float(np.mean(heights)) / unit, float(np.linalg.norm(lips[0] - lips[1])) / unit


def _upward(points: Floats) -> Floats:
    """Unit vector up the face: from under the nose to between the eyes, upright on the line of the eyes."""
    eyes = eye_centres(points)
    across = (eyes[1] - eyes[0]) / max(eye_distance(eyes), 1e-6)
    along = points[_NOSE_BRIDGE] - points[_NOSE_BASE]
    along = along - across * float(along @ across)
    return np.asarray(along / max(float(np.linalg.norm(along)), 1e-6), np.float32)


def _figures(
    num_clips: int,
    found: Mapping[str, list[bool]],
    by_kind: Mapping[str, list[bool]],
    pairs: Mapping[str, list[Doubles]],
) -> dict[str, Any]:
    """All figures; correlations are over frames, each person's mean taken off, as faces differ at rest."""
    people = {person: _centre(np.concatenate(clips)) for person, clips in pairs.items()}
    clips = [_centre(clip) for parts in pairs.values() for clip in parts]
    rates = {person: float(np.mean(flags)) for person, flags in found.items()}
    worst = {}
    for index, motion in enumerate(MOTIONS):
        own = {person: _correlation(values[:, index]) for person, values in people.items() if _moves(values[:, index])}
        person = min(own, key=own.__getitem__)
        worst[motion] = {"person": person, "correlation": round(own[person], 3)}
    least = min(rates, key=rates.__getitem__)
    return {
        "num_clips": num_clips,
        "num_clean_clips": len(clips),
        "num_clean_frames": sum(len(flags) for flags in found.values()),
        "detection_rate_clean": round(float(np.mean(np.concatenate(list(found.values())))), 4),
        "detection_rate": {kind: round(float(np.mean(flags)), 4) for kind, flags in sorted(by_kind.items())},
        "worst_person_detection": {"person": least, "detection_rate": round(rates[least], 4)},
        "correlation": _by_motion(np.concatenate(list(people.values()))),
        "correlation_within_clips": _by_motion(np.concatenate(clips)),
        "worst_person_correlation": worst,
    }


def _by_motion(values: Doubles) -> dict[str, float]:
    return {motion: round(_correlation(values[:, index]), 3) for index, motion in enumerate(MOTIONS)}


def _centre(values: Doubles) -> Doubles:
    return np.asarray(values - values.mean(axis=0, keepdims=True))


def _moves(pair: Doubles) -> bool:
    """Whether the person was driven to this motion at all."""
    return bool(np.ptp(pair[:, 0]) > 0.3)


def _correlation(pair: Doubles) -> float:
    return float(np.corrcoef(pair[:, 0], pair[:, 1])[0, 1])
