"""Teach a model the classes of a data set: the frame CNN of another bundle, a head of its own. Loads TensorFlow."""

import functools
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from emo_core.config import PipelineConfig
from emo_core.datasets.clips import DatasetClip, read_dataset
from emo_core.datasets.feature_cache import content_key
from emo_core.datasets.seen_by_model import without_unnamed
from emo_core.datasets.splits import PARTS, PUBLISHED_SHARES, SHARES, Protocol, Split, check_enough, split_clips
from emo_core.datasets.windows import WindowDataset, see_clips
from emo_core.emotions import OTHER
from emo_core.errors import BundleError, DatasetError
from emo_core.evaluation.results import Evaluation, to_json
from emo_core.files.kept import keep, kept_arrays
from emo_core.measured import TaughtClips
from emo_core.model import bundle as bundles
from emo_core.model.limits import PUBLISHED, RecipeName
from emo_core.training import networks
from emo_core.training.checkpoint import Checkpoint
from emo_core.training.custom_record import measure_taught, taught_figures, taught_manifest, taught_record
from emo_core.training.fine_tuning import FrameTuning, gather_frames, tune_last_stage
from emo_core.training.head import HeadTraining, TrainedHead, fit_feature_normalizer, fit_head, head_files
from emo_core.training.measure import normalization_record
from emo_core.training.records import history_rows, read_json, write_with_records

RECIPE = HeadTraining(epochs=40, patience=8, batch_size=16, learning_rate=1.2e-3, noise=0.5, num_neighbourhoods=3)
"""Recipe of a taught head: a few hundred clips and nothing else."""

