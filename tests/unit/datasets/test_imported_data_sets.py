"""Data sets that an import made of a corpus: what they reach of it, what is never deleted, and what is refused."""

import shutil

import pytest

from emo_core.cli.main import main
from emo_core.datasets.clip_paths import RECORD
from emo_core.datasets.clips import read_dataset
from emo_core.datasets.editable import add_clip, open_collection, remove_clips, remove_dataset
from emo_core.errors import DatasetError
from tests.media import grey_video


class TestImported:
    """A data set that an import made without copies names files where they are, and never deletes them."""

    @pytest.fixture
    def corpus(self, tmp_path):
        for number in (1, 2, 3):
            (tmp_path / "corpus" / "Actor_01").mkdir(parents=True, exist_ok=True)
            grey_video(tmp_path / "corpus" / "Actor_01", f"01-01-0{number + 2}-01-01-01-01.mp4", 3)
        return tmp_path / "corpus"

    @pytest.fixture
    def folder(self, corpus, tmp_path):
        assert main(["dataset", "import", "--from", "ravdess", str(corpus), str(tmp_path / "set")]) == 0
        return tmp_path / "set"

    def test_removing_its_clips_leaves_the_corpus(self, folder, corpus, tmp_path):
        before = {path: path.read_bytes() for path in corpus.rglob("*.mp4")}
        own = add_clip(folder, b"own", ".mp4", "other", "ben")
        clips = [clip.path for clip in open_collection(folder).clips]
        assert len(clips) == 4
        outside = remove_clips(folder, [clips[0], own], tmp_path / "cache")
        assert outside == [clips[0].resolve()]
        assert not own.exists()
        assert len(open_collection(folder).clips) == 2
        assert len(remove_dataset(folder, tmp_path / "cache")) == 2
        assert not folder.exists()
        assert {path: path.read_bytes() for path in corpus.rglob("*.mp4")} == before

    def test_its_manifest_reaches_the_corpus_and_no_further(self, folder, tmp_path):
        (tmp_path / "secret.mp4").touch()
        text = (folder / "manifest.csv").read_text()
        (folder / "manifest.csv").write_text(text + "../secret.mp4,joy,,,,,\n")
        with pytest.raises(DatasetError, match=r"line 5: the clip \.\./secret\.mp4 lies outside"):
            read_dataset(folder)

    def test_the_record_of_another_data_set_counts_for_nothing(self, folder, tmp_path):
        shutil.copytree(folder, tmp_path / "copy")
        with pytest.raises(DatasetError, match="lies outside"):
            read_dataset(tmp_path / "copy")
        folder.rename(tmp_path / "moved")
        assert len(read_dataset(tmp_path / "moved")) == 3

    @pytest.mark.parametrize("text", ["", "[]", "{", '{"folder": 1}', '{"folder": null, "roots": ["/"]}', "[" * 5000])
    def test_a_record_that_is_none(self, folder, text):
        (folder / RECORD).write_text(text)
        with pytest.raises(DatasetError, match="lies outside"):
            read_dataset(folder)

    def test_pointers_are_told_before_thousands_are_counted(self, tmp_path, capsys):
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:538d\nsize 201958\n"
        (tmp_path / "lfs").mkdir()
        for number in range(20):
            (tmp_path / "lfs" / f"10{number:02d}_DFA_ANG_XX.flv").write_text(pointer)
        words = ["dataset", "import", "--from", "crema-d", str(tmp_path / "lfs"), str(tmp_path / "none")]
        assert main(words) == 1
        assert "Each of the 20 videos of lfs is a Git LFS pointer in place of the file itself; run “git lfs pull”" in (
            capsys.readouterr().err
        )
        assert not (tmp_path / "none").exists()
        grey_video(tmp_path / "lfs", "1001_DFA_ANG_XX.mp4", 3)
        (tmp_path / "lfs" / "1002_DFA_ANG_XX.mp4").write_bytes(b"")
        assert main(words) == 0
        printed = capsys.readouterr().out
        assert "1 clips of 1 people" in printed
        assert "20 × left out: is a Git LFS pointer" in printed
        assert "1 × left out: empty (0 bytes)" in printed

    def test_files_that_are_no_videos_are_told_before_they_are_counted(self, tmp_path, capsys):
        (tmp_path / "text").mkdir()
        for number in range(30):
            (tmp_path / "text" / f"10{number:02d}_DFA_ANG_XX.mp4").write_text("no video " * 300)
        assert main(["dataset", "import", "--from", "crema-d", str(tmp_path / "text"), str(tmp_path / "none")]) == 1
        assert "files that were tried can be opened as a video" in capsys.readouterr().err

    def test_only_the_test_part_of_blemore(self, tmp_path, capsys):
        (tmp_path / "test").mkdir()
        grey_video(tmp_path / "test", "test_0001.mov", 3)
        assert main(["dataset", "import", "--from", "blemore", str(tmp_path / "test"), str(tmp_path / "none")]) == 1
        assert "1 × of the test part, whose names tell no emotion" in capsys.readouterr().err
