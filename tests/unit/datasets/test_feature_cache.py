"""What is seen of clips: kept by content, by many at once, if the disk takes it, and gone when the clip is."""

import multiprocessing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emo_core.datasets import feature_cache as clip_reader
from emo_core.datasets.editable import add_clip, create, open_collection, remove_clips, remove_dataset
from emo_core.datasets.feature_cache import ClipReader, content_key, forget
from emo_core.files import kept as keeping
from tests.tiny import CONFIG, watch_without_video

CNN = SimpleNamespace(digest="stand-in", num_features=256)


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    monkeypatch.setattr(clip_reader, "extract_clip_features", watch_without_video)
    monkeypatch.setattr(clip_reader, "BlendshapeModel", lambda: None)


@pytest.fixture
def folder(tmp_path):
    return create(tmp_path / "set", ["calm"]).folder


def reader(tmp_path, digest="stand-in"):
    return ClipReader(SimpleNamespace(digest=digest, num_features=256), CONFIG, tmp_path / "cache")


def kept(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_what_was_seen_goes_with_the_clip_whatever_the_model(tmp_path, folder):
    one, two = (add_clip(folder, content, ".mp4", "calm", "ben") for content in (b"1 0", b"2 0"))
    for digest in ("first", "second"):
        for path in (one, two):
            reader(tmp_path, digest).read(path)
    assert len(kept(tmp_path)) == 4
    key = content_key(two)
    remove_clips(folder, [one], tmp_path / "cache")
    assert [name.split("-")[0] for name in kept(tmp_path)] == [key, key]
    remove_dataset(folder, tmp_path / "cache")
    assert kept(tmp_path) == []


def test_the_same_content_under_another_name_is_still_needed(tmp_path, folder):
    one, two = (add_clip(folder, b"1 0", ".mp4", "calm", who) for who in ("ben", "cleo"))
    reader(tmp_path).read(one)
    remove_clips(folder, [one], tmp_path / "cache")
    assert len(kept(tmp_path)) == 1
    remove_clips(folder, [two], tmp_path / "cache")
    assert kept(tmp_path) == []


def test_what_an_earlier_version_kept_goes_too(tmp_path, folder):
    path = add_clip(folder, b"1 0", ".mp4", "calm", "ben")
    (tmp_path / "cache" / "clips").mkdir(parents=True)
    (tmp_path / "cache" / "clips" / f"{'0' * 24}.npz").touch()
    forget(tmp_path / "cache", [path])
    assert kept(tmp_path) == []


def check_all(folder):
    """In a process of its own: see every clip anew, as a check does."""
    clip_reader.extract_clip_features, clip_reader.BlendshapeModel = watch_without_video, lambda: None
    for clip in open_collection(Path(folder)).clips:
        reader(Path(folder).parent).read(clip.path)


def test_checks_at_the_same_time_do_not_meet(tmp_path, folder):
    for number in range(30):
        add_clip(folder, f"{number} 1".encode(), ".mp4", "calm", "ben")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(check_all, [str(folder)] * 3, chunksize=1)
    assert len(kept(tmp_path)) == 30


@pytest.mark.parametrize("refused", ["a folder that cannot be made", "a full disk"])
def test_a_cache_that_takes_nothing_stops_nobody(tmp_path, folder, refused, monkeypatch, caplog):
    path = add_clip(folder, b"1 0", ".mp4", "calm", "ben")
    keeping._say_once.cache_clear()
    if refused == "a full disk":
        monkeypatch.setattr(np, "savez", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    else:
        (tmp_path / "cache").write_text("a file in the place of the folder")
    for _ in range(2):
        assert len(reader(tmp_path).read(path).weights)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("The cache cannot be written (")
    assert kept(tmp_path) == []


def test_a_damaged_file_of_the_cache_is_seen_again(tmp_path, folder):
    path = add_clip(folder, b"1 0", ".mp4", "calm", "ben")
    first = reader(tmp_path).read(path)
    (stored,) = (tmp_path / "cache" / "clips").iterdir()
    stored.write_bytes(stored.read_bytes()[:100])
    np.testing.assert_array_equal(reader(tmp_path).read(path).features, first.features)
