"""Data sets as people have them: what a manifest may spell how, what it may reach, and what is skipped and why."""

import os
import unicodedata
from types import SimpleNamespace

import pytest

from emo_core.cli.main import main
from emo_core.datasets.checks import check_dataset
from emo_core.datasets.clips import count_skipped, is_dataset, read_dataset
from emo_core.datasets.editable import add_clip, create, open_collection, remove_clips, remove_dataset
from emo_core.errors import DatasetError, NoFaceError


def listed(folder, text, *names):
    """A data set with a manifest and empty files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.csv").write_text(text, "utf-8")
    return folder


class TestSpelling:
    def test_paths_with_the_slashes_of_another_system(self, tmp_path):
        folder = listed(
            tmp_path / "s", "path,label\nclips\\deep\\a.mp4,joy\n.\\b.mp4,joy\n", "clips/deep/a.mp4", "b.mp4"
        )
        assert [clip.path.name for clip in read_dataset(folder)] == ["a.mp4", "b.mp4"]

    @pytest.mark.parametrize("stored", ["NFC", "NFD"])
    @pytest.mark.parametrize("written", ["NFC", "NFD"])
    def test_letters_composed_or_not(self, tmp_path, stored, written):
        name = unicodedata.normalize(stored, "Überraschung é.mp4")
        folder = listed(tmp_path / "set", f"path,label\n{unicodedata.normalize(written, name)},joy\n", name)
        assert read_dataset(folder)[0].path.is_file()

    def test_paths_in_the_case_of_a_system_that_does_not_mind(self, tmp_path):
        folder = listed(tmp_path / "set", "path,label\nClips\\ÜBER.MP4,joy\n", "clips/u\u0308ber.mp4")
        assert read_dataset(folder)[0].path.name == "u\u0308ber.mp4"
        (folder / "clips" / "Über.mp4").touch()
        with pytest.raises(DatasetError, match="there is no clip"):
            read_dataset(folder)

    def test_labels_and_people_are_stripped_and_in_one_form(self, tmp_path):
        text = "path,label,person\na.mp4,joy ,anna\na.mp4,joy, anna \na.mp4,U\u0308ber,u\u0308\n"
        folder = listed(tmp_path / "set", text, "a.mp4")
        clips = read_dataset(folder)
        assert [(clip.label, clip.person) for clip in clips] == [("joy", "anna"), ("joy", "anna"), ("Über", "ü")]

    def test_names_that_differ_by_case_alone_are_one_warning(self, tmp_path):
        folder = listed(tmp_path / "set", "path,label,person\na.mp4,Joy_Fear,anna\nb.mp4,joy_fear,Anna\n"
                        "c.mp4,joy fear,ben\n", "a.mp4", "b.mp4", "c.mp4")  # fmt: skip

        def nothing_seen(path):
            raise NoFaceError(path.name)

        report = check_dataset(read_dataset(folder), SimpleNamespace(read=nothing_seen))
        (found,) = [item for item in report.findings if item.kind == "similar names"]
        assert found.severity == "warning"
        assert found.clips == ("class: Joy_Fear, joy fear, joy_fear", "person: Anna, anna")

    def test_every_faulty_line_is_named(self, tmp_path):
        text = "path,label\na.mp4,joy\nnone.mp4,joy\na.mp4,jo/y\na.mp4,joy\na.mp4,\n"
        with pytest.raises(DatasetError, match=r"line 3: there is no clip none\.mp4; .* 2 more: line 4, 6\."):
            read_dataset(listed(tmp_path / "set", text, "a.mp4"))


class TestSkipped:
    def test_what_is_skipped_is_counted_by_reason(self, tmp_path):
        folder = tmp_path / "set"
        for name in ("joy/anna__1.MTS", "joy/ben__1.3gp", "joy/._anna__1.mp4", "joy/anna__1.wav", "joy/deep/x__1.mp4",
                     "loose.mp4", "joy/notes.txt", "joy/.DS_Store"):  # fmt: skip
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        clips = read_dataset(folder)
        assert [clip.path.name for clip in clips] == ["anna__1.MTS", "ben__1.3gp"]
        assert count_skipped(folder, clips) == {
            "a video in a folder below that of a label": 1, "a video outside the folders of labels": 1, "hidden": 1,
            "not named as a video (.txt)": 1, "not named as a video (.wav)": 1,
        }  # fmt: skip

    def test_names_in_another_encoding_are_skipped_and_harm_nothing(self, tmp_path):
        create(tmp_path / "set", ["joy"])
        add_clip(tmp_path / "set", b"x", ".mp4", "joy", "anna")
        (tmp_path / "set" / "joy" / os.fsdecode(b"b\x81se__1.mp4")).touch()
        found = open_collection(tmp_path / "set")
        assert [clip.path.name for clip in found.clips] == ["anna__0001.mp4"]
        assert count_skipped(tmp_path / "set", found.clips) == {"named in another encoding than UTF-8": 1}

    def test_videos_that_the_manifest_does_not_list(self, tmp_path):
        folder = listed(tmp_path / "set", "path,label\na.mp4,joy\n", "a.mp4", "b.mp4")
        assert count_skipped(folder, read_dataset(folder)) == {"a video that manifest.csv does not list": 1}

    def test_one_without_clips_says_what_was_skipped(self, tmp_path):
        (tmp_path / "set" / "joy").mkdir(parents=True)
        (tmp_path / "set" / "joy" / "a.wav").touch()
        with pytest.raises(DatasetError, match=r"holds no clips \(skipped: 1 × not named as a video \(\.wav\)\)"):
            read_dataset(tmp_path / "set")


@pytest.mark.parametrize("path", ["/proc", "x" * 5000, "a\0b", "/proc/1/root/none"])
def test_folders_that_are_no_data_sets_are_one_sentence(tmp_path, path, capsys):
    assert not is_dataset(tmp_path / path)
    with pytest.raises(DatasetError):
        read_dataset(tmp_path / path)
    assert main(["dataset", "check", path]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


class TestLeaving:
    """A manifest alone reaches nothing outside its data set."""

    @pytest.fixture
    def corpus(self, tmp_path):
        (tmp_path / "corpus").mkdir()
        (tmp_path / "corpus" / "a.mp4").write_bytes(b"theirs")
        return tmp_path / "corpus"

    @pytest.mark.parametrize("spelled", [
        "{corpus}/a.mp4", "../corpus/a.mp4", "..\\corpus\\a.mp4", "joy/../../corpus/a.mp4", "link.mp4", "folder/a.mp4",
    ])  # fmt: skip
    def test_paths_that_leave_are_refused(self, tmp_path, corpus, spelled):
        folder = listed(tmp_path / "set", f"path,label\n{spelled.format(corpus=corpus)},joy\n", "joy/b.mp4")
        (folder / "link.mp4").symlink_to(corpus / "a.mp4")
        (folder / "folder").symlink_to(corpus)
        with pytest.raises(DatasetError, match=r"line 2: the clip .*a?\.?mp4 lies outside the data set"):
            read_dataset(folder)

    def test_nothing_is_said_of_what_is_outside(self, tmp_path, corpus):
        def error(name):
            with pytest.raises(DatasetError) as found:
                read_dataset(listed(tmp_path / "set", f"path,label\n../corpus/{name}.mp4,joy\n"))
            return str(found.value).replace(f"{name}.mp4", "")

        assert error("a") == error("b"), "whether a file is there"

    @pytest.mark.parametrize("linked", ["joy", "joy/a__1.mp4"])
    def test_links_in_folders_of_labels_are_refused(self, tmp_path, corpus, linked):
        (tmp_path / "set" / "joy").mkdir(parents=True)
        (tmp_path / "set" / "joy" / "b__1.mp4").touch()
        link = tmp_path / "set" / ("fear" if linked == "joy" else linked)
        link.symlink_to(corpus if linked == "joy" else corpus / "a.mp4")
        with pytest.raises(DatasetError, match="a link that leads outside"):
            read_dataset(tmp_path / "set")

    def test_links_inside_are_clips(self, tmp_path):
        folder = listed(tmp_path / "set", "path,label\nlink.mp4,joy\n", "store/a.mp4")
        (folder / "link.mp4").symlink_to("store/a.mp4")
        assert len(read_dataset(folder)) == 1

    def test_a_data_set_that_lies_behind_a_link_is_whole(self, tmp_path):
        listed(tmp_path / "disk" / "set", "path,label\na.mp4,joy\n", "a.mp4")
        (tmp_path / "set").symlink_to(tmp_path / "disk" / "set")
        assert len(read_dataset(tmp_path / "set")) == 1

    def test_what_is_taken_up_lies_inside(self, tmp_path, corpus):
        create(tmp_path / "set", ["joy"])
        (tmp_path / "set" / "joy" / "x__1.mp4").symlink_to(corpus / "a.mp4")
        (tmp_path / "set" / "theirs").symlink_to(corpus)
        found = open_collection(tmp_path / "set")
        assert (found.clips, found.labels) == ((), ("joy",))
        with pytest.raises(DatasetError, match="leads outside"):
            add_clip(tmp_path / "set", b"x", ".mp4", "theirs", "ben")
        assert [path.name for path in corpus.iterdir()] == ["a.mp4"]


class TestRemoving:
    def test_of_links_only_the_link_and_what_is_inside_goes(self, tmp_path):
        folder = listed(tmp_path / "set", "path,label\nlink.mp4,joy\nb.mp4,joy\n", "store/a.mp4", "b.mp4")
        (folder / "link.mp4").symlink_to("store/a.mp4")
        remove_clips(folder, [folder / "link.mp4"], tmp_path / "cache")
        assert sorted(path.name for path in folder.rglob("*.mp4")) == ["b.mp4"]

    def test_what_is_no_clip_stays(self, tmp_path):
        folder = listed(tmp_path / "set", "path,label\njoy/a.mp4,joy\n", "joy/a.mp4", "joy/notes.txt", "theirs/b.mp4")
        assert remove_dataset(folder, tmp_path / "cache") == []
        left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert left == {"joy/notes.txt"}, "a video in a folder of a label is a clip that was taken up"

    @pytest.mark.parametrize("name", ["-a.mp4", "=a.mp4", "@a.mp4", "+a b.mp4"])
    def test_paths_that_a_spreadsheet_would_run_are_still_found_after_a_rewrite(self, tmp_path, name):
        folder = listed(tmp_path / "set", f"path,label\n{name},joy\nb.mp4,joy\n", name, "b.mp4")
        add_clip(folder, b"x", ".mp4", "joy", "ben")
        assert len(read_dataset(folder)) == 3
        assert all(line[0].isalnum() or line[0] == "." for line in (folder / "manifest.csv").read_text().splitlines())


def test_files_of_others_make_no_data_set(tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "letter.txt").touch()
    with pytest.raises(DatasetError, match="holds other things than a data set"):
        create(tmp_path / "documents", ["joy"])
    assert [path.name for path in (tmp_path / "documents").iterdir()] == ["letter.txt"]


def test_one_that_is_read_only_is_read_and_says_why_nothing_is_added(tmp_path, monkeypatch):
    folder = create(tmp_path / "set", ["joy"]).folder
    add_clip(folder, b"x", ".mp4", "joy", "ben")

    def refuse(self, mode="r", *args, **kwargs):
        if "w" in mode:
            raise OSError(30, "Read-only file system", str(self))
        return opened(self, mode, *args, **kwargs)

    opened, told = type(folder).open, []
    with monkeypatch.context() as patch:
        patch.setattr(type(folder), "open", refuse)
        found = open_collection(folder)
        for change in (
            lambda: add_clip(folder, b"y", ".mp4", "joy", "ben"),
            lambda: remove_dataset(folder, tmp_path / "cache"),
        ):
            try:
                change()
            except DatasetError as error:
                told.append(str(error))
    assert (len(found.clips), found.labels) == (1, ("joy",))
    assert len(told) == 2
    assert all(
        "(Read-only file system); nothing was changed. Choose a place that this program may use" in t for t in told
    )
