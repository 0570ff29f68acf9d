"""The Evaluate page: what it says before, during and after, and the way from a cell to a clip."""

from dataclasses import replace

import msgspec
import pytest
import streamlit as st

from emo_core.datasets.clips import read_dataset
from emo_core.emotions import display_name
from emo_core.errors import DatasetError
from emo_core.evaluation.results import LeftOut, store
from emo_core.evaluation.store import protocols_path, store_protocols
from emo_core.jobs.progress import TrainingProgress
from emo_core.jobs.queue import JobStatus
from emo_core.model.bundle_files import model_digest
from emo_core.records import Protocols
from tests.evaluations import DEMO, LABELS, make_evaluation
from tests.tiny import write_tiny_bundle
from ui.evaluate import choice as evaluate_choice
from ui.evaluate import protocols, tabs
from ui.evaluate import run as evaluate_run
from ui.state import evaluations

HEAD = "head.tflite"


@pytest.fixture
def models(studio, tmp_path, monkeypatch):
    """The folder of models, with one in it."""
    write_tiny_bundle(tmp_path / "models" / "hybrid")
    monkeypatch.setattr(evaluate_choice.model, "MODEL_DIR", tmp_path / "models" / "hybrid")
    monkeypatch.setattr(evaluate_run, "CACHE", tmp_path / "cache")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "manifest.csv").write_text("path,label\na.mp4,other\n")
    (tmp_path / "set" / "a.mp4").write_bytes((DEMO / "clips/person_01/other_4.mp4").read_bytes())
    monkeypatch.setattr(evaluate_choice, "datasets", lambda: {"My set": tmp_path / "set"})
    yield tmp_path / "models"
    st.cache_resource.clear()


def keep(studio, models, name="hybrid", **changes):
    """Store an evaluation as if the page had run it."""
    choice = evaluate_choice.Choice(models / name, models.parent / "set", "My set")
    evaluation = make_evaluation(**changes)
    store(evaluation, evaluate_run.stored_path(choice))
    return evaluation


def told(studio):
    return studio.text + "\n".join(item.label for item in studio.app.metric)


def test_without_a_model_it_says_how_to_get_one(studio):
    app = studio.open("evaluate")
    assert not app.exception
    assert "There is no model to evaluate yet" in app.info[0].value


def test_before_the_first_evaluation_it_says_what_to_press(studio, models):
    app = studio.open("evaluate")
    assert not app.exception
    assert "Press Evaluate" in app.info[0].value
    assert [button.label for button in app.button] == ["Evaluate"]


def test_the_demo_clips_are_evaluated_already_by_the_very_model_that_came_with_them(studio, models, monkeypatch):
    """Confusion matrix and report stand there at once, on About too; of a changed model nothing is claimed."""
    folder = models.parent / "set"
    evaluation = replace(make_evaluation(), model_digest=model_digest(models / "hybrid"))
    store(evaluation, folder / "evaluation.json")
    for module in (evaluations, evaluate_run):
        monkeypatch.setattr(module, "DEMO", folder)
    app = studio.open("evaluate")
    assert not app.exception
    assert "Confusion matrix" in told(studio)
    assert len(app.get("plotly_chart")) == 1
    studio.open("about")
    assert "On the demo clips" in studio.text
    store(replace(evaluation, model_digest="another"), folder / "evaluation.json")
    assert "Press Evaluate" in studio.open("evaluate").info[0].value
    studio.open("about")
    assert "On the demo clips" not in studio.text


@pytest.mark.parametrize("cache", ["cache", "models/hybrid/head.tflite/no_folder"])
def test_it_evaluates_keeps_the_result_and_shows_it(studio, models, monkeypatch, cache):
    """Also where the disk takes nothing: the cache is optional."""
    monkeypatch.setattr(evaluate_run, "CACHE", models.parent / cache)
    asked = []

    def evaluate(bundle, clips, data, cache, **words):
        words["progress"]("Judging clip 1 of 1", 0.5)
        asked.append(words["name"])
        return make_evaluation()

    monkeypatch.setattr("emo_core.evaluation.run.evaluate_dataset", evaluate)
    monkeypatch.setattr("emo_core.evaluation.run.choose_clips", lambda *args, **kwargs: None)
    studio.open("evaluate")
    app = studio.app.button(key="evaluate-run").click().run()
    assert not app.exception
    assert not app.error
    assert asked == ["My set"]
    assert "72 clips of 12 people (filmed, rendered)" in studio.text
    assert "read the figures of each under Slices" in studio.text
    studio.open("about")
    studio.open("evaluate")
    assert asked == ["My set"]
    assert "72 clips of 12 people" in studio.text


