"""Evaluations made up with a seed, and small data sets cut from the demo clips."""

import csv
import shutil
from pathlib import Path

import numpy as np

from emo_core.emotions import PAPER_CLASSES, UNSURE
from emo_core.evaluation.results import EvaluatedClip, Evaluation, LeftOut

LABELS = tuple(item.name for item in PAPER_CLASSES)
DEMO = Path(__file__).resolve().parent.parent / "assets" / "demo"


def make_evaluation(num_people=12, clips_each=6, skill=1.5, seed=0, **changes):
    """Clips of people, each with an offset of its own; more `skill`, more right."""
    rng = np.random.default_rng(seed)
    clips = []
    for person in range(num_people):
        own = rng.normal(0, 0.8, len(LABELS))
        for number in range(clips_each):
            label = int(rng.integers(len(LABELS)))
            logits = own + rng.normal(0, 1, len(LABELS))
            logits[label] += skill
            probabilities = np.exp(logits) / np.exp(logits).sum()
            scores = probabilities - 0.45
            best, settled = int(probabilities.argmax()), bool(rng.random() > 0.1)
            clips.append(
                EvaluatedClip(
                    path=f"clips/p{person:02d}/{number}.mp4", label=LABELS[label], person=f"p{person:02d}",
                    session="", source="rendered" if person % 2 else "filmed", story="a story",
                    degradation="none" if number % 3 else "dark", duration_s=float(rng.uniform(1.5, 5)),
                    quality=float(rng.uniform(0.4, 1)), share_usable=1.0, num_windows=1,
                    probabilities=tuple(map(float, probabilities)), scores=tuple(map(float, scores)),
                    verdict=LABELS[best] if scores[best] > 0 and settled else UNSURE, settled=settled,
                )
            )  # fmt: skip
    given = {
        "model": "tiny", "version": "1", "model_digest": "0" * 16, "data": "made up", "labels": LABELS,
        "quality_edges": (0.6, 0.8), "clips": tuple(clips), "left_out": (LeftOut("clips/x.mp4", "No face was found."),),
        "num_seen_clips": 4, "num_seen_people": 2, "exposure": "4 clips of 2 people are left out.",
        "command": "python -m emo_core evaluate", "made_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    return Evaluation(**given | changes)


def few_demo_clips(folder, num_clips=6):
    """A data set of that many clips of people that the shipped model was measured on, copied from the demo clips."""
    from emo_core.datasets.clips import read_manifest
    from emo_core.datasets.seen_by_model import exposure

    listed = read_manifest(DEMO / "manifest.csv")
    seen = exposure(DEMO.parent.parent / "models" / "hybrid", listed).people
    unseen = [clip for clip in listed if clip.person not in seen and clip.degradation == "none"]
    folder.mkdir(parents=True)
    with (folder / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "person", "source"])
        for number, clip in enumerate(unseen[:: max(1, len(unseen) // num_clips)][:num_clips]):
            shutil.copy(clip.path, folder / f"{number}.mp4")
            rows.writerow([f"{number}.mp4", clip.label, clip.person, clip.source])
    return folder
