"""A data set that grows: what is added is on disk, what failed has changed nothing, what was half written is found."""

import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest

from emo_core.datasets.clips import read_dataset
from emo_core.datasets.editable import add_clip, create, open_collection, remove_clips
from emo_core.datasets.names import check_name, check_person
from emo_core.errors import DatasetError


@pytest.fixture
def folder(tmp_path):
    create(tmp_path / "mine", ["joy_fear", " calm "])
    return tmp_path / "mine"


def test_a_new_one_has_its_classes_and_no_clips(folder):
    found = open_collection(folder)
    assert found.labels == ("calm", "joy_fear")
    assert found.clips == ()
    assert create(folder, ["rage"]).labels == ("calm", "joy_fear", "rage")


def test_what_was_added_is_read_as_any_data_set(folder):
    first = add_clip(folder, b"one", ".mp4", "joy_fear", "anna b", session="monday", source="recorded")
    add_clip(folder, b"two", ".WEBM", "joy_fear", "anna b")
    add_clip(folder, b"three", ".mp4", "calm", "")
    assert [path.relative_to(folder).as_posix() for path in sorted(folder.glob("*/*"))] == [
        "calm/0001.mp4", "joy_fear/anna-b__0001.mp4", "joy_fear/anna-b__0002.webm",
    ]  # fmt: skip
    assert first.read_bytes() == b"one"
    clips = read_dataset(folder)
    assert [(clip.label, clip.person, clip.session, clip.source, clip.person_known) for clip in clips] == [
        ("joy_fear", "anna b", "monday", "recorded", True), ("joy_fear", "anna b", "", "", True),
        ("calm", "unknown 4", "", "", False),
    ]  # fmt: skip


def test_a_clip_that_the_manifest_missed_is_taken_up(folder):
    add_clip(folder, b"one", ".mp4", "calm", "ben")
    (folder / "calm" / "cleo__0007.mp4").write_bytes(b"written, then the machine went down")
    (folder / "calm" / ".cleo__0008.mp4.part").write_bytes(b"half")
    found = open_collection(folder)
    assert [(clip.path.name, clip.person) for clip in found.clips] == [
        ("ben__0001.mp4", "ben"),
        ("cleo__0007.mp4", "cleo"),
    ]
    assert read_dataset(folder) == list(found.clips)


@pytest.mark.parametrize("fails_at", ["clip", "manifest"])
def test_a_full_disk_changes_nothing(folder, fails_at, monkeypatch):
    add_clip(folder, b"one", ".mp4", "calm", "ben")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    calls = []

    def full(_):
        calls.append(1)
        if len(calls) == (1 if fails_at == "clip" else 3):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match=r"No space left on device\); nothing was changed\. Free some space"):
        add_clip(folder, b"two", ".mp4", "calm", "ben")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_others_wrote_into_the_manifest_stays(folder):
    """Such as a manifest made by hand, with clips in folders of its own."""
    (folder / "clips" / "deep").mkdir(parents=True)
    (folder / "clips" / "deep" / "a.mp4").write_bytes(b"a")
    (folder / "manifest.csv").write_text("seed,path,label,person\n17,clips/deep/a.mp4,calm,ben\n")
    add_clip(folder, b"one", ".mp4", "calm", "cleo")
    lines = (folder / "manifest.csv").read_text().splitlines()
    assert lines[0].endswith(",seed")
    assert lines[1] == "clips/deep/a.mp4,calm,ben,,,,none,17"
    assert open_collection(folder).labels == ("calm", "joy_fear")


def test_further_classes_leave_folders_of_labels_whole(tmp_path):
    folder = tmp_path / "set"
    (folder / "calm" / "deep").mkdir(parents=True)
    (folder / "calm" / "ben__1.mp4").touch()
    found = create(folder, ["joy"])
    assert [clip.path.name for clip in found.clips] == ["ben__1.mp4"]
    assert found.labels == ("calm", "joy")