def test_failure_is_one_sentence(studio, models, monkeypatch):
    def fail(choice):
        raise DatasetError("None of the clips shows a face that can be judged: use other clips.")

    monkeypatch.setattr(evaluate_run, "run", fail)
    studio.open("evaluate")
    app = studio.app.button(key="evaluate-run").click().run()
    assert len(app.error) == 1
    assert "None of the clips" in app.error[0].value
    assert not studio.app.run().error


@pytest.mark.parametrize(
    ("tab", "words", "charts"),
    [
        ("Verdicts", "Classification report", 1),
        ("Scores", "Area under the ROC curve", 3),
        ("Certainty", "Expected calibration error", 2),
        ("Slices", "Gives a verdict", 1),
        ("Two protocols", "Not measured yet", 0),
        ("Ablation", "Not measured for this model", 0),
        ("Training", "No training record came with this model", 0),
        ("Compare", "There is only one model", 0),
        ("Export", "at the command line", 0),
    ],
)
def test_every_tab(studio, models, tab, words, charts):
    keep(studio, models)
    studio.app.session_state[tabs.KEY] = tab
    app = studio.open("evaluate")
    assert not app.exception
    assert not app.error
    assert words in told(studio)
    assert len(app.get("plotly_chart")) == charts


def test_the_clips_the_app_is_not_sure_of_are_listed_and_lead_to_analyze(studio, models, monkeypatch):
    evaluation = keep(studio, models)
    for clip in evaluation.clips:
        path = models.parent / "set" / clip.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((models.parent / "set" / "a.mp4").read_bytes())
    studio.app.session_state["evaluate-list"] = "Unsure"
    app = studio.open("evaluate")
    unsure = [clip for clip in evaluation.clips if clip.verdict not in LABELS]
    opens = [button for button in app.button if button.label == "Open in Analyze"]
    assert 0 < len(opens) == min(12, len(unsure))
    opens[0].click().run()
    assert studio.names == [unsure[0].path.rpartition("/")[2]]
    assert studio.app.title[0].value == "Analyze a clip"


class Jobs:
    """In the place of the comparisons of a server."""

    def __init__(self):
        self.orders, self.state = {}, "running"

    def submit(self, order):
        self.orders[order.name] = order

    def stop(self, name):
        self.state = "stopped"

    def status(self, name):
        progress = TrainingProgress(
            "Cross-validating, random split", 3, 10, state=self.state, message="It was in vain."
        )
        return JobStatus(self.orders[name], self.state, progress) if name in self.orders else None


def test_the_protocols_are_compared_in_the_background_and_can_be_stopped(studio, models, monkeypatch):
    keep(studio, models)
    jobs = Jobs()
    monkeypatch.setattr(protocols, "jobs", lambda: jobs)
    studio.app.session_state[tabs.KEY] = "Two protocols"
    studio.open("evaluate")
    compare = next(item for item in studio.app.button if item.label == "Compare the two protocols")
    app = compare.click().run()
    (order,) = jobs.orders.values()
    asked = (order.kind, order.data, order.out, order.protocol)
    assert asked == ("protocols", str(models.parent / "set"), str(models / "hybrid"), "both")
    assert not app.exception
    assert app.get("progress")[0].proto.text == "Cross-validating, random split: 4 of 10"
    app.button(key="compare-stop").click().run()
    assert jobs.state == "stopped"
    jobs.state = "failed"
    assert "It was in vain" in studio.open("evaluate").warning[0].value


