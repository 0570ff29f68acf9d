"""Public corpora recognized by the names of their files, on tiny trees named as they are."""

import csv
from dataclasses import replace

import pytest

from emo_core.cli import dataset
from emo_core.cli.main import main
from emo_core.datasets.clips import read_dataset
from emo_core.datasets.corpora import CORPORA, find_clips, import_clips, map_text, read_map
from emo_core.errors import DatasetError
from tests.media import grey_video

TREES = {
    "ravdess": {
        "Video_Speech_Actor_01/Actor_01/01-01-03-01-02-01-01.mp4": ("happy", "amusement_surprise", "ravdess-01"),
        "Video_Speech_Actor_01/Actor_01/02-01-03-01-02-01-01.mp4": None,  # the same without sound
        "Actor_24/02-01-08-02-02-01-24.mp4": ("surprised", "amusement_surprise", "ravdess-24"),
        "Actor_24/01-02-04-01-01-01-24.mp4": ("sad", "sadness_fear", "ravdess-24"),
        "Actor_24/01-01-06-01-01-01-24.mp4": ("fearful", "sadness_fear", "ravdess-24"),
        "Actor_24/01-01-01-01-01-01-24.mp4": ("neutral", "other", "ravdess-24"),
        "Actor_24/03-01-05-01-01-01-24.mp4": None,  # sound alone
        "Actor_24/notes.mp4": None,
    },
    "crema-d": {
        "VideoFlash/1001_DFA_ANG_XX.avi": ("anger", "other", "crema-d-1001"),
        "VideoFlash/1091_IEO_HAP_HI.avi": ("happy", "amusement_surprise", "crema-d-1091"),
        "VideoFlash/1040_ITH_SAD_X.avi": ("sad", "sadness_fear", "crema-d-1040"),
        "VideoFlash/1002_IEO_FEA_LO.avi": ("fear", "sadness_fear", "crema-d-1002"),
        "VideoFlash/1002_IEO_FEA_LO.mp4": None,  # the same in another format
        "AudioWAV/1001_DFA_ANG_XX.wav": None,
    },
    "blemore": {
        "train/A102_ang_int1_ver1.mov": ("anger", None, "blemore-A102"),
        "train/A102_neu_sit1_ver1.mov": ("neutral", "other", "blemore-A102"),
        "train/A438_mix_disg_hap_30_70_ver1.mov": ("disgust_happiness", "disgust_happiness", "blemore-A438"),
        "test/test_0001.mov": None,
        "train/A411_mix_sad_fea_70_30_ver1.mp4": ("fear_sadness", "sadness_fear", "blemore-A411"),
    },
}  # fmt: skip


SKIPPED = {
    "ravdess": {
        "another file of the same performance": 1, "sound alone": 1, "not named as ravdess names its files": 1,
    },
    "crema-d": {"another file of the same performance": 1, "not named as a video (.wav)": 1},
    "blemore": {"of the test part, whose names tell no emotion": 1},
}  # fmt: skip


@pytest.fixture(params=TREES)
def corpus(request, tmp_path):
    """Name of a corpus, its folder, and what is in it."""
    for name in TREES[request.param]:
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".wav":
            path.touch()
        else:
            grey_video(path.parent, path.name, 3)
    return request.param, tmp_path / "corpus", TREES[request.param]


def test_clips_are_found_by_their_names_with_person_and_class(corpus):
    name, folder, tree = corpus
    found = find_clips(CORPORA[name], folder, CORPORA[name].classes)
    expected = {path: what for path, what in tree.items() if what and what[1]}
    assert {
        clip.path.relative_to(folder).as_posix(): (clip.story, clip.label, clip.person) for clip in found.clips
    } == expected
    assert all(clip.source == name and clip.person_known for clip in found.clips)
    assert sum(found.counts.values()) == len([what for what in tree.values() if what])
    assert found.unmapped == ({"anger": 1} if name == "blemore" else {})
    assert found.skipped == SKIPPED[name]