PUBLISHED_PARTS: Mapping[str, Any] = {"reader": "lstm", "mean_input": True, "q_features": True, "blendshapes": False}
"""Parts of the method that the published recipe has, whatever the studio's: Q-normalized features (paper eq. 1) and the
mean over the clip, pooled by quality, beside each feature and its step embedding (eq. 4–9)."""

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
        data: data set, as :func:`emo_core.datasets.clips.read_dataset` reads it.
        out: bundle directory; a model that was taught before is replaced, any other one is refused.
        base: bundle whose frame CNN is used.
        protocol: ``subject``, nobody in two parts; ``random``, as in the paper.
        recipe: of the head; its seed is also that of the split.
        tuning: of the last stage of the frame CNN; None leaves it as it is.
        command: the command line, for the records.
        method: ``studio``, or ``published``: as the paper says, with :data:`PUBLISHED_PARTS`, without *other*, and the
            most probable class is the verdict.
    """

    data: Path
    out: Path
    base: Path
    protocol: Protocol = "subject"
    recipe: HeadTraining = field(default_factory=lambda: RECIPE)
    tuning: FrameTuning | None = None
    command: str = ""
    method: RecipeName = "studio"

    @property
    def head(self) -> HeadTraining:
        """The recipe of the head with the parts that the method has."""
        return replace(self.recipe, **PUBLISHED_PARTS) if self.method == PUBLISHED else self.recipe


def teach(lesson: Lesson, cache: Path, told: Told | None = None) -> TaughtClips:
    """Train a head on a data set and write a bundle with its records.

    Stopped at any moment, it leaves an earlier bundle as it was; called again, it goes on after the last whole epoch.

    Args:
        lesson: what and how.
        cache: folder for what was seen of the clips and for the checkpoint.
        told: told how the work goes on.

    Returns:
        Figures on the clips of the test part, which neither trained nor chose.

    Raises:
        BundleError: the base cannot be used, or `out` holds a model that was not taught from a data set.
        DatasetError: the data set cannot be read, or holds too little to learn and measure; see
            :func:`emo_core.datasets.splits.split_clips`.

    Example:
        >>> lesson = Lesson(Path("data/mine"), Path("models/mine"), Path("models/hybrid"))  # doctest: +SKIP
        >>> teach(lesson, Path(".cache")).scores.accuracy.value                            # doctest: +SKIP
        0.8
    """
    told, started = told or Told(), time.monotonic()
    _check_target(lesson)
    clips = _clips_of(lesson, told)
    labels = sorted({clip.label for clip in clips}, key=lambda label: (label == OTHER, label))
    eyes = _eyes_of(lesson.base)
    windows = _see(clips, labels, eyes, cache, told)
    seen = sorted(set(windows.clips.tolist()))
    kept = [clips[index] for index in seen]
    shares = PUBLISHED_SHARES if lesson.method == PUBLISHED else SHARES
    split = split_clips(kept, lesson.protocol, lesson.recipe.seed, shares)
    if lesson.tuning:
        eyes = _tuned(lesson.tuning, eyes, kept, split, labels, cache, told)
        windows = _see(clips, labels, eyes, cache, told)
    parts = {part: windows.chosen(np.isin(windows.clips, [seen[k] for k in split.members(part)])) for part in PARTS}
    told.say("Training on " + ", ".join(f"{len(split.members(part))} clips ({part})" for part in PARTS))
    num_features = parts["train"].features.shape[2] if lesson.head.blendshapes else eyes.network.num_features
    checkpoint = Checkpoint(cache / "taught" / f"{_digest(lesson, eyes.network.digest, labels, parts)}.npz")
    head = _fit(parts, labels, num_features, lesson, checkpoint, told)
    told.progress("Measuring", 0, 1)
    config = replace(eyes.config, blendshapes=lesson.head.blendshapes)
    manifest = taught_manifest(lesson.out.name, lesson.base, labels, config, head.temperature)
    left_out = [clip for index, clip in enumerate(clips) if index not in set(seen)]
    record = taught_record(
        lesson.data, lesson.base, kept, left_out, split, lesson.method, tuned=lesson.tuning is not None
    )
    manifest["taught"] = msgspec.to_builtins(record)
    files = eyes.files | head_files(head)
    tests = [kept[index] for index in split.members("test")]
    evaluation = measure_taught(manifest, files, tests, lesson.data, cache, lesson.command)
    manifest["head_training"] = {
        "command": lesson.command,
        "recipe": asdict(lesson.head),
        "tuning": asdict(lesson.tuning) if lesson.tuning else None,
        "false_accept_costs": list(head.false_accept_costs),
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    figures = taught_figures(evaluation, record)
    if lesson.method == PUBLISHED and not lesson.tuning:
        del files[bundles.KERAS_FRAME_CNN]  # the network is that of the base, which has it
    _write(lesson, manifest, files, figures, evaluation, head, eyes.history)
    checkpoint.clear()
    told.progress("Done", 1, 1)
    return figures


def _clips_of(lesson: Lesson, told: Told) -> list[DatasetClip]:
    """The clips that are taught, or why there are too few."""
    found = read_dataset(lesson.data)
    clips = without_unnamed(found, ()) if lesson.method == PUBLISHED else found
    if not clips:
        raise DatasetError("All clips are of other, which the published method lacks: add clips of two classes.")
    if count := len(found) - len(clips):
        told.say(f"{count} clips of other are left out: the published method has no such class")
    check_enough(clips, lesson.protocol)
    return clips


@dataclass(frozen=True, slots=True, eq=False)
class _Eyes:
    """A frame CNN: to see with, as files of a bundle, and how it was tuned if it was."""

    network: bundles.FrameNetwork
    config: PipelineConfig
    files: dict[str, bytes]
    history: list[dict[str, float]] = field(default_factory=list)


def _eyes_of(base: Path) -> _Eyes:
    network, config = bundles.load_frame_network(base)
    names = (bundles.FRAME_CNN, bundles.KERAS_FRAME_CNN)
    files = {name: (base / name).read_bytes() for name in names if (base / name).exists()}
    return _Eyes(network, config, files)


def _tuned(
    recipe: FrameTuning, eyes: _Eyes, clips: Sequence[DatasetClip], split: Split, labels: Sequence[str], cache: Path,
    told: Told,
) -> _Eyes:  # fmt: skip
    """The frame CNN with its last stage tuned on the clips that train, from the cache if that was done before."""
    keys = [(part, content_key(clip.path), clip.label) for part, clip in zip(split.parts, clips, strict=True)]
    name = hashlib.sha256(repr((recipe, eyes.network.digest, keys)).encode()).hexdigest()[:16]
    stored = cache / "taught" / f"cnn-{name}.npz"
    found = kept_arrays(stored, functools.partial(_stored_eyes, eyes.config))
    if found is not None:
        return found
    if bundles.KERAS_FRAME_CNN not in eyes.files:
        raise BundleError("This model holds no frame network that can be trained: choose another base.")
    frames = []
    for part in PARTS[:2]:
        members = [(clips[k], labels.index(clips[k].label)) for k in split.members(part)]
        tell = functools.partial(told.progress, f"Seeing frames ({part})")
        frames.append(gather_frames(members, eyes.network, eyes.config, tell))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / bundles.KERAS_FRAME_CNN
        path.write_bytes(eyes.files[bundles.KERAS_FRAME_CNN])
        model = keras.models.load_model(path, compile=False)

    def tell_epoch(row: dict[str, float]) -> None:
        told.progress("Tuning the frame network", int(row["epoch"]) + 1, recipe.epochs)
        told.say(f"Frame network, epoch {row['epoch'] + 1:.0f}: validation accuracy {row['val_accuracy']:.4f}")

    tuned, history = tune_last_stage(model, frames[0], frames[1], len(labels), recipe, tell_epoch)
    files = {bundles.FRAME_CNN: networks.to_tflite(tuned), bundles.KERAS_FRAME_CNN: networks.to_keras(tuned)}
    write = functools.partial(
        np.savez, tflite=np.frombuffer(files[bundles.FRAME_CNN], np.uint8),
        keras=np.frombuffer(files[bundles.KERAS_FRAME_CNN], np.uint8), history=np.array(json.dumps(history)),
    )  # fmt: skip
    keep(stored, write)
    return _Eyes(bundles.FrameNetwork(files[bundles.FRAME_CNN]), eyes.config, files, history)


def _stored_eyes(config: PipelineConfig, arrays: Mapping[str, NDArray[Any]]) -> _Eyes:
    files = {bundles.FRAME_CNN: bytes(arrays["tflite"]), bundles.KERAS_FRAME_CNN: bytes(arrays["keras"])}
    return _Eyes(bundles.FrameNetwork(files[bundles.FRAME_CNN]), config, files, json.loads(str(arrays["history"])))


def _see(clips: Sequence[DatasetClip], labels: Sequence[str], eyes: _Eyes, cache: Path, told: Told) -> WindowDataset:
    tell = functools.partial(told.progress, "Seeing clips")
    return see_clips(clips, labels, eyes.network, eyes.config, cache, told.say, tell)


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


def _fit(
    parts: Mapping[str, WindowDataset], labels: Sequence[str], num_features: int, lesson: Lesson,
    checkpoint: Checkpoint, told: Told,
) -> TrainedHead:  # fmt: skip
    """The head; the epochs that the checkpoint holds are told first."""
    recipe = lesson.head
    train, validation = parts["train"], parts["validation"]
    frames, quality = train.features.reshape(-1, train.features.shape[2])[:, :num_features], train.weights.ravel()
    normalizer = fit_feature_normalizer(frames, quality, recipe)
    if earlier := checkpoint.begin(np.random.default_rng()):
        told.say(f"Going on after epoch {len(earlier.history)}")
        for row in earlier.history:
            told.epoch(row)
    nobody = validation.chosen(np.zeros(len(validation.labels), bool))
    head = fit_head(lambda _: train, validation, nobody, normalizer, labels, recipe, told.epoch, checkpoint)
    if lesson.method == PUBLISHED:  # the most probable class is the verdict
        always = replace(head.flat_scores, thresholds=np.zeros_like(head.flat_scores.thresholds))
        return replace(head, scores=always, flat_scores=always)
    return head


def _digest(lesson: Lesson, cnn: str, labels: Sequence[str], parts: Mapping[str, WindowDataset]) -> str:
    """Names a checkpoint after everything that decides how the training goes."""
    digest = hashlib.sha256(repr((lesson.head, lesson.protocol, cnn, list(labels))).encode())
    for part in PARTS[:2]:
        for array in (parts[part].features, parts[part].weights, parts[part].labels):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _write(
    lesson: Lesson, manifest: Mapping[str, Any], files: Mapping[str, bytes], figures: TaughtClips,
    evaluation: Evaluation, head: TrainedHead, tuning: Sequence[Mapping[str, float]],
) -> None:  # fmt: skip
    """The bundle with its records, whole or not at all."""
    labels = [item["name"] for item in manifest["classes"]]
    metrics = {"taught_clips": figures, "normalization": normalization_record(head, labels)}
    rows = [*history_rows("frames", tuning), *history_rows("head", head.history)]
    content = {**files, EVALUATION: (to_json(evaluation) + "\n").encode()}
    predictions = {
        "taught_probabilities": evaluation.probabilities,
        "taught_labels": evaluation.truth,
        "taught_people": evaluation.people,
    }
    drop = {*bundles.OF_THE_HEAD, bundles.KERAS_FRAME_CNN} - set(content)
    write_with_records(lesson.out, manifest, metrics, rows, content, predictions, drop=sorted(drop))
