"""A model as a directory of plain data: written whole or not at all, verified when loaded, run on LiteRT.

    bundle.json         schema, name, version, classes, pipeline settings, temperature, SHA-256 of every file below
    frame_cnn.tflite    frame CNN for serving        frame_cnn.keras   the same for training and gradients
    head.tflite         LSTM head for serving        head.keras        the same
    normalizer.npz      Q-based normalizations of features and of scores
    metrics.json, history.csv, predictions.npz, MODEL_CARD.md         records of how it was made and measured

Nothing in a bundle is executed; arrays are loaded without pickle.
"""

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from emo_core.config import PipelineConfig
from emo_core.emotions import HybridClass
from emo_core.errors import BundleError
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.model.salience import SalienceCurve
from emo_core.types import Floats, ModelInfo, check_shape

SCHEMA = 1
MANIFEST = "bundle.json"
FRAME_CNN, HEAD, NORMALIZER = "frame_cnn.tflite", "head.tflite", "normalizer.npz"
KERAS_FRAME_CNN, KERAS_HEAD = "frame_cnn.keras", "head.keras"
METRICS, HISTORY, PREDICTIONS, CARD = "metrics.json", "history.csv", "predictions.npz", "MODEL_CARD.md"
OF_THE_HEAD = (HEAD, KERAS_HEAD, NORMALIZER, MANIFEST, METRICS, HISTORY, PREDICTIONS)
"""What another frame CNN makes invalid: the head and every record that mentions it."""

_CNN_BATCH = 16  # bounds the memory of the feature maps
_NOT_AS_WRITTEN = (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile)


class FrameNetwork:
    """The frame CNN on LiteRT. Owns its interpreter: one per thread."""

    def __init__(self, model: bytes, num_threads: int = 1) -> None:
        self.digest = hashlib.sha256(model).hexdigest()[:16]
        self._interpreter = Interpreter(model_content=model, num_threads=num_threads)
        self._interpreter.allocate_tensors()
        self._run = self._interpreter.get_signature_runner()

    def __call__(self, faces: Floats) -> tuple[Floats, Floats]:
        """Features (T, m) and basic emotions (T, 8) of normalized faces (T, S, S) float32 in [0, 1]; T ≥ 1."""
        outputs = [self._outputs(faces[i : i + _CNN_BATCH]) for i in range(0, len(faces), _CNN_BATCH)]
        return (
            np.concatenate([output["feature"] for output in outputs]),
            np.concatenate([output["emotions"] for output in outputs]),
        )

    @property
    def num_features(self) -> int:
        """m, the length of a frame feature."""
        return int(self._run.get_output_details()["feature"]["shape"][-1])

    def feature_maps(self, faces: Floats) -> Floats:
        """Feature maps A_t (T, h, w, m) float32 of normalized faces (T, S, S); their mean over h, w is the feature."""
        batches = range(0, len(faces), _CNN_BATCH)
        return np.concatenate([self._outputs(faces[i : i + _CNN_BATCH])["feature_map"] for i in batches])

    def _outputs(self, faces: Floats) -> dict[str, Floats]:
        return dict(self._run(face=np.ascontiguousarray(faces, np.float32)[..., np.newaxis]))


