"""Whom a model has seen: people of a data set that it was trained or calibrated on must not measure it.

People are recognized by the content of their clips, not by their names, which mean nothing in another data set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from emo_core.datasets.clips import DatasetClip, read_manifest
from emo_core.datasets.feature_cache import content_key
from emo_core.datasets.splits import split_people
from emo_core.emotions import OTHER
from emo_core.files import folders
from emo_core.model.bundle_files import converted, read_entries

HELD_OUT_SEED = 2025
"""Seed of every split into what is learned from and what is held out."""

PEOPLE_SHARES = (0.6, 0.15, 0.25)
"""Shares of the rendered people that train, calibrate and measure the shipped head."""

_DEMO = folders.ROOT / "assets" / "demo" / "manifest.csv"


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is known about whom a model has seen.

    Attributes:
        people: those of the data set that it was trained or calibrated on.
        known: whether the model says whom it was trained on.
    """

    people: frozenset[str]
    known: bool

    def sentence(self, num_clips: int) -> str:
        """What this means for an evaluation, when `num_clips` clips are left out for it."""
        if not self.known:
            return "The model does not say whom it was trained on, so some of these people may be among them."
        if not self.people:
            return "The model was trained on none of these clips."
        return (
            f"{num_clips} clips of {len(self.people)} people are left out, because the model was trained or "
            "calibrated on these people."
        )


class _Taught(msgspec.Struct, frozen=True):
    """What a taught model says of its training, as far as it is asked here."""

    seen: list[str]


class _FrameRecipe(msgspec.Struct, frozen=True):
    """What of the recipe of a frame CNN is asked here."""

    portraits_in_batch: int = 0


class _FrameTraining(msgspec.Struct, frozen=True):
    """What a bundle says of the training of its frame CNN, as far as it is asked here."""

    recipe: _FrameRecipe
    started_from: "_FrameTraining | None" = None


def exposure(model: Path, clips: Sequence[DatasetClip]) -> Exposure:
    """Whom of a data set a model has seen: everyone with a clip that trained or calibrated it.

    Args:
        model: bundle directory.
        clips: of the data set.
    """
    seen = _seen_contents(model)
    if seen is None:
        return Exposure(frozenset(), known=False)
    return Exposure(frozenset(clip.person for clip in clips if content_key(clip.path) in seen), known=True)


def learned_from_portraits(model: Path) -> bool:
    """Whether portraits were among what the frame CNN of a bundle directory learned from, as its records say."""
    stored = read_entries(model).get("frame_training")
    training = converted(model, stored, _FrameTraining) if stored else None
    while training and not training.recipe.portraits_in_batch:
        training = training.started_from
    return training is not None


def _seen_contents(model: Path) -> frozenset[str] | None:
    """Contents that trained or calibrated a model; None where its records do not say."""
    manifest = read_entries(model)
    if "taught" in manifest:
        return frozenset(converted(model, manifest["taught"], _Taught).seen)
    if "head_training" in manifest and _DEMO.exists():
        return _seen_of_demo(_DEMO)
    return None


def without_unnamed(clips: Sequence[DatasetClip], labels: Sequence[str]) -> list[DatasetClip]:
    """The clips but for those of *other* where the classes `labels` have none: such a model can only get them wrong."""
    return [clip for clip in clips if clip.label != OTHER or OTHER in labels]


@lru_cache(maxsize=4)
def _seen_of_demo(manifest: Path) -> frozenset[str]:
    clips = read_manifest(manifest)
    trained, calibrated, _ = split_people([clip.person for clip in clips], PEOPLE_SHARES, seed=HELD_OUT_SEED)
    return frozenset(content_key(clip.path) for clip in clips if clip.person in trained | calibrated)
