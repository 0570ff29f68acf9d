"""Models and data sets so small that training on them takes seconds, without faces and without landmarks.

Pictures are gratings whose direction stands for the emotion; `align_without_landmarks` replaces the landmark model.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np

from emo_core.config import PipelineConfig
from emo_core.datasets.windows import LabelledClips
from emo_core.emotions import EMOTIONS, PAPER_CLASSES, VOTE_NAMES
from emo_core.faces.alignment import EYE_CENTRES, EYE_DISTANCE
from emo_core.faces.blendshapes import BLENDSHAPES
from emo_core.faces.tracking import empty_track
from emo_core.model import bundle as bundles
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.training.synthesis.feature_bank import Bank

SIDE = 16
STEPS = 16
CONFIG = PipelineConfig(crop_side_px=SIDE, window_steps=STEPS, hop_steps=4)
LABELS = tuple(item.name for item in PAPER_CLASSES)
POOLS = (
    "neutral", "speech", "lowered eyes", "turned away", "happiness", "laughter", "surprise", "happiness+surprise",
    "sadness", "quiet sadness", "fear", "sadness+fear", "anger", "disgust", "contempt",
)  # fmt: skip

_VOTES = (
    {"neutral": 10}, {"neutral": 9, "sadness": 1}, {"neutral": 8, "contempt": 2}, {"happiness": 10}, {"surprise": 10},
    {"sadness": 10}, {"anger": 10}, {"disgust": 10}, {"fear": 10}, {"contempt": 10},
    {"happiness": 5, "surprise": 5}, {"sadness": 5, "fear": 5}, {"unknown": 8, "anger": 2},
)  # fmt: skip
_OUTER_INNER = ((33, 133), (362, 263))  # corners of the eyes
_MOUTH, _LIDS = (13, 14), ((159, 145), (386, 374))


def make_normalizers(num_features=6, seed=0):
    """Normalizations of features and of scores, with two neighbourhoods of quality."""
    rng = np.random.default_rng(seed)
    quality = rng.random(60)
    features = FeatureNormalizer.fit(rng.normal(size=(60, num_features)), quality, num_neighbourhoods=2)
    scores = rng.dirichlet(np.ones(len(LABELS)), 60)
    return features, ScoreNormalizer.fit(scores, np.arange(60) % len(LABELS), quality, num_neighbourhoods=2)


def tiny_network(name):
    """A TFLite network of one convolution, or of one dense layer: features of 6 numbers, three classes."""
    return (Path(__file__).parent / "data" / f"tiny_{name}.tflite").read_bytes()


def bundle_manifest():
    return {
        "name": "tiny",
        "version": "3.1",
        "classes": [item.to_dict() for item in PAPER_CLASSES],
        "pipeline": CONFIG.to_dict(),
        "temperature": 1.25,
    }


def bundle_files(seed=0):
    """Contents of all files; the networks are small ones that fit :data:`CONFIG`, of other bytes for another seed."""
    return {
        bundles.FRAME_CNN: tiny_network("frame_cnn") + bytes(seed),
        bundles.HEAD: tiny_network("head") + bytes(seed),
        bundles.KERAS_FRAME_CNN: b"keras frame network",
        bundles.KERAS_HEAD: b"keras head",
        bundles.NORMALIZER: bundles.normalizer_bytes(*make_normalizers(seed=seed)),
        bundles.METRICS: b"{}\n",
        bundles.HISTORY: b"stage,epoch\n",
        bundles.PREDICTIONS: b"predictions",
        bundles.CARD: b"# Card\n",
    }


def write_tiny_bundle(path, seed=0):
    bundles.write_bundle(path, bundle_manifest(), bundle_files(seed))
    return path


def make_bank(per_pool=4, num_features=12, seed=0):
    """A bank whose pools share no still; features of a pool lie around a centre of its own, quality in [0.3, 1]."""
    rng = np.random.default_rng(seed)
    count = per_pool * len(POOLS)
    centres = np.repeat(rng.normal(size=(len(POOLS), 1, num_features)), per_pool, axis=0)
    features = (3 * centres + 0.2 * rng.normal(size=(count, 3, num_features))).astype(np.float32)
    pools = {name: np.arange(k * per_pool, (k + 1) * per_pool) for k, name in enumerate(POOLS)}
    return Bank(features, rng.uniform(0.3, 1.0, (count, 3)).astype(np.float32), pools)


def make_windows(num_people=6, per_class=2, twins=1, seed=0):
    """Windows of people who differ more than the classes do; `twins` near-copies of each."""
    rng = np.random.default_rng(seed)
    rows, labels, people = [], [], []
    for person in range(num_people):
        for label in range(len(LABELS)):
            own = rng.normal(0, 2, 12)  # says nothing to those who never saw this person
            for _ in range(per_class):
                rows += [own + rng.normal(0, 0.05, (STEPS, 12)) for _ in range(twins)]
                labels += [label] * twins
                people += [f"person {person}"] * twins
    count = len(rows)
    return LabelledClips(
        np.stack(rows).astype(np.float32), np.ones((count, STEPS), np.float32), np.array(labels),
        ("",) * count, tuple(people), np.arange(count),
    )  # fmt: skip


def make_votes(*rows):
    """(N, 10) votes from emotion → count."""
    return np.array([[row.get(name, 0) for name in VOTE_NAMES] for row in rows], np.uint8)


def picture(emotion, rng, side=48):
    """A grating (side, side) uint8 whose direction stands for an emotion, in noise."""
    angle = np.pi * EMOTIONS.index(emotion) / len(EMOTIONS)
    y, x = np.mgrid[:side, :side] / side
    wave = np.sin(2 * np.pi * 4 * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 2 * np.pi))
    return np.clip(128 + 60 * wave + rng.normal(0, 12, (side, side)), 0, 255).astype(np.uint8)


def ferplus_arrays(repeats=4, seed=0):
    """Images (N, 48, 48) and votes (N, 10) with every kind of agreement `repeats` times, the last kind *unknown*."""
    rng = np.random.default_rng(seed)
    rows = [row for row in _VOTES for _ in range(repeats)]
    images = np.stack([picture(max((n for n in row if n in EMOTIONS), key=row.get), rng) for row in rows])
    return images, make_votes(*rows)


def write_ferplus(folder: Path, repeats=8, seed=0) -> Path:
    """``train.npz`` and ``valid.npz`` in FER+ layout, of different pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for offset, name in enumerate(("train", "valid")):
        images, votes = ferplus_arrays(repeats, seed + offset)
        np.savez(folder / f"{name}.npz", images=images, votes=votes)
    return folder


