"""Further training of the frame CNN; needs PyTorch, which is no requirement, and is skipped without."""

import os
from dataclasses import replace

import keras
import numpy as np
import pytest

from emo_core.config import PipelineConfig
from emo_core.faces.alignment import normalize_intensity
from emo_core.model import bundle as bundles
from emo_core.training import networks

torch = pytest.importorskip("torch", reason="tools/requirements-refine.txt is not installed")

os.environ.setdefault("KERAS_BACKEND", keras.backend.backend())  # the tool would choose PyTorch for every process

from tools import refine_frames  # noqa: E402
from tools.refine.faces import Faces, Refinement, batches  # noqa: E402
from tools.refine.net import FrameNet, answer  # noqa: E402

SIDE = PipelineConfig().crop_side_px


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = networks.build_frame_cnn(SIDE, mirrored=True)
    rng = np.random.default_rng(0)
    model.set_weights([w * rng.normal(1, 0.1, w.shape) + rng.normal(0, 0.02, w.shape) for w in model.get_weights()])
    return model


@pytest.fixture
def net(model):
    return FrameNet(model.get_weights())


def faces(count, seed=0):
    """Gratings whose direction is the emotion, and a little noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 8, count)
    y, x = np.mgrid[:SIDE, :SIDE]
    angles = (labels * np.pi / 8)[:, None, None]
    waves = 128 + 90 * np.sin(0.7 * (x * np.cos(angles) + y * np.sin(angles))) + rng.normal(0, 10, (count, SIDE, SIDE))
    targets = np.eye(8, dtype=np.float32)[labels]
    return Faces(np.clip(waves, 0, 255).astype(np.uint8), targets, np.ones(count, np.float32), labels)


def test_it_says_what_the_network_of_the_bundle_says(model, net):
    crops = faces(12).crops
    expected = bundles.FrameNetwork(networks.to_tflite(model))(normalize_intensity(crops))[1]
    np.testing.assert_allclose(answer(net, crops, mirrored=True), expected, atol=1e-5)
    assert np.abs(answer(net, crops, mirrored=False) - expected).max() > 1e-4


def test_weights_come_back_in_the_order_of_keras(model, net):
    for ours, theirs in zip(net.keras_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_steps_of_an_epoch_depend_on_recipe_and_epoch_alone():
    recipe = Refinement(stills_in_batch=8, rendered_in_batch=4)
    one, again, next_one = (list(batches(faces(40), faces(20, 1), None, recipe, epoch)) for epoch in (0, 0, 1))
    assert len(one) == 5
    inputs, targets, weights = one[0]
    assert (tuple(inputs.shape), tuple(targets.shape), tuple(weights.shape)) == ((12, 1, SIDE, SIDE), (12, 8), (12,))
    for first, second in zip(one, again, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(one[0][0], next_one[0][0])


def test_what_is_rarely_shown_counts_for_the_rest():
    stills = faces(400)
    stills.chance[:200] = 0.25
    recipe = Refinement(stills_in_batch=20, rendered_in_batch=1)
    weights = np.concatenate([step[2].numpy()[:20] for step in batches(stills, faces(4), None, recipe, 0)])
    assert set(np.unique(weights)) == {1.0, 4.0}
    assert 200 <= len(weights) <= 280
    assert weights.sum() == pytest.approx(400, rel=0.2)


def test_portraits_are_drawn_as_often_as_they_are_wanted_and_mixed_with_the_others():
    portraits = faces(60, 2)
    portraits.chance[:] = np.where(portraits.labels == 3, 1.0, 0.0)
    recipe = Refinement(stills_in_batch=8, rendered_in_batch=4, portraits_in_batch=12)
    plain = list(batches(faces(40), faces(20, 1), portraits, recipe, 0))
    assert all((targets[12:].argmax(1) == 3).all() and len(inputs) == 24 for inputs, targets, _ in plain)
    mixed = list(batches(faces(40), faces(20, 1), portraits, replace(recipe, mixing=2.0), 0))
    for (_, before, _), (_, after, _) in zip(plain, mixed, strict=True):
        torch.testing.assert_close(after.sum(1), torch.ones(24))
        torch.testing.assert_close(after.sum(0), before.sum(0))
        assert ((after > 0).sum(1) > 1).any()


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_training_lowers_the_loss_and_leaves_the_first_stage_alone(net, average):
    recipe = Refinement(
        epochs=3, learning_rate=2e-3, stills_in_batch=16, rendered_in_batch=4, portraits_in_batch=4, average=average
    )
    learned = faces(96)
    first = net.first[0].weight.clone()
    mean = refine_frames.running_mean(net, recipe)
    optimizer, schedule = refine_frames.make_optimizer(net, recipe, per_epoch=6)
    rows = [
        refine_frames.run_epoch(
            net, mean, optimizer, schedule, batches(learned, faces(24, 1), faces(24, 2), recipe, epoch), half=False
        )
        for epoch in range(recipe.epochs)
    ]
    assert rows[-1]["loss"] < 0.9 * rows[0]["loss"]
    assert torch.equal(net.first[0].weight, first)
    same = all(torch.equal(a, b) for a, b in zip(mean.module.parameters(), net.parameters(), strict=True))
    assert same is (average == 0)


def test_what_is_kept_of_the_first_network_is_its_share():
    trained, first = [np.ones(3), np.zeros(2)], [np.zeros(3), np.ones(2)]
    for kept in (0.0, 0.2, 1.0):
        given = refine_frames.mixed(trained, first, kept)
        np.testing.assert_allclose(np.concatenate(given), [1 - kept] * 3 + [kept] * 2)
