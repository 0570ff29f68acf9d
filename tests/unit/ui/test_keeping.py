"""Kept results: off by default, back with their marks for whoever has the key, and gone when they should be."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from emo_core.report.annotations import Annotations
from tests.factories import make_analysis
from ui.state import keeping, models, session


@pytest.fixture
def visit(monkeypatch, tmp_path, hybrid):
    """Begin a visit, with the cookie of an earlier one if given."""
    monkeypatch.setattr(keeping, "CACHE", tmp_path)
    monkeypatch.setattr(models, "load", lambda folder: hybrid)

    def begin(cookie=""):
        screen = SimpleNamespace(session_state={}, context=SimpleNamespace(cookies={keeping.COOKIE: cookie}))
        for module in (keeping, session):
            monkeypatch.setattr(module, "st", screen)

    begin()
    return begin


@pytest.fixture
def kept(visit, hybrid):
    """The key of a visit whose two results are kept."""
    session.keep(session.Source("a.mp4", b"first clip"), make_analysis(40), hybrid)
    session.keep(session.Source("b.mp4", b"second clip"), make_analysis(50, "sadness_fear"), hybrid)
    first = session.results()[1]
    session.annotate(first.key, Annotations().marked(1.5, "laughs").corrected("other"))
    session.show(first.key)
    keeping.begin()
    keeping.save()
    return keeping.key()


def files(tmp_path):
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def test_nothing_is_kept_unless_asked_for(visit, hybrid, tmp_path):
    session.keep(session.Source("a.mp4", b"clip"), make_analysis(), hybrid)
    keeping.save()
    assert files(tmp_path) == []
    assert keeping.for_browser()["warn"], "leaving loses the result, so the browser asks before"


def test_results_and_marks_are_there_again(kept, visit):
    before = session.result()
    visit(kept)
    assert keeping.restore() == 2
    after = session.result()
    assert (after.key, after.source.name, after.source.data) == (before.key, "a.mp4", b"first clip")
    assert after.made_at == before.made_at
    np.testing.assert_array_equal(after.analysis.normalized.faces, before.analysis.normalized.faces)
    assert session.annotations(after.key) == session.annotations(before.key) != Annotations()
    assert [item.source.name for item in session.results()] == ["b.mp4", "a.mp4"]
    assert keeping.for_browser() == {"cookie": keeping.COOKIE, "key": kept, "forget": False, "warn": False}


@pytest.mark.parametrize("key", ["", "x" * 43, "../../../etc/passwd", "a" * 42 + "/", "*"])
def test_a_foreign_key_opens_nothing(kept, visit, key):
    visit(key)
    assert keeping.restore() == 0
    assert session.results() == ()
    assert keeping.key() == ""


def test_the_disk_does_not_tell_the_key(kept, tmp_path):
    assert all(kept not in str(path) and kept.encode() not in path.read_bytes() for path in tmp_path.rglob("*.*"))


def test_deleted_it_is_gone_from_the_disk_too(kept, visit, tmp_path):
    keeping.end()
    assert files(tmp_path) == []
    assert keeping.for_browser()["forget"]
    visit(kept)
    assert keeping.restore() == 0


def test_after_a_day_it_is_gone(kept, visit, tmp_path):
    for path in tmp_path.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - keeping.MOST_S - 1))
    visit(kept)
    assert keeping.restore() == 0
    keeping.sweep()
    assert files(tmp_path) == []


def test_what_is_damaged_is_left_out(kept, visit, tmp_path):
    shown = session.result().key
    next(tmp_path.rglob(f"{shown}.npz")).write_bytes(b"damaged")
    visit(kept)
    assert keeping.restore() == 1
    assert session.result().source.name == "b.mp4"
    next(tmp_path.rglob("visit.json")).write_text("{")
    visit(kept)
    assert keeping.restore() == 0
