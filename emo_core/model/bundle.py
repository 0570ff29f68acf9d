"""A model as a directory of plain data (:mod:`emo_core.model.bundle_files`): verified when loaded, then immutable.

Nothing in a bundle is executed; arrays are loaded without pickle; the networks are tried in a process of their own, so
that a damaged one cannot end the server.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from emo_core.analysis import ModelInfo
from emo_core.config import NUM_BLENDSHAPES, PipelineConfig
from emo_core.emotions import HybridClass
from emo_core.errors import BundleError
from emo_core.files.arrays import read_npz
from emo_core.files.folders import SHIPPED_MODEL
from emo_core.model.apart import ApartError
from emo_core.model.bundle_files import (
    CARD,
    FRAME_CNN,
    HEAD,
    HISTORY,
    KERAS_FRAME_CNN,
    KERAS_HEAD,
    MANIFEST,
    METRICS,
    MOST_RECORD_BYTES,
    NORMALIZER,
    OF_THE_HEAD,
    PREDICTIONS,
    converted,
    damaged,
    json_object,
    read_entries,
    read_verified,
    write_bundle,
)
from emo_core.model.evidence import FrameEvidence
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.model.runners import FrameNetwork, HeadNetwork, NetworkShapes, try_networks
from emo_core.model.salience import SalienceCurve
from emo_core.types import check_shape

__all__ = [
    "CARD", "FRAME_CNN", "HEAD", "HISTORY", "KERAS_FRAME_CNN", "KERAS_HEAD", "MANIFEST", "METRICS", "NORMALIZER",
    "OF_THE_HEAD", "PREDICTIONS", "Bundle", "FrameNetwork", "HeadNetwork", "class_names", "load_bundle",
    "load_frame_network", "normalizer_bytes", "write_bundle",
]  # fmt: skip

_Text = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{1,100}\Z")]
_Word = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f<>&]{1,100}\Z")]  # charts would take more for markup
_Share = Annotated[float, Meta(ge=0, le=1)]
_NOT_AS_WRITTEN = (KeyError, TypeError, ValueError)


class _Class(msgspec.Struct, frozen=True):
    name: _Word
    components: Annotated[dict[_Word, _Word], Meta(max_length=2)]


class _Entries(msgspec.Struct, frozen=True):
    """What a finished model says in ``bundle.json`` and serving needs; its records are left alone."""

    name: _Text
    version: _Text
    classes: Annotated[list[_Class], Meta(min_length=2, max_length=64)]
    pipeline: dict[str, Any]
    temperature: Annotated[float, Meta(gt=0, le=1e3)]
    salience: Annotated[dict[_Text, SalienceCurve], Meta(max_length=64)] = {}
    blend_thresholds: Annotated[dict[_Text, _Share], Meta(max_length=64)] = {}
    frame_evidence: FrameEvidence = FrameEvidence()


class _FrameEntries(msgspec.Struct, frozen=True):
    pipeline: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A loaded, verified model. Immutable and shared between threads; networks are made from it per thread.

    It holds all that a result needs of its model, so that a result stays with the model that made it, whatever is
    written into the directory later.

    Attributes:
        path: its directory.
        digest: stands for the content of all its files.
        info: name, version and labels.
        classes: hybrid classes in label order.
        config: settings of the pipeline it was trained for.
        features: Q-based normalization of the frame features.
        scores: Q-based normalization of the class scores.
        temperature: divisor of the logits that calibrates the probabilities.
        salience: class name → curve that shares a face between the emotions of the pair; none where no votes are known.
        metrics: what was measured on it; {} if nothing was.
        card: its model card (Markdown); empty if it has none.
        keras_head: content of ``head.keras``, which shows the weights of the head; empty if it has none.
        blend_thresholds: class name → how much must say that both emotions of a pair are there
            (:func:`emo_core.model.presence.both_shown`); none where that was not measured.
        evidence: how the frame emotions count beside the LSTM.

    Example:
        >>> bundle = load_bundle()
        >>> bundle.info.name, bundle.config.sample_rate_hz
        ('hybrid', 10.0)
    """

    path: Path
    digest: str
    info: ModelInfo
    classes: tuple[HybridClass, ...]
    config: PipelineConfig
    features: FeatureNormalizer
    scores: ScoreNormalizer
    temperature: float
    salience: Mapping[str, SalienceCurve]
    metrics: Mapping[str, Any]
    card: str
    keras_head: bytes
    _frame_cnn: bytes
    _head: bytes
    blend_thresholds: Mapping[str, float] = field(default_factory=dict)
    evidence: FrameEvidence = field(default_factory=FrameEvidence)

    def frame_network(self, num_threads: int = 1) -> FrameNetwork:
        """A frame CNN of the caller's own."""
        return FrameNetwork(self._frame_cnn, num_threads)

    def head_network(self) -> HeadNetwork:
        """An LSTM head of the caller's own."""
        return HeadNetwork(self._head)


