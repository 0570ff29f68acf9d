"""The two training commands from pictures to a bundle that can be loaded, on tiny networks and made pictures."""

import csv
import re
import shutil

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.errors import BundleError
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle, load_frame_network
from emo_core.training.measure import measure_head
from emo_core.training.synthesis.composed_clips import NEUTRAL_POOLS
from tests.tiny import CONFIG, LABELS, SIDE, STEPS, read_json, run_command, write_ferplus

pytestmark = pytest.mark.usefixtures("small_recipes")


ABLATION = {"command": "ablate", "recipe": {"epochs": 1, "clips_per_epoch": 2}, "variants": [], "effects": []}


def interrupted(data, out, monkeypatch):
    """What ``train`` gathers before it trains."""
    gathered = []

    def stop(found, *_):
        gathered.append(found)
        raise KeyboardInterrupt

    monkeypatch.setattr("emo_core.training.build.train_one", stop)
    assert run_command("train", data, out) == 130
    return gathered[0]


def read_history(path):
    with (path / bundles.HISTORY).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestFrames:
    def test_the_frame_network_works_and_the_rest_is_asked_for(self, frames_only):
        network, config = load_frame_network(frames_only)
        assert config == CONFIG
        features, emotions = network(np.zeros((3, SIDE, SIDE), np.float32))
        assert (features.shape, emotions.shape) == ((3, 256), (3, len(EMOTIONS)))
        with pytest.raises(BundleError, match=r"is not finished .* run the train command"):
            load_bundle(frames_only)

    def test_its_records_hold_n(self, frames_only):
        metrics = read_json(frames_only / bundles.METRICS)
        assert set(metrics) == {"real_stills"}
        assert metrics["real_stills"]["num_images"] == 96
        assert metrics["real_stills"]["num_left_out"] == 8
        assert metrics["real_stills"]["share_aligned"] == 1.0
        assert [(row["stage"], row["epoch"]) for row in read_history(frames_only)] == [("frames", "1"), ("frames", "2")]
        card = (frames_only / bundles.CARD).read_text("utf-8")
        assert "n = 96 pictures (8 mostly voted unknown" in card
        assert "not trained yet" in card

    def test_the_manifest_says_how_it_was_made(self, frames_only):
        record = read_json(frames_only / bundles.MANIFEST)["frame_training"]
        assert record["command"].startswith("python -m emo_core train-frames --data ")
        assert record["recipe"]["epochs"] == 2
        assert record["recipe"]["seed"] == 3


