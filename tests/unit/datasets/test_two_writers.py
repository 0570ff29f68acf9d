"""Two processes of a server write into one data set at a time: nothing of either is lost."""

import subprocess
import sys

from emo_core.datasets import editable
from emo_core.datasets.editable import add_clip, open_collection, remove_clips, remove_dataset
from emo_core.files.folders import ROOT

WRITER = """
import sys
from pathlib import Path
from emo_core.datasets import editable
from emo_core.datasets.editable import add_clip
folder, person = Path(sys.argv[1]), sys.argv[2]
print("begun", flush=True)
sys.stdin.readline()
for number in range(12):
    add_clip(folder, f"{person} {number}".encode(), ".mp4", "other", person)
"""


def writer(folder, person):
    words = [sys.executable, "-c", WRITER, str(folder), person]
    process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    return process


def test_both_add_while_a_third_removes(tmp_path):
    folder = tmp_path / "mine"
    gone = [add_clip(folder, b"old", ".mp4", "other", "zoe") for _ in range(3)]
    both = [writer(folder, person) for person in ("anna", "ben")]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    for path in gone:
        remove_clips(folder, [path], tmp_path / "cache")
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    found = open_collection(folder)
    assert sorted(clip.person for clip in found.clips) == ["anna"] * 12 + ["ben"] * 12
    contents = {clip.path.read_text() for clip in found.clips}
    assert contents == {f"{person} {number}" for person in ("anna", "ben") for number in range(12)}


def test_a_clip_that_comes_while_its_data_set_is_taken_away_stays_with_what_is_said_of_it(tmp_path, monkeypatch):
    folder = tmp_path / "mine"
    add_clip(folder, b"old", ".mp4", "other", "zoe")
    real = editable.remove_clips

    def and_another_comes(*words):
        outside = real(*words)
        add_clip(folder, b"new", ".mp4", "other", "anna", session="second")
        return outside

    monkeypatch.setattr(editable, "remove_clips", and_another_comes)
    remove_dataset(folder, tmp_path / "cache")
    assert [(clip.person, clip.session) for clip in open_collection(folder).clips] == [("anna", "second")]
