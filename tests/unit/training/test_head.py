"""Training of the LSTM head on clips composed from made features in which the classes lie apart."""

from dataclasses import replace

import numpy as np
import pytest

from emo_core.datasets.windows import WindowDataset
from emo_core.emotions import OTHER
from emo_core.inference.windows import ABSTAIN, decide
from emo_core.model.bundle import HeadNetwork
from emo_core.model.calibration import calibrated
from emo_core.model.normalization import FeatureNormalizer
from emo_core.training.head import HeadTraining, fit_feature_normalizer, fit_head
from emo_core.training.head_thresholds import frame_emotions, mean_frame_emotions
from emo_core.training.networks import READERS, build_frame_cnn, to_tflite, unrolled
from emo_core.training.synthesis.composed_clips import compose, neutral_clips
from emo_core.training.synthesis.feature_bank import DAMAGED
from tests.tiny import LABELS, SIDE, STEPS, make_bank

RECIPE = HeadTraining(
    epochs=4, batch_size=32, learning_rate=1e-2, clips_per_epoch=384, num_held_out=120, num_neighbourhoods=2
)


@pytest.fixture(scope="module")
def bank():
    return make_bank(per_pool=6)


def fit(train, calibration, recipe, report=lambda row: None):
    """A head on clips composed from two banks."""

    def told(bank, count, rng):
        return compose(bank, LABELS, count, STEPS, damaged_share=recipe.damaged_share, rng=rng)

    rng = np.random.default_rng(1)
    neutral = neutral_clips(calibration, LABELS, recipe.num_held_out // 3, STEPS, damaged_share=0.5, rng=rng)
    normalizer = fit_feature_normalizer(*train.usable_views(), recipe)
    held_out = told(calibration, recipe.num_held_out, rng)
    draw = lambda epoch_rng: told(train, recipe.clips_per_epoch, epoch_rng)  # noqa: E731
    return fit_head(draw, held_out, neutral, normalizer, LABELS, recipe, report)


@pytest.fixture(scope="module")
def trained(bank):
    """A trained head, the rows it reported, and clips that it never saw."""
    chosen = np.arange(len(bank.features)) % 2 == 0
    rows = []
    head = fit(bank.subset(chosen), bank.subset(~chosen), RECIPE, rows.append)
    rng = np.random.default_rng(99)
    return head, rows, compose(bank.subset(~chosen), LABELS, 120, STEPS, damaged_share=0.5, rng=rng)


def test_it_learns_classes_that_lie_apart(trained):
    head, _, clips = trained
    assert (head.probabilities(clips).argmax(axis=1) == clips.labels).mean() > 0.75


def test_probabilities_are_the_calibrated_logits(trained):
    head, _, clips = trained
    probabilities = head.probabilities(clips)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(probabilities, calibrated(head.logits(clips), head.temperature))
    assert 0.3 <= head.temperature <= 5.0


def test_the_history_is_what_was_reported(trained):
    head, rows, _ = trained
    assert head.history == rows
    assert [row["epoch"] for row in rows] == list(range(len(rows)))
    assert 1 <= len(rows) <= RECIPE.epochs
    for row in rows:
        assert set(row) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"}
        assert all(np.isfinite(value) for value in row.values())


def test_neutral_faces_are_seldom_called_a_hybrid(trained, bank):
    head, _, _ = trained
    clips = neutral_clips(bank, LABELS, 40, STEPS, damaged_share=0.5, rng=np.random.default_rng(5))
    probabilities = head.probabilities(clips)
    verdicts = decide(probabilities, head.scores.transform(probabilities, clips.quality))
    hybrids = (verdicts != ABSTAIN) & (verdicts != LABELS.index(OTHER))
    assert hybrids.mean() <= RECIPE.neutral_hybrids + 0.1


def test_serving_gives_the_logits_of_training(trained):
    head, _, clips = trained
    served = HeadNetwork(to_tflite(unrolled(head.model)))
    for k in range(8):
        features = head.features.transform(clips.features[k], clips.weights[k])
        features[clips.weights[k] == 0] = 0
        np.testing.assert_allclose(served(features, clips.weights[k])[-1], head.logits(clips)[k], atol=1e-4)


def test_training_ends_when_it_has_not_become_better_for_long_enough(bank, monkeypatch):
    losses = iter([0.5, 1.0, 2.0, 3.0])  # of training clips and of held-out clips in turn
    monkeypatch.setattr("emo_core.training.head.log_loss", lambda *_: next(losses))
    recipe = HeadTraining(epochs=9, patience=1, batch_size=16, clips_per_epoch=16, num_held_out=16, reader="last")
    rows = []
    head = fit(bank, bank, recipe, rows.append)
    assert head.held_out_loss == 1.0
    assert [(row["loss"], row["val_loss"]) for row in rows] == [(0.5, 1.0), (2.0, 3.0)]


def test_features_are_normalized_by_the_usable_views_alone(bank):
    spoilt = make_bank(per_pool=6)
    spoilt.features[:, DAMAGED] = 1e6
    spoilt.quality[:, DAMAGED] = 0
    normalizer = fit_feature_normalizer(*spoilt.usable_views(), HeadTraining(num_neighbourhoods=3, q_features=True))
    usable = spoilt.features[:, :DAMAGED].reshape(-1, 12), spoilt.quality[:, :DAMAGED].ravel()
    expected = FeatureNormalizer.fit(*usable, num_neighbourhoods=3)
    np.testing.assert_allclose(normalizer.mean, expected.mean, rtol=1e-5)
    assert len(normalizer.counts) == 3


def test_without_q_features_all_frames_are_normalized_alike(bank):
    normalizer = fit_feature_normalizer(*bank.usable_views(), HeadTraining(q_features=False))
    assert len(normalizer.counts) == 1


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("mean_input", [True, False])
def test_every_reader_learns_and_padding_changes_nothing(bank, reader, mean_input):
    recipe = HeadTraining(
        epochs=3, batch_size=32, learning_rate=1e-2, clips_per_epoch=192, num_held_out=60, num_neighbourhoods=2,
        reader=reader, mean_input=mean_input,
    )  # fmt: skip
    head = fit(bank, bank, recipe)
    rng = np.random.default_rng(3)
    clips = compose(bank, LABELS, 60, STEPS, damaged_share=0.0, rng=rng)
    assert (head.probabilities(clips).argmax(axis=1) == clips.labels).mean() > 0.6
    clips.weights[:, STEPS // 2 :] = 0
    before = head.logits(clips)
    clips.features[:, STEPS // 2 :] = 99
    np.testing.assert_allclose(head.logits(clips), before, atol=1e-4)


def test_features_beyond_those_of_the_normalizer_are_not_used(trained):
    head, _, clips = trained
    more = np.concatenate([clips.features, np.full_like(clips.features[..., :2], 7)], axis=2)
    np.testing.assert_array_equal(head.logits(replace(clips, features=more)), head.logits(clips))


def test_without_neutral_clips_every_cost_is_one(bank):
    recipe = HeadTraining(epochs=1, batch_size=16, num_held_out=30, num_neighbourhoods=2, reader="last")
    held_out = compose(bank, LABELS, 30, STEPS, damaged_share=0.5, rng=np.random.default_rng(0))
    normalizer = fit_feature_normalizer(*bank.usable_views(), recipe)
    nobody = held_out.chosen(np.zeros(30, bool))
    assert fit_head(lambda _: held_out, held_out, nobody, normalizer, LABELS, recipe).false_accept_costs == (1, 1, 1)


def test_frame_emotions_are_those_of_the_frame_cnn():
    cnn = build_frame_cnn(SIDE)
    outputs = cnn(np.random.default_rng(0).random((4, SIDE, SIDE, 1), np.float32))
    emotions = frame_emotions(cnn, np.asarray(outputs["feature"]))
    np.testing.assert_allclose(emotions, outputs["emotions"], atol=1e-5)


def test_frames_without_weight_do_not_count_in_the_mean():
    cnn = build_frame_cnn(SIDE)
    features = np.random.default_rng(0).random((2, 3, 256), np.float32)
    weights = np.array([[0.2, 0, 1], [0, 0, 0]], np.float32)
    clips = WindowDataset(features, weights, np.zeros(2, np.intp), ("", ""))
    means = mean_frame_emotions(cnn, clips)
    np.testing.assert_allclose(means[0], frame_emotions(cnn, features[0, [0, 2]]).mean(axis=0), atol=1e-6)
    assert not means[1].any()


def test_what_the_calibration_adds_is_part_of_the_model(bank, monkeypatch):
    recipe = HeadTraining(
        epochs=1, batch_size=32, clips_per_epoch=32, num_held_out=30, num_neighbourhoods=2, reader="last"
    )
    clips = compose(bank, LABELS, 9, STEPS, damaged_share=0.0, rng=np.random.default_rng(3))
    logits = []
    for offsets in (np.zeros(3, np.float32), np.array([0.5, 0.25, -0.75], np.float32)):
        monkeypatch.setattr("emo_core.training.head.best_calibration", lambda *_, found=offsets: (1.0, found))
        logits.append(fit(bank, bank, recipe).logits(clips))
    np.testing.assert_allclose(logits[1] - logits[0], np.tile(offsets, (9, 1)), atol=1e-4)
