"""One model that somebody meant ill, beside others or alone: every page says so and goes on."""

import shutil

import pytest
import streamlit as st

from tests.damage import DAMAGES
from tests.tiny import write_tiny_bundle
from ui.shell.errors import UNEXPECTED
from ui.state import models as model

PAGES = ("analyze", "live", "teach", "evaluate", "about")
WORST = (
    "a list where an object belongs", "classes are an object", "JSON that is deep", "a network that ends the process",
    "measurements that are deep", "a manifest of 2.5 GB",
)  # fmt: skip


@pytest.fixture
def models(studio, tmp_path, monkeypatch):
    """The folder of models, that of the application in it."""
    monkeypatch.undo()  # the real loading of models
    monkeypatch.setattr(model, "MODEL_DIR", write_tiny_bundle(tmp_path / "models" / "hybrid"))
    yield tmp_path / "models"
    st.cache_resource.clear()


def told(app):
    boxes = (*app.error, *app.warning)
    return " ".join(box.value for box in boxes).replace("\\", "")


@pytest.mark.parametrize("name", WORST)
def test_beside_others_it_is_named_and_they_work(studio, models, name):
    DAMAGES[name](write_tiny_bundle(models / "mine", seed=1))
    for page in PAGES:
        app = studio.open(page)
        assert not app.exception, page
        assert UNEXPECTED not in told(app), page
        if page in ("analyze", "live", "about"):
            assert told(app).count("The model mine is") == 1, page
            choice = next(box for box in app.selectbox if box.label == "Model")
            assert [option.split(":")[0] for option in choice.options] == ["hybrid", "published"]


@pytest.mark.parametrize("name", WORST)
def test_alone_it_is_one_sentence_on_each_page(studio, models, name):
    DAMAGES[name](models / "hybrid")
    studio.app.session_state["_agreed"] = True  # to the camera: the live view is made
    for page in PAGES:
        app = studio.open(page)
        assert not app.exception, page
        assert UNEXPECTED not in told(app), page
    assert "The model hybrid is" in told(studio.open("about"))


def test_a_model_that_is_restored_is_read_again(studio, models):
    """Though what was wrong with it is kept, for finding it out takes as long as loading it."""
    whole = shutil.copytree(models / "hybrid", models.parent / "whole")
    DAMAGES["no network"](models / "hybrid")
    assert "head.tflite cannot be run" in told(studio.open("about"))
    shutil.copy(whole / "head.tflite", models / "hybrid" / "head.tflite")
    shutil.copy(whole / "bundle.json", models / "hybrid" / "bundle.json")
    assert not studio.open("about").error


@pytest.mark.parametrize("text", ['{"taught_clips": 3}', '{"composed_clips": {"clean": {"accuracy_interval": 3}}}'])
def test_measurements_of_another_shape_leave_the_rest_of_the_page(studio, models, text):
    (models / "hybrid" / "metrics.json").write_text(text)
    (models / "hybrid" / "bundle.json").touch()
    app = studio.open("about")
    assert not app.exception
    assert UNEXPECTED not in told(app)
    assert "Prohibited use" in studio.text
