"""The published model on the pages: chosen, it says what it is; beside the paper stands what its records hold."""

import json
import re
import shutil

import pytest
import streamlit as st

from emo_core.model import bundle as bundles
from tests.conftest import MODEL
from tests.other_model import copy_shipped
from ui.analyze import tabs
from ui.state import models

PUBLISHED = MODEL.parent / "published"


@pytest.fixture
def pair(studio, tmp_path, monkeypatch):
    """Both shipped models in a folder of their own, and the real analysis."""
    monkeypatch.undo()
    monkeypatch.setattr(models, "MODEL_DIR", copy_shipped(tmp_path / "models" / "hybrid"))
    shutil.copytree(PUBLISHED, tmp_path / "models" / "published")
    yield studio
    st.cache_resource.clear()


def test_chosen_on_analyze_it_judges_and_says_where_it_fails(pair, laughter):
    app = pair.open("analyze")
    pair.upload("laugh.mp4", laughter.read_bytes())
    assert 'data-testid="limits"' not in pair.text
    next(box for box in app.selectbox if box.label == "Model").set_value("published").run()
    assert not app.exception
    assert not app.error
    card = next(item.proto.body for item in app.get("html") if "es-verdict" in item.proto.body)
    assert "Amusement" in card
    assert "A neutral face, a face that talks or any other emotion is called one of the two as well" in card
    assert "Model published" in card
    assert "set aside at random" in pair.text
    for tab in tabs.TABS:
        pair.tab(tab.name)
        assert not app.exception
        assert not app.error, (tab.name, [item.value for item in app.error])


class TestAgainstThePaper:
    def told(self, studio):
        app = studio.open("about")
        assert not app.exception
        assert not app.error
        return (
            "\n".join(item.value for kind in ("markdown", "caption", "code", "info") for item in app.get(kind))
            .replace("\u00a0", " ")
            .replace("\u2060", "")
        )

    def test_every_figure_comes_from_the_records(self, pair, tmp_path):
        """Changed records change the page; the paper's figures stay."""
        folder = tmp_path / "models" / "published"
        metrics = json.loads((folder / bundles.METRICS).read_text("utf-8"))
        metrics["taught_clips"]["scores"]["accuracy"] = {"value": 0.4321, "interval": [0.41, 0.45]}
        metrics["protocols"]["subject"]["accuracy"] = 0.3217
        metrics["forced_clips"]["parts"][0]["rows"][0]["verdicts"] = [70, 50, 3]
        (folder / bundles.METRICS).write_text(json.dumps(metrics), "utf-8")
        told = self.told(pair)
        assert re.search(r"\| Random part of the clips \| 100% \(6,616 samples\) \| 43.2% \(41.0% – 45.0%\)", told)
        assert re.search(r"split by person \| not reported \| 32.2% ", told)
        assert "called one of the two (here 120 of 123)" in told
        for number in range(1, 8):
            assert f"Fig. {number}, " in told
        assert "Epoch 1/" in told
        assert "--recipe published" in told

    def test_what_was_not_measured_is_said_to_be(self, studio):
        told = self.told(studio)
        assert "has not been trained on this installation" in told
        assert told.count("Ours: not measured") == 6
        assert "| Real clips of the two pairs | not reported | not measured | not measured |" in told


def test_home_leads_to_it(studio):
    link = next(item for item in studio.app.get("page_link") if "Against the paper" in item.proto.label)
    assert link.proto.query_string == "see=paper"


def test_the_recipe_is_asked_for_on_teach(studio, queue, tmp_path):
    app = studio.open("teach")
    app.button(key="teach-demo").click().run()
    app.radio(key="teach-recipe").set_value("published").run()
    assert app.radio(key="teach-protocol").value == "random"
    assert any("a neutral face is then called one of your classes" in item.value for item in app.caption)
    app.button(key="teach-train").click().run()
    (order,) = queue.asked
    assert (order.recipe, order.protocol) == ("published", "random")


def test_the_shipped_one_cannot_be_taught_over(studio, queue, tmp_path, monkeypatch):
    """It was taught, too, but belongs to the application."""
    monkeypatch.setattr(models, "MODEL_DIR", tmp_path / "models" / "hybrid")
    monkeypatch.setenv("EMO_MODELS", str(tmp_path / "models"))
    app = studio.open("teach")
    app.button(key="teach-demo").click().run()
    next(box for box in app.text_input if box.label == "Name of the model").set_value("published").run()
    app.button(key="teach-train").click().run()
    assert "not taught here" in app.error[0].value
    assert queue.asked == []
