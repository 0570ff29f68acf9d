"""Links to one kept result: they open it to whoever has them, until they end, are withdrawn, or the result goes."""

import json
import time
from types import SimpleNamespace

import numpy as np
import pytest

from tests.factories import make_analysis
from ui.shell import links
from ui.state import keeping, session, sharing, sources

HOUR_S = 3600.0


@pytest.fixture
def kept(visit, hybrid):
    """The result on show of a visit that keeps two."""
    session.keep(sources.brought("a.mp4", b"first clip"), make_analysis(40), hybrid)
    session.keep(sources.brought("b.mp4", b"second clip"), make_analysis(50, "sadness_fear"), hybrid)
    keeping.begin()
    keeping.save()
    return session.result()


@pytest.fixture
def clock(monkeypatch):
    """Move the server's clock on by some seconds."""
    passed = [0.0]
    now = time.time
    moved = SimpleNamespace(time=lambda: now() + passed[0])
    for module in (keeping, sharing):
        monkeypatch.setattr(module, "time", moved)
    return lambda seconds: passed.append(passed.pop() + seconds)


def make(result, lasts_s=HOUR_S):
    """The key of a new link to a result."""
    before = {item.name for item in sharing.own(result)}
    sharing.make(result, lasts_s)
    (new,) = [item for item in sharing.own(result) if item.name not in before]
    return new.key


def opens_nothing(key):
    with pytest.raises(sharing.SharingError, match=r"^This link no longer works: .*; ask for a new one\.$"):
        sharing.opened(key)
    return True


def test_a_link_shows_a_stranger_this_result_and_no_other(kept, visit):
    key = make(kept)
    state = visit()
    shown = sharing.opened(key)
    assert (shown.key, shown.source.name, shown.source.path.read_bytes()) == (kept.key, "b.mp4", b"second clip")
    np.testing.assert_array_equal(shown.analysis.normalized.faces, kept.analysis.normalized.faces)
    assert sharing.opened(key) is shown, "read once"
    assert session.results() == ()
    assert session.result() is None
    assert keeping.key() == ""
    assert not keeping.for_browser()["warn"], "a reader loses nothing by leaving"
    assert sharing.own(shown) == [], "what is not one's own cannot be withdrawn"
    sharing.withdraw(state["_share_opened"].name)
    assert sharing.opened(key) is shown


def test_nothing_is_shared_unless_asked_for(kept, visit, tmp_path):
    assert sharing.own(kept) == []
    assert list(tmp_path.rglob("*.share")) == []


@pytest.mark.parametrize("key", ["", "x" * 43, "../../../etc/passwd", "a" * 42 + "/", "*", "ü" * 43])
def test_a_foreign_key_opens_nothing(kept, visit, key):
    make(kept)
    visit()
    assert opens_nothing(key)


def test_the_key_of_the_visit_is_no_key_of_a_link_and_the_disk_tells_neither(kept, visit, tmp_path):
    key, own = make(kept), keeping.key()
    assert opens_nothing(own)
    assert len(key) == 43
    for path in tmp_path.rglob("*.*"):
        assert key not in str(path)
        assert key.encode() not in path.read_bytes()


@pytest.mark.parametrize("lasts_s", sharing.LASTING_S.values())
def test_it_ends_when_it_was_said_to(kept, visit, clock, lasts_s):
    key = make(kept, lasts_s)
    state = visit()
    clock(lasts_s - 60)
    assert sharing.opened(key)
    clock(61)
    assert opens_nothing(key)
    assert "_share_opened" not in state, "nothing of it is held for the reader"


def test_it_never_outlives_what_it_opens(kept, clock):
    clock(keeping.MOST_S - HOUR_S / 2)
    sharing.make(kept, 24 * HOUR_S)
    (made,) = sharing.own(kept)
    left_s = made.until_s - time.time() - (keeping.MOST_S - HOUR_S / 2)
    assert left_s == pytest.approx(HOUR_S / 2, abs=60)
    clock(HOUR_S)
    assert sharing.own(kept) == []
    assert opens_nothing(made.key)


def test_withdrawn_it_opens_nothing_and_others_go_on(kept, visit):
    first, second = make(kept), make(kept, 8 * HOUR_S)
    for item in sharing.own(kept):
        if item.key == first:
            sharing.withdraw(item.name)
    assert [item.key for item in sharing.own(kept)] == [second]
    visit()
    assert opens_nothing(first)
    assert sharing.opened(second)


def test_a_name_that_is_none_withdraws_nothing(kept, tmp_path):
    make(kept)
    before = sorted(tmp_path.rglob("*"))
    sharing.withdraw("../visit")
    sharing.withdraw("visit.json")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("way", ["deleted", "no longer kept", "swept"])
def test_it_goes_with_what_it_opens(kept, visit, clock, tmp_path, way):
    key = make(kept, 24 * HOUR_S)
    if way == "swept":
        clock(keeping.MOST_S + 60)
        keeping.sweep()
    else:
        keeping.end()
    visit()
    assert opens_nothing(key)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_visitor_finds_and_ends_it_after_a_reload_though_its_address_is_not_told_again(kept, visit):
    key = make(kept)
    visit(keeping.key())
    keeping.restore()
    (made,) = sharing.own(session.results()[0])
    assert made.key == ""
    sharing.withdraw(made.name)
    assert opens_nothing(key)


def test_a_result_that_is_not_kept_cannot_be_shared(visit, hybrid):
    session.keep(sources.brought("a.mp4", b"clip"), make_analysis(), hybrid)
    with pytest.raises(sharing.SharingError, match="analyze the clip again"):
        sharing.make(session.result(), HOUR_S)


def test_a_full_disk_is_told(kept, monkeypatch):
    monkeypatch.setattr(sharing, "keep", lambda path, write: False)
    with pytest.raises(sharing.SharingError, match="try again in some minutes"):
        sharing.make(kept, HOUR_S)


def test_a_result_that_made_room_for_newer_ones_is_told_as_gone(kept, visit, tmp_path):
    key = make(kept)
    listed = next(tmp_path.rglob("visit.json"))
    told = json.loads(listed.read_bytes())
    told["results"] = [row for row in told["results"] if row["key"] != kept.key]
    listed.write_text(json.dumps(told))
    visit()
    with pytest.raises(sharing.SharingError, match="cannot be shown any more"):
        sharing.opened(key)


def test_a_damaged_record_opens_nothing(kept, visit, tmp_path):
    key = make(kept)
    next(tmp_path.rglob("*.share")).write_text("{")
    assert sharing.own(kept) == []
    assert opens_nothing(key)


def test_its_address_is_on_the_server_as_the_visitor_calls_it(visit):
    visit()
    assert links.to_shared("a-b_c") == "https://studio.example/faces/shared?key=a-b_c"
    assert not links.is_for_this_machine()