def test_two_protocols_stand_side_by_side_and_the_difference_is_named(studio, models):
    keep(studio, models)
    row = {"macro_f1": 0.7, "interval_over_people": [0.6, 0.95], "macro_f1_interval_over_people": [0.5, 0.9]}
    table = {
        "random": {"accuracy": 0.9, **row}, "subject": {"accuracy": 0.7, **row}, "joined": {"accuracy": 0.65, **row},
        "leakage": 0.25, "leakage_interval": [0.1, 0.4], "num_windows": 50, "num_people": 9, "sources": ["filmed"],
        "same_people": ["ann = anna"], "command": "a command", "made_at": "2026-01-02T00:00:00+00:00",
    }  # fmt: skip
    clips = read_dataset(models.parent / "set")
    path = protocols_path(models.parent / "cache", models / "hybrid", clips)
    store_protocols(path, msgspec.convert(table, Protocols))
    studio.app.session_state[tabs.KEY] = "Two protocols"
    app = studio.open("evaluate")
    assert not app.exception
    assert [(item.label, item.value) for item in app.metric][-1] == ("Leakage (accuracy)", "+25.0 points")
    for words in (
        "people with the same clips taken for one | 65.0%",
        "50 windows of clips (filmed) of 9 people",
        "ann = anna",
    ):
        assert words in studio.text
    assert "Measured on 2026-01-02" in studio.text


def test_two_models_are_compared_on_the_same_clips(studio, models):
    write_tiny_bundle(models / "taught", seed=1)
    keep(studio, models)
    studio.app.session_state[tabs.KEY] = "Compare"
    studio.open("evaluate")
    assert "taught has not been evaluated on this data set yet" in studio.text
    keep(studio, models, "taught", skill=4.0, model="taught")
    app = studio.open("evaluate")
    assert not app.exception
    for words in ("McNemar's exact test: p = 0.0", "72 clips of 12 people", "clips on which they differ", "taught: "):
        assert words in studio.text.replace("\\", "")
    assert display_name(LABELS[0]) in studio.text


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 1, "clips": 3}'])
def test_a_damaged_stored_evaluation_is_dropped_and_said_once(studio, models, content):
    choice = evaluate_choice.Choice(models / "hybrid", models.parent / "set", "My set")
    path = evaluate_run.stored_path(choice)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    app = studio.open("evaluate")
    assert not app.exception
    assert not app.error
    assert "was damaged and is gone" in app.warning[0].value
    assert [button.label for button in app.button] == ["Evaluate"]
    assert not path.exists()
    assert not app.run().warning


@pytest.mark.parametrize("content", ["{", "{}", '{"random": 3, "leakage": 1}'])
@pytest.mark.parametrize("tab", ["Two protocols", "Export"])
def test_a_damaged_comparison_is_dropped_said_once_and_can_be_made_anew(studio, models, content, tab):
    keep(studio, models)
    path = evaluate_run.protocols_path(evaluate_choice.Choice(models / "hybrid", models.parent / "set", "My set"))
    path.parent.mkdir(parents=True)
    path.write_text(content)
    studio.app.session_state[tabs.KEY] = tab
    app = studio.open("evaluate")
    assert not app.exception
    assert not app.error
    assert "was damaged and is gone" in app.warning[0].value
    labels = [item.label for item in (*app.button, *app.get("download_button"))]
    assert ("Compare the two protocols" if tab == "Two protocols" else "Report (HTML)") in labels
    assert not path.exists()
    assert not app.run().warning


def test_nothing_that_an_evaluation_says_is_shown_as_a_picture(studio, models):
    """Sources, people, files and commands of a data set that was meant ill; Markdown would fetch what they name."""
    picture = "![x](http://elsewhere.example/x.png)"
    clips = make_evaluation().clips
    hostile = [
        replace(clip, source=picture, person=picture, story=picture, path=f"{number}/{picture}")
        for number, clip in enumerate(clips[:4])
    ]
    left_out = (LeftOut(f"b/{picture}", picture),)
    said = {"exposure": picture, "command": picture, "model": picture, "version": picture}
    keep(studio, models, clips=(*hostile, *clips[4:]), left_out=left_out, **said)
    row = {"accuracy": 0.5, "macro_f1": 0.4, "interval_over_people": None}
    table = {"random": row, "subject": row, "leakage": 0.1, "leakage_interval": None, "num_people": 2}
    table |= {"sources": [picture], "same_people": [picture], "command": picture, "made_at": picture}
    path = evaluate_run.protocols_path(evaluate_choice.Choice(models / "hybrid", models.parent / "set", "My set"))
    store_protocols(path, msgspec.convert(table, Protocols))
    for tab in tabs._TABS:
        studio.app.session_state[tabs.KEY] = tab
        studio.app.session_state["evaluate-list"] = "All"
        app = studio.open("evaluate")
        assert not app.exception
        assert not app.error, tab
        assert "![" not in told(studio), tab
        assert "elsewhere" in told(studio), tab
