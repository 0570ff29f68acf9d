"""Fit the emotions of the shipped frame CNN again, to votes, people and rendered faces together. Loads TensorFlow.

The features stay, so the head stays; see :mod:`emo_core.training.fitting.emotion_layer`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emo_core.datasets.clips import read_manifest
from emo_core.datasets.ferplus import align, read_votes
from emo_core.datasets.portraits import Portraits
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.faces.tracking import normalize_intensity
from emo_core.model import bundle as bundles
from emo_core.training.fitting.emotion_layer import SeenFaces
from emo_core.training.frame_cnn import training_set
from emo_core.training.rendered_frames import rendered_frames
from emo_core.training.synthesis.augmentation import augment, disguise
from emo_core.types import Bytes, FaceTrack, Floats

Say = Callable[[str], None]

DRAW = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.3)
"""How much portraits of each emotion count beside their rarity, in the order of the emotions."""


@dataclass(frozen=True, slots=True)
class EmotionFit:
    """Recipe.

    Attributes:
        seed: of the pictures that are taken and of how they are varied.
        num_stills: how many pictures with votes are taken.
        num_views: ways in which each portrait is seen: turned, lit, blurred and compressed otherwise.
        portrait_share, rendered_share: of the loss; the rest is that of the pictures with votes.
        certainty: target of the one label of a portrait; the rest is what the network says of it so far.
        rarity: the weight of an emotion among the portraits is its frequency to this power less one; 1 leaves them as
            they come, 0 makes all emotions count alike.
        hold: as in :func:`emo_core.training.fitting.emotion_layer.fit_layer`.
    """

    seed: int = 7
    num_stills: int = 10_000
    num_views: int = 4
    portrait_share: float = 0.5
    rendered_share: float = 0.1
    certainty: float = 0.9
    rarity: float = 0.5
    hold: float = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What the layer is fitted to: stills, rendered frames, and per view the training portraits."""

    stills: SeenFaces
    rendered: SeenFaces
    portraits: SeenFaces


def gather_faces(
    data: Path, portraits: Portraits, track: FaceTrack, rendered: Path, bundle: Path, cache: Path, recipe: EmotionFit,
    say: Say,
) -> Gathered:  # fmt: skip
    """See all faces that are learned from through the frame CNN of a bundle, varied as in training.

    Raises:
        DatasetError: a rendered person is one of the demo clips.
    """
    cnn, config = bundles.load_frame_network(bundle)
    images, votes = read_votes(data / "train.npz")
    crops, targets = training_set(align(images, votes, config.crop_side_px, cache))
    rng = np.random.default_rng(recipe.seed)
    chosen = np.sort(rng.permutation(len(crops))[: recipe.num_stills])
    say(f"Seeing {len(chosen)} pictures with votes")
    stills = _see(cnn, _varied(crops[chosen], rng), cache)
    train = portraits.part("train") & track.detected
    say(f"Seeing {int(train.sum())} portraits in {recipe.num_views} ways")
    people = _see(cnn, np.concatenate([_varied(track.crops[train], rng) for _ in range(recipe.num_views)]), cache)
    drawn, shares = rendered_frames(rendered, None, cnn, config, cache)
    demo = {clip.person for clip in read_manifest(_DEMO)}
    if known := demo & {clip.person for clip in read_manifest(rendered)}:
        raise DatasetError(f"{', '.join(sorted(known))} are demo people: render others, with --first.")
    labels = np.tile(portraits.labels[train], recipe.num_views)
    sure, said = np.eye(len(EMOTIONS), dtype=np.float32)[labels], people[1]
    goals = recipe.certainty * sure + (1 - recipe.certainty) * said
    counts = np.bincount(labels, minlength=len(EMOTIONS)) / len(labels)
    weight = np.array(DRAW)[labels] * counts[labels] ** (recipe.rarity - 1)
    return Gathered(
        SeenFaces(stills[0], targets[chosen], np.ones(len(chosen), np.float32)),
        SeenFaces(_see(cnn, drawn, cache)[0], shares, np.ones(len(drawn), np.float32)),
        SeenFaces(people[0], goals.astype(np.float32), weight.astype(np.float32)),
    )


_DEMO = Path(__file__).resolve().parents[3] / "assets" / "demo" / "manifest.csv"


def _varied(crops: Bytes, rng: np.random.Generator) -> Bytes:
    return np.stack([disguise(augment(crop, rng, 0.2), rng, 0.5) for crop in crops])


def _see(cnn: bundles.FrameNetwork, crops: Bytes, cache: Path) -> tuple[Floats, Floats]:
    """Features (N, m) and emotions (N, 8), kept in the folder `cache` by content."""
    path = cache / f"faces-{hashlib.sha256(cnn.digest.encode() + crops.tobytes()).hexdigest()[:20]}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as stored:
            return stored["features"], stored["emotions"]
    features, emotions = cnn(normalize_intensity(crops))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, features=features, emotions=emotions)
    part.replace(path)
    return features, emotions
