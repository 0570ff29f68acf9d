"""The last stage of the frame CNN, tuned to the classes of a data set. Loads TensorFlow.

Its frames carry the label of their clip. So that the emotions of single frames, and with them the salience, stay what
they were, the network is also held to what it said of every frame before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from emo_core.config import PipelineConfig
from emo_core.datasets.clips import DatasetClip
from emo_core.errors import NoFaceError, VideoError
from emo_core.faces.alignment import normalize_intensity
from emo_core.inference.pipeline import extract_clip_features
from emo_core.model.bundle import FrameNetwork
from emo_core.training import networks
from emo_core.training.checkpoint import BestEpoch, Row, train_epochs
from emo_core.training.synthesis.augmentation import augment
from emo_core.types import Bytes, Floats

_CONVOLUTIONS = 2  # of the last stage
_MEASURED = 1500


@dataclass(frozen=True, slots=True)
class FrameTuning:
    """Recipe.

    Attributes:
        seed, epochs, batch_size, learning_rate: as usual; the epoch with the least loss on held-out frames is kept.
        frames_per_epoch: drawn anew for every epoch, by quality; at most twice as many as there are.
        hold: weight of staying with the emotions that the network saw before.
        damage_share: share of the frames damaged while training.
    """

    seed: int = 7
    epochs: int = 5
    batch_size: int = 64
    learning_rate: float = 2e-4
    frames_per_epoch: int = 3000
    hold: float = 1.0
    damage_share: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrames:
    """Frames of clips.

    Attributes:
        crops: (N, S, S) uint8, aligned.
        weights: (N,) float64, quality shared among the frames of a clip, so that clips count alike; sums to 1.
        labels: (N,) int, class of the clip.
    """

    crops: Bytes
    weights: NDArray[np.float64]
    labels: NDArray[np.intp]


def gather_frames(
    clips: Sequence[tuple[DatasetClip, int]], cnn: FrameNetwork, config: PipelineConfig,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LabelledFrames:  # fmt: skip
    """Frames with a usable face of labelled clips; those without a face are left out.

    Args:
        clips: each with the index of its class.
        cnn: the frame CNN.
        config: of the pipeline.
        progress: called with the number of clips seen and of all.

    Raises:
        NoFaceError: none of the clips has one.
    """
    crops, weights, labels = [], [], []
    for number, (clip, label) in enumerate(clips):
        progress(number, len(clips))
        try:
            seen = extract_clip_features(clip.path, cnn, config)
        except (NoFaceError, VideoError):
            continue
        mask = seen.normalized.mask & (seen.times_s >= clip.start_s) & (seen.times_s < clip.end_s)
        if not mask.any():
            continue
        quality = seen.normalized.quality[mask].astype(np.float64)
        crops.append(seen.track.crops[mask])
        weights.append(quality / quality.sum())
        labels.append(np.full(int(mask.sum()), label, np.intp))
    if not crops:
        raise NoFaceError("None of the clips shows a face that can be judged: use other clips.")
    together = np.concatenate(weights)
    return LabelledFrames(np.concatenate(crops), together / together.sum(), np.concatenate(labels))


def tune_last_stage(
    cnn: keras.Model,
    train: LabelledFrames,
    held_out: LabelledFrames,
    num_classes: int,
    recipe: FrameTuning,
    report: Callable[[Row], None] = lambda row: None,
) -> tuple[keras.Model, list[Row]]:
    """Tune the last two convolutions; all that comes before, and the emotions' softmax, stays as it is.

    Args:
        cnn: frame CNN; not changed.
        train: frames to learn from.
        held_out: frames of clips that choose the epoch.
        num_classes: C.
        recipe: how.
        report: called with each epoch's figures.

    Returns:
        The tuned network, averaged over mirror images if `cnn` is, and one row per epoch.
    """
    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    plain = networks.build_frame_cnn(cnn.input_shape[1], mirrored=False)
    plain.set_weights(cnn.get_weights())
    last = [layer for layer in plain.layers if isinstance(layer, layers.Conv2D)][-_CONVOLUTIONS:]
    for layer in plain.layers:
        layer.trainable = layer in last
    classes = layers.Dense(num_classes, name="classes")(layers.Dropout(0.3)(plain.output[networks.FEATURE]))
    model = keras.Model(plain.input, [classes, plain.output[networks.FRAME_EMOTIONS]])
    model.compile(
        keras.optimizers.AdamW(recipe.learning_rate, weight_decay=0.01),
        loss=[keras.losses.SparseCategoricalCrossentropy(from_logits=True), keras.losses.KLDivergence()],
        loss_weights=[1.0, recipe.hold],
    )
    before = plain.predict(_inputs(train.crops), batch_size=256, verbose=0)[networks.FRAME_EMOTIONS]
    measured = rng.choice(len(held_out.crops), min(_MEASURED, len(held_out.crops)), replace=False, p=held_out.weights)
    count = min(recipe.frames_per_epoch, 2 * len(train.crops))

    def one_epoch(epoch: int) -> Row:
        chosen = rng.choice(len(train.crops), count, p=train.weights)
        crops = np.stack([augment(train.crops[index], rng, recipe.damage_share) for index in chosen])
        targets = [train.labels[chosen], before[chosen]]
        model.fit(_inputs(crops), targets, batch_size=recipe.batch_size, verbose=0)
        return {
            "epoch": float(epoch),
            **_figures(model, crops, train.labels[chosen], ""),
            **_figures(model, held_out.crops[measured], held_out.labels[measured], "val_"),
        }

    best = BestEpoch(recipe.epochs)
    train_epochs(model, recipe.epochs, one_epoch, best, (report,))
    return networks.finished_frame_cnn(plain, mirrored=networks.is_mirrored(cnn)), best.history


def _inputs(crops: Bytes) -> Floats:
    return normalize_intensity(crops)[..., np.newaxis]


def _figures(model: keras.Model, crops: Bytes, labels: NDArray[np.intp], prefix: str) -> dict[str, float]:
    logits = model.predict(_inputs(crops), batch_size=256, verbose=0)[0]
    loss = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    return {f"{prefix}loss": float(np.mean(loss)), f"{prefix}accuracy": accuracy}
