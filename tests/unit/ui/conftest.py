"""A visit whose results can be kept, without a page."""

from types import SimpleNamespace

import pytest

from ui.shell import links
from ui.state import keeping, models, session, sharing


@pytest.fixture
def visit(monkeypatch, tmp_path, hybrid):
    """Begin a visit, with the cookie of an earlier one if given; returns its session state."""
    monkeypatch.setattr(keeping, "CACHE", tmp_path)
    monkeypatch.setattr(models, "load", lambda folder: hybrid)

    def begin(cookie=""):
        context = SimpleNamespace(cookies={keeping.COOKIE: cookie}, url="https://studio.example/faces/analyze")
        screen = SimpleNamespace(session_state={}, context=context)
        for module in (keeping, session, sharing, links):
            monkeypatch.setattr(module, "st", screen)
        return screen.session_state

    begin()
    return begin
