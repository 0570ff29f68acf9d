"""The head in NumPy against Keras: forward, backward through time, and what it refuses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from emo_core.errors import BundleError
from emo_core.explain.attribution import log_odds_gradient
from emo_core.explain.numpy_lstm import LstmHead, load_lstm
from emo_core.model import bundle as bundles
from emo_core.training import networks
from tests.tiny import STEPS, write_tiny_bundle

NUM_FEATURES, NUM_CLASSES = 6, 3
TOLERANCE = 1e-4
MASKS = [(), (0,), (3, 4, 9), tuple(range(10, STEPS)), (0, STEPS - 1), tuple(range(STEPS))]


@pytest.fixture(scope="module", params=[True, False], ids=["with the mean", "without"])
def pair(request):
    """A Keras head with random weights, and ours read from its file."""
    model = networks.build_head(STEPS, NUM_FEATURES, NUM_CLASSES, units=8, mean_input=request.param)
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(0, 0.4, weights.shape) for weights in model.get_weights()])
    return model, LstmHead.from_keras(networks.to_keras(model))


def windows(masked, count=2, steps=STEPS, num_features=NUM_FEATURES, seed=0):
    """Features (B, T, m) and weights (B, T)."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 1.0, (count, steps)).astype(np.float32)
    weights[:, list(masked)] = 0
    return rng.normal(size=(count, steps, num_features)).astype(np.float32), weights


def tape_gradient(model, features, weights, label):
    """Gradient of the log-odds of a class after the last step by the features, by Keras."""
    features = tf.constant(features)
    with tf.GradientTape() as tape:
        tape.watch(features)
        last = model([features, tf.constant(weights)])[:, -1]
        others = tf.concat([last[:, :label], last[:, label + 1 :]], axis=1)
        score = last[:, label] - tf.reduce_logsumexp(others, axis=1)
    return tape.gradient(score, features).numpy()


@pytest.mark.parametrize("masked", MASKS)
def test_it_computes_what_keras_computes(pair, masked):
    model, head = pair
    features, weights = windows(masked)
    np.testing.assert_allclose(head.run(features, weights).logits, model([features, weights]), atol=TOLERANCE)


@pytest.mark.parametrize("masked", MASKS)
@pytest.mark.parametrize("label", range(NUM_CLASSES))
def test_its_gradient_is_that_of_keras(pair, masked, label):
    model, head = pair
    features, weights = windows(masked, seed=1)
    trace = head.run(features, weights)
    ours = head.gradient(trace, log_odds_gradient(trace.logits[:, -1], label))
    theirs = tape_gradient(model, features, weights, label)
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)
    assert not ours[:, list(masked)].any()
    if len(masked) < STEPS:
        assert np.abs(theirs).max() > 0.01  # there is something to agree on


def test_the_shipped_head_and_its_gradient_are_those_of_keras(hybrid):
    model = keras.models.load_model(hybrid.path / bundles.KERAS_HEAD, compile=False)
    head = load_lstm(hybrid)
    features, weights = windows((2, 30), 3, hybrid.config.window_steps, hybrid.features.mean.shape[1])
    trace = head.run(features, weights)
    np.testing.assert_allclose(trace.logits, model([features, weights]), atol=TOLERANCE)
    for label in range(len(hybrid.classes)):
        ours = head.gradient(trace, log_odds_gradient(trace.logits[:, -1], label))
        np.testing.assert_allclose(ours, tape_gradient(model, features, weights, label), atol=TOLERANCE)


@pytest.mark.parametrize("masked", MASKS)
def test_variants_of_a_window_end_where_the_whole_way_does(pair, masked):
    _, head = pair
    features, weights = windows(masked)
    which = np.array([1, 0, 1])
    other = weights[which]
    other[2, 7] = 0
    expected = head.run(features[which], other).logits[:, -1]
    np.testing.assert_allclose(head.last_logits(features, which, other), expected, atol=1e-5)


@pytest.mark.parametrize("reader", ["mean", "last"])
def test_a_head_without_an_lstm_is_refused(reader):
    model = networks.build_head(STEPS, NUM_FEATURES, NUM_CLASSES, reader=reader)
    with pytest.raises(ValueError, match="reads with an LSTM"):
        LstmHead.from_keras(networks.to_keras(model))


def test_a_bundle_that_cannot_be_looked_into_says_so(tmp_path):
    with pytest.raises(BundleError, match="cannot be looked into"):
        load_lstm(bundles.load_bundle(write_tiny_bundle(tmp_path / "tiny")))