def test_folders_of_labels_without_a_manifest_grow_and_shrink_like_any_other(tmp_path):
    folder = tmp_path / "set"
    for name in ("calm/ben__1.mp4", "calm/deep/notes.txt", "joy/anna__1.mp4", "joy/anna__2.mp4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    remove_clips(folder, [folder / "joy" / "anna__1.mp4"], tmp_path / "cache")
    add_clip(folder, b"x", ".mp4", "joy", "cleo")
    assert sorted(clip.path.name for clip in read_dataset(folder)) == [
        "anna__2.mp4", "ben__1.mp4", "cleo__0003.mp4",
    ]  # fmt: skip


def test_removed_clips_are_gone_and_no_others(folder):
    paths = [add_clip(folder, content, ".mp4", "calm", "ben") for content in (b"one", b"two", b"three")]
    remove_clips(folder, [paths[1]], folder.parent / "cache")
    assert [clip.path for clip in open_collection(folder).clips] == [paths[0], paths[2]]
    assert not paths[1].exists()
    assert add_clip(folder, b"four", ".mp4", "calm", "ben") not in paths, "a number is not given twice"
    outside = folder.parent / "outside.mp4"
    outside.touch()
    with pytest.raises(DatasetError, match="no longer in the data set"):
        remove_clips(folder, [outside], folder.parent / "cache")
    assert outside.exists()
    remove_clips(folder, [clip.path for clip in open_collection(folder).clips], folder.parent / "cache")
    assert open_collection(folder).labels == ("calm", "joy_fear")


@pytest.mark.parametrize("label", ["joy/fear", "", "..", "unsure", "/tmp/x"])
def test_classes_that_cannot_be(folder, label):
    with pytest.raises(DatasetError, match=r"label|class"):
        create(folder, [label])
    with pytest.raises(DatasetError, match=r"label|class"):
        add_clip(folder, b"one", ".mp4", label, "ben")
    assert open_collection(folder).labels == ("calm", "joy_fear")


@pytest.mark.parametrize("person", ["a/b", "a__b", "..", "x" * 41, "$a"])
def test_people_that_cannot_be(folder, person):
    with pytest.raises(DatasetError, match="Name the person"):
        add_clip(folder, b"one", ".mp4", "calm", person)
    assert check_person("  ") == ""


def test_one_that_is_not_there_or_cannot_be(tmp_path):
    with pytest.raises(DatasetError, match="There is no data set none"):
        open_collection(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="could not be written"):
        create(tmp_path / "file" / "mine", ["calm"])


def _add_some(folder):
    for number in range(5):
        add_clip(Path(folder), b"%d" % number, ".mp4", "calm", "ben")


def test_several_processes_may_add_at_once(folder):
    processes = [multiprocessing.get_context("spawn").Process(target=_add_some, args=[str(folder)]) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(open_collection(folder).clips) == len(list((folder / "calm").glob("ben__*.mp4"))) == 10


def test_kills_at_any_moment_leave_a_consistent_one(folder):
    """Every clip that is told of is whole, every whole one is told of, and nothing half written stays."""
    rng = random.Random(5)
    add_clip(folder, b"0", ".mp4", "calm", "ben")  # on a busy machine no process may live to add its first
    for _ in range(60):
        process = multiprocessing.get_context("fork").Process(target=_add_some, args=[str(folder)])
        process.start()
        time.sleep(rng.uniform(0, 0.03))
        process.kill()
        process.join()
    found = open_collection(folder)
    assert {clip.path for clip in found.clips} == set((folder / "calm").iterdir())
    assert all(len(clip.path.read_bytes()) == 1 for clip in found.clips)
    assert {path.name for path in folder.iterdir()} == {"calm", "joy_fear", "manifest.csv", ".lock"}
    assert read_dataset(folder) == list(found.clips)


def test_names_of_models():
    assert check_name("my_people-2") == "my_people-2"
    for name in ("", "a/b", "..", "a b", "x" * 41, ".hidden"):
        with pytest.raises(DatasetError, match="Name the model"):
            check_name(name)
