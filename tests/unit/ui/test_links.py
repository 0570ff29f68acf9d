"""Addresses that lead somewhere, and those that lead nowhere without a word."""

from types import SimpleNamespace

import pytest

from tests.factories import make_analysis
from ui.shell import links
from ui.state import models, position, session, sources


@pytest.fixture
def open_address(monkeypatch, hybrid, tmp_path):
    """Begin a visit that has two results at an address."""
    monkeypatch.setattr(models, "found", lambda: {"hybrid": tmp_path, "mine": tmp_path / "mine"})
    results = [session.Result(sources.brought(f"{name}.mp4", b"x"), make_analysis(60), hybrid, name) for name in "ab"]

    def begin(**asked):
        screen = SimpleNamespace(
            session_state={}, query_params=asked, context=SimpleNamespace(url="http://localhost:8501/analyze")
        )
        for module in (links, models, position, session):
            monkeypatch.setattr(module, "st", screen)
        session.take_up(list(results), {}, "b")
        links.take()
        return screen.session_state

    return begin


def test_an_address_leads_to_model_result_and_moment(open_address, tmp_path):
    state = open_address(model="mine", result="a", t="2.5")
    assert state["_chosen_model"] == tmp_path / "mine"
    assert session.result().key == "a"
    assert position.get(session.result()) == 2.5
    assert links.to_moment(session.result()) == "http://localhost:8501/analyze?result=a&t=2.5"
    position.put(session.result(), 1.0)
    links.take()
    assert position.get(session.result()) == 1.0, "the address is followed once"


@pytest.mark.parametrize(
    "asked", [{"model": "../mine"}, {"result": "nobody's"}, {"t": "nan"}, {"t": "x"}, {"t": "1e999"}]
)
def test_what_is_not_there_is_passed_over(open_address, asked):
    state = open_address(**asked)
    assert "_chosen_model" not in state
    assert session.result().key == "b"
    assert position.get(session.result()) == 0
