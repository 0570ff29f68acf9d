"""Teach a model the classes of a data set: the frame CNN of another bundle, a head of its own. Loads TensorFlow."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_core import bundle as bundles
from emo_core import networks
from emo_core.checkpoint import Checkpoint
from emo_core.clip_metrics import summarize
from emo_core.config import PipelineConfig
from emo_core.dataset import DatasetClip, read_dataset, see_clips
from emo_core.emotions import HybridClass, class_named
from emo_core.errors import BundleError
from emo_core.evaluate import Choice, evaluate_dataset, folder_of
from emo_core.evaluated import Evaluation, to_json
from emo_core.exposure import content_key
from emo_core.labelled import LabelledClips
from emo_core.measure import normalization_record
from emo_core.records import history_rows, read_json, write_with_records
from emo_core.splits import PARTS, Protocol, Split, check_enough, split_clips
from emo_core.train_head import HeadTraining, TrainedHead, fit_feature_normalizer, fit_head

RECIPE = HeadTraining(epochs=40, patience=8, batch_size=16, learning_rate=1.2e-3, num_neighbourhoods=3)
"""Recipe of a taught head: a few hundred clips and nothing else."""

VERSION = "1.0"

EVALUATION = "evaluation.json"
"""Verdicts on the test clips, in the bundle."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told how the work goes on.

    Attributes:
        say: called with a line of text.
        progress: called with what is being done, how much of it is done and how much there is.
        epoch: called with the figures of each epoch; those of a training that goes on come again, all in turn.
    """

    say: Callable[[str], None] = lambda line: None
    progress: Callable[[str, int, int], None] = lambda what, done, total: None
    epoch: Callable[[Mapping[str, float]], None] = lambda row: None


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is taught: from which data set, on top of which model, how split, how trained.

    Attributes:
        data: data set, as :func:`emo_core.dataset.read_dataset` reads it.
        out: bundle directory; a model that was taught before is replaced, any other one is refused.
        base: bundle whose frame CNN is used.
        protocol: ``subject``, nobody in two parts; ``random``, as in the paper.
        recipe: of the head; its seed is also that of the split.
        command: the command line, for the records.
    """

    data: Path
    out: Path
    base: Path
    protocol: Protocol = "subject"
    recipe: HeadTraining = field(default_factory=lambda: RECIPE)
    command: str = ""


