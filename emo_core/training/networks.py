"""The two networks in Keras: the frame CNN and the LSTM head (method §5, §6). Importing this loads Keras.

Serving runs their TFLite exports and never imports this module; training and the parity test do.
"""

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from emo_core.emotions import EMOTIONS

FEATURE_MAP, FEATURE, FRAME_EMOTIONS = "feature_map", "feature", "emotions"
"""Names of the frame CNN's three outputs."""

LOGITS = "logits"
"""Name of the head's last layer."""

_STAGES = (32, 64, 128, 256)
_STEP_UNITS = 8

READERS = ("lstm", "mean", "last")
"""What can read a sequence of features: the LSTM of the method; or, for comparison, its mean or each frame alone."""


@keras.saving.register_keras_serializable("emo_core")
class WithMirrorImages(layers.Layer):  # type: ignore[misc]
    """Faces (B, S, S, 1) followed by their mirror images, (2B, S, S, 1)."""

    def call(self, faces: Any) -> Any:
        """Both halves in one batch, so that the layers between here and :class:`MirrorMean` stay flat."""
        return keras.ops.concatenate([faces, keras.ops.flip(faces, axis=2)], axis=0)


@keras.saving.register_keras_serializable("emo_core")
class MirrorMean(layers.Layer):  # type: ignore[misc]
    """Feature maps of faces and of their mirror images (2B, h, w, m) → their mean in the face's own frame (B, …)."""

    def call(self, maps: Any) -> Any:
        """The map of a mirror image is mirrored back before it is averaged."""
        own, mirrored_back = keras.ops.split(maps, 2, axis=0)
        return (own + keras.ops.flip(mirrored_back, axis=2)) / 2


def build_frame_cnn(side: int, *, mirrored: bool = True) -> keras.Model:
    """Frame CNN: an aligned face → feature map, feature, basic emotions (paper eq. 2, 3).

    Four stages of two 3×3 convolutions, the resolution halved between stages. Flat (no nested models), so that a
    gradient from the head reaches the feature map.

    Args:
        side: side S of the crop in pixels; the feature map is S/8 wide.
        mirrored: average over the face and its mirror image: feature and emotions are the same for both, at twice the
            cost. Without, for training; the weights are the same.

    Returns:
        Input (B, S, S, 1) float32 in [0, 1]; outputs `feature_map` (B, S/8, S/8, 256), `feature` (B, 256), the mean of
        the map, and `emotions` (B, 8), softmax in the order of :data:`EMOTIONS`.
    """
    image = keras.Input((side, side, 1), name="face")
    x = WithMirrorImages(name="with_mirror_images")(image) if mirrored else image
    for stage, filters in enumerate(_STAGES):
        if stage:
            x = layers.MaxPooling2D(2)(x)
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.ReLU()(x)
    x = layers.Activation("linear", dtype="float32", name=FEATURE_MAP if not mirrored else "maps")(x)
    feature_map = MirrorMean(name=FEATURE_MAP)(x) if mirrored else x
    feature = layers.GlobalAveragePooling2D(dtype="float32", name=FEATURE)(feature_map)
    dropped = layers.Dropout(0.3)(feature)
    emotions = layers.Dense(len(EMOTIONS), activation="softmax", dtype="float32", name=FRAME_EMOTIONS)(dropped)
    return keras.Model(image, {FEATURE_MAP: feature_map, FEATURE: feature, FRAME_EMOTIONS: emotions}, name="frame_cnn")


@keras.saving.register_keras_serializable("emo_core")
class WeightedMean(layers.Layer):  # type: ignore[misc]
    """Mean over time weighted by quality, repeated at every step: ū of the method, (B, T, m)."""

    def call(self, features: Any, weights: Any) -> Any:
        """Features (B, T, m) and weights (B, T) ≥ 0 → (B, T, m); 0 where all weights are 0."""
        shares = weights / keras.ops.maximum(keras.ops.sum(weights, axis=1, keepdims=True), 1e-6)
        mean = keras.ops.sum(features * shares[..., None], axis=1, keepdims=True)
        return mean + keras.ops.zeros_like(features)


