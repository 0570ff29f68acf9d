"""A contact sheet: apex frames of many people under their classes."""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_core.emotions import class_colour, display_name
from emo_core.video.reader import open_video
from tools.render.performance import FPS
from tools.render.plan import read_manifest

_LABELS = ("amusement_surprise", "sadness_fear", "other")
_COLUMNS, _SIDE_PX, _HEAD_PX, _FOOT_PX = 10, 128, 26, 18


def write_sheet(out: Path) -> None:
    """Write `contact_sheet.jpg`: thirty people, ten of each class, only clean clips."""
    rows = [row for row in read_manifest(out / "manifest.csv") if row["degradation"] == "none"]
    seen: set[str] = set()
    bands = []
    for label in _LABELS:
        chosen = _choose([row for row in rows if row["label"] == label], seen)
        tiles = [_tile(out / row["path"], row) for row in chosen]
        blank = np.full((_SIDE_PX + _FOOT_PX, _SIDE_PX, 3), 255, np.uint8)
        tiles += [blank] * (_COLUMNS - len(tiles))
        bands.append(np.vstack([_headline(label), np.hstack(tiles)]))
    sheet = np.vstack(bands)
    cv2.imwrite(str(out / "contact_sheet.jpg"), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 84])


def _choose(rows: list[dict[str, str]], seen: set[str]) -> list[dict[str, str]]:
    """Clips of people not shown yet, every story as often as the others."""
    chosen: list[dict[str, str]] = []
    while len(chosen) < _COLUMNS:
        left = [row for row in rows if row["person"] not in seen]
        if not left:
            break
        stories = [row["story"] for row in chosen]
        row = min(left, key=lambda row: (stories.count(row["story"]), int(row["seed"]) * 7919 % 1009))
        chosen.append(row)
        seen.add(row["person"])
    return chosen


def _tile(path: Path, row: dict[str, str]) -> NDArray[np.uint8]:
    keyframes = json.loads(row["components"])
    time_s = max(keyframes, key=lambda keyframe: sum(keyframe[1].values()))[0] + 0.15
    if not any(strengths for _, strengths in keyframes):
        time_s = keyframes[-1][0] * 0.5
    with open_video(path) as reader:
        clip = next(reader.clips(FPS, 100))
    frame = clip.frames[min(round(time_s * FPS), len(clip.frames) - 1)]
    picture = cv2.resize(frame, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    foot = np.full((_FOOT_PX, _SIDE_PX, 3), 255, np.uint8)
    text = row["story"].replace("→", "->")
    cv2.putText(foot, text, (3, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (70, 74, 84), 1, cv2.LINE_AA)
    return np.asarray(np.vstack([picture, foot]), np.uint8)


def _headline(label: str) -> NDArray[np.uint8]:
    band = np.full((_HEAD_PX, _COLUMNS * _SIDE_PX, 3), 255, np.uint8)
    colour = class_colour(label).lstrip("#")
    rgb = tuple(int(colour[at : at + 2], 16) for at in (0, 2, 4))
    cv2.rectangle(band, (4, 6), (18, 20), rgb, -1)
    cv2.putText(band, display_name(label), (26, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 44, 54), 1, cv2.LINE_AA)
    return band
