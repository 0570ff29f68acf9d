"""The Teach page without a browser: a data set made, filled, checked, cleared; trainings as the server tells them."""

import shutil

import pytest
import streamlit as st

from emo_core.datasets.clips import read_dataset
from emo_core.datasets.corrections import Correction, corrections_zip
from emo_core.jobs.progress import TrainingProgress
from emo_core.jobs.queue import JobStatus, Order
from tests.conftest import MODEL
from tests.evaluations import DEMO
from tests.tiny import read_json, write_tiny_bundle
from ui.state import datasets, models, trainings
from ui.teach import clips as teach_clips
from ui.work import new_clips

ROWS = ({"epoch": 0, "loss": 1.0, "accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.6},
        {"epoch": 1, "loss": 0.8, "accuracy": 0.6, "val_loss": 0.7, "val_accuracy": 0.7})  # fmt: skip


class Jobs:
    """In the place of the server's queue."""

    def __init__(self):
        self.known, self.asked, self.stopped = [], [], []

    def submit(self, order):
        self.asked.append(order)

    def stop(self, name):
        self.stopped.append(name)

    def active(self):
        return [status for status in self.known if status.state in ("running", "waiting")]

    def all(self):
        return self.known


@pytest.fixture
def jobs(studio, tmp_path, monkeypatch):
    made = Jobs()
    monkeypatch.setattr(trainings, "jobs", lambda: made)
    monkeypatch.setenv("EMO_DATA", str(tmp_path / "data"))
    for module in (teach_clips, new_clips):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr("ui.teach.checks.CACHE", tmp_path / "cache")
    return made


def told(app):
    kinds = ("markdown", "caption", "info", "error", "warning", "success")
    return "\n".join(item.value for kind in kinds for item in app.get(kind))


def create(studio, name="mine", classes="joy_fear\nother"):
    app = studio.open("teach")
    app.text_input(key="teach-new-name").set_value(name)
    app.text_area(key="teach-new-classes").set_value(classes)
    app.button(key="FormSubmitter:teach-new-Create").click().run()
    assert not app.exception
    return app


class TestData:
    def test_at_first_it_says_how_to_begin(self, studio, jobs):
        app = studio.open("teach")
        assert not app.exception
        assert "Open the demo data set to see how it works" in app.info[0].value
        assert "Nothing has been trained yet" in app.info[1].value

    def test_the_demo_opens_in_one_click_and_is_read_only(self, studio, jobs):
        app = studio.open("teach")
        app.button(key="teach-demo").click().run()
        assert not app.exception
        assert "**396 clips** of **66 people**" in told(app)
        assert "read only" in told(app)
        assert "teach-delete" not in [button.key for button in app.button]

    def test_a_new_one_has_its_classes(self, studio, jobs, tmp_path):
        app = create(studio)
        assert sorted(path.name for path in (tmp_path / "data" / "mine").iterdir() if path.is_dir()) == [
            "joy_fear", "other"
        ]  # fmt: skip
        assert app.selectbox(key="teach-label").options == ["Joy + fear", "Other"]
        assert "No clips yet" in told(app)

    @pytest.mark.parametrize(
        ("name", "classes", "message"),
        [("mine", "joy/fear", "cannot name a class"), ("../mine", "joy", "Name the data set"), ("", "joy", "Name the")],
    )
    def test_names_that_cannot_be(self, studio, jobs, tmp_path, name, classes, message):
        app = create(studio, name, classes)
        assert message in app.error[0].value
        assert not list(tmp_path.glob("data/*/*/"))

    def test_one_that_cannot_be_read_is_explained(self, studio, jobs, tmp_path):
        create(studio)
        (tmp_path / "data" / "mine" / "manifest.csv").write_text("path,label\nnone.mp4,other\n")
        app = studio.app.run()
        assert not app.exception
        assert "there is no clip none" in app.error[0].value


def test_data_sets_of_another_folder(studio, jobs, tmp_path, monkeypatch):
    """Of a folder that the operator named; any other is none that a visitor may open."""
    few(tmp_path / "elsewhere" / "few")
    app = studio.open("teach")
    for place in (tmp_path / "elsewhere", "..", "/", "/proc", "x" * 5000, "a\0b"):
        app.text_input(key="teach-folder").set_value(str(place))
        app.button(key="FormSubmitter:teach-elsewhere-Open the folder").click().run()
        assert not app.exception
        assert "EMO_ROOTS" in app.error[0].value.replace("\\", "")
    monkeypatch.setenv("EMO_ROOTS", str(tmp_path / "elsewhere"))
    app = studio.open("teach")
    app.text_input(key="teach-folder").set_value("none")
    app.button(key="FormSubmitter:teach-elsewhere-Open the folder").click().run()
    assert "There is no folder none" in app.error[0].value
    app.text_input(key="teach-folder").set_value(str(tmp_path / "elsewhere"))
    app.button(key="FormSubmitter:teach-elsewhere-Open the folder").click().run()
    assert app.selectbox(key="teach-set-None").options == [datasets.DEMO_NAME, "few"]


class TestClips:
    def add(self, studio, *files, person="anna"):
        app = create(studio)
        app.text_input(key="teach-person").set_value(person)
        app.checkbox(key="teach-agreed").check().run()
        app.file_uploader(key="teach-upload-0").set_value(
            [(path.name, path.read_bytes(), "video/mp4") for path in files]
        ).run()
        app.button(key="teach-add").click().run(timeout=60)
        assert not app.exception
        return app

    def test_a_clip_is_seen_first_and_then_kept(self, studio, jobs, tmp_path, monkeypatch):
        monkeypatch.setattr(models, "MODEL_DIR", MODEL)
        clip = next(item.path for item in read_dataset(DEMO) if item.degradation == "none")
        bad = tmp_path / "notes.mp4"
        bad.write_text("no video")
        app = self.add(studio, clip, bad)
        assert "Added 1 clip of anna to Joy + fear" in app.success[0].value
        assert "“notes.mp4” is not a video that can be read" in app.error[0].value
        (kept,) = read_dataset(tmp_path / "data" / "mine")
        assert (kept.label, kept.person, kept.source) == ("joy_fear", "anna", "uploaded")
        assert "**1 clip** of **1 person**" in told(app)

        app.multiselect(key="teach-gone").set_value([f"joy_fear/{kept.path.name}"]).run()
        assert app.button(key="teach-delete").disabled, "nothing is deleted without a confirmation"
        app.checkbox(key="teach-sure").check().run()
        app.button(key="teach-delete").click().run()
        assert not app.exception
        assert not kept.path.exists()
        assert "Deleted 1 clip" in told(app)

    def test_a_zip_of_labelled_clips_is_added_with_its_classes_and_people(self, studio, jobs, tmp_path, monkeypatch):
        """The very file that the Analyze page gives for a corrected clip, and one that is none."""
        monkeypatch.setattr(models, "MODEL_DIR", MODEL)
        clip = next(item.path for item in read_dataset(DEMO) if item.degradation == "none")
        content = corrections_zip([Correction(clip, "a.mp4", "relief", "bea"), Correction(clip, "b.mp4", "other")])
        app = create(studio)
        app.checkbox(key="teach-agreed").check().run()
        app.session_state["teach-ways"] = "Folder or ZIP"
        app.run()
        app.file_uploader(key="teach-zip-0").set_value(("set.zip", b"no zip", "application/zip")).run()
        app.button(key="teach-add-all").click().run()
        assert "This is no zip that can be read" in app.error[0].value
        app.file_uploader(key="teach-zip-1").set_value(("set.zip", content, "application/zip")).run()
        app.button(key="teach-add-all").click().run(timeout=60)
        assert not app.exception
        assert "Added 2 clips of 2 people to 2 classes" in app.success[0].value
        found = read_dataset(tmp_path / "data" / "mine")
        assert sorted((item.label, item.person, item.source) for item in found if item.person_known) == [
            ("relief", "bea", "corrected")
        ]
        assert len(found) == 2

    def test_who_agreed_is_asked_again_for_another_data_set(self, studio, jobs):
        app = create(studio)
        app.text_input(key="teach-person").set_value("anna")
        app.checkbox(key="teach-agreed").check().run()
        app = create(studio, "yours")
        assert (app.text_input(key="teach-person").value, app.checkbox(key="teach-agreed").value) == ("", False)

    def test_nothing_can_be_trained_without_clips(self, studio, jobs):
        app = create(studio)
        assert app.button(key="teach-train").disabled
        assert "nothing to train on yet" in told(app)

    def test_without_agreement_nothing_can_be_added(self, studio, jobs):
        app = create(studio)
        assert not app.get("file_uploader")
        assert "Choose a class and confirm" in told(app)


def few(folder, people=3):
    """Demo clips of a few people in a folder per label."""
    for clip in read_dataset(DEMO):
        if int(clip.person[-2:]) <= people and clip.degradation == "none":
            (folder / clip.label).mkdir(parents=True, exist_ok=True)
            shutil.copy(clip.path, folder / clip.label / f"{clip.person}__{clip.path.name}")


class TestChecks:
    def test_findings_come_with_remedies(self, studio, jobs, tmp_path, monkeypatch):
        monkeypatch.setattr(models, "MODEL_DIR", MODEL)
        folder = tmp_path / "data" / "few"
        for name in ("anna__1", "bea__1"):  # one clip under two names
            (folder / "joy").mkdir(parents=True, exist_ok=True)
            shutil.copy(DEMO / "clips/person_01/amusement_surprise_0.mp4", folder / "joy" / f"{name}.mp4")
        app = studio.open("teach")
        app.selectbox(key="teach-set-None").set_value("few").run()
        app.button(key="teach-check").click().run(timeout=60)
        assert not app.exception
        labels = [item.label for item in app.expander]
        assert any("The same face under two names" in label for label in labels)
        assert "Give each person one name everywhere" in told(app)
        assert app.button(key="teach-check").label == "Check again"


class TestTraining:
    def open(self, studio, tmp_path):
        few(tmp_path / "data" / "few")
        app = studio.open("teach")
        app.selectbox(key="teach-set-None").set_value("few").run()
        assert not app.exception
        return app

    def test_what_is_asked_for(self, studio, jobs, tmp_path):
        app = self.open(studio, tmp_path)
        app.radio(key="teach-protocol").set_value("random")
        app.button(key="teach-train").click().run()
        (order,) = jobs.asked
        assert (order.name, order.protocol, order.seed, order.epochs) == ("few", "random", 7, 40)
        assert order.data == str(tmp_path / "data" / "few")

    @pytest.mark.parametrize(
        ("name", "message"), [("a b", "Name the model"), ("hybrid", "not taught here"), ("", "Name the model")]
    )
    def test_names_that_cannot_be(self, studio, jobs, tmp_path, monkeypatch, name, message):
        monkeypatch.setattr(models, "MODEL_DIR", write_tiny_bundle(tmp_path / "models" / "hybrid"))
        monkeypatch.setenv("EMO_MODELS", str(tmp_path / "models"))
        app = self.open(studio, tmp_path)
        app.text_input(key="teach-name-few").set_value(name).run()
        app.button(key="teach-train").click().run()
        assert message in app.error[0].value
        assert jobs.asked == []

    def test_too_little_is_refused_at_once(self, studio, jobs, tmp_path):
        app = self.open(studio, tmp_path)
        for path in (tmp_path / "data" / "few" / "other").iterdir():
            path.unlink()
        shutil.copy(DEMO / "clips/person_01/other_4.mp4", tmp_path / "data" / "few" / "other" / "p__1.mp4")
        app.button(key="teach-train").click().run()
        assert "too few clips of other" in app.error[0].value

    def test_a_running_one_shows_curves_and_a_second_one_waits(self, studio, jobs, tmp_path):
        progress = TrainingProgress("Training", 2, 40, 40, ROWS, 65.0)
        jobs.known = [
            JobStatus(Order("train", "first", "data/x", "models/first", ".cache"), "running", progress),
            JobStatus(Order("train", "second", "data/y", "models/second", ".cache"), "waiting", TrainingProgress(), 1),
        ]
        app = self.open(studio, tmp_path)
        assert len(app.get("plotly_chart")) == 2
        assert "1 before this one (first is under way, at most 65 s left)" in told(app)
        app.button(key="stop-second").click().run()
        assert jobs.stopped == ["second"]

    def test_one_that_was_interrupted_can_go_on(self, studio, jobs, tmp_path):
        order = Order("train", "mine", "data/x", "models/mine", ".cache")
        jobs.known = [JobStatus(order, "interrupted", TrainingProgress(history=ROWS))]
        app = self.open(studio, tmp_path)
        assert "2 epochs are kept" in told(app)
        app.button(key="resume-mine").click().run()
        assert jobs.asked == [order]

    def test_one_that_failed_says_why(self, studio, jobs, tmp_path):
        progress = TrainingProgress(state="failed", message="All clips are of one class.")
        jobs.known = [JobStatus(Order("train", "mine", "data/x", "models/mine", ".cache"), "failed", progress)]
        assert "All clips are of one class" in told(self.open(studio, tmp_path))


class TestModels:
    @pytest.fixture
    def two(self, studio, tmp_path, monkeypatch):
        """The model of the application and one that was taught."""
        monkeypatch.setattr(models, "MODEL_DIR", write_tiny_bundle(tmp_path / "models" / "hybrid"))
        monkeypatch.setenv("EMO_MODELS", str(tmp_path / "models"))
        write_tiny_bundle(tmp_path / "models" / "mine", seed=1)
        yield tmp_path / "models"
        st.cache_resource.clear()

    @pytest.mark.parametrize("page", ["analyze", "about"])
    def test_a_taught_model_can_be_chosen(self, studio, two, page):
        app = studio.open(page)
        choice = next(box for box in app.selectbox if box.label == "Model")
        assert [option.split(":")[0] for option in choice.options] == ["hybrid", "mine"]
        choice.set_value("mine").run()
        assert not app.exception
        assert app.session_state["_chosen_model"] == two / "mine"

    def test_a_damaged_one_is_named_and_left_out(self, studio, two):
        (two / "mine" / "head.tflite").write_bytes(b"changed")
        write_tiny_bundle(two / "third", seed=2)
        app = studio.open("analyze")
        choice = next(box for box in app.selectbox if box.label == "Model")
        assert [option.split(":")[0] for option in choice.options] == ["hybrid", "third"]
        assert "mine was changed after it was written" in told(app)

    def test_half_a_bundle_is_none(self, two):
        (two / ".new.part").mkdir()
        (two / ".new.part" / "bundle.json").write_text("{}")
        (two / "young").mkdir()
        assert list(models.found()) == ["hybrid", "mine"]

    def test_another_model_judges_the_clip_on_show_again(self, studio, two):
        app = studio.open("analyze")
        studio.upload("laugh.mp4")
        assert studio.names == ["laugh.mp4"]
        next(box for box in app.selectbox if box.label == "Model").set_value("mine").run()
        assert studio.names == ["laugh.mp4", "laugh.mp4"]


def test_a_model_that_is_gone_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr(models.st, "session_state", {"_chosen_model": tmp_path / "gone"})
    assert models.directory() == models.MODEL_DIR


def test_the_line_on_a_taught_model_counts_people():
    found = read_json(MODEL.parent / "published" / "metrics.json")["taught_clips"]
    scores = {**found["scores"], "accuracy": {"value": 0.8, "interval": [0.7, 0.9]}}
    row = {**found, "scores": scores, "num_clips": 94, "num_people": 16, "recipe": "", "protocol": ""}
    silent = models.trust_line({"taught_clips": row})
    assert "kept out" not in silent, "a split that nobody recorded is not told as one by person"
    assert "do not say whether other clips of these people trained it" in silent
    assert "that does not tell how it works on anybody else" in models.trust_line(
        {"taught_clips": {**row, "protocol": "random"}}
    )
    row["protocol"] = "subject"
    assert models.trust_line({"taught_clips": row}) == (
        "In tests it was right on 80% of 94 clips of 16 people kept out of its training (95 % interval over people "
        "70% – 90%)."
    )
