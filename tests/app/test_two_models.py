"""Results of two models of other classes in one visit: each keeps its own, whatever is chosen or written later."""

import json
import re

import pytest
import streamlit as st

import emo_core.inference.pipeline
from emo_core import SOFTWARE
from emo_core.explain.numpy_lstm import load_lstm
from emo_core.model.bundle import load_bundle
from emo_core.model.limits import trust_line
from tests.app.test_take_away import button
from tests.factories import MODEL, make_analysis
from tests.other_model import NAME, VERSION, copy_shipped, write_other_model
from ui.analyze import exports, tabs
from ui.shell.errors import UNEXPECTED
from ui.state import models, session, sources

analyze = emo_core.inference.pipeline.analyze


@pytest.fixture
def visit(studio, tmp_path, monkeypatch, laughter):
    """The page with a result of the shipped model, then one of another: both models real, and the analysis."""
    monkeypatch.undo()
    monkeypatch.setattr(models, "MODEL_DIR", copy_shipped(tmp_path / "models" / "hybrid"))
    write_other_model(tmp_path / "models" / NAME)
    app = studio.open("analyze")
    studio.upload("laugh.mp4", laughter.read_bytes())
    next(box for box in app.selectbox if box.label == "Model").set_value(NAME).run()
    assert not app.exception
    yield studio
    st.cache_resource.clear()


def results(studio):
    return {item.analysis.model.name: item for item in studio.app.session_state["_results"]}


def test_each_result_keeps_its_model_in_every_tab(visit):
    """Also where the other model is the one in use: it was the shipped one's LSTM that all heatmaps came from."""
    app = visit.app
    assert sorted(results(visit)) == ["hybrid", NAME]
    for name in (NAME, "hybrid"):
        result = results(visit)[name]
        app.session_state["_result"] = result
        for tab in tabs.TABS:
            visit.tab(tab.name)
            assert not app.exception
            assert not app.error, (name, tab.name, [item.value for item in app.error])
            assert UNEXPECTED not in visit.text
        assert f"Model {name} {result.bundle.info.version}" in visit.text
        assert trust_line(result.bundle.metrics) in visit.text
        visit.tab("Heatmaps")
        assert next(item for item in app.get("button_group")).options == [
            *(label.replace("_", " + ").capitalize() for label in result.bundle.info.labels)
        ]


def test_they_stand_beside_one_another_and_every_export_names_its_model(visit):
    visit.tab("Compare")
    table = next(item.value for item in visit.app.markdown if "Analyzed (UTC)" in item.value)
    assert re.findall(r"\| (hybrid|pair) ([\d.]+) \|", table) == [(NAME, VERSION), ("hybrid", MODEL.version)]
    cards = [item.proto.body for item in visit.app.get("html") if "es-verdict" in item.proto.body]
    assert sum(f"Model {NAME} {VERSION}" in card for card in cards) == 2  # the one on show, and side A
    assert sum(f"Model hybrid {MODEL.version}" in card for card in cards) == 1
    button(visit.app, "Show this one").click().run()
    assert not visit.app.exception
    assert trust_line(results(visit)["hybrid"].bundle.metrics) in visit.text
    for name, result in results(visit).items():
        words = f"{name} {result.bundle.info.version}"
        maker = exports.Makers.__new__(exports.Makers)
        maker._result, maker._said = result, {}
        told = json.loads(maker.json())["model"]
        assert f"{told['name']} {told['version']}" == words
        assert told["labels"] == list(result.bundle.info.labels)
        for table in (maker.frames(), maker.windows()):
            header, row = table.decode().splitlines()[:2]
            assert header.endswith("model,model_version,software")
            assert row.endswith(f"{words.replace(' ', ',')},{SOFTWARE}")
        assert words in maker.subtitles().decode()
        report = maker.report().decode()
        assert f"model {words}" in report
        assert ("It says nothing of worth" in report) == (name == NAME)


def test_a_model_that_is_written_anew_leaves_earlier_results_alone(visit, tmp_path):
    """The heatmaps, card and figures of a result are those of the bundle that made it, not of its folder."""
    result = results(visit)[NAME]
    for path in (tmp_path / "models" / NAME).iterdir():
        path.unlink()
    visit.app.session_state["_result"] = result
    for tab in ("Heatmaps", "Normalization", "Moment by moment", "What if"):
        visit.tab(tab)
        assert not visit.app.exception
        assert not visit.app.error, tab
    assert "right on 61%" in visit.text
    assert load_lstm(result.bundle) is load_lstm(result.bundle)


def test_lstms_are_made_once_for_each_bundle_and_never_mixed(hybrid, tmp_path):
    other = load_bundle(write_other_model(tmp_path / "other"))
    assert load_lstm(other).out_kernel.shape == (3, 2)
    assert load_lstm(hybrid).out_kernel.shape == (64, 3)
    assert load_lstm(other).out_kernel.shape == (3, 2)
    assert load_lstm(hybrid) is load_lstm(hybrid)


def test_a_result_with_another_model_is_no_result(hybrid, tmp_path):
    other = load_bundle(write_other_model(tmp_path / "other"))
    source = sources.Source("clip.mp4", tmp_path / "clip")
    assert session.Result(source, make_analysis(), hybrid).bundle is hybrid
    with pytest.raises(ValueError, match="cannot be shown with"):
        session.Result(source, make_analysis(), other)
