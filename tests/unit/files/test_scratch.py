"""Temporary folders that do not outlive a killed process."""

import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from emo_core.files import scratch

HOLD = "import sys; from emo_core.files import scratch; f = scratch.folder(); p = f.__enter__(); \
(p / 'face.mp4').write_bytes(b'film'); print(p, flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_gone_at_the_end_whatever_happens(place):
    def work():
        with scratch.folder() as folder:
            (folder / "film").write_bytes(b"x")
            assert scratch.sweep() == 0
            assert folder.is_dir()
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        work()
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_uses_is_not(place):
    environment = {**os.environ, "TMPDIR": str(place)}
    holders = [
        subprocess.Popen([sys.executable, "-c", HOLD], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    folders = [holder.stdout.readline().decode().strip() for holder in holders]
    holders[0].send_signal(signal.SIGKILL)
    holders[0].wait(10)
    assert scratch.sweep() == 1
    assert [str(path) for path in place.iterdir()] == [folders[1]]
    holders[1].communicate(b"", 10)
    for holder in holders:
        holder.stdin.close()
        holder.stdout.close()


def test_folders_of_others_links_and_new_ones_stay(place):
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / "film").write_bytes(b"x")
    (place / f"{scratch.PREFIX}link").symlink_to(place / "elsewhere")
    (place / f"{scratch.PREFIX}file").write_bytes(b"x")
    (place / f".{scratch.PREFIX}new").mkdir()
    (place / f".{scratch.PREFIX}old").mkdir()
    os.utime(place / f".{scratch.PREFIX}old", (time.time() - 7200,) * 2)
    assert scratch.sweep() == 1
    assert sorted(path.name for path in place.iterdir()) == [
        f".{scratch.PREFIX}new", "elsewhere", f"{scratch.PREFIX}file", f"{scratch.PREFIX}link"
    ]  # fmt: skip
    assert (place / "elsewhere" / "film").exists()
