"""Models taught from a data set: what is written, that the same gives the same, and that a stop loses nothing."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from emo_core.cli.main import main
from emo_core.errors import BundleError
from emo_core.evaluation.results import load
from emo_core.jobs.progress import TrainingProgress
from emo_core.jobs.queue import ORDER, PROGRESS, Order
from emo_core.measured import read_measured
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle
from emo_core.training.checkpoint import Checkpoint
from emo_core.training.custom_model import EVALUATION, RECIPE, Lesson, Told, teach
from tests.tiny import LABELS, STEPS, read_json, watch_without_video

pytestmark = pytest.mark.usefixtures("small_recipes")

SMALL = replace(RECIPE, epochs=3, batch_size=8, units=8, num_neighbourhoods=2, seed=5, reader="mean")  # builds fast


@pytest.fixture(scope="module")
def taught(people, frames_only, tmp_path_factory):
    """A bundle taught on it, what the training told, and its cache; do not change them."""
    folder, rows = tmp_path_factory.mktemp("taught"), []
    lesson = Lesson(people, folder / "mine", frames_only, recipe=SMALL, command="python -m emo_core train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emo_core.datasets.feature_cache.extract_clip_features", watch_without_video)
        teach(lesson, folder / "cache", Told(epoch=rows.append))
    return folder / "mine", rows, folder / "cache"


class TestTaught:
    def test_it_loads_and_judges_the_classes_of_the_data_set(self, taught, frames_only):
        bundle = load_bundle(taught[0])
        assert bundle.info.name == "mine"
        assert bundle.info.labels == LABELS
        logits = bundle.head_network()(np.zeros((STEPS, 256), np.float32), np.ones(STEPS, np.float32))
        assert logits.shape == (STEPS, 3)
        for name in (bundles.FRAME_CNN, bundles.KERAS_FRAME_CNN):
            assert (taught[0] / name).read_bytes() == (frames_only / name).read_bytes()

    def test_nobody_who_measures_trained_or_chose(self, taught):
        parts = read_json(taught[0] / bundles.MANIFEST)["taught"]["parts"]
        groups = [set(part["people"]) for part in parts.values()]
        assert list(parts) == ["train", "validation", "test"]
        assert all(groups)
        assert sum(map(len, groups)) == len(set.union(*groups)) == 8

    def test_figures_are_those_of_the_stored_predictions(self, taught):
        row = read_json(taught[0] / bundles.METRICS)["taught_clips"]
        with np.load(taught[0] / bundles.PREDICTIONS) as stored:
            guesses, labels = stored["taught_probabilities"].argmax(axis=1), stored["taught_labels"]
            people = stored["taught_people"].tolist()
        assert row["num_clips"] == len(labels) == 3 * row["num_people"] == 3 * len(set(people))
        scores = row["scores"]
        assert scores["accuracy"]["value"] == pytest.approx(accuracy_score(labels, guesses))
        assert scores["f1"]["value"] == pytest.approx(f1_score(labels, guesses, average="macro"))
        low, high = scores["accuracy"]["interval"]
        assert low <= scores["accuracy"]["value"] <= high
        assert sum(found["num_clips"] for found in row["slices"] if found["slice"] == "person") == row["num_clips"]
        assert len(load(taught[0] / EVALUATION).clips) == row["num_clips"]

    def test_the_history_is_what_was_told(self, taught):
        path, rows, _ = taught
        with (path / bundles.HISTORY).open(encoding="utf-8", newline="") as file:
            kept = list(csv.DictReader(file))
        assert [(row["stage"], int(row["epoch"])) for row in kept] == [("head", n + 1) for n in range(len(rows))]
        assert float(kept[-1]["val_loss"]) == pytest.approx(rows[-1]["val_loss"], abs=1e-5)

    def test_the_card_says_data_people_split_figures_use_command_and_seed(self, taught):
        card = (taught[0] / bundles.CARD).read_text("utf-8")
        for words in ("24 clips; source: rendered", "nobody is in two parts", "| test | 6 | 2 |", "Known failures",
                      "95% intervals over people", "Frame CNN: that of studio", "Intended use", "Prohibited use",
                      "Slices", "n = 6 clips of 2 people", "`python -m emo_core train`: seed 5, 3 epochs"):  # fmt: skip
            assert words in card, words

    def test_the_checkpoint_is_gone(self, taught):
        assert list((taught[2] / "taught").iterdir()) == []


class TestStopped:
    def test_it_goes_on_after_the_last_epoch_and_ends_alike(self, taught, people, frames_only, tmp_path):
        """Stopped after every epoch, in a process that may be killed at any moment; so the same seed gives the same."""
        lesson = Lesson(people, tmp_path / "mine", frames_only, recipe=SMALL)

        def stop_at(count):
            rows = []

            def tell(row):
                rows.append(row)
                if len(rows) == count:
                    raise KeyboardInterrupt

            return tell

        for count in (1, 2):
            with pytest.raises(KeyboardInterrupt):
                teach(lesson, tmp_path / "cache", Told(epoch=stop_at(count)))
            assert not (tmp_path / "mine").exists()
        rows, said = [], []
        metrics = teach(lesson, tmp_path / "cache", Told(say=said.append, epoch=rows.append))
        assert "Going on after epoch 2" in said
        assert rows == taught[1]
        assert read_measured(read_json(taught[0] / bundles.METRICS)).taught_clips == metrics

    def test_half_a_checkpoint_begins_anew(self, tmp_path):
        rng = np.random.default_rng(1)
        model = SimpleNamespace(variables=[np.ones(3)], optimizer=SimpleNamespace(variables=[np.zeros(2)]))
        checkpoint = Checkpoint(tmp_path / "deep" / "state.npz")
        assert checkpoint.begin(rng) is None
        best = SimpleNamespace(history=[{"epoch": 0.0}], row={"val_loss": 1.0}, best_weights=[np.ones(3)])
        checkpoint.save(model, rng, best)
        kept = checkpoint.begin(np.random.default_rng(2))
        assert (kept.history, kept.best) == ([{"epoch": 0.0}], {"val_loss": 1.0})
        np.testing.assert_array_equal(kept.weights[0], np.ones(3))
        (path,) = (tmp_path / "deep").iterdir()
        path.write_bytes(path.read_bytes()[:100])
        assert checkpoint.begin(rng) is None
        checkpoint.clear()
        assert not path.exists()

    def test_a_full_disk_leaves_the_former_bundle_whole(
        self, taught, people, frames_only, tmp_path, monkeypatch, capsys
    ):
        out = shutil.copytree(taught[0], tmp_path / "mine")
        before = {path.name: path.read_bytes() for path in out.iterdir()}
        write = Path.write_bytes

        def full(path, content):
            if path.name == bundles.KERAS_HEAD:
                write(path, content[:10])
                raise OSError(28, "No space left on device", path.name)
            return write(path, content)

        monkeypatch.setattr(Path, "write_bytes", full)
        assert train(people, out, frames_only, "--cache", taught[2], "--epochs", 1) == 1
        assert capsys.readouterr().err.splitlines()[-1] == (
            f"error: Reading or writing {bundles.KERAS_HEAD} failed (No space left on device). Free some space, then "
            "try again."
        )
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before
        assert load_bundle(out).info.name == "mine"


def stop(*_):
    raise KeyboardInterrupt


def train(data, out, base, *words, recipe=SMALL):
    """Exit code of the command, with a small recipe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emo_core.training.custom_model.RECIPE", recipe)
        return main(["train", "--data", str(data), "--out", str(out), "--base", str(base), *map(str, words)])


