"""Training of the frame CNN, on pictures whose direction of stripes stands for the emotion."""

import gc

import numpy as np
import pytest
from keras import layers

from emo_core.datasets.pictures.ferplus import Stills
from emo_core.faces.alignment import normalize_intensity
from emo_core.training import networks
from emo_core.training.frame_cnn import (
    AugmentedStills,
    FrameTraining,
    augment,
    fit_frame_cnn,
    training_set,
)
from tests.tiny import SIDE, align_without_landmarks, ferplus_arrays, make_votes, picture
from tests.unit.conftest import eager

RECIPE = FrameTraining(epochs=3, batch_size=16, half_precision=False, damage_share=0.1)


def make_stills(repeats=3, seed=0):
    images, votes = ferplus_arrays(repeats, seed)
    track = align_without_landmarks(None, images, SIDE)
    return Stills(track.crops, votes, track)


class TestData:
    def test_an_augmented_crop_is_a_crop_and_the_same_for_the_same_seed(self):
        crop = picture("fear", np.random.default_rng(0), SIDE)
        before = crop.copy()
        for share in (0.0, 1.0):
            results = [augment(crop, np.random.default_rng(seed), share) for seed in (3, 3, 4)]
            assert {(result.shape, result.dtype) for result in results} == {((SIDE, SIDE), np.dtype(np.uint8))}
            np.testing.assert_array_equal(results[0], results[1])
            assert (results[0] != results[2]).any()
        np.testing.assert_array_equal(crop, before)

    def test_augmentation_stays_near_the_picture(self):
        crop = np.full((48, 48), 40, np.uint8)
        crop[:, 24:] = 200
        shifted = [augment(crop, np.random.default_rng(seed), 0.0) for seed in range(40)]
        assert all(abs(float(image.mean()) - 120) < 50 for image in shifted)
        mirrored = np.mean([image[:, :12].mean() > image[:, -12:].mean() for image in shifted])
        assert 0.2 < mirrored < 0.8

    def test_pictures_without_an_emotion_are_left_out(self):
        votes = make_votes({"unknown": 9}, {"fear": 6, "sadness": 4}, {"not_face": 9}, {"anger": 9, "unknown": 1})
        crops = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((4, SIDE, SIDE), np.uint8)
        kept, targets = training_set(Stills(crops, votes, align_without_landmarks(None, crops, SIDE)))
        assert kept[:, 0, 0].tolist() == [1, 3]
        np.testing.assert_allclose(targets.sum(axis=1), 1)

    def test_an_epoch_sees_every_picture_at_most_once_and_the_next_in_another_order(self):
        crops = np.zeros((50, SIDE, SIDE), np.uint8)
        targets = np.arange(50, dtype=np.float32)[:, None].repeat(8, axis=1)
        batches = AugmentedStills(crops, targets, RECIPE)
        assert len(batches) == 3
        epochs = []
        for _ in range(2):
            faces = [batches[k] for k in range(len(batches))]
            assert all(x.shape == (16, SIDE, SIDE, 1) and x.dtype == np.float32 for x, _ in faces)
            epochs.append([int(y) for _, rows in faces for y in rows[:, 0]])
            assert len(set(epochs[-1])) == 48
            batches.on_epoch_end()
        assert epochs[0] != epochs[1]
        batches.epoch = 0
        assert [int(y) for k in range(3) for y in batches[k][1][:, 0]] == epochs[0]


@pytest.fixture(scope="module", autouse=True)
def without_dropout():
    """Keras does not store where its random numbers were, so only without dropout two trainings can be compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks.layers, "Dropout", lambda share: layers.Identity())
        yield


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A whole training without interruption: model, history, epochs reported."""
    return train(tmp_path_factory.mktemp("straight"))


def train(work_dir, *, stop_after=None):
    told = []

    def report(row):
        told.append(int(row["epoch"]))
        if row["epoch"] == stop_after:
            raise KeyboardInterrupt

    try:
        model, history = fit_frame_cnn(make_stills(), make_stills(1, 9), RECIPE, work_dir=work_dir, report=report)
    except KeyboardInterrupt:
        return None, [], told
    return model, history, told


class TestTraining:
    def test_the_history_has_a_row_for_every_epoch(self, straight):
        _, history, told = straight
        assert told == [0, 1, 2]
        assert [row["epoch"] for row in history] == [0, 1, 2]
        for row in history:
            assert {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"} <= set(row)
            assert all(np.isfinite(value) for value in row.values())

    def test_it_learns(self, straight):
        _, history, _ = straight
        assert history[-1]["loss"] < history[0]["loss"]

    def test_the_network_is_whole_and_in_float32(self, straight):
        model, _, _ = straight
        assert set(model.output) == {"feature_map", "feature", "emotions"}
        faces = normalize_intensity(make_stills(1).crops)[..., np.newaxis]
        emotions = model.predict(faces, verbose=0)["emotions"]
        assert emotions.shape == (13, 8)
        np.testing.assert_allclose(emotions.sum(axis=1), 1, atol=1e-5)

    @pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # Keras' log of the training that was stopped
    def test_an_interrupted_training_goes_on_where_it_was_and_a_finished_one_is_not_repeated(self, straight, tmp_path):
        """No epoch again, and to nearly the result it would have had: Keras shuffles the batches of an epoch anew."""
        with eager():
            assert train(tmp_path, stop_after=1)[2] == [0, 1]
            gc.collect()
            model, history, told = train(tmp_path)
        assert told == [2]
        assert [row["epoch"] for row in history] == [0, 1, 2]
        for row, expected in zip(history, straight[1], strict=True):
            for name in ("loss", "val_loss"):
                assert row[name] == pytest.approx(expected[name], rel=0.01)
        again, history_again, told = train(tmp_path)
        assert (told, history_again) == ([], history)
        for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
