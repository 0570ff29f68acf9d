"""Fit the emotions of the shipped frame CNN again, to votes, people and rendered faces together. Loads TensorFlow.

The features stay, so the head stays; see :mod:`emo_core.training.fitting.emotion_layer`.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emo_core.datasets.clips import read_manifest
from emo_core.datasets.pictures.ferplus import align, majority_labels, read_votes
from emo_core.datasets.pictures.portraits import Portraits, find_faces, read_portraits
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.evaluation.metrics import evaluate_stills
from emo_core.evaluation.portrait_metrics import evaluate_portraits
from emo_core.faces.tracking import normalize_intensity
from emo_core.model import bundle as bundles
from emo_core.model.calibration import calibrated
from emo_core.training import networks
from emo_core.training.build import calibrate
from emo_core.training.fitting.emotion_layer import SeenFaces, fit_layer
from emo_core.training.frame_cnn import training_set
from emo_core.training.head_data import halves, unseen
from emo_core.training.records import VERSION, read_json, write_with_records
from emo_core.training.rendered_frames import rendered_frames
from emo_core.training.salience_fit import VotedEmotions, fit_salience, measure_salience
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
    """What the layer is fitted to: stills with votes (N, 10), rendered frames, training portraits in all views."""

    stills: SeenFaces
    votes: NDArray[np.uint8]
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
        votes[majority_labels(votes) >= 0][chosen],
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


def fit_emotions(
    data: Path, people: Path, rendered: Path, out: Path, cache: Path, recipe: EmotionFit, command: str, say: Say
) -> dict[str, Any]:
    """Fit the emotions of the frame CNN of a finished bundle again and put the result with its records into it.

    Portraits are parted by person: three fifths are learned from, one fifth chose the recipe, one is only measured
    on. The temperature comes from the first half of ``valid.npz``, as before.

    Args:
        data: folder in FER+ layout.
        people: portraits, as :func:`emo_core.datasets.pictures.portraits.read_portraits` reads them.
        rendered: ``manifest.csv`` of rendered clips of people who are not among the demo clips.
        out: bundle directory.
        cache: folder for what was seen.
        recipe: how.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.

    Returns:
        `real_stills` and `portraits`: metrics on pictures with votes, and on portraits by part.

    Raises:
        BundleError: `out` holds no finished model.
        DatasetError: the pictures or clips cannot be read.
    """
    started, side = time.monotonic(), bundles.load_bundle(out).config.crop_side_px
    portraits = read_portraits(people)
    track = find_faces(portraits, side, cache, say)
    gathered = gather_faces(data, portraits, track, rendered, out, cache, recipe, say)
    model = keras.models.load_model(out / bundles.KERAS_FRAME_CNN, compile=False)
    layer = model.get_layer(networks.FRAME_EMOTIONS)
    shares = (recipe.portrait_share, recipe.rendered_share)
    sources = [(gathered.stills, 1 - sum(shares)), (gathered.portraits, shares[0]), (gathered.rendered, shares[1])]
    kernel, bias = layer.get_weights()
    kernel, bias = fit_layer(kernel, bias, sources, recipe.hold)
    layer.set_weights([kernel, bias])
    images, votes = read_votes(data / "valid.npz")
    crops, new = align(images, votes, side, cache).crops, unseen(data)
    first, second = halves(new)
    temperature = calibrate(model, crops[first], votes[first])
    tflite = networks.to_tflite(model)
    cnn = bundles.FrameNetwork(tflite)
    said = cnn(normalize_intensity(crops))[1]
    earlier = read_json(out / bundles.METRICS).get("real_stills", {})
    metrics: dict[str, Any] = {
        "real_stills": evaluate_stills(said, votes) | {
            "share_aligned": earlier.get("share_aligned"),
            "without_copies": evaluate_stills(said[new], votes[new]),
            "second_half": evaluate_stills(said[second], votes[second]),
        },
        "portraits": _measure_portraits(cnn, portraits, track),
    }  # fmt: skip
    record = {
        "command": command,
        "recipe": asdict(recipe),
        "temperature": temperature,
        "num_people": {part: _count(portraits, part) for part in ("train", "choose", "measure")},
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    learned = calibrated(gathered.stills.features @ layer.get_weights()[0] + layer.get_weights()[1], 1.0)
    classes = bundles.load_bundle(out).classes
    curves = fit_salience(VotedEmotions(learned, gathered.votes), VotedEmotions(said[first], votes[first]), classes)
    kept = {"stills_probabilities": said, "stills_is_copy": ~new, "stills_is_second_half": second}
    metrics["salience"] = measure_salience(votes, kept, classes, curves)
    files = {bundles.FRAME_CNN: tflite, bundles.KERAS_FRAME_CNN: networks.to_keras(model)}
    told = {name: asdict(curve) for name, curve in curves.items()}
    write_with_records(out, {"version": VERSION, "emotion_fit": record, "salience": told}, metrics, (), files, kept)
    return metrics


def _measure_portraits(cnn: bundles.FrameNetwork, portraits: Portraits, track: FaceTrack) -> dict[str, Any]:
    """Figures on the portraits that chose the recipe, and on those that are only measured on."""
    found = {}
    for part in ("choose", "measure"):
        chosen = portraits.part(part)
        seen = chosen & track.detected
        probabilities = np.full((len(chosen), len(EMOTIONS)), np.nan, np.float32)
        probabilities[seen] = cnn(normalize_intensity(track.crops[seen]))[1]
        found[part] = evaluate_portraits(probabilities[chosen], portraits.labels[chosen], portraits.people[chosen])
    return found


def _count(portraits: Portraits, part: str) -> int:
    return len(np.unique(portraits.people[portraits.part(part)]))
