"""Files that appear whole or not at all, also when several write the same one, and that leave nothing behind."""

import ast
import os
import re
import threading
from pathlib import Path

import pytest

from emo_core.files.atomic_write import remove_leftovers, replaced_whole, write_whole

ROOT = Path(__file__).resolve().parents[3]


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "clips.npz"
    with replaced_whole(path) as first, replaced_whole(path) as second:
        first.write_bytes(b"first")
        second.write_bytes(b"second")
        assert first.suffix == second.suffix == ".npz"
        assert not path.exists()
    assert path.read_bytes() == b"first", "the block that ended last"
    assert list(tmp_path.iterdir()) == [path]


def test_many_writers_leave_one_whole_file(tmp_path):
    path, contents = tmp_path / "a.bin", [bytes([k]) * 100_000 for k in range(8)]
    threads = [threading.Thread(target=write_whole, args=[path, content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def write_half(path, stops):
    with replaced_whole(path) as part:
        part.write_text("after")
        if stops:
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("failing", ["the block", "fsync"])
def test_a_failure_leaves_what_was_there(tmp_path, failing, monkeypatch):
    path = tmp_path / "a.txt"
    write_whole(path, "before")
    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_half(path, stops=failing == "the block")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_names_as_long_as_a_file_system_takes(tmp_path):
    path = tmp_path / ("ü" * 120 + ".weights.h5")
    with replaced_whole(path) as part:
        assert part.name.endswith(".weights.h5"), "Keras insists"
        part.touch()
    assert path.exists()


def test_what_killed_writers_left_goes_and_nothing_else(tmp_path):
    for name in (".0123.part.npz", ".anna__0001.mp4.part", ".keep", "a.part.mp4"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4, "somebody may still be writing them"
    remove_leftovers(tmp_path, older_than_s=0)
    assert {path.name for path in tmp_path.iterdir()} == {".keep", "a.part.mp4"}
    remove_leftovers(tmp_path / "none", older_than_s=0)


def test_nobody_else_makes_names_for_half_written_files():
    made = []
    for path in [*(ROOT / "emo_core").rglob("*.py"), *(ROOT / "ui").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        if path.stem in ("atomic_write", "archive", "bundle", "export"):  # the latter three write whole folders
            continue
        texts = {node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)}
        made += [path.name for text in texts if isinstance(text, str) and re.search(r"\.part\b|\.new$", text)]
    assert made == []
