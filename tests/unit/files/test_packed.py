"""Dataclasses and arrays through a file and back; nothing but the classes that are named comes out."""

import io
import os
import tracemalloc

import numpy as np
import pytest

from emo_core import analysis, types
from emo_core.files import packed
from emo_core.files.arrays import read_npy
from emo_core.files.rows import FileRows, RowWriter
from tests.factories import make_analysis

TYPES = {name: item for module in (analysis, types) for name, item in vars(module).items() if isinstance(item, type)}
ROOM = 2**28


@pytest.fixture
def through(tmp_path):
    """Through files and back."""

    def through(value, types=TYPES, room=ROOM):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        packed.pack(value, folder)
        return packed.unpack(folder, types, room)

    return through


def test_an_analysis_comes_back_as_it_was(through):
    before = make_analysis(40)
    after = through(before)
    assert after.prediction.label == before.prediction.label
    assert (after.video, after.model, after.warnings) == (before.video, before.model, before.warnings)
    np.testing.assert_array_equal(after.normalized.faces, before.normalized.faces)
    np.testing.assert_array_equal(after.track.landmarks, before.track.landmarks)
    assert [window.label for window in after.prediction.windows] == [w.label for w in before.prediction.windows]


def test_an_array_in_two_places_is_stored_once(through):
    small, large = np.zeros((50, 50)), np.zeros((500, 500))
    first, second, third, fourth = through((small, small, large, large))
    assert first is second
    assert third is fourth


def test_what_is_large_stays_in_files_and_is_not_copied_on_one_disk(tmp_path):
    """However long the clip, neither way holds its frames in memory."""
    for name in ("before", "kept"):
        (tmp_path / name).mkdir()
    writer = RowWriter(tmp_path / "before" / "rows.npy", (64, 2**19), np.float32)
    for number in range(64):
        writer.append(np.full((1, 2**19), number, np.float32))
    rows = writer.open()
    tracemalloc.start()
    packed.pack((rows, np.zeros(2**18)), tmp_path / "kept")
    back, other = packed.unpack(tmp_path / "kept", {}, 2**20)
    assert tracemalloc.get_traced_memory()[1] < 2**23 < rows.nbytes
    tracemalloc.stop()
    assert isinstance(back, FileRows)
    assert isinstance(other, FileRows)
    assert back[63, 5] == 63
    assert rows.path.samefile(back.path)


def test_where_a_disk_knows_no_links_it_is_copied(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_bytes(b"content")
    packed.same_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"content"


def test_what_is_damaged_large_or_of_another_class_is_refused(tmp_path):
    packed.pack((make_analysis(10), np.zeros(2**18)), tmp_path)
    tree, large = tmp_path / "tree.npz", next(tmp_path.glob("a*.npy"))
    whole, rows = tree.read_bytes(), large.read_bytes()
    cases = ((whole[:500], rows, TYPES, ROOM), (b"", rows, TYPES, ROOM), (whole, rows, {}, ROOM),
             (whole, rows, TYPES, 9), (whole, rows[:999], TYPES, ROOM), (whole, b"", TYPES, ROOM))  # fmt: skip
    for wrong, array, known, room in cases:
        tree.write_bytes(wrong)
        large.write_bytes(array)
        with pytest.raises(ValueError, match=r"damaged|take more|mmap|read"):
            packed.unpack(tmp_path, known, room)
    large.unlink()
    with pytest.raises(ValueError, match="damaged"):
        packed.unpack(tmp_path, TYPES, ROOM)
    with pytest.raises(TypeError, match="cannot be packed"):
        packed.pack({"a": object()}, tmp_path)


@pytest.mark.parametrize("damage", [(b" }", b" }("), (b"(500,)", b"(500, "), (b"<f8", b"|O8"), (b"{", b"[")])
def test_a_header_that_no_parser_takes_is_refused(damage):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(500))
    content, (old, new) = buffer.getvalue(), damage
    place = content.index(old)
    with pytest.raises(ValueError, match=r"damaged|array|header"):
        read_npy(content[:place] + new + content[place + len(new) :])
