"""Figures of a trained head on clips that nothing was chosen on: composed, neutral and rendered ones, never merged."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from emo_core.dataset import clip_probabilities
from emo_core.emotions import OTHER, HybridClass
from emo_core.evaluation import bootstrap_interval, evaluate_clips, mean_emotion_verdicts
from emo_core.head_data import HeadData
from emo_core.judge import REJECTED, decide
from emo_core.labelled import LabelledClips
from emo_core.train_head import HeadTraining, TrainedHead, frame_emotions
from emo_core.types import Booleans

Predictions = dict[str, NDArray[Any]]


def measure_head(
    head: TrainedHead, data: HeadData, classes: Sequence[HybridClass], recipe: HeadTraining, cnn: keras.Model
) -> tuple[dict[str, Any], dict[str, Any], Predictions]:
    """Measure a head.

    Args:
        head: the head.
        data: where the clips come from.
        classes: hybrid classes in label order.
        recipe: says how many clips.
        cnn: frame CNN in Keras, for the mean of frame emotions that an LSTM has to beat.

    Returns:
        JSON-ready figures on composed clips (clean, degraded, neutral, neutral_degraded), those on rendered clips of
        people that were neither trained nor calibrated on, and the predictions behind both.
    """
    composed: dict[str, Any] = {}
    kept: Predictions = {}
    for name, share in (("clean", 0.0), ("degraded", 1.0)):
        clips = data.composed_test(recipe, share)
        probabilities = head.probabilities(clips)
        composed[name] = evaluate_against_mean(head, clips, probabilities, classes, cnn)
        kept |= _kept(f"composed_{name}", probabilities, clips)
    for name, share in (("neutral", 0.0), ("neutral_degraded", 1.0)):
        clips = data.neutral_test(recipe, share)
        probabilities = head.probabilities(clips)
        hybrid = _called_hybrid(head, probabilities, clips, data.labels.index(OTHER))
        composed[name] = {
            "num_clips": len(hybrid),
            "called_hybrid": float(hybrid.mean()),
            "by_story": _by_story(clips, ~hybrid),
        }
        kept |= _kept(f"composed_{name}", probabilities, clips)
    rendered, of_rendered = _measure_rendered(head, data.rendered[2], classes)
    return composed, rendered, kept | of_rendered


def evaluate_against_mean(
    head: TrainedHead,
    clips: LabelledClips,
    probabilities: NDArray[np.float32],
    classes: Sequence[HybridClass],
    cnn: keras.Model,
) -> dict[str, Any]:
    """Figures of clip verdicts with the gain over the mean of frame emotions, clip by clip, and its interval."""
    scores = head.scores.apply(probabilities, clips.quality)
    baseline = mean_emotion_verdicts(frame_emotions(cnn, clips.features), clips.weights, classes)
    ours = probabilities.argmax(axis=1) == clips.labels
    gain = ours.astype(np.float64) - (baseline == clips.labels)
    return evaluate_clips(probabilities, scores, clips.labels, classes) | {
        "mean_of_frame_emotions_accuracy": float((baseline == clips.labels).mean()),
        "gain_over_mean": float(gain.mean()),
        "gain_interval": bootstrap_interval(gain),
        "by_story": _by_story(clips, ours),
    }


def normalization_record(head: TrainedHead, labels: Sequence[str]) -> dict[str, Any]:
    """θ(q) and μ(q) of a head in figures that a person can read, for the records."""
    mean, std, counts = head.features.mean, head.features.std, head.features.counts
    weights = counts / counts.sum()
    overall = weights @ mean
    spread = np.sqrt(weights @ (std**2 + (mean - overall) ** 2))
    return {
        "labels": list(labels),
        "features": [
            {
                "quality": span,
                "count": int(counts[index]),
                "mean_shift": float(np.sqrt((((mean[index] - overall) / spread) ** 2).mean())),
                "deviation": float(np.sqrt(((std[index] / spread) ** 2).mean())),
            }
            for index, span in enumerate(_spans(head.features.edges))
        ],
        "scores": [
            {
                "quality": span,
                "count": int(head.scores.counts[index]),
                "thresholds": head.scores.thresholds[index].tolist(),
            }
            for index, span in enumerate(_spans(head.scores.edges))
        ],
    }


def _spans(edges: NDArray[np.float64]) -> list[str]:
    """Neighbourhoods of quality in words, from their interior edges."""
    bounds = [f"{edge:.2f}" for edge in edges]
    if not bounds:
        return ["any"]
    middle = [f"{low} – {high}" for low, high in pairwise(bounds)]
    return [f"up to {bounds[0]}", *middle, f"above {bounds[-1]}"]


def _measure_rendered(
    head: TrainedHead, windows: LabelledClips, classes: Sequence[HybridClass]
) -> tuple[dict[str, Any], Predictions]:
    """Figures on rendered clips, each clip judged by all its windows; intervals over people, not clips."""
    probabilities, quality, first = clip_probabilities(head.probabilities(windows), windows)
    labels = windows.labels[first]
    people = np.array(windows.people)[first]
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    by_person = np.array([right[people == person].mean() for person in np.unique(people)])
    figures = evaluate_clips(probabilities, head.scores.apply(probabilities, quality), labels, classes) | {
        "num_people": len(by_person),
        "accuracy_interval_over_people": bootstrap_interval(by_person),
    }
    names = np.array(windows.stories)[first]
    figures["by_story"] = {
        str(name): [round(float(right[names == name].mean()), 4), int((names == name).sum())]
        for name in np.unique(names)
    }
    stored: Predictions = {
        "rendered_probabilities": probabilities.astype(np.float32),
        "rendered_labels": labels.astype(np.int8),
        "rendered_quality": quality.astype(np.float32),
        "rendered_people": people,
    }
    return figures, stored


def _called_hybrid(head: TrainedHead, probabilities: NDArray[np.float32], clips: LabelledClips, other: int) -> Booleans:
    verdicts = decide(probabilities, head.scores.apply(probabilities, clips.quality))
    return np.asarray((verdicts != REJECTED) & (verdicts != other))


def _kept(name: str, probabilities: NDArray[np.float32], clips: LabelledClips) -> Predictions:
    return {
        f"{name}_probabilities": probabilities.astype(np.float32),
        f"{name}_labels": clips.labels.astype(np.int8),
        f"{name}_quality": clips.quality.astype(np.float32),
    }


def _by_story(clips: LabelledClips, right: Booleans) -> dict[str, list[float]]:
    """Story → share judged rightly and number of clips."""
    names = np.array(clips.stories)
    return {
        str(name): [round(float(right[names == name].mean()), 4), int((names == name).sum())]
        for name in np.unique(names)
    }