def teach(lesson: Lesson, cache: Path, told: Told | None = None) -> dict[str, Any]:
    """Train a head on a data set and write a bundle with its records.

    Stopped at any moment, it leaves an earlier bundle as it was; called again, it goes on after the last whole epoch.

    Args:
        lesson: what and how.
        cache: folder for what was seen of the clips and for the checkpoint.
        told: told how the work goes on.

    Returns:
        Metrics on the clips of the test part, which neither trained nor chose.

    Raises:
        BundleError: the base cannot be used, or `out` holds a model that was not taught from a data set.
        DatasetError: the data set cannot be read, or holds too little to learn and measure; see
            :func:`emo_core.splits.split_clips`.
    """
    told, started = told or Told(), time.monotonic()
    _check_target(lesson)
    clips = read_dataset(lesson.data)
    check_enough(clips, lesson.protocol)
    base = read_json(lesson.base / bundles.MANIFEST)
    cnn, config = bundles.load_frame_network(lesson.base)
    labels = sorted({clip.label for clip in clips}, key=lambda label: (label == "other", label))
    classes = tuple(class_named(label) for label in labels)
    windows = see_clips(
        clips, labels, cnn, config, cache, told.say, lambda done, total: told.progress("Seeing clips", done, total)
    )
    seen = sorted(set(windows.clips.tolist()))
    left_out = [clip.path.name for index, clip in enumerate(clips) if index not in set(seen)]
    kept = [clips[index] for index in seen]
    split = split_clips(kept, lesson.protocol, lesson.recipe.seed)
    parts = {part: _windows_of(windows, [seen[index] for index in split.members(part)]) for part in PARTS}
    told.say("Training on " + ", ".join(f"{len(split.members(part))} clips ({part})" for part in PARTS))
    count = parts["train"].features.shape[2] if lesson.recipe.blendshapes else cnn.num_features
    checkpoint = Checkpoint(cache / "taught" / f"{_digest(lesson, cnn.digest, labels, parts)}.npz")
    head = _fit(parts, labels, count, lesson.recipe, checkpoint, told)
    told.progress("Measuring", 0, 1)
    manifest = _manifest(lesson, head, classes, config, base)
    manifest["taught"] = {
        "data": folder_of(lesson.data).resolve().name,
        "protocol": lesson.protocol,
        "base": f"{base.get('name', lesson.base.name)} {base.get('version', '')}".strip(),
        "base_stills": _base_stills(lesson.base),
        "num_clips": len(kept),
        "left_out": left_out,
        "parts": {part: _part_record(kept, split, part) for part in PARTS},
        "seen": sorted(content_key(kept[index].path) for part in PARTS[:2] for index in split.members(part)),
        "unknown_people": sum(not clip.person_known for clip in kept),
        "sources": sorted({clip.source or "not stated" for clip in kept}),
    }
    files = _files(lesson, head)
    evaluation = _measure(manifest, files, [kept[index] for index in split.members("test")], lesson, cache)
    manifest["head_training"] = {
        "command": lesson.command,
        "recipe": asdict(lesson.recipe),
        "false_accept_costs": list(head.false_accept_costs),
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    metrics = {"taught_clips": _figures(evaluation), "normalization": normalization_record(head, labels)}
    files[EVALUATION] = (to_json(evaluation) + "\n").encode()
    rows = history_rows("head", head.history)
    write_with_records(lesson.out, manifest, metrics, rows, files, _predictions(evaluation), drop=bundles.OF_THE_HEAD)
    checkpoint.clear()
    told.progress("Done", 1, 1)
    return dict(metrics["taught_clips"])


def _check_target(lesson: Lesson) -> None:
    """Refuse to write over a model that was made otherwise, before the work begins."""
    manifest = read_json(lesson.out / bundles.MANIFEST)
    if manifest and "taught" not in manifest:
        raise BundleError(
            f"{lesson.out.name} is a model that was not taught from a data set and cannot be made again so: choose "
            "another name for yours."
        )
    if lesson.out.exists() and not lesson.out.is_dir():
        raise BundleError(f"{lesson.out.name} is a file: choose another name for the model.")


def _windows_of(windows: LabelledClips, clips: Sequence[int]) -> LabelledClips:
    return windows.chosen(np.isin(windows.clips, clips))


def _fit(
    parts: Mapping[str, LabelledClips], labels: Sequence[str], num_features: int, recipe: HeadTraining,
    checkpoint: Checkpoint, told: Told,
) -> TrainedHead:  # fmt: skip
    """The head; the epochs that the checkpoint holds are told first."""
    train, validation = parts["train"], parts["validation"]
    frames, quality = train.features.reshape(-1, train.features.shape[2])[:, :num_features], train.weights.ravel()
    normalizer = fit_feature_normalizer(frames, quality, recipe)
    if earlier := checkpoint.begin(np.random.default_rng()):
        told.say(f"Going on after epoch {len(earlier[0])}")
        for row in earlier[0]:
            told.epoch(row)
    nobody = validation.chosen(np.zeros(len(validation.labels), bool))
    return fit_head(lambda _: train, validation, nobody, normalizer, labels, recipe, told.epoch, checkpoint)


def _digest(lesson: Lesson, cnn: str, labels: Sequence[str], parts: Mapping[str, LabelledClips]) -> str:
    """Names a checkpoint after everything that decides how the training goes."""
    digest = hashlib.sha256(repr((lesson.recipe, lesson.protocol, cnn, list(labels))).encode())
    for part in PARTS[:2]:
        for array in (parts[part].features, parts[part].weights, parts[part].labels):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _measure(
    manifest: Mapping[str, Any], files: Mapping[str, bytes], clips: Sequence[DatasetClip], lesson: Lesson, cache: Path
) -> Evaluation:
    """The test clips as the app will judge them, with the networks as they will be written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / lesson.out.name
        bundles.write_bundle(path, manifest, files)
        choice = Choice(tuple(clips), 0, 0, "The model neither was trained on these clips nor chose anything on them.")
        name = manifest["taught"]["data"]
        return evaluate_dataset(
            bundles.load_bundle(path), choice, lesson.data, cache, name=name, command=lesson.command
        )


def _part_record(clips: Sequence[DatasetClip], split: Split, part: str) -> dict[str, Any]:
    members = [clips[index] for index in split.members(part)]
    labels = sorted({clip.label for clip in clips})
    return {
        "num_clips": len(members),
        "people": sorted({clip.person for clip in members}),
        "by_class": {label: sum(clip.label == label for clip in members) for label in labels},
        "clips": sorted(f"{clip.path.parent.name}/{clip.path.name}" for clip in members),
    }


def _base_stills(base: Path) -> dict[str, Any]:
    """What is known of the frame CNN on real stills; {} where nothing is."""
    stills = read_json(base / bundles.METRICS).get("real_stills", {})
    return {name: stills[name] for name in ("num_images", "accuracy", "macro_f1") if name in stills}


def _manifest(
    lesson: Lesson, head: TrainedHead, classes: Sequence[HybridClass], config: PipelineConfig, base: Mapping[str, Any]
) -> dict[str, Any]:
    """Entries of ``bundle.json`` but for its records."""
    curves = base.get("salience", {})
    return {
        "name": lesson.out.name,
        "version": VERSION,
        "classes": [item.to_dict() for item in classes],
        "pipeline": replace(config, blendshapes=lesson.recipe.blendshapes).to_dict(),
        "temperature": head.temperature,
        "salience": {item.name: curves[item.name] for item in classes if item.name in curves},
    }


def _files(lesson: Lesson, head: TrainedHead) -> dict[str, bytes]:
    """The networks: the frame CNN of the base, the head in both forms, the normalizations."""
    files = {name: (lesson.base / name).read_bytes() for name in (bundles.FRAME_CNN, bundles.KERAS_FRAME_CNN)}
    return files | {
        bundles.HEAD: networks.to_tflite(head.model),
        bundles.KERAS_HEAD: networks.to_keras(head.model),
        bundles.NORMALIZER: bundles.normalizer_bytes(head.features, head.scores),
    }


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    """Figures for the records; curves are drawn from the evaluation, which is a file of its own."""
    figures = summarize(evaluation)
    return {name: value for name, value in figures.items() if name not in ("curves", "coverage_curve")}


def _predictions(evaluation: Evaluation) -> dict[str, NDArray[Any]]:
    return {
        "taught_probabilities": evaluation.probabilities,
        "taught_labels": evaluation.truth,
        "taught_people": evaluation.people,
    }
