"""Data sets of labelled clips: what a manifest may say, who is split from whom, and what is kept of a clip."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.datasets.clips import read_dataset, read_manifest
from emo_core.datasets.names import check_label
from emo_core.datasets.splits import split_people
from emo_core.datasets.windows import WindowDataset, clip_probabilities, see_clips
from emo_core.errors import DatasetError, NoFaceError
from tests.tiny import CONFIG, LABELS, STEPS, watch_without_video, write_demo

CNN = SimpleNamespace(digest="stand-in", num_features=256)


@pytest.fixture
def demo(tmp_path, monkeypatch):
    monkeypatch.setattr("emo_core.datasets.feature_cache.extract_clip_features", watch_without_video)
    return write_demo(tmp_path / "demo", 3)


def see(demo, cache, **kwargs):
    return see_clips(read_manifest(demo), LABELS, CNN, CONFIG, cache, **kwargs)


class TestManifest:
    def test_every_line_is_a_clip(self, demo):
        clips = read_manifest(demo)
        assert len(clips) == 9
        assert {clip.label for clip in clips} == set(LABELS)
        assert {clip.person for clip in clips} == {"person_00", "person_01", "person_02"}
        assert clips[0].source == "rendered"
        assert clips[0].path.is_file()

    def test_people_are_never_guessed(self, tmp_path):
        (tmp_path / "a.mp4").touch()
        (tmp_path / "manifest.csv").write_text("path,label\na.mp4,other\na.mp4,other\n")
        assert len({clip.person for clip in read_manifest(tmp_path / "manifest.csv")}) == 2

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("path,label\n", "lists no clips"),
            ("file,class\na.mp4,x\n", "needs columns path and label in its first line; it begins with “file class”"),
            ("path,label\na.mp4,\n", "line 2: path or label is empty"),
            ("path,label\nb.mp4,other\n", "line 2: there is no clip b.mp4"),
        ],
    )
    def test_what_it_lacks_is_named(self, text, message, tmp_path):
        (tmp_path / "a.mp4").touch()
        (tmp_path / "manifest.csv").write_text(text)
        with pytest.raises(DatasetError, match=message):
            read_manifest(tmp_path / "manifest.csv")

    def test_one_that_is_not_there_or_no_text(self, tmp_path):
        with pytest.raises(DatasetError, match=r"There is no file manifest\.csv"):
            read_manifest(tmp_path / "manifest.csv")
        (tmp_path / "manifest.csv").write_bytes(b"\xff\xfe\x00\xd8")
        with pytest.raises(DatasetError, match="is not whole UTF-16 text"):
            read_manifest(tmp_path / "manifest.csv")


class TestFolders:
    @pytest.fixture
    def folder(self, tmp_path):
        for name in (
            "joy_fear/anna__1.mp4",
            "joy_fear/anna__2.WEBM",
            "calm/ben__a__b.mov",
            "calm/clip.mp4",
            "calm/other.mp4",
            "calm/.half__1.mp4",
            "calm/notes.txt",
            ".trash/anna__9.mp4",
            "calm/deep/x__1.mp4",
        ):
            (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "set" / name).touch()
        return tmp_path / "set"

    def test_a_folder_is_a_label_and_the_name_says_who(self, folder):
        clips = read_dataset(folder)
        assert [(clip.label, clip.path.name, clip.person) for clip in clips] == [
            ("calm", "ben__a__b.mov", "ben"), ("calm", "clip.mp4", "unknown 2"), ("calm", "other.mp4", "unknown 3"),
            ("joy_fear", "anna__1.mp4", "anna"), ("joy_fear", "anna__2.WEBM", "anna"),
        ]  # fmt: skip
        assert [clip.person_known for clip in clips] == [True, False, False, True, True]

    def test_a_manifest_counts_more_than_the_folders(self, folder):
        text = "path,label,person,session\ncalm/clip.mp4,joy_fear,cleo,monday\ncalm/other.mp4,calm,,\n"
        (folder / "manifest.csv").write_text(text)
        found = read_dataset(folder)
        assert found == read_dataset(folder / "manifest.csv")
        assert [(clip.label, clip.person, clip.session, clip.person_known) for clip in found] == [
            ("joy_fear", "cleo", "monday", True), ("calm", "unknown 3", "", False)
        ]  # fmt: skip

    def test_what_is_none_is_said(self, tmp_path):
        with pytest.raises(DatasetError, match="There is no data set none: give a folder"):
            read_dataset(tmp_path / "none")
        (tmp_path / "joy").mkdir()
        with pytest.raises(DatasetError, match="holds no clips: put them into a folder for each label"):
            read_dataset(tmp_path)

    @pytest.mark.parametrize("label", ["joy/fear", "..", "../joy", "", "  ", "unsure", "a" * 61, ".a", "a\\b"])
    def test_labels_that_cannot_be_used_are_refused_in_one_line(self, label, tmp_path):
        with pytest.raises(DatasetError, match=r"^[^\n]*(label|class)[^\n]*$"):
            check_label(label)
        (tmp_path / "a.mp4").touch()
        (tmp_path / "manifest.csv").write_text(f'path,label\na.mp4,"{label}"\n')
        with pytest.raises(DatasetError, match="line 2: "):
            read_dataset(tmp_path)

    @pytest.mark.parametrize("label", ["joy_fear", "Freude_Überraschung", "joy+fear", "two words", "笑い", "a-1"])
    def test_labels_of_any_language_can(self, label):
        assert check_label(label) == label


class TestSplit:
    @given(st.lists(st.text("abcdefgh", min_size=1, max_size=2), min_size=1, max_size=40), st.integers(0, 9))
    def test_nobody_is_in_two_groups_and_nobody_is_lost(self, people, seed):
        groups = split_people(people, (0.6, 0.15, 0.25), seed=seed)
        assert len(groups) == 3
        assert set.union(*groups) == set(people)
        assert sum(map(len, groups)) == len(set(people))

    def test_the_seed_decides_and_the_order_of_the_clips_does_not(self):
        people = [f"person {number}" for number in range(20)]
        first, again, other = (split_people(order, (0.5, 0.5), seed=seed) for order, seed in (
            (people, 1), (people[::-1], 1), (people, 2),
        ))  # fmt: skip
        assert first == again
        assert first != other


class TestSeen:
    def test_every_window_knows_its_clip_and_person(self, demo, tmp_path):
        windows = see(demo, tmp_path)
        assert windows.features.shape == (18, STEPS, 256 + 31)  # two windows of each clip
        assert np.bincount(windows.clips).tolist() == [2] * 9
        assert windows.people[:2] == ("person_00", "person_00")
        assert [LABELS[label] for label in windows.labels[::2]] == [clip.label for clip in read_manifest(demo)]

    def test_what_was_seen_is_found_again_by_content(self, demo, tmp_path, monkeypatch):
        first = see(demo, tmp_path)
        monkeypatch.setattr("emo_core.datasets.feature_cache.extract_clip_features", None)
        np.testing.assert_array_equal(see(demo, tmp_path).features, first.features)
        (demo.parent / "00_0.mp4").write_text("0  0")
        with pytest.raises(TypeError):
            see(demo, tmp_path)

    def test_clips_without_a_face_are_left_out_and_named(self, demo, tmp_path, monkeypatch):
        def watch(source, *args):
            if source.name == "01_1.mp4":
                raise NoFaceError("No face was found in 01_1.mp4.")
            return watch_without_video(source, *args)

        monkeypatch.setattr("emo_core.datasets.feature_cache.extract_clip_features", watch)
        told = []
        windows = see(demo, tmp_path, say=told.append)
        assert len(set(windows.clips.tolist())) == 8
        assert "Left out: No face was found in 01_1.mp4." in told

    def test_no_face_anywhere(self, demo, tmp_path, monkeypatch):
        def watch(*_):
            raise NoFaceError("No face was found.")

        monkeypatch.setattr("emo_core.datasets.feature_cache.extract_clip_features", watch)
        with pytest.raises(DatasetError, match="None of the clips"):
            see(demo, tmp_path)

    def test_unknown_labels_are_named(self, demo, tmp_path):
        with pytest.raises(DatasetError, match="labeled other; this model knows joy"):
            see_clips([clip for clip in read_manifest(demo) if clip.label == "other"], ["joy"], CNN, CONFIG, tmp_path)


def test_a_clip_is_judged_by_its_windows_according_to_their_evidence():
    weights = np.array([[1, 1], [0.5, 0], [0.5, 0.5]], np.float32)
    windows = WindowDataset(
        np.zeros((3, 2, 1), np.float32), weights, np.array([0, 0, 1]), ("", "", ""), clips=np.array([4, 4, 7])
    )
    probabilities = np.array([[1, 0], [0, 1], [0.3, 0.7]], np.float32)
    together, quality, first = clip_probabilities(probabilities, windows)
    np.testing.assert_allclose(together, [[0.8, 0.2], [0.3, 0.7]], atol=1e-6)
    np.testing.assert_allclose(quality, [0.9, 0.5], atol=1e-6)
    assert first.tolist() == [0, 2]