@pytest.mark.parametrize("copied", [False, True])
def test_the_command_makes_a_data_set_that_can_be_read(corpus, copied, tmp_path, capsys):
    name, folder, tree = corpus
    words = ["dataset", "import", "--from", name, str(folder), str(tmp_path / "set")]
    assert main([*words, *["--copy"] * copied]) == 0
    clips = read_dataset(tmp_path / "set")
    assert len(clips) == len([what for what in tree.values() if what and what[1]])
    assert all(clip.path.resolve().is_relative_to(tmp_path / ("set" if copied else "corpus")) for clip in clips)
    printed = capsys.readouterr().out
    assert f"{len(clips)} clips of " in printed
    assert map_text(CORPORA[name].classes) in printed
    assert main(words) == 1
    assert "holds a data set already" in capsys.readouterr().err


def test_the_map_is_the_users(tmp_path, capsys):
    for name in TREES["ravdess"]:
        grey_video(tmp_path, name.split("/")[-1], 3)
    (tmp_path / "map.csv").write_text("label,class\nhappy,joy\nsad,gloom\nneutral,\n")
    words = ["dataset", "import", "--from", "ravdess", str(tmp_path), str(tmp_path / "set")]
    assert main([*words, "--map", str(tmp_path / "map.csv")]) == 0
    assert sorted(clip.label for clip in read_dataset(tmp_path / "set")) == ["gloom", "joy"]
    assert "neutral                      1 → left out" in capsys.readouterr().out


def test_the_printed_map_can_be_given_back(tmp_path):
    for corpus in CORPORA.values():
        (tmp_path / "map.csv").write_text(map_text(corpus.classes))
        assert read_map(tmp_path / "map.csv") == corpus.classes


def test_an_import_that_was_interrupted_goes_on(tmp_path, monkeypatch):
    for number in range(1, 4):
        grey_video(tmp_path, f"01-01-03-01-0{number}-01-01.mp4", 3)
    found = find_clips(CORPORA["ravdess"], tmp_path, CORPORA["ravdess"].classes)

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_clips(found.clips, tmp_path, tmp_path / "set", copy=True, progress=stop)
    monkeypatch.setattr("shutil.copyfile", full_disk)
    with pytest.raises(DatasetError, match="full"):
        import_clips(found.clips, tmp_path, tmp_path / "set", copy=True)
    monkeypatch.undo()
    import_clips(found.clips, tmp_path, tmp_path / "set", copy=True)
    assert len(read_dataset(tmp_path / "set")) == 3
    assert not list((tmp_path / "set").rglob("*.part"))


def full_disk(*_):
    raise OSError(28, "No space left on device, it is full")


@pytest.mark.parametrize(
    ("names", "classes", "message"),
    [
        (None, {}, "There is no folder"),
        (["holiday.mp4"], {}, r"an emotion: 1 × not named as crema-d names its files"),
        (["1001_DFA_ANG_XX.mp4"], {"happy": "joy"}, r"names no class for any label found \(anger\)"),
    ],
)
def test_what_cannot_be_imported(names, classes, message, tmp_path):
    folder = tmp_path / "corpus"
    if names is not None:
        folder.mkdir()
        for name in names:
            grey_video(folder, name, 3)
    with pytest.raises(DatasetError, match=message):
        find_clips(CORPORA["crema-d"], folder, classes)


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbflabel,class\r\nhappy,joy\r\nsad,grief\r\n", b"label;class\r\nHappy ;joy\r\nsad;grief\r\n",
     "sep=\t\nClass\tLabel\njoy\thappy\ngrief\tsad\n".encode("utf-16")],
)  # fmt: skip
def test_maps_as_spreadsheets_write_them(content, tmp_path):
    (tmp_path / "map.csv").write_bytes(content)
    assert read_map(tmp_path / "map.csv") == {"happy": "joy", "sad": "grief"}


@pytest.mark.parametrize(
    "text",
    ["", "label,class\n", "a,b\n1,2\n", "label,class\nhappy,joy/fear\n", "label,class\nsad,a\nSad,b\n", None],
)
def test_maps_that_cannot_be_used(text, tmp_path):
    if text is not None:
        (tmp_path / "map.csv").write_text(text)
    with pytest.raises(DatasetError, match=r"map|label"):
        read_map(tmp_path / "map.csv")


def test_the_command_knows_every_corpus():
    assert tuple(CORPORA) == dataset.CORPORA


def test_the_map_has_columns_that_a_spreadsheet_reads():
    rows = list(csv.DictReader(map_text(replace(CORPORA["crema-d"]).classes).splitlines()))
    assert {row["label"]: row["class"] for row in rows} == CORPORA["crema-d"].classes
