"""The two networks: what they compute, and that serving computes the same."""

from datetime import datetime
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras.src.saving import saving_lib

from emo_core.emotions import EMOTIONS
from emo_core.model import bundle as bundles
from emo_core.model.bundle import FrameNetwork, HeadNetwork
from emo_core.training import networks
from tests.tiny import SIDE, STEPS

NUM_FEATURES, NUM_CLASSES = 6, 3
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def frame_cnn():
    """A frame CNN with random weights and statistics; small ones, so that nothing saturates."""
    model = networks.build_frame_cnn(SIDE)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights(
                [
                    rng.uniform(0.5, 1.5, gamma.shape),
                    rng.normal(0, 0.2, beta.shape),
                    rng.normal(0, 0.2, mean.shape),
                    rng.uniform(0.5, 1.5, variance.shape),
                ]
            )
    return model


@pytest.fixture(scope="module")
def head():
    model = networks.build_head(STEPS, NUM_FEATURES, NUM_CLASSES)
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(0, 0.3, weights.shape) for weights in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def served_cnn(frame_cnn):
    return FrameNetwork(networks.to_tflite(frame_cnn))


@pytest.fixture(scope="module")
def served_head(head):
    return HeadNetwork(networks.to_tflite(networks.unrolled(head)))


def faces(count, side=SIDE, seed=0):
    return np.random.default_rng(seed).random((count, side, side), np.float32)


