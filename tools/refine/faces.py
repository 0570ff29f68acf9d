"""What the frame CNN learns from: stills with softened votes, frames of rendered clips, and the steps of an epoch."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from emo_core.datasets.clips import read_manifest
from emo_core.datasets.pictures.ferplus import align, majority_labels, read_votes
from emo_core.datasets.seen_by_model import HELD_OUT_SEED, PEOPLE_SHARES
from emo_core.datasets.splits import split_people
from emo_core.errors import DatasetError
from emo_core.model import bundle as bundles
from emo_core.training.frame_cnn import training_set
from emo_core.training.rendered_frames import rendered_frames
from emo_core.training.synthesis.augmentation import augment
from emo_core.types import Bytes, Floats
from tools.refine.net import FrameNet, answer, as_input


@dataclass(frozen=True, slots=True)
class Refinement:
    """Recipe.

    Attributes:
        seed, epochs, learning_rate, weight_decay: as usual; the rate warms up for half an epoch, then falls along a
            cosine, and the last epoch is taken.
        last_rate: share of the learning rate that is left at the end.
        average: what is measured and taken is the running mean of the weights over the steps, whose memory shrinks by
            this factor a step; 0 takes the last step's weights.
        stills_in_batch, rendered_in_batch, portraits_in_batch: faces of each kind in a step.
        certainty: share of a portrait's target that its one label gets.
        mixing: a of the Beta(a, a) by which the faces of a step are mixed with each other, whatever they came from
            (mixup); 0 mixes nothing.
        damage_share: share of the stills damaged while training.
        teacher_share: weight of what the first network says beside the votes.
        easy: a still is easy when the first network gives the most voted emotion at least this probability.
        easy_share: share of the easy stills that an epoch shows; they count for the others as well.
        kept: share of the first network in the weights that are written, which keeps more of what it knew than further
            training leaves (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022); the figures of the epochs
            are those without.
        half_precision: compute in bfloat16, which halves the time where the processor has it.
    """

    seed: int = 7
    epochs: int = 22
    learning_rate: float = 7e-4
    last_rate: float = 0.0
    average: float = 0.0
    weight_decay: float = 0.02
    stills_in_batch: int = 112
    rendered_in_batch: int = 16
    portraits_in_batch: int = 0
    certainty: float = 0.9
    mixing: float = 0.0
    kept: float = 0.0
    half_precision: bool = False
    damage_share: float = 0.3
    teacher_share: float = 0.5
    easy: float = 0.95
    easy_share: float = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Crops (N, S, S) uint8 with targets (N, 8) float32, how often an epoch shows each (N,), and majority labels."""

    crops: Bytes
    targets: Floats
    chance: Floats
    labels: np.ndarray


def gather_stills(data: Path, side: int, cache: Path, net: FrameNet, recipe: Refinement) -> Faces:
    """Training pictures that people recognized, with votes averaged with what `net` says of two other views."""
    crops, targets, labels = _recognized(data / "train.npz", side, cache)
    said = first_opinion(net, crops, recipe.seed, cache)
    mixed = (1 - recipe.teacher_share) * targets + recipe.teacher_share * said
    chance = np.where(said[np.arange(len(labels)), labels] >= recipe.easy, recipe.easy_share, 1.0)
    return Faces(crops, mixed.astype(np.float32), chance.astype(np.float32), labels)


def gather_valid(data: Path, side: int, cache: Path) -> Faces:
    """Validation pictures that people recognized; they are only measured on."""
    crops, targets, labels = _recognized(data / "valid.npz", side, cache)
    return Faces(crops, targets, np.ones(len(crops), np.float32), labels)


def _recognized(path: Path, side: int, cache: Path) -> tuple[Bytes, Floats, np.ndarray]:
    images, votes = read_votes(path)
    labels = majority_labels(votes)
    return *training_set(align(images, votes, side, cache)), labels[labels >= 0]


