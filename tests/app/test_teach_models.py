"""The Teach page without a browser: what is asked to be trained, and the models that come of it."""

import shutil

import pytest
import streamlit as st

from emo_core.jobs.progress import TrainingProgress
from emo_core.jobs.queue import JobStatus, Order
from emo_core.model.limits import trust_line
from tests.app.teaching import few, told
from tests.conftest import MODEL
from tests.evaluations import DEMO
from tests.tiny import read_json, write_tiny_bundle
from ui.state import models

ROWS = ({"epoch": 0, "loss": 1.0, "accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.6},
        {"epoch": 1, "loss": 0.8, "accuracy": 0.6, "val_loss": 0.7, "val_accuracy": 0.7})  # fmt: skip


class TestTraining:
    def open(self, studio, tmp_path):
        few(tmp_path / "data" / "few")
        app = studio.open("teach")
        app.selectbox(key="teach-set-None").set_value("few").run()
        assert not app.exception
        return app

    def test_what_is_asked_for(self, studio, queue, tmp_path):
        app = self.open(studio, tmp_path)
        app.radio(key="teach-protocol").set_value("random")
        app.button(key="teach-train").click().run()
        (order,) = queue.asked
        assert (order.name, order.protocol, order.seed, order.epochs) == ("few", "random", 7, 40)
        assert order.data == str(tmp_path / "data" / "few")

    @pytest.mark.parametrize(
        ("name", "message"), [("a b", "Name the model"), ("hybrid", "not taught here"), ("", "Name the model")]
    )
    def test_names_that_cannot_be(self, studio, queue, tmp_path, monkeypatch, name, message):
        monkeypatch.setattr(models, "MODEL_DIR", write_tiny_bundle(tmp_path / "models" / "hybrid"))
        monkeypatch.setenv("EMO_MODELS", str(tmp_path / "models"))
        app = self.open(studio, tmp_path)
        app.text_input(key="teach-name-few").set_value(name).run()
        app.button(key="teach-train").click().run()
        assert message in app.error[0].value
        assert queue.asked == []

    def test_too_little_is_refused_at_once(self, studio, queue, tmp_path):
        app = self.open(studio, tmp_path)
        for path in (tmp_path / "data" / "few" / "other").iterdir():
            path.unlink()
        shutil.copy(DEMO / "clips/person_01/other_4.mp4", tmp_path / "data" / "few" / "other" / "p__1.mp4")
        app.button(key="teach-train").click().run()
        assert "too few clips of other" in app.error[0].value

    def test_a_running_one_shows_curves_and_a_second_one_waits(self, studio, queue, tmp_path):
        progress = TrainingProgress("Training", 2, 40, 40, ROWS, 65.0)
        queue.known = [
            JobStatus(Order("train", "first", "data/x", "models/first", ".cache"), "running", progress),
            JobStatus(Order("train", "second", "data/y", "models/second", ".cache"), "waiting", TrainingProgress(), 1),
        ]
        app = self.open(studio, tmp_path)
        assert len(app.get("plotly_chart")) == 2
        assert "1 before this one (first is under way, at most 65 s left)" in told(app)
        app.button(key="stop-second").click().run()
        assert queue.stopped == ["second"]

    def test_one_that_waits_for_visitors_alone_says_so(self, studio, queue, tmp_path):
        order = Order("train", "mine", "data/x", "models/mine", ".cache")
        queue.known = [JobStatus(order, "waiting", TrainingProgress())]
        assert "It starts as soon as the work of visitors leaves a core free" in told(self.open(studio, tmp_path))

    def test_one_that_was_interrupted_can_go_on(self, studio, queue, tmp_path):
        order = Order("train", "mine", "data/x", "models/mine", ".cache")
        queue.known = [JobStatus(order, "interrupted", TrainingProgress(history=ROWS))]
        app = self.open(studio, tmp_path)
        assert "2 epochs are kept" in told(app)
        app.button(key="resume-mine").click().run()
        assert queue.asked == [order]

    def test_one_that_failed_says_why(self, studio, queue, tmp_path):
        progress = TrainingProgress(state="failed", message="All clips are of one class.")
        queue.known = [JobStatus(Order("train", "mine", "data/x", "models/mine", ".cache"), "failed", progress)]
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
    silent = trust_line({"taught_clips": row})
    assert "kept out" not in silent, "a split that nobody recorded is not told as one by person"
    assert "do not say whether other clips of these people trained it" in silent
    assert "that does not tell how it works on anybody else" in trust_line(
        {"taught_clips": {**row, "protocol": "random"}}
    )
    row["protocol"] = "subject"
    assert trust_line({"taught_clips": row}) == (
        "In tests it was right on 80% of 94 clips of 16 people kept out of its training (95% interval over people "
        "70% – 90%)."
    )
