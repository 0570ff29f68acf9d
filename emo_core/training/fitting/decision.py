"""Fit what decides in a finished bundle, with real clips in the balance, and measure it. Loads TensorFlow.

The networks stay. What is fitted: how the frame emotions count beside the LSTM, and the thresholds θ(q). When both
emotions of a pair are present, is fitted apart (:mod:`emo_core.training.fitting.blends`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from msgspec import to_builtins
from msgspec.structs import replace as replaced

from emo_core.datasets.clips import DatasetClip, read_dataset
from emo_core.datasets.feature_cache import ClipReader
from emo_core.datasets.windows import WindowDataset
from emo_core.errors import NoFaceError, VideoError
from emo_core.evaluation.run import as_seen
from emo_core.inference.windows import judge_windows
from emo_core.measured import Measured
from emo_core.model import bundle as bundles
from emo_core.model.calibration import calibrated
from emo_core.model.evidence import FrameEvidence
from emo_core.training.fitting.decision_choice import (
    HeldOut,
    RealClip,
    candidates,
    choose,
    with_flat_thresholds,
    worth_it,
)
from emo_core.training.fitting.real_clips import real_record
from emo_core.training.head import HeadTraining, TrainedHead
from emo_core.training.head_data import gather
from emo_core.training.head_thresholds import BesideFrames, mean_frame_emotions
from emo_core.training.measure import measure_head, normalization_record
from emo_core.training.records import VERSION, read_json, write_with_records
from emo_core.types import FeatureSequence

Say = Callable[[str], None]


def fit_decision(data: Path, demo: Path, real: Path, out: Path, cache: Path, command: str, say: Say) -> Measured:
    """Fit and measure; see the module.

    Args:
        data: folder in FER+ layout.
        demo: ``manifest.csv`` of the rendered clips.
        real: data set of real clips, as :func:`emo_core.datasets.clips.read_dataset` reads it; nothing of it is kept.
        out: bundle directory of a finished model.
        cache: folder for what was seen.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.

    Returns:
        What was measured, by kind of clips.

    Raises:
        BundleError: `out` holds no finished model.
        DatasetError: pictures or clips cannot be read.
    """
    started, bundle = time.monotonic(), bundles.load_bundle(out)
    cnn = keras.models.load_model(out / bundles.KERAS_FRAME_CNN, compile=False)
    head, recipe = _stored_head(out, bundle)
    gathered = gather(data, demo, out, bundle.info.labels, cache, say, only_held_out=True)
    held_out, neutral = (_seen(head, cnn, clips) for clips in gathered.held_out(recipe))
    say("Seeing the real clips")
    items, left_out = see_real(bundle, read_dataset(real), cache)
    say(f"Choosing on {len(items)} real clips and {len(held_out.probabilities)} others")
    tried = candidates(bundle, items, held_out, neutral)
    truth = np.array([item.label for item in items])
    able, honest, compared = worth_it(tried, truth, [item.clip.person for item in items], bundle.info.labels)
    chosen = choose(able, truth, np.arange(len(items)))
    chosen = with_flat_thresholds(bundle, chosen, held_out, neutral)
    say(f"Chosen: {chosen.evidence}, neutral hybrids {chosen.neutral_hybrids}")
    beside = BesideFrames(chosen.evidence, bundle.classes, cnn)
    head = replace(head, scores=chosen.scores, flat_scores=chosen.flat_scores, beside=beside)
    tests = gathered.composed_tests(recipe), gathered.neutral_tests(recipe), gathered.rendered[2], gathered.undamaged
    composed, rendered, predictions = measure_head(head, *tests, bundle.classes, cnn)
    measured = Measured(
        real_clips=replaced(real_record(bundle, items, honest, chosen.verdicts, left_out), compared=compared),
        composed_clips=composed,
        rendered_clips=rendered,
        normalization=normalization_record(head, bundle.info.labels),
    )
    manifest = {
        "version": VERSION,
        "frame_evidence": {"weight": chosen.evidence.weight, "offsets": list(chosen.evidence.offsets)},
        "decision_fit": {
            "command": command,
            "neutral_hybrids": chosen.neutral_hybrids,
            "false_accept_costs": list(chosen.costs),
            "num_tried": len(tried),
            "minutes": round((time.monotonic() - started) / 60, 1),
        },
    }
    files = {bundles.NORMALIZER: bundles.normalizer_bytes(bundle.features, chosen.scores)}
    write_with_records(out, manifest, to_builtins(measured), (), files, predictions)
    return measured


def see_real(
    bundle: bundles.Bundle, clips: Sequence[DatasetClip], cache: Path
) -> tuple[list[RealClip], list[tuple[DatasetClip, str]]]:
    """What LSTM and frames say of every clip; and those without a face, with the reason."""
    cnn, alone = bundle.frame_network(), replace(bundle, evidence=FrameEvidence())
    reader, head = ClipReader(cnn, bundle.config, cache), bundle.head_network()
    items, left_out = [], []
    for clip in clips:
        try:
            seen = reader.read(clip.path).within(clip.start_s, clip.end_s)
        except (NoFaceError, VideoError) as error:
            left_out.append((clip, str(error)))
            continue
        mask = seen.weights > 0
        kept = seen.features if bundle.config.blendshapes else seen.features[:, : cnn.num_features]
        windows, _ = judge_windows(
            alone, head, FeatureSequence(kept, seen.emotions, mask), as_seen(seen.weights), seen.times_s
        )
        inside = [mask & (seen.times_s >= item.start_s) & (seen.times_s < item.end_s - 1e-6) for item in windows]
        means = [seen.emotions[which].mean(axis=0) if which.any() else np.zeros(8, np.float32) for which in inside]
        items.append(
            RealClip(
                clip, bundle.info.labels.index(clip.label), np.stack([item.probabilities for item in windows]),
                np.stack(means), seen.emotions[mask].mean(axis=0),
                np.array([item.quality for item in windows], np.float32),
                np.array([item.num_valid_frames for item in windows]),
            )
        )  # fmt: skip
    return items, left_out


def _stored_head(out: Path, bundle: bundles.Bundle) -> tuple[TrainedHead, HeadTraining]:
    """The head of a bundle as training left it, and its recipe."""
    model = keras.models.load_model(out / bundles.KERAS_HEAD, compile=False)
    stored = read_json(out / bundles.MANIFEST).get("head_training", {}).get("recipe", {})
    known = {name: value for name, value in stored.items() if name in HeadTraining.__slots__}
    head = TrainedHead(
        model, bundle.features, bundle.scores, bundle.scores, bundle.temperature, (), np.nan, np.nan, []
    )  # fmt: skip
    return head, HeadTraining(**known)


def _seen(head: TrainedHead, cnn: keras.Model, clips: WindowDataset) -> HeldOut:
    return HeldOut(calibrated(head.logits(clips), head.temperature), mean_frame_emotions(cnn, clips), clips)