def first_opinion(net: FrameNet, crops: Bytes, seed: int, cache: Path) -> Floats:
    """Emotions (N, 8) that the first network gives two other views of each face; kept in the folder `cache`."""
    content = hashlib.sha256(crops.tobytes() + net.emotions.weight.detach().numpy().tobytes() + bytes([seed % 256]))
    path = cache / f"opinion-{content.hexdigest()[:20]}.npy"
    if not path.exists():
        rng = np.random.default_rng(seed)
        views = [np.stack([augment(crop, rng, 0.0) for crop in crops]) for _ in range(2)]
        np.save(path, np.mean([answer(net, view, mirrored=True) for view in views], axis=0))
    return np.asarray(np.load(path, allow_pickle=False), np.float32)


def gather_rendered(manifest: Path, demo: Path, bundle: Path, cache: Path) -> tuple[Faces, Faces]:
    """Frames of rendered clips to learn from, and of the demo clips of those people who calibrate the head, to measure.

    Nobody of the demo clips is learned from, so that whoever parts them by person finds nobody whom the CNN knows.

    Raises:
        DatasetError: somebody is in both.
    """
    cnn, config = bundles.load_frame_network(bundle)
    learned, others = ({clip.person for clip in read_manifest(path)} for path in (manifest, demo))
    if known := learned & others:
        raise DatasetError(f"{', '.join(sorted(known))} are demo people: render others, with --first.")
    calibrated = split_people(sorted(others), PEOPLE_SHARES, seed=HELD_OUT_SEED)[1]
    parts = rendered_frames(manifest, None, cnn, config, cache), rendered_frames(demo, calibrated, cnn, config, cache)
    train, held_out = (Faces(c, s, np.ones(len(c), np.float32), s.argmax(axis=1)) for c, s in parts)
    return train, held_out


def batches(
    stills: Faces, rendered: Faces, portraits: Faces | None, recipe: Refinement, epoch: int
) -> Iterator[tuple[torch.Tensor, ...]]:
    """Inputs, targets and weights of an epoch's steps, prepared one ahead; every epoch differs."""
    rng = np.random.default_rng((recipe.seed, epoch))
    shown = rng.permutation(np.flatnonzero(rng.random(len(stills.crops)) < stills.chance))
    size = recipe.stills_in_batch
    steps = [shown[start : start + size] for start in range(0, len(shown) - size + 1, size)]

    def prepare(step: int) -> tuple[torch.Tensor, ...]:
        own = np.random.default_rng((recipe.seed, epoch, step))
        drawn = own.integers(len(rendered.crops), size=recipe.rendered_in_batch)
        parts = [(stills, steps[step], 1 / stills.chance[steps[step]], recipe.damage_share)]
        parts += [(rendered, drawn, np.ones(len(drawn), np.float32), 0.1)]
        if portraits:
            count = recipe.portraits_in_batch
            sitters = own.choice(len(portraits.crops), count, p=portraits.chance / portraits.chance.sum())
            parts += [(portraits, sitters, np.ones(count, np.float32), recipe.damage_share)]
        crops = np.stack([augment(faces.crops[i], own, damage) for faces, chosen, _, damage in parts for i in chosen])
        inputs = as_input(crops)
        targets = torch.from_numpy(np.concatenate([faces.targets[chosen] for faces, chosen, _, _ in parts]))
        weights = torch.from_numpy(np.concatenate([weight for _, _, weight, _ in parts]))
        if not recipe.mixing:
            return inputs, targets, weights
        share, other = own.beta(recipe.mixing, recipe.mixing), torch.from_numpy(own.permutation(len(inputs)))
        return tuple(share * part + (1 - share) * part[other] for part in (inputs, targets, weights))

    with ThreadPoolExecutor(1) as worker:
        ahead = worker.submit(prepare, 0)
        for step in range(len(steps)):
            ready = ahead.result()
            if step + 1 < len(steps):
                ahead = worker.submit(prepare, step + 1)
            yield ready