class TestWhole:
    def test_it_loads_and_judges(self, whole):
        bundle = load_bundle(whole)
        assert bundle.info.name == "studio"
        assert bundle.classes == PAPER_CLASSES
        assert bundle.config == CONFIG
        logits = bundle.head_network()(np.zeros((STEPS, 256), np.float32), np.ones(STEPS, np.float32))
        assert logits.shape == (STEPS, 3)
        assert {path.name for path in whole.iterdir()} == {
            bundles.MANIFEST, bundles.FRAME_CNN, bundles.KERAS_FRAME_CNN, bundles.HEAD, bundles.KERAS_HEAD,
            bundles.NORMALIZER, bundles.METRICS, bundles.HISTORY, bundles.PREDICTIONS, bundles.CARD,
        }  # fmt: skip

    def test_the_frame_network_is_the_one_it_was_trained_on(self, whole, frames_only):
        for name in (bundles.FRAME_CNN, bundles.KERAS_FRAME_CNN):
            assert (whole / name).read_bytes() == (frames_only / name).read_bytes()

    def test_its_records_hold_n(self, whole):
        assert load_bundle(whole).evidence.weight == 0
        metrics = read_json(whole / bundles.METRICS)
        assert set(metrics) == {
            "real_stills", "composed_clips", "rendered_clips", "salience", "seeds", "normalization",
        }  # fmt: skip
        clips = metrics["composed_clips"]
        for name in ("clean", "degraded"):
            row = clips[name]
            assert row["num_clips"] == sum(map(sum, row["confusion"])) == sum(map(sum, row["verdicts"])) == 60
            assert sum(count for _, count in row["by_story"].values()) == 60
            assert row["labels"] == list(LABELS)
            assert row["gain_over_mean"] == pytest.approx(row["accuracy"] - row["mean_of_frame_emotions_accuracy"])
            assert row["gain_interval"][0] <= row["gain_over_mean"] <= row["gain_interval"][1]
            assert 0 < row["without_look_alikes"]["num_clips"] < 60
            assert 0 <= row["without_look_alikes"]["macro_f1"] <= 1
        for name in ("neutral", "neutral_degraded"):
            assert clips[name]["num_clips"] == 20
            assert 0 <= clips[name]["called_hybrid"] <= 1
            assert set(clips[name]["by_story"]) <= set(NEUTRAL_POOLS)
        rendered = metrics["rendered_clips"]
        gain = rendered["accuracy"] - rendered["mean_of_frame_emotions_accuracy"]
        assert rendered["gain_over_mean"] == pytest.approx(gain)
        assert rendered["gain_interval"][0] <= gain <= rendered["gain_interval"][1]
        stages = [row["stage"] for row in read_history(whole)]
        assert stages == ["frames", "frames", "head", "head"]
        card = (whole / bundles.CARD).read_text("utf-8")
        assert "| clean | 60 |" in card
        assert "n = 20 clips" in card
        assert "By the mean of the frame emotions alone" in card
        assert "not trained yet" not in card

    def test_no_picture_that_chose_anything_is_measured_on(self, frames_only, data, monkeypatch):
        gathered = interrupted(data, frames_only, monkeypatch)
        banks = (gathered.calibration, gathered.test)
        calibration, measured = ({*np.concatenate(list(bank.pools.values()))} for bank in banks)
        assert min(len(calibration), len(measured)) > 20
        assert not calibration & measured

    def test_copies_of_training_pictures_neither_choose_nor_measure(self, frames_only, data, tmp_path, monkeypatch):
        planted = shutil.copytree(data, tmp_path / "planted")
        train, valid = (dict(np.load(planted / f"{name}.npz")) for name in ("train", "valid"))
        valid["images"][::2] = train["images"][::2]
        np.savez(planted / "valid.npz", **valid)
        monkeypatch.setattr("emo_core.training.head_data.tellable", lambda bank, stories: stories)
        gathered = interrupted(planted, frames_only, monkeypatch)
        banks = (gathered.calibration, gathered.test)
        used = {*np.concatenate([pool for bank in banks for pool in bank.pools.values()])}
        assert used
        assert not any(index % 2 == 0 for index in used)

    def test_nobody_is_in_two_groups(self, data, frames_only, monkeypatch):
        groups = [set(windows.people) for windows in interrupted(data, frames_only, monkeypatch).rendered]
        assert all(groups)
        assert sum(map(len, groups)) == len(set.union(*groups)) == 12

    def test_the_median_seed_is_shipped(self, whole):
        rows = read_json(whole / bundles.METRICS)["seeds"]
        assert [row["seed"] for row in rows] == [4, 5]
        shipped = [row for row in rows if row["shipped"]]
        assert len(shipped) == 1
        assert shipped[0]["held_out_loss"] == min(row["held_out_loss"] for row in rows)  # the lower middle of two
        assert read_json(whole / bundles.MANIFEST)["head_training"]["recipe"]["seed"] == shipped[0]["seed"]

    def test_figures_agree_with_the_stored_predictions(self, whole):
        metrics, stored = read_json(whole / bundles.METRICS), np.load(whole / bundles.PREDICTIONS)
        for name in ("clean", "degraded"):
            guesses = stored[f"composed_{name}_probabilities"].astype(float).argmax(axis=1)
            expected = f1_score(stored[f"composed_{name}_labels"], guesses, average="macro")
            assert metrics["composed_clips"][name]["macro_f1"] == pytest.approx(expected)
        kept = stored["stills_labels"] >= 0
        guesses = stored["stills_probabilities"].argmax(axis=1)
        expected = accuracy_score(stored["stills_labels"][kept], guesses[kept])
        assert metrics["real_stills"]["accuracy"] == pytest.approx(expected)

    def test_rendered_clips_count_people(self, whole):
        row = read_json(whole / bundles.METRICS)["rendered_clips"]
        assert row["num_clips"] == 3 * row["num_people"] == sum(map(sum, row["confusion"]))
        assert 0 < row["undamaged"]["num_clips"] <= row["num_clips"]

    def test_stills_are_also_measured_without_copies(self, frames_only):
        stills = read_json(frames_only / bundles.METRICS)["real_stills"]
        assert 0 < stills["without_copies"]["num_images"] <= stills["num_images"]
        assert "without the" in (frames_only / bundles.CARD).read_text("utf-8")

    def test_the_card_names_every_command(self, whole):
        card = (whole / bundles.CARD).read_text("utf-8")
        assert "train-frames --data" in card
        assert "emo_core train --data" in card
        assert "seed 3, 2 epochs" in card
        assert re.search(r"seed [45], 2 epochs", card)

    def test_the_same_seed_and_data_give_the_same_figures_after_a_stop(
        self, whole, frames_only, data, tmp_path, capsys, monkeypatch
    ):
        again = tmp_path / "studio"
        shutil.copytree(frames_only, again)
        measured = []

        def stop_at_the_second(head, *rest):
            measured.append(head)
            if len(measured) > 1:
                raise KeyboardInterrupt
            return measure_head(head, *rest)

        with monkeypatch.context() as patch:
            patch.setattr("emo_core.training.build.measure_head", stop_at_the_second)
            assert run_command("train", data, again, "--epochs", "2", "--seed", "4") == 130
        monkeypatch.setattr(
            "emo_core.training.head_data.HeadData.draw", lambda *_: pytest.fail("a head was trained again")
        )
        assert run_command("train", data, again, "--epochs", "2", "--seed", "4") == 0
        assert not list((tmp_path / "cache").glob("head-*"))
        first, second = (read_json(path / bundles.METRICS)["composed_clips"] for path in (whole, again))
        assert second == first
        printed = capsys.readouterr().out
        assert "composed clips, clean    n = 60: accuracy" in printed
        assert "rendered clips of unseen people n = " in printed

    def test_another_frame_network_removes_the_head_and_all_that_speaks_of_it(
        self, whole, frames_only, tmp_path, capsys
    ):
        """It is trained on other pictures by the same recipe, and so must not resume from the earlier training."""
        out = tmp_path / "studio"
        shutil.copytree(whole, out)
        shutil.copytree(frames_only.parent / "cache", tmp_path / "cache")
        other = write_ferplus(tmp_path / "other", seed=7)
        assert run_command("train-frames", other, out, "--epochs", "2", "--seed", "3") == 0
        assert "Epoch 1: " in capsys.readouterr().err
        with pytest.raises(BundleError, match="not finished"):
            load_bundle(out)
        assert set(read_json(out / bundles.METRICS)) == {"real_stills"}
        assert {row["stage"] for row in read_history(out)} == {"frames"}
        assert not {"classes", "temperature", "head_training"} & set(read_json(out / bundles.MANIFEST))
        assert "## Head on clips" not in (out / bundles.CARD).read_text("utf-8")

    def test_what_else_lies_in_the_folder_stays(self, whole, data, tmp_path):
        """`--out` may name a folder with other things in it, folders among them."""
        out = tmp_path / "studio"
        (out / "notes").mkdir(parents=True)
        (out / "notes" / "mine.txt").write_text("keep")
        shutil.copytree(whole, out, dirs_exist_ok=True)
        bundles.write_bundle(out, {}, {})
        assert (out / "notes" / "mine.txt").read_text() == "keep"
        assert load_bundle(out).info.name == "studio"