@keras.saving.register_keras_serializable("emo_core")
class StepEmbedding(layers.Layer):  # type: ignore[misc]
    """A learned vector w_t for each step of the window, appended to the features."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the (T, units) table."""
        self.table = self.add_weight(shape=(input_shape[1], self.units), initializer="normal", name="table")
        self.built = True

    def call(self, features: Any) -> Any:
        """Features (B, T, m) → (B, T, m + units)."""
        steps = keras.ops.zeros_like(features[..., :1]) + self.table[None]
        return keras.ops.concatenate([features, steps], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Arguments to build the layer again."""
        return {**super().get_config(), "units": self.units}


def build_head(
    steps: int,
    num_features: int,
    num_classes: int,
    *,
    units: int = 64,
    dropout: float = 0.0,
    reader: str = "lstm",
    mean_input: bool = True,
) -> keras.Model:
    """LSTM head: x_t = û_t ⊕ ū ⊕ w_t through an LSTM, a class score at every step (paper eq. 4–9).

    Frames of weight 0 are masked: the state passes over them unchanged, so right padding changes nothing and the last
    step holds the verdict of the last valid frame. It loops over the steps, which is quicker to train;
    :func:`unrolled` gives the network that is served.

    Args:
        steps: T, frames in a window.
        num_features: m, features of a frame.
        num_classes: C.
        units: of the LSTM.
        dropout: share of the inputs and of the outputs of the LSTM dropped while training.
        reader: ``lstm``; ``mean``, a hidden layer over ū alone; ``last``, a hidden layer over x_t, frame by frame. The
            latter two are what the LSTM is compared with.
        mean_input: whether ū is part of x_t.

    Returns:
        Inputs `features` (B, T, m) float32, Q-normalized, and `weights` (B, T) float32, the quality of each frame in
        [0, 1], 0 = masked; output (B, T, C) float32 logits.

    Raises:
        ValueError: the reader is unknown.
    """
    features = keras.Input((steps, num_features), name="features")
    weights = keras.Input((steps,), name="weights")
    pooled = WeightedMean(name="pooled")(features, weights) if mean_input or reader == "mean" else None
    x = pooled if reader == "mean" else layers.Concatenate()([features, pooled]) if mean_input else features
    x = layers.Dropout(dropout)(x)
    if reader == "lstm":
        x = StepEmbedding(_STEP_UNITS, name="step")(x)
        x = layers.LSTM(units, return_sequences=True, name="lstm")(x, mask=weights > 0)
    elif reader in READERS:
        x = layers.Dense(units, activation="relu", name="hidden")(x)
    else:
        raise ValueError(f"reader is {reader!r}, expected one of {READERS}")
    x = layers.Dropout(dropout)(x)
    logits = layers.Dense(num_classes, name=LOGITS)(x)
    return keras.Model([features, weights], logits, name="head")


@contextlib.contextmanager
def precision(policy: str) -> Iterator[None]:
    """Layers made inside compute under a Keras dtype policy, such as ``float32`` or ``mixed_bfloat16``."""
    outer = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.mixed_precision.set_dtype_policy(outer)


def finished_frame_cnn(model: keras.Model, *, mirrored: bool) -> keras.Model:
    """The frame CNN `model` in float32 for use, averaged over each face and its mirror image if `mirrored`."""
    with precision("float32"):
        copy = build_frame_cnn(model.input_shape[1], mirrored=mirrored)
    copy.set_weights(model.get_weights())
    return copy


def is_mirrored(model: keras.Model) -> bool:
    """Whether a frame CNN averages over each face and its mirror image."""
    return any(isinstance(layer, WithMirrorImages) for layer in model.layers)


def calibrate(model: keras.Model, temperature: float, offsets: NDArray[np.float32]) -> None:
    """Let the frame emotions have the logits (logits + offsets) / `temperature` > 0, in place; offsets (8,)."""
    layer = model.get_layer(FRAME_EMOTIONS)
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel / temperature, (bias + offsets) / temperature])


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with float32 computation and without optimizer, whatever policy it was trained under."""
    with precision("float32"):
        return _remade(model, lambda layer: layer["config"].pop("dtype", None))


def _remade(model: keras.Model, change: Callable[[dict[str, Any]], object]) -> keras.Model:
    """A copy with the same weights, the configuration of each layer changed, without optimizer."""
    config = model.get_config()
    for layer in config["layers"]:
        change(layer)
    copy = keras.Model.from_config(config)
    copy.set_weights(model.get_weights())
    return copy


def unrolled(head: keras.Model) -> keras.Model:
    """The same head with its steps one after the other: only so does it convert to plain TFLite operations."""

    def unroll(layer: dict[str, Any]) -> None:
        if layer["class_name"] == "LSTM":
            layer["config"]["unroll"] = True

    return _remade(head, unroll)


def shift(head: keras.Model, offsets: NDArray[np.float32]) -> None:
    """Add offsets (C,) to the logits of a head at every step, in place."""
    layer = head.get_layer(LOGITS)
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias + offsets])


def to_tflite(model: keras.Model) -> bytes:
    """TFLite flatbuffer of a model, float32, built-in operations only. The one thing here that needs TensorFlow."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    with contextlib.redirect_stdout(io.StringIO()):  # the converter prints its signature
        return bytes(converter.convert())


def to_keras(model: keras.Model) -> bytes:
    """Content of a ``.keras`` file, the same for the same weights: it does not say when it was saved."""
    fixed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
            for name in sorted(source.namelist()):
                content = source.read(name)
                if name == "metadata.json":
                    content = json.dumps({**json.loads(content), "date_saved": ""}).encode()
                target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
