"""Small valid objects for tests: one place that knows how to fill every field of an `Analysis`."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from emo_core.analysis import (
    Analysis,
    ModelInfo,
    PersonAnalysis,
    Prediction,
    Segment,
    StageTimings,
    VideoInfo,
    WindowPrediction,
)
from emo_core.emotions import EMOTIONS, OTHER, PAPER_CLASSES, UNSURE
from emo_core.types import QUALITY_COMPONENTS, FaceTrack, FeatureSequence, NormalizedClip

LABELS = tuple(item.name for item in PAPER_CLASSES)
RATE_HZ = 10.0
SIDE_PX = 48
_SHIPPED = json.loads((Path(__file__).parents[1] / "models" / "hybrid" / "bundle.json").read_text("utf-8"))
MODEL = ModelInfo(_SHIPPED["name"], _SHIPPED["version"], LABELS)
"""The shipped model, which every analysis made here says it is of."""

NUM_FEATURES = 256  # of the shipped model, which can so look into a made analysis


def make_probabilities(label: str, probability: float = 0.8) -> np.ndarray:
    """(C,) probabilities with `probability` on `label`; a flat vector for ``unsure``."""
    if label == UNSURE:
        return np.full(len(LABELS), 1 / len(LABELS), np.float32)
    rest = (1 - probability) / (len(LABELS) - 1)
    return np.array([probability if name == label else rest for name in LABELS], np.float32)


def make_windows(num_frames: int, label: str, window: int = 32, hop: int = 8) -> tuple[WindowPrediction, ...]:
    """Overlapping windows that cover `num_frames` frames, all with the verdict `label`."""
    starts = range(0, max(num_frames - window, 0) + 1, hop)
    return tuple(
        WindowPrediction(
            start_s=start / RATE_HZ,
            end_s=min(start + window, num_frames) / RATE_HZ,
            label=label,
            probabilities=make_probabilities(label),
            scores=make_probabilities(label) - 0.5,
            quality=0.7,
            num_valid_frames=min(window, num_frames),
            face_s=min(window, num_frames) / RATE_HZ,
        )
        for start in starts
    )


def make_prediction(
    label: str = "amusement_surprise", num_frames: int = 60, amusement: float = 0.62, *, detected: bool = True
) -> Prediction:
    """A verdict `label`; half of the clip is ``other`` so that there is more than one segment."""
    components = next((tuple(item.components) for item in PAPER_CLASSES if item.name == label), ())
    shares = dict(zip(components, (amusement, 1 - amusement), strict=False))
    is_blend = bool(shares) and min(shares.values()) >= 0.25
    presence = {name: 0.6 * share for name, share in shares.items()}
    probabilities = make_probabilities(label)
    duration_s = num_frames / RATE_HZ
    steps = np.tile(probabilities, (num_frames, 1)) if detected else np.full((num_frames, len(LABELS)), np.nan)
    return Prediction(
        labels=LABELS,
        label=label,
        probability=float(probabilities.max()),
        probabilities=probabilities,
        salience=shares,
        is_blend=is_blend,
        reason="No class stands out from the others." if label == UNSURE else "",
        windows=make_windows(num_frames, label),
        step_probabilities=steps.astype(np.float32),
        segments=(
            Segment(0.0, duration_s / 2, OTHER, 0.6),
            Segment(duration_s / 2, duration_s, label, float(probabilities.max()), shares, is_blend, presence),
        ),
        presence=presence,
        emotions={"neutral": 0.4, "happiness": 0.6},
    )


def make_emotions(num_frames: int, detected: np.ndarray) -> np.ndarray:
    """(T, 8) rows that sum to 1 and move over time; NaN where no face was found."""
    phase = np.linspace(0, 2 * math.pi, num_frames)[:, None] + np.arange(len(EMOTIONS))[None]
    rows = np.exp(2 * np.sin(phase))
    rows /= rows.sum(axis=1, keepdims=True)
    rows[~detected] = np.nan
    return rows.astype(np.float32)


def make_analysis(
    num_frames: int = 60,
    label: str = "amusement_surprise",
    *,
    amusement: float = 0.62,
    missing: slice = slice(20, 26),
    warnings: tuple[str, ...] = (),
) -> Analysis:
    """A valid synthetic analysis of `num_frames` frames at 10 Hz; `missing` frames hold no face."""
    generator = np.random.default_rng(0)
    detected = np.ones(num_frames, bool)
    detected[missing] = False
    quality = (detected * (0.6 + 0.3 * np.sin(np.arange(num_frames) / 9))).astype(np.float32)
    faces = generator.random((num_frames, SIDE_PX, SIDE_PX)).astype(np.float32) * detected[:, None, None]
    nothing = np.where(detected, 0.0, np.nan).astype(np.float32)
    return Analysis(
        video=VideoInfo("clip.mp4", num_frames / RATE_HZ, 25.0, 640, 360, int(num_frames * 2.5), num_frames),
        model=MODEL,
        timestamps_s=np.arange(num_frames) / RATE_HZ,
        track=FaceTrack(
            crops=(faces * 255).astype(np.uint8),
            boxes_xyxy=np.tile(nothing[:, None], (1, 4)),
            landmarks=np.tile(nothing[:, None, None], (1, 478, 3)),
            pose_deg=np.tile(nothing[:, None], (1, 3)),
            confidence=detected.astype(np.float32),
            eye_distance_px=nothing + 60,
            detected=detected,
        ),
        normalized=NormalizedClip(faces, quality, dict.fromkeys(QUALITY_COMPONENTS, quality), detected),
        features=FeatureSequence(
            np.zeros((num_frames, NUM_FEATURES), np.float32), make_emotions(num_frames, detected), detected
        ),
        prediction=make_prediction(label, num_frames, amusement),
        timing_ms=StageTimings(decode=210.0, faces=640.0, cnn=120.0, head=15.0, total=900.0),
        warnings=warnings,
    )


LATE = 21
"""Frames, ten a second, before the other one of :func:`two_people` comes into view."""


def two_people() -> Analysis:
    """The same with a second person, who is sad and comes late."""
    main, other = make_analysis(50), make_analysis(50, "sadness_fear", missing=slice(0, LATE))
    found = [
        PersonAnalysis(number, one.track, one.normalized, one.features, one.prediction, (f"About {number}.",))
        for number, one in enumerate((main, other), start=1)
    ]
    return replace(main, people=tuple(found), warnings=("About 1.",))