def load_bundle(path: Path | str = SHIPPED_MODEL) -> Bundle:
    """Load and verify a model directory, that of the shipped model by default.

    Raises:
        BundleError: it is missing, incomplete, of another schema, damaged, too large, its parts do not fit one another,
            or a file differs from what was written.

    Example:
        >>> load_bundle().info.labels
        ('amusement_surprise', 'sadness_fear', 'other')
    """
    path = Path(path)
    found = read_verified(path, (FRAME_CNN, HEAD, NORMALIZER), (KERAS_HEAD, METRICS, CARD))
    told, files = converted(path, found.entries, _Entries), found.contents
    try:
        arrays = read_npz(files[NORMALIZER])
        classes = tuple(HybridClass(item.name, item.components) for item in told.classes)
        bundle = Bundle(
            path=path,
            digest=found.digest,
            info=ModelInfo(told.name, told.version, tuple(item.name for item in classes)),
            classes=classes,
            config=PipelineConfig.from_dict(told.pipeline),
            features=FeatureNormalizer.from_arrays(_with_prefix(arrays, "features_")),
            scores=ScoreNormalizer.from_arrays(_with_prefix(arrays, "scores_")),
            temperature=told.temperature,
            salience=MappingProxyType(told.salience),
            metrics=MappingProxyType(json_object(path, METRICS, _record(path, METRICS, files) or b"{}")),
            card=_record(path, CARD, files).decode("utf-8", "replace"),
            keras_head=files.get(KERAS_HEAD, b""),
            _frame_cnn=files[FRAME_CNN],
            _head=files[HEAD],
            blend_thresholds=MappingProxyType(told.blend_thresholds),
            evidence=told.frame_evidence,
        )
        _check_classes(bundle)
    except _NOT_AS_WRITTEN as error:
        raise damaged(path) from error
    _check_networks(bundle, _tried(path, files[FRAME_CNN], files[HEAD]))
    return bundle


def load_frame_network(path: Path | str) -> tuple[FrameNetwork, PipelineConfig]:
    """The frame CNN alone, verified; works before a head is trained.

    Raises:
        BundleError: as :func:`load_bundle`.
    """
    path = Path(path)
    found = read_verified(path, (FRAME_CNN,))
    content = found.contents[FRAME_CNN]
    try:
        config = PipelineConfig.from_dict(converted(path, found.entries, _FrameEntries).pipeline)
    except _NOT_AS_WRITTEN as error:
        raise damaged(path) from error
    _check_side(path, _tried(path, content), config)
    return FrameNetwork(content), config


def class_names(path: Path) -> list[str]:
    """Names of the classes of a model; [] while it has no head.

    Raises:
        BundleError: there is no model, or it is damaged.
    """
    entries = read_entries(path)
    return [item.name for item in converted(path, entries.get("classes", []), list[_Class])]


def normalizer_bytes(features: FeatureNormalizer, scores: ScoreNormalizer) -> bytes:
    """Content of ``normalizer.npz``."""
    parts = {"features_": features.to_arrays(), "scores_": scores.to_arrays()}
    arrays: dict[str, Any] = {prefix + name: values for prefix, part in parts.items() for name, values in part.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _with_prefix(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _record(path: Path, name: str, files: Mapping[str, bytes]) -> bytes:
    content = files.get(name, b"")
    if len(content) > MOST_RECORD_BYTES:
        raise damaged(path, name)
    return content


def _tried(path: Path, frame_cnn: bytes, head: bytes = b"") -> NetworkShapes:
    """The shapes of networks that have been seen to run."""
    try:
        found = try_networks(frame_cnn, head)
    except ApartError as error:
        raise BundleError(
            f"The model {path.name} could not be tried, because the machine is too busy: wait a while and try again."
        ) from error
    if found is None:
        raise damaged(path, f"{FRAME_CNN} or {HEAD} cannot be run" if head else f"{FRAME_CNN} cannot be run")
    return found


def _check_classes(bundle: Bundle) -> None:
    if len(set(bundle.info.labels)) < len(bundle.classes):
        raise ValueError(f"two classes have one name: {bundle.info.labels}")
    check_shape("thresholds", bundle.scores.thresholds, (None, len(bundle.classes)))
    offsets = bundle.evidence.offsets
    check_shape("offsets", np.array(offsets), (len(bundle.classes) if offsets else 0,))


def _check_side(path: Path, shapes: NetworkShapes, config: PipelineConfig) -> None:
    if shapes.side_px != config.crop_side_px:
        raise _unfit(path, f"faces of {config.crop_side_px} pixels for a network that takes {shapes.side_px}")


def _check_networks(bundle: Bundle, shapes: NetworkShapes) -> None:
    """That frame CNN, normalizations, head, classes and settings are of one model."""
    _check_side(bundle.path, shapes, bundle.config)
    length = shapes.num_features + NUM_BLENDSHAPES * bundle.config.blendshapes
    for what, given, taken in (
        ("features of {} numbers for a normalization of {}", length, bundle.features.mean.shape[1]),
        ("features of {} numbers for a head that takes {}", length, shapes.head_features),
        ("windows of {} frames for a head that takes {}", bundle.config.window_steps, shapes.steps),
        ("{} classes for a head that knows {}", len(bundle.classes), shapes.num_classes),
    ):
        if given != taken:
            raise _unfit(bundle.path, what.format(given, taken))


def _unfit(path: Path, what: str) -> BundleError:
    return BundleError(f"The parts of the model {path.name} do not fit one another ({what}): train it again.")
