"""Which clips there are: stories and damage dealt out evenly, and the manifest that lists them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emo_core.files.atomic_write import write_whole
from emo_core.files.csv_files import read_csv, to_csv
from tools.render.performance import STORIES, Performance
from tools.render.picture import DEGRADATIONS

CLIPS_PER_CLASS = 2
COLUMNS = ("path", "label", "person", "source", "story", "components", "degradation", "level", "seed")

_DEALS: Mapping[str, tuple[str, ...]] = {  # in turn to everybody; repeated where a story matters more
    "amusement_surprise": (
        "happiness + surprise", "happiness", "surprise → happiness", "surprise", "happiness + surprise",
        "happiness → surprise", "happiness", "surprise", "happiness + surprise", "surprise → happiness",
        "happiness → surprise",
    ),
    "sadness_fear": (
        "sadness + fear", "sadness", "fear", "quiet sadness", "sadness → fear", "sadness + fear", "fear",
        "quiet sadness", "sadness", "sadness + fear", "fear → sadness",
    ),
    "other": (
        "neutral", "speech", "anger", "looking away", "speech", "disgust", "lowered eyes", "neutral", "yawn", "speech",
        "contempt", "looking away", "anger",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """One clip to be rendered: which person, which story, which damage; `seed` alone reproduces it all."""

    person: int
    story: str
    degradation: str
    level: int
    seed: int

    @property
    def label(self) -> str:
        """Class of the story."""
        return STORIES[self.story]

    @property
    def path(self) -> str:
        """Path of the clip beside the manifest."""
        return f"clips/person_{self.person:02d}/{self.label}_{self.seed % 10}.mp4"


def plan_clip(seed: int) -> ClipPlan:
    """The clip of a seed: ten times the number of the person plus the number of the clip, from 0.

    Example:
        >>> plan_clip(73).person, plan_clip(73).label, plan_clip(73) == plan_clip(73)
        (7, 'sadness_fear', True)
    """
    person, index = divmod(seed, 10)
    labels = list(_DEALS)
    class_index, turn = divmod(index, CLIPS_PER_CLASS)
    deal = _DEALS[labels[class_index]]
    position = CLIPS_PER_CLASS * (person - 1) + turn
    damaged = (position + 2 * class_index) % 5 in (1, 3)  # two of five clips
    rng = np.random.default_rng([51, seed])
    kind = str(rng.choice(DEGRADATIONS[1:])) if damaged else "none"
    level = int(rng.integers(1, 4)) if damaged else 0
    return ClipPlan(person, deal[position % len(deal)], kind, level, seed)


def plan_clips(num_people: int, first: int = 1) -> list[ClipPlan]:
    """Six clips of each of the people from number `first` on, two of each class."""
    clips = range(CLIPS_PER_CLASS * len(_DEALS))
    return [plan_clip(10 * person + index) for person in range(first, first + num_people) for index in clips]


def manifest_row(plan: ClipPlan, performance: Performance) -> dict[str, str]:
    """The row of a clip, column → text."""
    keyframes = [[time_s, strengths] for time_s, strengths in performance.keyframes]
    return {
        "path": plan.path,
        "label": plan.label,
        "person": f"person_{plan.person:02d}",
        "source": "rendered",
        "story": plan.story,
        "components": json.dumps(keyframes, separators=(",", ":")),
        "degradation": plan.degradation,
        "level": str(plan.level),
        "seed": str(plan.seed),
    }


def write_manifest(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write the rows as CSV."""
    write_whole(path, to_csv(COLUMNS, [[row[column] for column in COLUMNS] for row in rows]))


def read_manifest(path: Path) -> list[dict[str, str]]:
    """Rows of a manifest, column → text."""
    return [dict(row.cells) for row in read_csv(path, COLUMNS).rows]
