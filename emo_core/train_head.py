"""Training of the LSTM head on composed clips, with its normalizations and its calibration. Loads TensorFlow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from emo_core import networks
from emo_core.compose import NEUTRAL_POOLS, Bank, ComposedClips, compose
from emo_core.config import PipelineConfig
from emo_core.emotions import OTHER
from emo_core.judge import calibrated, decide
from emo_core.normalize import FeatureNormalizer, ScoreNormalizer
from emo_core.types import Floats

_COSTS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 20.0)
"""Costs of falsely accepting a pair that are tried, cheapest first; a false *other* misleads nobody and costs 1."""

_THRESHOLD_SHRINKAGE = 200.0  # clips share stills, so a few hundred are worth much fewer


@dataclass(frozen=True, slots=True)
class HeadTraining:
    """Recipe of the LSTM head; the defaults are those of the shipped bundle.

    Attributes:
        seed: of the weights and of every composed clip.
        epochs: at most; the epoch with the least calibration loss is kept.
        patience: epochs without a better one after which training ends.
        batch_size: clips in a step.
        learning_rate: of AdamW at the start; it falls along a cosine to a twentieth.
        dropout: share of the LSTM's inputs and outputs dropped while training.
        noise: deviation of the noise added to the normalized features while training.
        clips_per_epoch: newly composed for every epoch.
        num_held_out: clips composed for each held-out set; a third as many neutral ones.
        damaged_share: share of the training clips in which a run of frames is damaged.
        step_weight: weight of the loss at all steps beside that at the last one, which gives the verdict.
        num_neighbourhoods: K of both Q-based normalizations.
        neutral_hybrids: greatest share of held-out clips of faces that show nothing that may be called a hybrid, each
            pair its part; the least cost C_FA of a false acceptance (C_FR is 1) that keeps it sets the thresholds.
    """

    seed: int = 7
    epochs: int = 30
    patience: int = 6
    batch_size: int = 64
    learning_rate: float = 5e-4
    dropout: float = 0.4
    noise: float = 0.5
    clips_per_epoch: int = 6000
    num_held_out: int = 6000
    damaged_share: float = 0.5
    step_weight: float = 0.3
    num_neighbourhoods: int = 4
    neutral_hybrids: float = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class TrainedHead:
    """A head with what it needs to be used, how its thresholds were set, and its history (one row per epoch)."""

    model: keras.Model
    features: FeatureNormalizer
    scores: ScoreNormalizer
    temperature: float
    false_accept_costs: tuple[float, ...]
    history: list[dict[str, float]]

    def logits(self, clips: ComposedClips) -> Floats:
        """Class scores (N, C) at the last valid step."""
        return _last_logits(self.model, self.features, clips)

    def probabilities(self, clips: ComposedClips) -> Floats:
        """Calibrated class probabilities (N, C)."""
        return calibrated(self.logits(clips), self.temperature)


def fit_head(
    train: Bank,
    calibration: Bank,
    labels: Sequence[str],
    config: PipelineConfig,
    recipe: HeadTraining,
    report: Callable[[dict[str, float]], None] | None = None,
) -> TrainedHead:
    """Train the head; stop, calibrate and choose thresholds on other people's pictures.

    Args:
        train: stills of the training clips.
        calibration: stills of other people, for the choice of the epoch, the temperature and the thresholds.
        labels: classes in label order.
        config: window length.
        recipe: how.
        report: called with each epoch's figures.
    """
    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    normalizer = fit_feature_normalizer(train, recipe.num_neighbourhoods)
    model = networks.build_head(config.window_steps, train.features.shape[2], len(labels), dropout=recipe.dropout)
    steps = recipe.epochs * recipe.clips_per_epoch // recipe.batch_size
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps, alpha=0.05)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01), loss=loss)
    held_out = compose(
        calibration, labels, recipe.num_held_out, config.window_steps, damaged_share=recipe.damaged_share, rng=rng
    )
    history: list[dict[str, float]] = []
    best, best_weights = np.inf, model.get_weights()
    for epoch in range(recipe.epochs):
        clips = compose(
            train, labels, recipe.clips_per_epoch, config.window_steps, damaged_share=recipe.damaged_share, rng=rng
        )
        inputs = _inputs(normalizer, clips)
        inputs[0] += rng.normal(0, recipe.noise, inputs[0].shape).astype(np.float32)
        targets = np.repeat(clips.labels[:, np.newaxis], config.window_steps, axis=1)
        weights = _step_weights(clips.weights, recipe.step_weight)
        model.fit(inputs, targets, sample_weight=weights, batch_size=recipe.batch_size, verbose=0)
        row = {
            "epoch": float(epoch),
            **_figures(model, normalizer, clips),
            **_figures(model, normalizer, held_out, "val_"),
        }
        history.append(row)
        if report:
            report(row)
        if row["val_loss"] < best:
            best, best_weights = row["val_loss"], model.get_weights()
        elif epoch - int(np.argmin([past["val_loss"] for past in history])) >= recipe.patience:
            break
    model.set_weights(best_weights)
    model = networks.in_float32(model)
    neutral = neutral_clips(calibration, labels, recipe, config, damaged_share=recipe.damaged_share, rng=rng)
    return _calibrate(model, normalizer, held_out, neutral, history, labels, recipe)


def neutral_clips(
    bank: Bank,
    labels: Sequence[str],
    recipe: HeadTraining,
    config: PipelineConfig,
    *,
    damaged_share: float,
    rng: np.random.Generator,
) -> ComposedClips:
    """Clips of faces that show nothing (still, speaking, looking down or away), labelled *other*."""
    stories = {OTHER: [(name,) for name in NEUTRAL_POOLS]}
    count = recipe.num_held_out // 3
    clips = compose(bank, [OTHER], count, config.window_steps, damaged_share=damaged_share, rng=rng, stories=stories)
    return replace(clips, labels=np.full(count, list(labels).index(OTHER)))


def fit_feature_normalizer(bank: Bank, num_neighbourhoods: int) -> FeatureNormalizer:
    """Feature normalization per neighbourhood of quality, from every usable view of the stills of `bank`."""
    used = np.unique(np.concatenate(list(bank.pools.values())))
    features, quality = bank.features[used], bank.quality[used]
    return FeatureNormalizer.fit(features[quality > 0], quality[quality > 0], num_neighbourhoods=num_neighbourhoods)


def frame_emotions(cnn: keras.Model, features: Floats) -> Floats:
    """Emotion probabilities (…, 8) of features (…, m) by the softmax of the frame CNN."""
    kernel, bias = cnn.get_layer(networks.FRAME_EMOTIONS).get_weights()
    return calibrated(features @ kernel + bias, 1.0)


def _inputs(normalizer: FeatureNormalizer, clips: ComposedClips) -> list[Floats]:
    features = normalizer.apply(clips.features, clips.weights)
    features[clips.weights == 0] = 0
    return [features, clips.weights]


def _step_weights(weights: Floats, share: float) -> Floats:
    """Weight of the loss at each step (N, T): 1 at the last, `share` spread over the valid ones."""
    valid = (weights > 0).astype(np.float32)
    spread = share * valid / np.maximum(valid.sum(axis=1, keepdims=True), 1)
    spread[:, -1] += 1
    return np.asarray(spread * weights.shape[1], np.float32)


def _calibrate(
    model: keras.Model,
    normalizer: FeatureNormalizer,
    held_out: ComposedClips,
    neutral: ComposedClips,
    history: list[dict[str, float]],
    labels: Sequence[str],
    recipe: HeadTraining,
) -> TrainedHead:
    """Temperature of least log loss, then thresholds by quality, on held-out clips and on held-out neutral ones."""
    logits, neutral_logits = (_last_logits(model, normalizer, clips) for clips in (held_out, neutral))
    found = minimize_scalar(lambda t: _log_loss(logits, held_out.labels, t), bounds=(0.3, 5.0), method="bounded")
    temperature = float(found.x)
    probabilities, neutral_probabilities = (calibrated(values, temperature) for values in (logits, neutral_logits))
    costs = [1.0] * len(labels)
    pairs = [index for index, name in enumerate(labels) if name != OTHER]
    for index in pairs:
        for costs[index] in _COSTS:
            scores = ScoreNormalizer.fit(
                probabilities,
                held_out.labels,
                held_out.quality,
                num_neighbourhoods=recipe.num_neighbourhoods,
                cost_false_accept=costs,
                shrinkage=_THRESHOLD_SHRINKAGE,
            )
            verdicts = decide(neutral_probabilities, scores.apply(neutral_probabilities, neutral.quality))
            if np.mean(verdicts == index) <= recipe.neutral_hybrids / len(pairs):
                break
    return TrainedHead(model, normalizer, scores, temperature, tuple(costs), history)


def _last_logits(model: keras.Model, normalizer: FeatureNormalizer, clips: ComposedClips) -> Floats:
    """Logits (N, C) at the last valid step."""
    return np.asarray(model.predict(_inputs(normalizer, clips), batch_size=256, verbose=0)[:, -1], np.float32)


def _figures(
    model: keras.Model, normalizer: FeatureNormalizer, clips: ComposedClips, prefix: str = ""
) -> dict[str, float]:
    """Log loss and accuracy of the verdicts on clips."""
    logits = _last_logits(model, normalizer, clips)
    accuracy = float((logits.argmax(axis=1) == clips.labels).mean())
    return {f"{prefix}loss": _log_loss(logits, clips.labels, 1.0), f"{prefix}accuracy": accuracy}


def _log_loss(logits: Floats, labels: NDArray[np.intp], temperature: float) -> float:
    chosen = calibrated(logits, temperature)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, 1e-9)).mean())
