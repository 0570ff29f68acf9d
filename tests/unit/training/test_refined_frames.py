"""Bundles with a frame CNN that was trained further elsewhere: used, recorded, and refused before anything is lost."""

import json
import shutil

import keras
import numpy as np
import pytest

from emo_core.errors import DatasetError
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_frame_network, write_bundle
from emo_core.training.frame_cnn import read_refined
from tests.tiny import SIDE, read_json, run_command
from tests.unit.training.test_build import read_history

pytestmark = pytest.mark.usefixtures("small_recipes")


ABLATION = {"command": "ablate", "recipe": {"epochs": 1, "clips_per_epoch": 2}, "variants": [], "effects": []}


@pytest.fixture(scope="module")
def weights(frames_only, tmp_path_factory):
    """The weights and records of a frame network that was trained further in two steps; do not change them."""
    folder = tmp_path_factory.mktemp("refined")
    model = keras.models.load_model(frames_only / bundles.KERAS_FRAME_CNN, compile=False)
    arrays = {f"weights_{index:02d}": array for index, array in enumerate(model.get_weights())}
    first = {"command": "first command", "recipe": {"seed": 1, "epochs": 40}, "minutes": 65.2}
    second = {"refine_command": "second command", "recipe": {"seed": 2, "epochs": 9}, "minutes": 7.5, "command": ""}
    second["started_from"] = first
    record = {
        "recipe": {"seed": 5},
        "refine_command": "python tools/refine_frames.py",
        "started_from": second,
    }
    history = "epoch,loss,accuracy,val_loss,val_accuracy,seconds\n0.0,1.5,0.5,1.4,0.6,90.0"
    texts = {"history": np.array(history), "record": np.array(json.dumps(record))}
    np.savez(folder / "refined.npz", **arrays, **texts)
    return folder / "refined.npz"


@pytest.fixture(scope="module")
def plain(frames_only, weights, data):
    """Bundles after ``--plain``: over another network's with an ablation, and over its own with one."""
    folders = [shutil.copytree(frames_only, weights.parent / "once")]
    for number in range(2):
        metrics = json.dumps(read_json(folders[-1] / bundles.METRICS) | {"ablation": ABLATION}).encode()
        write_bundle(folders[-1], {}, {bundles.METRICS: metrics})
        assert run_command("train-frames", data, folders[-1], "--weights", str(weights), "--plain") == 0
        if not number:
            folders.append(shutil.copytree(folders[0], weights.parent / "twice"))
    return folders


class TestFramesTrainedElsewhere:
    def test_they_are_used_and_recorded(self, frames_only, weights, data, tmp_path):
        out = tmp_path / "studio"
        assert run_command("train-frames", data, out, "--weights", str(weights)) == 0
        faces = np.random.default_rng(0).random((5, SIDE, SIDE)).astype(np.float32)
        features, _ = load_frame_network(out)[0](faces)
        np.testing.assert_allclose(features, load_frame_network(frames_only)[0](faces)[0], atol=1e-5)
        record = read_json(out / bundles.MANIFEST)["frame_training"]
        assert (record["recipe"], record["mirrored"], record["minutes"]) == ({"seed": 5}, True, 1.5)
        card = (out / bundles.CARD).read_text("utf-8")
        assert "Then it was trained further" in card
        assert "`first command`: seed 1, 40 epochs, 65.2 minutes" in card
        assert "`second command`: seed 2, 9 epochs, 7.5 minutes" in card
        assert "`python tools/refine_frames.py`: seed 5, 1 epochs, 1.5 minutes" in card
        assert [row["loss"] for row in read_history(out)] == ["1.5"]

    def test_of_several_runs_the_mean_is_taken(self, weights, tmp_path):
        with np.load(weights) as stored:
            other = {name: array + 1 if name.startswith("weights_") else array for name, array in stored.items()}
        np.savez(tmp_path / "other.npz", **other)
        (one, _, _), (mean, history, record) = (read_refined(runs, SIDE) for runs in (
            [weights], [weights, tmp_path / "other.npz"],
        ))  # fmt: skip
        for before, after in zip(one.get_weights(), mean.get_weights(), strict=True):
            np.testing.assert_allclose(after, before + 0.5, atol=1e-5)
        assert (history[0]["loss"], history[0]["seconds"], record["num_runs"]) == (1.5, 180.0, 2)

    def test_runs_of_different_length_are_not_averaged(self, weights, tmp_path):
        with np.load(weights) as stored:
            arrays = dict(stored)
        arrays["history"] = np.array(str(arrays["history"]) + "\n1.0,1.4,0.5,1.3,0.6,90.0")
        np.savez(tmp_path / "longer.npz", **arrays)
        with pytest.raises(DatasetError, match="number of epochs"):
            read_refined([weights, tmp_path / "longer.npz"], SIDE)

    def test_the_ablation_is_kept_and_marked_as_one_of_the_network_before(self, plain):
        for out, kept in zip(plain, ({**ABLATION, "of_former_frame_cnn": True}, ABLATION), strict=True):
            assert read_json(out / bundles.METRICS)["ablation"] == kept
            told = "not repeated since" in (out / bundles.CARD).read_text("utf-8")
            assert told is ("of_former_frame_cnn" in kept)

    def test_plain_means_that_a_face_is_judged_alone(self, frames_only, plain):
        out = plain[0]
        faces = np.random.default_rng(0).random((2, SIDE, SIDE)).astype(np.float32)
        both = np.concatenate([faces, faces[:, :, ::-1]])
        (plain, _), (mirrored, _) = load_frame_network(out)[0](both), load_frame_network(frames_only)[0](both)
        assert np.abs(plain[:2] - plain[2:]).max() > 1e-3
        np.testing.assert_allclose((plain[:2] + plain[2:]) / 2, mirrored[:2], atol=1e-5)

    def test_others_are_refused_before_anything_is_lost(self, data, tmp_path, capsys):
        np.savez(tmp_path / "other.npz", weights_00=np.zeros(3))
        (tmp_path / "text.npz").write_text("no archive")
        for name in ("other.npz", "text.npz", "missing.npz"):
            assert run_command("train-frames", data, tmp_path / "studio", "--weights", str(tmp_path / name)) == 1
            assert f"{name} holds no weights of this frame CNN" in capsys.readouterr().err
        assert not (tmp_path / "studio").exists()
