"""Which clips a study is of, and what is said of those that cannot be."""

import pytest

from emo_core.errors import StudyError
from emo_core.studies import clips as studies
from emo_core.studies.clips import find_clips, is_study


@pytest.fixture
def folder(tmp_path):
    for name in ("b/2.mp4", "a/1.MOV", "a/.hidden.mp4", "a/notes.txt", ".cache/3.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"video")
    return tmp_path


def refusal(*places):
    with pytest.raises(StudyError) as caught:
        find_clips(list(places))
    words = str(caught.value)
    assert "\n" not in words
    assert words.endswith(".")
    return words


def manifest(folder, text, name="manifest.csv"):
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_everything_below_a_folder_but_what_is_hidden_and_the_results(folder):
    (folder / "out").mkdir()
    (folder / "out" / "annotated.mp4").write_bytes(b"video")
    found = find_clips([folder], leave_out=folder / "out")
    assert [clip.name for clip in found] == ["a/1.MOV", "b/2.mp4"]
    assert {(clip.participant, clip.condition, clip.part) for clip in found} == {("", "", None)}
    found = find_clips([folder / "**" / "*.mp4"], leave_out=folder / "out")
    assert [clip.path.name for clip in found] == ["2.mp4"]


def test_files_folders_and_patterns_together_each_clip_once(folder):
    found = find_clips([folder / "b" / "2.mp4", folder, folder / "*" / "*.mp4"])
    assert [clip.name for clip in found] == ["b/2.mp4", "a/1.MOV"]
    assert is_study([folder / "*" / "*.mp4"])


def test_a_manifest_says_who_when_and_which_part(folder):
    columns = "\ufeffPath;Participant;condition;session;start_s;end_s;mark_s"
    manifest(folder, f"{columns}\r\na\\1.MOV; Anna ;calm;2;1.5;4;2\r\nb/2.mp4;;;;;;\r\n")
    first, second = find_clips([folder])
    assert (first.name, first.participant, first.condition, first.session) == ("a/1.MOV", "Anna", "calm", "2")
    assert (first.part, first.mark_s) == ((1.5, 4.0), 2.0)
    assert (second.participant, second.part, second.mark_s) == ("", None, None)


def test_two_parts_of_one_file_are_two_clips(folder):
    table = manifest(folder, "path,start_s,end_s\nb/2.mp4,0,2\nb/2.mp4,2,4\n")
    assert [clip.part for clip in find_clips([table])] == [(0.0, 2.0), (2.0, 4.0)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a/none.mp4,anna", "line 3: there is no clip a/none.mp4; correct the path."),
        ("b/2.mp4,ben", "line 3: the same clip stands in line 2; remove one of them."),
        ("../x.mp4,anna", "line 3: x.mp4 lies outside the folder of the manifest; put the manifest into a folder"),
        ("/etc/passwd,anna", "line 3: passwd lies outside the folder of the manifest;"),
        (",anna", "line 3: path is empty"),
    ],
)
def test_a_row_that_cannot_be_is_named(folder, row, words):
    assert words in refusal(manifest(folder, f"path,participant\nb/2.mp4,anna\n{row}\n"))


@pytest.mark.parametrize("cells", ["4,2", "-1,2", "x,2", "nan,2", "1,inf", "2,2"])
def test_a_part_that_is_none_is_named(folder, cells):
    assert "line 2: " in refusal(manifest(folder, f"path,start_s,end_s\nb/2.mp4,{cells}\n"))


def test_an_unknown_column_is_refused_for_it_may_be_a_slip(folder):
    words = refusal(manifest(folder, "path,particpant\nb/2.mp4,anna\n"))
    assert "has a column 'particpant'" in words
    assert "participant, condition, session, start_s, end_s, mark_s" in words


def test_too_many_files_are_refused_before_anything_is_done(folder, monkeypatch):
    monkeypatch.setattr(studies, "MOST_CLIPS", 1)
    assert "There are 2 clips, and a study takes at most 1" in refusal(folder)


@pytest.mark.parametrize("place", ["nothing", "nothing/*.mp4", "a/notes.txt/x.mp4", "x" * 300, "a\0b"])
def test_what_is_not_there(folder, place):
    refusal(folder / place)


def test_a_folder_without_clips(tmp_path):
    assert "holds no clips" in refusal(tmp_path)


def test_links_are_one_clip_and_circles_end(folder):
    (folder / "b" / "link.mp4").symlink_to(folder / "b" / "2.mp4")
    (folder / "b" / "circle").symlink_to(folder)
    assert [clip.name for clip in find_clips([folder])] == ["a/1.MOV", "b/2.mp4"]


def test_two_tables_that_say_different_things_of_one_clip(folder):
    one = manifest(folder, "path,participant\nb/2.mp4,anna\n")
    other = manifest(folder, "path,participant\nb/2.mp4,ben\n", "other.csv")
    assert "is named twice, and differently" in refusal(one, other)
