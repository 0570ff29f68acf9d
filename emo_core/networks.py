"""The two networks in Keras: the frame CNN and the LSTM head (method §5, §6). Importing this loads TensorFlow.

Serving runs their TFLite exports and never imports this module; training and the parity test do.
"""

import contextlib
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from emo_core.emotions import EMOTIONS

FEATURE_MAP, FEATURE, FRAME_EMOTIONS = "feature_map", "feature", "emotions"
"""Names of the frame CNN's three outputs."""

_STAGES = (32, 64, 128, 256)
_LSTM_UNITS = 64
_STEP_UNITS = 8


def build_frame_cnn(side: int, *, dropout: float = 0.3) -> keras.Model:
    """Frame CNN: an aligned face → feature map, feature, basic emotions (paper eq. 2, 3).

    Four stages of two 3×3 convolutions, the resolution halved between stages. Flat (no nested models), so that a
    gradient from the head reaches the feature map.

    Args:
        side: side S of the crop in pixels; the feature map is S/8 wide.
        dropout: share of features dropped before the softmax while training.

    Returns:
        Input (B, S, S, 1) float32 in [0, 1]; outputs `feature_map` (B, S/8, S/8, 256), `feature` (B, 256), the mean of
        the map, and `emotions` (B, 8), softmax in the order of :data:`EMOTIONS`.
    """
    image = keras.Input((side, side, 1), name="face")
    x = image
    for stage, filters in enumerate(_STAGES):
        if stage:
            x = layers.MaxPooling2D(2)(x)
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.ReLU()(x)
    feature_map = layers.Activation("linear", dtype="float32", name=FEATURE_MAP)(x)
    feature = layers.GlobalAveragePooling2D(dtype="float32", name=FEATURE)(feature_map)
    dropped = layers.Dropout(dropout)(feature)
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


def build_head(steps: int, num_features: int, num_classes: int, *, dropout: float = 0.0) -> keras.Model:
    """LSTM head: x_t = û_t ⊕ ū ⊕ w_t through an LSTM, a class score at every step (paper eq. 4–9).

    Frames of weight 0 are masked: the state passes over them unchanged, so right padding changes nothing and the last
    step holds the verdict of the last valid frame. Unrolled, because only then it converts to plain TFLite operations.

    Args:
        steps: T, frames in a window.
        num_features: m, features of a frame.
        num_classes: C.
        dropout: share of the inputs and of the outputs of the LSTM dropped while training.

    Returns:
        Inputs `features` (B, T, m) float32, Q-normalized, and `weights` (B, T) float32, the quality of each frame in
        [0, 1], 0 = masked; output (B, T, C) float32 logits.
    """
    features = keras.Input((steps, num_features), name="features")
    weights = keras.Input((steps,), name="weights")
    pooled = WeightedMean(name="pooled")(features, weights)
    x = layers.Concatenate()([features, pooled])
    x = layers.Dropout(dropout)(x)
    x = StepEmbedding(_STEP_UNITS, name="step")(x)
    x = layers.LSTM(_LSTM_UNITS, return_sequences=True, unroll=True, name="lstm")(x, mask=weights > 0)
    x = layers.Dropout(dropout)(x)
    logits = layers.Dense(num_classes, name="logits")(x)
    return keras.Model([features, weights], logits, name="head")


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with float32 computation and without optimizer, whatever policy it was trained under."""
    policy = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("float32")
    try:
        config = model.get_config()
        for layer in config["layers"]:
            layer["config"].pop("dtype", None)
        copy = keras.Model.from_config(config)
    finally:
        keras.mixed_precision.set_dtype_policy(policy)
    copy.set_weights(model.get_weights())
    return copy


def to_tflite(model: keras.Model) -> bytes:
    """TFLite flatbuffer of a model, float32, built-in operations only."""
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