class HeadNetwork:
    """The LSTM head on LiteRT. Owns its interpreter: one per thread."""

    def __init__(self, model: bytes) -> None:
        self._interpreter = Interpreter(model_content=model, num_threads=1)
        self._interpreter.allocate_tensors()
        self._run = self._interpreter.get_signature_runner()

    def __call__(self, features: Floats, weights: Floats) -> Floats:
        """Class scores (T, C) float32 logits at every step of one window.

        Args:
            features: (T, m) float32, Q-normalized.
            weights: (T,) float32 in [0, 1], quality of each frame, 0 = masked.
        """
        outputs = self._run(features=features[np.newaxis], weights=weights[np.newaxis])
        return np.asarray(next(iter(outputs.values()))[0], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A loaded, verified model. Immutable and shared between threads; networks are made from it per thread.

    Attributes:
        path: its directory.
        info: name, version and labels.
        classes: hybrid classes in label order.
        config: settings of the pipeline it was trained for.
        features: Q-based normalization of the frame features.
        scores: Q-based normalization of the class scores.
        temperature: divisor of the logits that calibrates the probabilities.
        salience: class name → curve that shares a face between the emotions of the pair; none where no votes are known.
    """

    path: Path
    info: ModelInfo
    classes: tuple[HybridClass, ...]
    config: PipelineConfig
    features: FeatureNormalizer
    scores: ScoreNormalizer
    temperature: float
    salience: Mapping[str, SalienceCurve]
    _frame_cnn: bytes
    _head: bytes

    def frame_network(self, num_threads: int = 1) -> FrameNetwork:
        """A frame CNN of the caller's own."""
        return FrameNetwork(self._frame_cnn, num_threads)

    def head_network(self) -> HeadNetwork:
        """An LSTM head of the caller's own."""
        return HeadNetwork(self._head)


def load_bundle(path: Path | str) -> Bundle:
    """Load and verify a model directory.

    Raises:
        BundleError: it is missing, incomplete, of another schema, or a file differs from what was written.

    Example:
        >>> load_bundle("models/hybrid").info.labels
        ('amusement_surprise', 'sadness_fear', 'other')
    """
    path = Path(path)
    manifest, files = _read_verified(path, (FRAME_CNN, HEAD, NORMALIZER))
    try:
        with np.load(io.BytesIO(files[NORMALIZER]), allow_pickle=False) as stored:
            arrays = dict(stored)
        classes = tuple(HybridClass.from_dict(item) for item in manifest["classes"])
        scores = ScoreNormalizer.from_arrays(_with_prefix(arrays, "scores_"))
        check_shape("thresholds", scores.thresholds, (None, len(classes)))
        if not manifest["temperature"] > 0:
            raise ValueError(f"temperature is {manifest['temperature']}, expected more than 0")
        return Bundle(
            path=path,
            info=ModelInfo(manifest["name"], manifest["version"], tuple(item.name for item in classes)),
            classes=classes,
            config=PipelineConfig.from_dict(manifest["pipeline"]),
            features=FeatureNormalizer.from_arrays(_with_prefix(arrays, "features_")),
            scores=scores,
            temperature=float(manifest["temperature"]),
            salience={name: SalienceCurve(**curve) for name, curve in manifest.get("salience", {}).items()},
            _frame_cnn=files[FRAME_CNN],
            _head=files[HEAD],
        )
    except _NOT_AS_WRITTEN as error:
        raise _damaged(path) from error


def load_frame_network(path: Path | str, num_threads: int = 1) -> tuple[FrameNetwork, PipelineConfig]:
    """The frame CNN alone, verified; works before a head is trained.

    Raises:
        BundleError: as :func:`load_bundle`.
    """
    path = Path(path)
    manifest, files = _read_verified(path, (FRAME_CNN,))
    try:
        return FrameNetwork(files[FRAME_CNN], num_threads), PipelineConfig.from_dict(manifest["pipeline"])
    except _NOT_AS_WRITTEN as error:
        raise _damaged(path) from error


def verified_file(path: Path | str, name: str) -> bytes:
    """Content of one file of a model directory, the whole of which is verified.

    Raises:
        BundleError: as :func:`load_bundle`.
    """
    return _read_verified(Path(path), (name,))[1][name]


def write_bundle(
    path: Path | str, manifest: Mapping[str, Any], files: Mapping[str, bytes], drop: Sequence[str] = ()
) -> None:
    """Write a model directory whole: entries of `manifest` and `files` replace those of an earlier one.

    Everything is written beside the target first, so an interruption leaves the earlier model as it was.

    Args:
        path: target directory.
        manifest: entries of ``bundle.json`` (name, version, classes, pipeline, temperature …).
        files: file name → content.
        drop: names of earlier files that the new ones make invalid.
    """
    path = Path(path)
    part, old = (path.with_name(f".{path.name}.{suffix}") for suffix in ("part", "old"))
    if old.exists() and not path.exists():
        old.rename(path)  # the process was killed between the two renames at the end
    for leftover in (part, old):
        shutil.rmtree(leftover, ignore_errors=True)
    if path.exists():
        shutil.copytree(path, part)
    part.mkdir(parents=True, exist_ok=True)
    for name in drop:
        (part / name).unlink(missing_ok=True)
    for name, content in files.items():
        (part / name).write_bytes(content)
    earlier = json.loads((part / MANIFEST).read_text("utf-8")) if (part / MANIFEST).exists() else {}
    hashes = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(part.iterdir())
        if file.is_file() and file.name != MANIFEST
    }
    entries = {**earlier, **manifest, "schema": SCHEMA, "files": hashes}
    (part / MANIFEST).write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if path.exists():
        path.rename(old)
    try:
        part.rename(path)
    except BaseException:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def normalizer_bytes(features: FeatureNormalizer, scores: ScoreNormalizer) -> bytes:
    """Content of ``normalizer.npz``."""
    parts = {"features_": features.to_arrays(), "scores_": scores.to_arrays()}
    arrays: dict[str, Any] = {prefix + name: values for prefix, part in parts.items() for name, values in part.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _with_prefix(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _damaged(path: Path) -> BundleError:
    return BundleError(f"The model {path.name} is damaged ({MANIFEST}): restore it or train it again.")


def _read_verified(path: Path, needed: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and the content of the needed files, every listed file checked against its hash."""
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        hashes = dict(manifest["files"])
    except OSError as error:
        raise BundleError(f"There is no model in {path.name!r}: name a folder that holds a {MANIFEST}.") from error
    except _NOT_AS_WRITTEN as error:
        raise _damaged(path) from error
    if manifest.get("schema") != SCHEMA:
        raise BundleError(
            f"The model {path.name} has schema {manifest.get('schema')!r}, this version reads {SCHEMA}: train it again."
        )
    missing = [name for name in needed if name not in hashes]
    if missing:
        raise BundleError(f"The model {path.name} is not finished ({missing[0]} is missing): run the train command.")
    contents = {}
    for name, expected in hashes.items():
        try:
            content = (path / name).read_bytes()
        except OSError as error:
            raise BundleError(f"The model {path.name} lacks its file {name}: restore it or train it again.") from error
        if hashlib.sha256(content).hexdigest() != expected:
            raise BundleError(
                f"The model {path.name} was changed after it was written ({name}): restore it or train it again."
            )
        if name in needed:
            contents[name] = content
    return manifest, contents
