"""Training of the head on labelled clips, with its normalizations and its calibration. Loads TensorFlow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from emo_core.datasets.windows import WindowDataset
from emo_core.model import bundle as bundles
from emo_core.model.calibration import best_calibration, calibrated, log_loss
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.training import networks
from emo_core.training.checkpoint import BestEpoch, Checkpoint, Row, train_epochs
from emo_core.training.head_thresholds import BesideFrames, fit_scores
from emo_core.types import Floats

_AT_ONCE = 256  # clips that are judged in one step


@dataclass(frozen=True, slots=True)
class HeadTraining:
    """Recipe of the head; the defaults are those of the shipped bundle.

    Attributes:
        seed: of the weights and of every composed clip.
        epochs: at most; the epoch with the least loss on held-out clips is kept.
        patience: epochs without a better one after which training ends.
        batch_size: clips in a step.
        learning_rate: of AdamW at the start; it falls along a cosine to a twentieth.
        units: of the LSTM, or of the hidden layer of another reader.
        dropout: share of the reader's inputs and outputs dropped while training.
        noise: deviation of the noise added to the normalized features while training.
        clips_per_epoch: newly composed for every epoch.
        num_held_out: clips composed for each held-out set; a third as many neutral ones.
        rendered_repeats: how often an epoch holds each window of the rendered clips.
        damaged_share: share of the training clips in which a run of frames is damaged.
        mixed_share: share of the training clips in which every face is a mixture of two of its pool.
        step_weight: weight of the loss at all steps beside that at the last one, which gives the verdict.
        num_neighbourhoods: K of both Q-based normalizations.
        neutral_hybrids: greatest share of held-out clips of faces that show nothing that may be called a hybrid, each
            pair its part; the least cost C_FA of a false acceptance (C_FR is 1) that keeps it sets the thresholds.
            Less than what is promised, for on faces that set no threshold it comes out higher.
        reader: what reads the sequence, one of :data:`emo_core.training.networks.READERS`.
        mean_input: whether the mean over the clip is an input at every step.
        q_features: whether features are normalized by their neighbourhood of quality instead of all alike.
        blendshapes: whether the reader sees the blendshapes beside the features of the CNN.
    """

    seed: int = 7
    epochs: int = 6
    patience: int = 6
    batch_size: int = 128
    learning_rate: float = 2e-3
    units: int = 64
    dropout: float = 0.4
    noise: float = 0.3
    clips_per_epoch: int = 48000
    num_held_out: int = 6000
    rendered_repeats: int = 32
    damaged_share: float = 0.5
    mixed_share: float = 0.5
    step_weight: float = 0.3
    num_neighbourhoods: int = 4
    neutral_hybrids: float = 0.01
    reader: str = "lstm"
    mean_input: bool = False
    q_features: bool = False
    blendshapes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TrainedHead:
    """A head with what it needs to be used, how its thresholds were set, and how it came about.

    Attributes:
        model: Keras model, as :func:`emo_core.training.networks.build_head` describes it; not unrolled.
        features, scores: the Q-based normalizations.
        flat_scores: thresholds that do not depend on quality, fitted alike: "Q scores off".
        temperature: divisor of the logits. The offsets of the calibration are part of the model's last bias.
        false_accept_costs: C_FA of each class.
        held_out_loss, held_out_accuracy: of the kept epoch, on the clips that chose it.
        history: one row per epoch.
        beside: what counts beside the LSTM; None for nothing.
    """

    model: keras.Model
    features: FeatureNormalizer
    scores: ScoreNormalizer
    flat_scores: ScoreNormalizer
    temperature: float
    false_accept_costs: tuple[float, ...]
    held_out_loss: float
    held_out_accuracy: float
    history: list[Row]
    beside: BesideFrames | None = None

    def logits(self, clips: WindowDataset) -> Floats:
        """Class scores (N, C) at the last valid step."""
        return _last_logits(self.model, self.features, clips)

    def probabilities(self, clips: WindowDataset) -> Floats:
        """Calibrated class probabilities (N, C)."""
        probabilities = calibrated(self.logits(clips), self.temperature)
        return self.beside(probabilities, clips) if self.beside else probabilities


def fit_head(
    draw: Callable[[np.random.Generator], WindowDataset],
    held_out: WindowDataset,
    neutral: WindowDataset,
    normalizer: FeatureNormalizer,
    labels: Sequence[str],
    recipe: HeadTraining,
    report: Callable[[Row], None] = lambda row: None,
    checkpoint: Checkpoint | None = None,
) -> TrainedHead:
    """Train the head; stop, calibrate and choose thresholds on other people's clips.

    Args:
        draw: gives the clips of an epoch; called once for each.
        held_out: clips of other people, for the choice of the epoch, the temperature and the thresholds.
        neutral: clips of other people who show nothing, for the thresholds; may be empty.
        normalizer: of the features, fitted on training people. It says how many features there are (m); what clips
            hold beyond the first m is not used.
        labels: classes in label order.
        recipe: how.
        report: called with each epoch's figures.
        checkpoint: where the training goes on if it holds something.
    """
    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    model = networks.build_head(
        held_out.features.shape[1],
        normalizer.mean.shape[1],
        len(labels),
        units=recipe.units,
        dropout=recipe.dropout,
        reader=recipe.reader,
        mean_input=recipe.mean_input,
    )
    best = _fit(model, draw, held_out, normalizer, recipe, rng, report, checkpoint)
    model = networks.in_float32(model)
    logits, neutral_logits = (_last_logits(model, normalizer, clips) for clips in (held_out, neutral))
    temperature, offsets = best_calibration(logits, held_out.labels)
    networks.shift(model, offsets)
    probabilities, of_neutral = (calibrated(given + offsets, temperature) for given in (logits, neutral_logits))
    costs = [
        fit_scores(probabilities, held_out, of_neutral, neutral, labels, recipe.neutral_hybrids, count)
        for count in (recipe.num_neighbourhoods, 1)
    ]
    return TrainedHead(
        model, normalizer, costs[0][0], costs[1][0], temperature, costs[0][1],
        best.row["val_loss"], best.row["val_accuracy"], best.history,
    )  # fmt: skip


def head_files(head: TrainedHead) -> dict[str, bytes]:
    """The files of a bundle that hold the head: as it is served, for the explanations, and its normalizations."""
    return {
        bundles.HEAD: networks.to_tflite(networks.unrolled(head.model)),
        bundles.KERAS_HEAD: networks.to_keras(head.model),
        bundles.NORMALIZER: bundles.normalizer_bytes(head.features, head.scores),
    }


def fit_feature_normalizer(features: Floats, quality: Floats, recipe: HeadTraining) -> FeatureNormalizer:
    """Normalization of features (N, m) seen at `quality` (N,) as a recipe wants it; quality 0 is left out."""
    count = recipe.num_neighbourhoods if recipe.q_features else 1
    return FeatureNormalizer.fit(features[quality > 0], quality[quality > 0], num_neighbourhoods=count)


def _fit(
    model: keras.Model,
    draw: Callable[[np.random.Generator], WindowDataset],
    held_out: WindowDataset,
    normalizer: FeatureNormalizer,
    recipe: HeadTraining,
    rng: np.random.Generator,
    report: Callable[[Row], None],
    checkpoint: Checkpoint | None,
) -> BestEpoch:
    """Train until the held-out loss has not fallen for long enough; what there is to know of the epochs."""
    best, each = BestEpoch(recipe.patience), checkpoint is not None and checkpoint.each_epoch
    kept = checkpoint.begin(rng) if checkpoint else None

    def one_epoch(epoch: int) -> Row:
        if each:
            keras.utils.set_random_seed(recipe.seed + epoch)
        clips = draw(rng)
        if not model.compiled:
            _compile(model, recipe, len(clips.labels))
            if kept:
                kept.restore(model)
        inputs = _inputs(normalizer, clips)
        inputs[0] += np.float32(recipe.noise) * rng.standard_normal(inputs[0].shape, np.float32)
        targets = np.repeat(clips.labels[:, np.newaxis], clips.features.shape[1], axis=1)
        weights = _step_weights(clips.weights, recipe.step_weight)
        model.fit(inputs, targets, sample_weight=weights, batch_size=recipe.batch_size, verbose=0)
        measured = _figures(model, normalizer, clips) | _figures(model, normalizer, held_out, "val_")
        return {"epoch": float(epoch), **measured}

    def save(row: Row | None = None) -> None:
        if checkpoint:
            checkpoint.save(model, rng, best)

    train_epochs(model, recipe.epochs, one_epoch, best, (save, report) if each else (report,), kept)
    if model.compiled and not each:
        save()
    return best


def _compile(model: keras.Model, recipe: HeadTraining, num_clips: int) -> None:
    """Make the model ready for epochs of `num_clips`."""
    steps = recipe.epochs * -(-num_clips // recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps, alpha=0.05)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01), loss=loss)


def _inputs(normalizer: FeatureNormalizer, clips: WindowDataset) -> list[Floats]:
    features = normalizer.transform(clips.features[..., : normalizer.mean.shape[1]], clips.weights)
    features[clips.weights == 0] = 0
    return [features, clips.weights]


def _step_weights(weights: Floats, share: float) -> Floats:
    """Weight of the loss at each step (N, T): 1 at the last valid one, `share` spread over all valid ones."""
    valid = (weights > 0).astype(np.float32)
    spread = share * valid / np.maximum(valid.sum(axis=1, keepdims=True), 1)
    spread[np.arange(len(weights)), _last_valid(weights)] += 1
    return np.asarray(spread * weights.shape[1], np.float32)


def _last_valid(weights: Floats) -> NDArray[np.intp]:
    """Index (N,) of the last frame of each clip that counts."""
    return np.asarray(weights.shape[1] - 1 - np.argmax(weights[:, ::-1] > 0, axis=1))


def _last_logits(model: keras.Model, normalizer: FeatureNormalizer, clips: WindowDataset) -> Floats:
    """Logits (N, C) at the last valid step."""
    if not len(clips.labels):
        return np.zeros((0, model.output_shape[-1]), np.float32)
    inputs = _inputs(normalizer, clips)
    starts = range(0, len(clips.labels), _AT_ONCE)  # `predict` builds a pipeline each time, slower than small data sets
    logits = np.concatenate([model.predict_on_batch([values[k : k + _AT_ONCE] for values in inputs]) for k in starts])
    return np.asarray(logits[np.arange(len(logits)), _last_valid(clips.weights)], np.float32)


def _figures(
    model: keras.Model, normalizer: FeatureNormalizer, clips: WindowDataset, prefix: str = ""
) -> dict[str, float]:
    """Log loss and accuracy of the verdicts on clips."""
    probabilities = calibrated(_last_logits(model, normalizer, clips), 1.0)
    accuracy = float((probabilities.argmax(axis=1) == clips.labels).mean())
    return {f"{prefix}loss": log_loss(probabilities, clips.labels), f"{prefix}accuracy": accuracy}
