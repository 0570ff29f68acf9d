"""The last stage of the frame CNN tuned to classes: it learns them, holds to its emotions, leaves the rest alone."""

from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from emo_core.datasets.clips import DatasetClip
from emo_core.errors import NoFaceError, VideoError
from emo_core.faces.alignment import normalize_intensity
from emo_core.training import networks
from emo_core.training.fine_tuning import FrameTuning, LabelledFrames, gather_frames, tune_last_stage
from tests.tiny import CONFIG, SIDE, picture

RECIPE = FrameTuning(epochs=3, batch_size=16, frames_per_epoch=128, learning_rate=2e-3, hold=2.0, damage_share=0.0)


def frames(seed, count=64):
    """Gratings of two directions that the classes stand for."""
    rng = np.random.default_rng(seed)
    crops = np.stack([picture(("happiness", "fear")[k % 2], rng, SIDE) for k in range(count)])
    return LabelledFrames(crops, np.full(count, 1 / count), np.arange(count) % 2)


def settle(cnn, faces):
    """Give an untrained network the statistics that a trained one would have of these faces."""
    for layer in cnn.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            before = np.asarray(keras.Model(cnn.input, layer.input)(faces))
            layer.moving_mean.assign(before.mean((0, 1, 2)))
            layer.moving_variance.assign(before.var((0, 1, 2)))


@pytest.fixture(scope="module")
def tuned():
    keras.utils.set_random_seed(3)
    cnn = networks.build_frame_cnn(SIDE)
    settle(cnn, normalize_intensity(frames(1).crops)[..., np.newaxis])
    before = [np.copy(values) for values in cnn.get_weights()]
    rows = []
    found, history = tune_last_stage(cnn, frames(1), frames(2), 2, RECIPE, rows.append)
    return cnn, before, found, history, rows


def test_frames_come_to_tell_the_classes(tuned):
    *_, history, rows = tuned
    assert history == rows
    assert [row["epoch"] for row in history] == [0, 1, 2]
    assert history[-1]["val_accuracy"] > 0.8
    assert history[-1]["val_loss"] < history[0]["val_loss"]


def test_only_the_last_two_convolutions_change(tuned):
    cnn, before, found, *_ = tuned
    for own, earlier in zip(cnn.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, earlier)
    changed = [
        layer.name
        for layer, earlier in zip(found.layers, cnn.layers, strict=True)
        if any((a != b).any() for a, b in zip(layer.get_weights(), earlier.get_weights(), strict=True))
    ]
    convolutions = [layer.name for layer in found.layers if isinstance(layer, keras.layers.Conv2D)]
    assert changed == convolutions[-2:]


def test_holding_on_keeps_the_emotions_nearer(tuned):
    cnn, _, found, *_ = tuned
    loose, _ = tune_last_stage(cnn, frames(1), frames(2), 2, replace(RECIPE, hold=0.0))
    faces = normalize_intensity(frames(5).crops)[..., np.newaxis]
    before, held, moved = (np.asarray(model(faces)["emotions"]) for model in (cnn, found, loose))
    assert np.abs(held - before).mean() < 0.8 * np.abs(moved - before).mean()


def test_every_clip_counts_alike_and_those_without_a_face_do_not(monkeypatch, tmp_path):
    def watch(path, cnn, config):
        if path.name == "none":
            raise NoFaceError("No face.")
        if path.name == "bad":
            raise VideoError("Not a video.")
        count = 4 if path.name == "long" else 2
        mask = np.arange(count + 1) < count
        quality = np.linspace(0.5, 1, count + 1).astype(np.float32)
        return SimpleNamespace(
            normalized=SimpleNamespace(mask=mask, quality=quality),
            times_s=np.arange(count + 1) / 10,
            track=SimpleNamespace(crops=np.zeros((count + 1, SIDE, SIDE), np.uint8)),
        )

    monkeypatch.setattr("emo_core.training.fine_tuning.watch", watch)
    names = ("long", "none", "bad", "short")
    clips = [(DatasetClip(tmp_path / name, "other", "anna"), number) for number, name in enumerate(names)]
    found = gather_frames(clips, None, CONFIG)
    assert found.labels.tolist() == [0] * 4 + [3] * 2
    assert found.weights[:4].sum() == pytest.approx(0.5)
    assert found.weights.sum() == pytest.approx(1)
    with pytest.raises(NoFaceError, match="None of the clips"):
        gather_frames(clips[1:3], None, CONFIG)
    part = DatasetClip(tmp_path / "long", "other", "anna", start_s=0.1, end_s=0.3)
    assert len(gather_frames([(part, 0)], None, CONFIG).labels) == 2
