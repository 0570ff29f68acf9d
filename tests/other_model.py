"""A second whole model with two classes of its own, on the frame CNN of the shipped one: what it says means nothing."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from emo_core.emotions import OTHER, HybridClass, class_named
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle

MODEL = Path(__file__).parents[1] / "models" / "hybrid"
NAME, VERSION, ACCURACY = "pair", "2.7", 0.61
CARD = f"# Model card: {NAME} {VERSION}\nIt says nothing of worth.\n"
CLASSES = (class_named("joy_fear"), HybridClass(OTHER))
_HEAD = Path(__file__).parent / "data" / "two_class_head.tflite"  # an untrained LSTM of three units


def write_other_model(folder: Path, classes=CLASSES, card=CARD) -> Path:
    """Write the model into `folder`, which is made, with two classes and a card."""
    shipped = load_bundle(MODEL)
    manifest = json.loads((MODEL / bundles.MANIFEST).read_text("utf-8"))
    entries = {name: manifest[name] for name in ("pipeline", "emotions")}
    entries |= {
        "name": NAME, "version": VERSION, "temperature": 1.0, "classes": [item.to_dict() for item in classes],
    }  # fmt: skip
    scores = replace(shipped.scores, thresholds=np.full((len(shipped.scores.counts), len(classes)), 0.2))
    clean = {"accuracy": ACCURACY, "num_clips": 50}
    folder.parent.mkdir(parents=True, exist_ok=True)
    files = {
        bundles.FRAME_CNN: (MODEL / bundles.FRAME_CNN).read_bytes(),
        bundles.HEAD: _HEAD.read_bytes(),
        bundles.KERAS_HEAD: _HEAD.with_suffix(".keras").read_bytes(),
        bundles.NORMALIZER: bundles.normalizer_bytes(shipped.features, scores),
        bundles.METRICS: json.dumps({"composed_clips": {"clean": clean}}).encode(),
        bundles.CARD: card.encode(),
    }
    bundles.write_bundle(folder, entries, files)
    return folder


def copy_shipped(folder: Path) -> Path:
    """A copy of the shipped model in `folder`."""
    return Path(shutil.copytree(MODEL, folder))