def align_without_landmarks(landmarker, images, side):
    """In the place of `align_stills`: pictures reduced as they are; mouths, lids and poses take turns."""
    del landmarker
    track = empty_track(len(images), side)
    for index, image in enumerate(images):
        track.crops[index] = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        points = np.zeros((478, 3), np.float32)
        for corners, centre in zip(_OUTER_INNER, EYE_CENTRES * side, strict=True):
            points[list(corners), :2] = centre
        unit = EYE_DISTANCE * side
        points[_MOUTH[1], 1] = (0.3 if index % 3 == 0 else 0.02) * unit
        for _, lower in _LIDS:
            points[lower, 1] = (0.05 if index % 4 == 1 else 0.2) * unit
        track.landmarks[index] = points
        track.boxes_xyxy[index] = 0, 0, side, side
        track.pose_deg[index] = 30 if index % 5 == 2 else 0, 0, 0
        track.confidence[index] = 0.5 + 0.5 * (index % 7) / 6
        track.eye_distance_px[index] = unit
        track.detected[index] = True
    return track


def write_demo(folder: Path, num_people=12) -> Path:
    """``manifest.csv`` of stand-in clips: a file each, whose name :func:`watch_without_video` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["path,label,person,source,story,components,degradation,level,seed"]
    for person in range(num_people):
        for number, label in enumerate(LABELS):
            name = f"{person:02d}_{number}.mp4"
            (folder / name).write_text(f"{person} {number}")
            lines.append(f"{name},{label},person_{person:02d},rendered,story of {label},[],none,0,1")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder / "manifest.csv"


def watch_without_video(source, cnn, config, blendshapes=None):
    """In the place of `watch`: frames whose features lie around a place of the clip's class."""
    del cnn, config, blendshapes
    person, number = map(int, source.read_text().split())
    rng = np.random.default_rng((person, number))
    features = rng.normal(0, 0.3, (STEPS + 2, 256 + len(BLENDSHAPES))).astype(np.float32)
    features[:, number::3] += 1
    normalized = SimpleNamespace(mask=np.ones(STEPS + 2, bool), quality=rng.uniform(0.4, 1, STEPS + 2))
    crops = rng.integers(0, 255, (STEPS + 2, SIDE, SIDE), np.uint8)
    seen = SimpleNamespace(features=features, emotions=np.full((STEPS + 2, 8), 1 / 8, np.float32))
    times_s = np.arange(STEPS + 2) / 10
    return SimpleNamespace(features=seen, normalized=normalized, track=SimpleNamespace(crops=crops), times_s=times_s)


def run_command(command, data, out, *words):
    """Exit code of a training command on the stand-in data, its cache beside the bundle."""
    from emo_core.cli.main import main

    own = ["--demo", str(data / "demo" / "manifest.csv"), "--seeds", "2"] if command != "train-frames" else []
    return main([command, "--data", str(data), "--out", str(out), "--cache", str(out.parent / "cache"), *own, *words])


def read_json(path):
    """Content of a JSON file."""
    return json.loads(path.read_text("utf-8"))