def window(seed=0, steps=STEPS, num_features=NUM_FEATURES, masked=()):
    """Features (T, m) and weights (T,) of one window."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(steps, num_features)).astype(np.float32)
    weights = rng.uniform(0.1, 1.0, steps).astype(np.float32)
    weights[list(masked)] = 0
    return features, weights


def run(model, features, weights):
    """Logits (T, C) of one window by Keras."""
    return np.asarray(model([features[None], weights[None]]))[0]


class TestFrameCNN:
    def test_outputs_have_the_stated_shapes(self, frame_cnn):
        outputs = frame_cnn(faces(2)[..., None])
        shapes = {name: tuple(output.shape) for name, output in outputs.items()}
        assert shapes == {"feature_map": (2, SIDE // 8, SIDE // 8, 256), "feature": (2, 256), "emotions": (2, 8)}

    def test_the_feature_is_the_mean_of_the_feature_map(self, frame_cnn, served_cnn):
        outputs = frame_cnn(faces(3)[..., None])
        np.testing.assert_allclose(outputs["feature"], np.mean(outputs["feature_map"], axis=(1, 2)), atol=1e-5)
        np.testing.assert_allclose(
            served_cnn(faces(3))[0], served_cnn.feature_maps(faces(3)).mean(axis=(1, 2)), atol=1e-5
        )

    def test_emotions_sum_to_one_and_are_the_softmax_of_the_feature(self, frame_cnn):
        outputs = frame_cnn(faces(5)[..., None])
        kernel, bias = frame_cnn.get_layer("emotions").get_weights()
        powers = np.exp(np.asarray(outputs["feature"]) @ kernel + bias)
        np.testing.assert_allclose(outputs["emotions"], powers / powers.sum(axis=1, keepdims=True), atol=1e-5)
        np.testing.assert_allclose(np.sum(outputs["emotions"], axis=1), 1, atol=1e-6)

    @pytest.mark.parametrize("count", [1, 15, 16, 17, 40])
    def test_serving_is_training_whatever_the_number_of_faces(self, frame_cnn, served_cnn, count):
        outputs = frame_cnn(faces(count)[..., None])
        feature, emotions = served_cnn(faces(count))
        np.testing.assert_allclose(feature, outputs["feature"], atol=TOLERANCE)
        np.testing.assert_allclose(emotions, outputs["emotions"], atol=TOLERANCE)
        np.testing.assert_allclose(served_cnn.feature_maps(faces(count)), outputs["feature_map"], atol=TOLERANCE)

    def test_a_face_is_seen_alike_alone_and_in_company(self, served_cnn):
        together = served_cnn(faces(20))[0]
        np.testing.assert_allclose(served_cnn(faces(20)[13:14])[0][0], together[13], atol=1e-5)

    def test_a_face_and_its_mirror_image_are_seen_alike(self, frame_cnn, served_cnn):
        face = faces(3)
        mirrored = np.ascontiguousarray(face[:, :, ::-1])
        ours, theirs = (frame_cnn(images[..., None]) for images in (face, mirrored))
        for name in ("feature", "emotions"):
            np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5)
        for one, other in zip(served_cnn(face), served_cnn(mirrored), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)
        maps = served_cnn.feature_maps(face), served_cnn.feature_maps(mirrored)
        np.testing.assert_allclose(maps[0], maps[1][:, :, ::-1], atol=1e-5)
        np.testing.assert_allclose(maps[0].mean(axis=(1, 2)), served_cnn(face)[0], atol=1e-5)

    def test_mirror_images_are_added_to_a_trained_network(self):
        plain = networks.build_frame_cnn(SIDE, mirrored=False)
        face = faces(2)[..., None]
        expected = (np.asarray(plain(face)["feature"]) + np.asarray(plain(face[:, :, ::-1])["feature"])) / 2
        both = networks.finished_frame_cnn(plain, mirrored=True)
        assert networks.is_mirrored(both)
        assert not networks.is_mirrored(networks.finished_frame_cnn(plain, mirrored=False))
        np.testing.assert_allclose(both(face)["feature"], expected, atol=1e-5)
        assert not np.allclose(plain(face)["feature"], expected, atol=1e-5)

    def test_calibrating_moves_and_divides_the_logits(self, frame_cnn):
        model = networks.finished_frame_cnn(frame_cnn, mirrored=True)
        before = np.log(np.asarray(model(faces(2)[..., None])["emotions"]))
        offsets = np.linspace(-1, 1, 8, dtype=np.float32)
        networks.calibrate(model, 2.0, offsets)
        after = np.log(np.asarray(model(faces(2)[..., None])["emotions"]))
        np.testing.assert_allclose(np.diff(after, axis=1), np.diff(before + offsets, axis=1) / 2, atol=1e-5)


class TestHead:
    @pytest.mark.parametrize("masked", [(), (0,), (3, 4, 9), tuple(range(10, STEPS)), tuple(range(STEPS - 1))])
    def test_it_computes_the_equations_of_the_method(self, head, masked):
        features, weights = window(1, masked=masked)
        np.testing.assert_allclose(run(head, features, weights), by_the_equations(head, features, weights), atol=1e-5)

    @pytest.mark.parametrize("masked", [(), (3, 4, 9)])
    def test_without_the_mean_it_reads_features_and_steps_alone(self, masked):
        model = networks.build_head(STEPS, NUM_FEATURES, NUM_CLASSES, mean_input=False)
        rng = np.random.default_rng(5)
        model.set_weights([rng.normal(0, 0.3, weights.shape) for weights in model.get_weights()])
        features, weights = window(1, masked=masked)
        assert model.get_layer("lstm").get_weights()[0].shape[0] == NUM_FEATURES + 8
        np.testing.assert_allclose(run(model, features, weights), by_the_equations(model, features, weights), atol=1e-5)

    def test_an_unknown_reader_is_named(self):
        with pytest.raises(ValueError, match="reader is 'gru'"):
            networks.build_head(STEPS, NUM_FEATURES, NUM_CLASSES, reader="gru")

    def test_no_frame_at_all_gives_numbers(self, head, served_head):
        features, weights = window(masked=range(STEPS))
        assert np.isfinite(run(head, features, weights)).all()
        assert np.isfinite(served_head(features, weights)).all()

    @pytest.mark.parametrize("length", [1, 5, STEPS - 1])
    def test_right_padding_changes_nothing(self, head, length):
        features, weights = window(2)
        weights[length:] = 0
        short = by_the_equations(head, features[:length], weights[:length])
        padded = run(head, features, weights)
        np.testing.assert_allclose(padded[:length], short, atol=1e-5)
        np.testing.assert_allclose(padded[length:], np.tile(short[-1], (STEPS - length, 1)), atol=1e-5)

    @pytest.mark.parametrize("masked", [(0,), (4, 5, 6), (STEPS - 1,), tuple(range(0, STEPS, 2))])
    def test_what_masked_frames_hold_changes_nothing(self, head, served_head, masked):
        features, weights = window(3, masked=masked)
        other = features.copy()
        other[list(masked)] = 50
        valid = weights > 0
        np.testing.assert_allclose(run(head, other, weights)[valid], run(head, features, weights)[valid], atol=1e-5)
        np.testing.assert_allclose(served_head(other, weights)[-1], served_head(features, weights)[-1], atol=1e-5)

    def test_a_frame_of_low_quality_weighs_little_in_the_mean(self, head):
        features, weights = window(4)
        pooled = keras.Model(head.inputs, head.get_layer("pooled").output)([features[None], weights[None]])
        mean = np.average(features, axis=0, weights=weights)
        np.testing.assert_allclose(pooled[0], np.tile(mean, (STEPS, 1)), atol=1e-5)

    def test_the_order_of_the_frames_matters(self, head):
        features, weights = window(5)
        forward, backward = run(head, features, weights), run(head, features[::-1], weights[::-1])
        assert np.abs(forward[-1] - backward[-1]).max() > 0.01

    @pytest.mark.parametrize("masked", [(), (0, 1), (7,), tuple(range(5, STEPS))])
    def test_serving_is_training(self, head, served_head, masked):
        features, weights = window(6, masked=masked)
        np.testing.assert_allclose(served_head(features, weights), run(head, features, weights), atol=TOLERANCE)


class TestShippedBundle:
    def test_the_frame_network_is_its_keras_model(self, hybrid):
        model = keras.models.load_model(hybrid.path / bundles.KERAS_FRAME_CNN, compile=False)
        images = faces(4, hybrid.config.crop_side_px, seed=8)
        outputs, network = model(images[..., None]), hybrid.frame_network()
        feature, emotions = network(images)
        np.testing.assert_allclose(feature, outputs["feature"], atol=TOLERANCE)
        np.testing.assert_allclose(emotions, outputs["emotions"], atol=TOLERANCE)
        np.testing.assert_allclose(network.feature_maps(images), outputs["feature_map"], atol=TOLERANCE)
        np.testing.assert_allclose(emotions.sum(axis=1), 1, atol=1e-5)
        assert emotions.shape == (4, len(EMOTIONS))

    @pytest.mark.parametrize("masked", [(), (0, 1, 2, 20), tuple(range(9, 32))])
    def test_the_head_is_its_keras_model_and_the_equations(self, hybrid, masked):
        model = keras.models.load_model(hybrid.path / bundles.KERAS_HEAD, compile=False)
        features, weights = window(9, hybrid.config.window_steps, hybrid.features.mean.shape[1], masked)
        logits = hybrid.head_network()(features, weights)
        assert logits.shape == (hybrid.config.window_steps, len(hybrid.classes))
        np.testing.assert_allclose(logits, run(model, features, weights), atol=TOLERANCE)
        np.testing.assert_allclose(logits, by_the_equations(model, features, weights), atol=TOLERANCE)


class TestExport:
    def test_the_same_weights_give_the_same_bytes_at_any_time(self, head, monkeypatch):
        first = networks.to_keras(head)
        later = type("Later", (datetime,), {"now": classmethod(lambda cls: cls(2031, 5, 6))})
        monkeypatch.setattr(saving_lib, "datetime", SimpleNamespace(datetime=later))
        assert networks.to_keras(head) == first

    def test_other_weights_give_other_bytes(self, head):
        copy = networks.in_float32(head)
        copy.set_weights([weights + 1 for weights in head.get_weights()])
        assert networks.to_keras(copy) != networks.to_keras(head)

    def test_a_saved_model_is_loaded_as_it_was(self, head, tmp_path):
        (tmp_path / "head.keras").write_bytes(networks.to_keras(head))
        again = keras.models.load_model(tmp_path / "head.keras", compile=False)
        features, weights = window(7, masked=(2,))
        np.testing.assert_allclose(run(again, features, weights), run(head, features, weights), atol=1e-6)

    def test_a_half_precision_model_is_exported_in_float32(self):
        policy = keras.mixed_precision.dtype_policy()
        keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
        try:
            half = networks.build_frame_cnn(SIDE)
        finally:
            keras.mixed_precision.set_dtype_policy(policy)
        whole = networks.in_float32(half)
        assert {layer.compute_dtype for layer in whole.layers} == {"float32"}
        assert keras.mixed_precision.dtype_policy() == policy
        for a, b in zip(half.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(
            whole(faces(2)[..., None])["emotions"], half(faces(2)[..., None])["emotions"], atol=0.02
        )


def by_the_equations(model, features, weights):
    """Logits (T, C) by method §6 in NumPy: x_t = û_t ⊕ ū ⊕ w_t through eq. 4–9, masked steps passed over.

    A head without the mean as an input reads x_t = û_t ⊕ w_t.
    """
    table = model.get_layer("step").get_weights()[0]
    kernel, recurrent, bias = model.get_layer("lstm").get_weights()
    out_kernel, out_bias = model.get_layer("logits").get_weights()
    mean = (features * weights[:, None]).sum(axis=0) / max(weights.sum(), 1e-6)
    if not any(layer.name == "pooled" for layer in model.layers):
        mean = mean[:0]
    units = recurrent.shape[0]
    h, c, logits = np.zeros(units), np.zeros(units), []
    for u, w, q in zip(features, table, weights, strict=False):
        if q > 0:
            x = np.concatenate([u, mean, w])
            i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)  # Keras orders the gates so
            i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
        logits.append(h @ out_kernel + out_bias)
    return np.array(logits)
