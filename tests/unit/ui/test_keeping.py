"""Kept results: off by default, back with their marks for whoever has the key, and gone when they should be."""

import os

import numpy as np
import pytest

from emo_core.report.annotations import Annotations
from tests.factories import make_analysis
from ui.state import keeping, session, sources


@pytest.fixture
def kept(visit, hybrid):
    """The key of a visit whose two results are kept."""
    session.keep(sources.brought("a.mp4", b"first clip"), make_analysis(40), hybrid)
    session.keep(sources.brought("b.mp4", b"second clip"), make_analysis(50, "sadness_fear"), hybrid)
    first = session.results()[1]
    session.annotate(first.key, Annotations().marked(1.5, "laughs").corrected("other"))
    session.show(first.key)
    keeping.begin()
    keeping.save()
    return keeping.key()


def files(tmp_path):
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file())


def test_nothing_is_kept_unless_asked_for(visit, hybrid, tmp_path):
    session.keep(sources.brought("a.mp4", b"clip"), make_analysis(), hybrid)
    keeping.save()
    assert files(tmp_path) == []
    assert keeping.for_browser()["warn"], "leaving loses the result, so the browser asks before"


def test_results_and_marks_are_there_again(kept, visit):
    before = session.result()
    visit(kept)
    assert keeping.restore() == 2
    after = session.result()
    assert (after.key, after.source.name, after.source.path.read_bytes()) == (before.key, "a.mp4", b"first clip")
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


def test_where_much_is_kept_another_visit_is_told_so(kept, visit, hybrid, monkeypatch, tmp_path):
    before = files(tmp_path)
    visit()
    session.keep(sources.brought("a.mp4", b"clip"), make_analysis(), hybrid)
    monkeypatch.setattr(keeping, "MOST_STORED_BYTES", 1000)
    with pytest.raises(keeping.KeepingError, match="try again tomorrow"):
        keeping.begin()
    keeping.save()
    assert keeping.key() == ""
    assert files(tmp_path) == before


def test_after_a_day_it_is_gone(kept, visit, tmp_path):
    for path in tmp_path.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - keeping.MOST_S - 1))
    visit(kept)
    assert keeping.restore() == 0
    keeping.sweep()
    assert files(tmp_path) == []


def test_what_is_damaged_is_left_out(kept, visit, tmp_path):
    shown = session.result().key
    (next(tmp_path.rglob(shown)) / "tree.npz").write_bytes(b"damaged")
    visit(kept)
    assert keeping.restore() == 1
    assert session.result().source.name == "b.mp4"
    next(tmp_path.rglob("visit.json")).write_text("{")
    visit(kept)
    assert keeping.restore() == 0


class TestTwoTabs:
    """One browser, one key, two visits, which two processes may hold."""

    @pytest.fixture
    def both(self, kept, visit, hybrid):
        """Go to a tab by its number; both begin with the same two results."""
        tabs = {}
        for number in (1, 2):
            visit(kept)
            keeping.restore()
            tabs[number] = keeping.st

        def go(number):
            keeping.st = session.st = tabs[number]

        return go

    def test_what_one_adds_the_other_leaves(self, both, visit, kept, hybrid):
        both(1)
        session.keep(sources.brought("c.mp4", b"third clip"), make_analysis(), hybrid)
        session.annotate(session.result().key, Annotations().marked(0.5, "smiles"))
        keeping.save()
        both(2)
        session.keep(sources.brought("d.mp4", b"fourth clip"), make_analysis(), hybrid)
        keeping.save()
        visit(kept)
        assert keeping.restore() == 4
        found = {item.source.name: item for item in session.results()}
        assert set(found) == {"a.mp4", "b.mp4", "c.mp4", "d.mp4"}
        assert session.annotations(found["c.mp4"].key).markers[0].note == "smiles"

    def test_what_one_drops_is_not_kept_for_the_other(self, both, visit, kept, hybrid, monkeypatch):
        both(1)
        monkeypatch.setattr(session, "MOST_RESULTS", 2)
        session.keep(sources.brought("c.mp4", b"third clip"), make_analysis(), hybrid)
        keeping.save()
        visit(kept)
        assert keeping.restore() == 2
        assert {item.source.name for item in session.results()} == {"a.mp4", "c.mp4"}

    def test_what_one_deletes_the_other_does_not_bring_back(self, both, hybrid, tmp_path):
        both(2)
        keeping.save()
        both(1)
        keeping.end()
        both(2)
        session.keep(sources.brought("d.mp4", b"fourth clip"), make_analysis(), hybrid)
        keeping.save()
        assert files(tmp_path) == []
        assert keeping.key() == ""
        assert keeping.for_browser()["forget"]


def test_a_clock_that_was_set_back_keeps_nothing_longer_than_a_day(kept, visit, tmp_path):
    for path in tmp_path.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 10 * keeping.MOST_S))
    visit(kept)
    assert keeping.restore() == 2
    keeping.sweep()
    for path in tmp_path.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - keeping.MOST_S - 1))
    keeping.sweep()
    assert files(tmp_path) == []


def test_a_full_disk_is_told_loses_nothing_and_is_tried_again(kept, visit, hybrid, monkeypatch, tmp_path):
    session.keep(sources.brought("c.mp4", b"third clip"), make_analysis(), hybrid)
    real, before = keeping.packed.pack, files(tmp_path)

    def refuse(value, folder):
        (folder / "tree.npz").write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeping.packed, "pack", refuse)
    keeping.save()
    assert keeping.is_behind()
    assert keeping.for_browser()["warn"]
    assert files(tmp_path) == before
    monkeypatch.setattr(keeping.packed, "pack", real)
    keeping.save()
    assert not keeping.is_behind()
    visit(kept)
    assert keeping.restore() == 3
