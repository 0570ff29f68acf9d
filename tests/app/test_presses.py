"""A press of a button: told once, whichever run of the page gets to it."""

import ast
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.shell import navigation

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")])


def page() -> None:
    import streamlit as st

    from ui.shell import navigation

    st.session_state.setdefault("presses", 0)
    if st.session_state.get("ends"):
        st.stop()
    disabled = bool(st.session_state.get("locked"))
    st.session_state["presses"] += navigation.pressed("Open", "open", disabled=disabled)


@pytest.fixture
def app():
    return AppTest.from_function(page).run()


def later(app, **state):
    """The next run, where more is in the session."""
    for key, value in state.items():
        app.session_state[key] = value
    return app.run().session_state["presses"]


def test_a_press_counts_once(app):
    assert app.button(key="open").click().run().session_state["presses"] == 1
    assert later(app) == 1


def test_a_press_outlasts_a_run_that_ends_before(app):
    app.session_state["ends"] = True
    assert app.button(key="open").click().run().session_state["presses"] == 0
    assert later(app, ends=False) == 1
    assert later(app) == 1


@pytest.mark.parametrize("change", ["it may not be pressed", "time"])
def test_a_press_that_came_to_nothing_does_nothing_later(app, monkeypatch, change):
    app.session_state["ends"] = True
    app.button(key="open").click().run()
    if change == "time":
        later_s = navigation.time.monotonic() + 11
        monkeypatch.setattr(navigation.time, "monotonic", lambda: later_s)
        assert later(app, ends=False) == 0
    else:
        assert later(app, ends=False, locked=True) == 0
    assert later(app, locked=False) == 0


def test_no_page_asks_what_a_button_returns():
    buttons = {name for name in dir(st) if name.endswith("button")} - {"download_button", "link_button"}
    for path in PAGES:
        tree = ast.parse(path.read_text("utf-8"))
        bare = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        used = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in buttons and node not in bare
        ]
        assert not used, f"{path.name}, line {used}: use navigation.pressed, or on_click"