def train_by_order(place, data, out, base, **words):
    """Exit code of carrying out the order as a server's process does; its progress lies in `place`."""
    order = Order("train", "mine", str(data), str(out), str(place / "cache"), base=str(base), **words)
    (place / ORDER).write_bytes(msgspec.json.encode(order))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emo_core.training.custom_model.RECIPE", SMALL)
        return main(["run-order", str(place)])


class TestCommand:
    @pytest.mark.parametrize(
        ("kept", "message"),
        [
            (lambda person, number: number == 0, "All clips are of one class, amusement_surprise: add "),
            (
                lambda person, number: person == 0,
                "too few clips of amusement_surprise (1), other (1), sad",
            ),
            (lambda person, number: person < 1 and number < 2, "too few clips of amusement_surprise (1)"),
        ],
        ids=["one class", "one person", "two clips"],
    )
    def test_what_nothing_can_be_learned_from(self, kept, message, people, frames_only, tmp_path, capsys):
        rows = list(csv.DictReader((people / "manifest.csv").read_text().splitlines()))
        folder = shutil.copytree(people, tmp_path / "few")
        with (folder / "manifest.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(row for row in rows if kept(int(row["path"][:2]), int(row["path"][3])))
        assert train_by_order(tmp_path, folder, tmp_path / "mine", frames_only) == 1
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("error: ")
        assert message in error
        told = TrainingProgress.read(tmp_path / PROGRESS)
        assert told.state == "failed"
        assert message in told.message
        assert not (tmp_path / "mine").exists()

    def test_one_person_needs_the_other_protocol(self, people, frames_only, tmp_path, capsys):
        for number in range(4):
            for label in ("joy_fear", "calm"):
                (tmp_path / "set" / label).mkdir(parents=True, exist_ok=True)
                (tmp_path / "set" / label / f"anna__{number}.mp4").write_text(f"{number} {len(label) % 3}")
        assert train(tmp_path / "set", tmp_path / "mine", frames_only, "--cache", tmp_path / "cache") == 1
        assert "All clips are of one person" in capsys.readouterr().err
        words = {"protocol": "random", "seed": 2}
        assert train_by_order(tmp_path, tmp_path / "set", tmp_path / "mine", frames_only, **words) == 0
        bundle = load_bundle(tmp_path / "mine")
        assert [(item.name, item.is_pair) for item in bundle.classes] == [("calm", False), ("joy_fear", True)]
        printed = capsys.readouterr().out
        assert printed.startswith("test clips n = 2 of 1 people: accuracy ")
        told = TrainingProgress.read(tmp_path / PROGRESS)
        assert (told.state, told.message) == ("done", printed.strip())
        assert [row["epoch"] for row in told.history] == [0, 1, 2]
        card = (tmp_path / "mine" / bundles.CARD).read_text("utf-8")
        assert "At random" in card
        assert "--protocol random --seed 2 --base" in card

    def test_an_unreadable_clip_is_left_out_and_named(self, people, taught, frames_only, tmp_path, monkeypatch):
        from emo_core.errors import VideoError

        def watch(source, *args):
            if source.name == "02_1.mp4":
                raise VideoError("“02_1.mp4” is not a video that can be read; export it as MP4 (H.264) and try again.")
            return watch_without_video(source, *args)

        monkeypatch.setattr("emo_core.datasets.feature_cache.extract_clip_features", watch)
        assert train(people, tmp_path / "mine", frames_only, "--cache", tmp_path / "cache", "--epochs", 1) == 0
        assert read_json(tmp_path / "mine" / bundles.MANIFEST)["taught"]["left_out"] == [f"{people.name}/02_1.mp4"]
        assert f"Left out, no face that can be judged, 1 clips: `{people.name}/02_1.mp4`" in (
            tmp_path / "mine" / bundles.CARD
        ).read_text("utf-8")

    def test_a_model_that_was_made_otherwise_is_not_written_over(self, people, whole, tmp_path, capsys):
        out = shutil.copytree(whole, tmp_path / "studio")
        before = (out / bundles.MANIFEST).read_bytes()
        assert train(people, out, whole) == 1
        assert "was not taught from a data set" in capsys.readouterr().err
        assert (out / bundles.MANIFEST).read_bytes() == before

    def test_a_base_that_is_none(self, people, tmp_path, capsys):
        assert train(people, tmp_path / "mine", tmp_path / "none") == 1
        assert "There is no model in 'none'" in capsys.readouterr().err


def test_a_file_in_the_way(people, frames_only, tmp_path):
    (tmp_path / "mine").write_text("notes")
    with pytest.raises((BundleError, NotADirectoryError)):
        teach(Lesson(people, tmp_path / "mine", frames_only, recipe=SMALL), tmp_path / "cache")


def test_the_last_stage_of_the_frame_network_can_be_tuned_too(people, frames_only, tmp_path, monkeypatch):
    """Stopped behind it, the tuning is not done again; the bundle holds the tuned network and says so."""
    import emo_core.training.custom_model
    from emo_core.training.fine_tuning import FrameTuning

    tunings = []

    def tune(*arguments):
        tunings.append(1)
        return tune_last_stage(*arguments)

    tune_last_stage = emo_core.training.custom_model.tune_last_stage
    monkeypatch.setattr("emo_core.training.fine_tuning.extract_clip_features", watch_without_video)
    monkeypatch.setattr("emo_core.training.custom_model.tune_last_stage", tune)
    tuning = FrameTuning(epochs=1, frames_per_epoch=16, batch_size=16, damage_share=0.0)
    lesson = Lesson(people, tmp_path / "mine", frames_only, recipe=replace(SMALL, epochs=1), tuning=tuning)
    with pytest.raises(KeyboardInterrupt):
        teach(lesson, tmp_path / "cache", Told(epoch=stop))
    teach(lesson, tmp_path / "cache")
    assert tunings == [1]
    assert load_bundle(tmp_path / "mine").info.labels == LABELS
    assert (tmp_path / "mine" / bundles.FRAME_CNN).read_bytes() != (frames_only / bundles.FRAME_CNN).read_bytes()
    assert "stage was tuned to this data set after that" in (tmp_path / "mine" / bundles.CARD).read_text("utf-8")
    with (tmp_path / "mine" / bundles.HISTORY).open(encoding="utf-8", newline="") as file:
        assert [row["stage"] for row in csv.DictReader(file)] == ["frames", "head"]
