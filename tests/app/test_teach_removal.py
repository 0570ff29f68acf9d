"""What the Teach page leaves of clips that were refused or removed: nothing of ours, everything of others."""

import shutil
from dataclasses import replace

import pytest

from emo_core.cli.main import main
from emo_core.datasets.clips import read_dataset
from emo_core.datasets.editable import add_clip, create
from emo_core.evaluation.results import store
from tests.conftest import MODEL
from tests.evaluations import DEMO, make_evaluation
from ui.state import datasets, models
from ui.teach import clips as teach_clips
from ui.work import new_clips

CLIP = DEMO / "clips" / "person_01" / "amusement_surprise_0.mp4"


@pytest.fixture
def place(studio, tmp_path, monkeypatch):
    """Folder that holds the folder of data sets and the cache."""
    monkeypatch.setenv("EMO_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(datasets, "FOLDER", tmp_path / "data", raising=False)
    for module in (teach_clips, new_clips):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(models, "MODEL_DIR", MODEL)
    return tmp_path


def kept(place):
    """Files of the cache of what was seen."""
    return [path.name for path in (place / "cache").rglob("*") if path.is_file()]


def plain(messages):
    return "\n".join(item.value.replace("\\", "") for item in messages)


def open_set(studio, name):
    app = studio.open("teach")
    app.selectbox(key="teach-set-None").set_value(name).run()
    assert not app.exception
    return app


def upload(app, person):
    app.text_input(key="teach-person").set_value(person)
    app.checkbox(key="teach-agreed").check().run()
    app.file_uploader(key="teach-upload-0").set_value([(CLIP.name, CLIP.read_bytes(), "video/mp4")]).run()
    app.button(key="teach-add").click().run(timeout=60)
    assert not app.exception


def remove(app, name):
    app.multiselect(key="teach-gone").set_value([name]).run()
    app.checkbox(key="teach-sure").check().run()
    app.button(key="teach-delete").click().run()
    assert not app.exception


def test_a_refused_name_is_told_before_a_face_is_looked_at(studio, place):
    create(place / "data" / "mine", ["joy_fear"])
    app = open_set(studio, "mine")
    upload(app, "a/b")
    assert kept(place) == []
    assert "Nothing was added: Name the person" in plain(app.error)


def test_a_disk_that_takes_no_clip_leaves_nothing_of_it(studio, place, monkeypatch):
    create(place / "data" / "mine", ["joy_fear"])
    app = open_set(studio, "mine")
    with monkeypatch.context() as patch:
        patch.setattr("emo_core.datasets.editable.write_whole", full_disk)
        upload(app, "anna")
    assert kept(place) == []
    assert "Free some space, then try again" in plain(app.error)


def full_disk(*_):
    raise OSError(28, "No space left on device")


def test_what_was_seen_goes_with_the_clip_and_the_data_set(studio, place):
    create(place / "data" / "mine", ["joy_fear"])
    app = open_set(studio, "mine")
    upload(app, "anna")
    assert len(kept(place)) == 1
    listed = make_evaluation(num_people=1, clips_each=1, data="mine").clips[0]
    for name, path in (("mine", "joy_fear/anna__0001.mp4"), ("mine", "joy_fear/ben__0001.mp4"), ("other", "a.mp4")):
        evaluation = make_evaluation(data=name, clips=(replace(listed, path=path),))
        store(evaluation, place / "cache" / "evaluations" / f"{len(kept(place))}.json")
    remove(app, "joy_fear/anna__0001.mp4")
    assert sorted(kept(place)) == ["2.json", "3.json"]
    shutil.rmtree(place / "cache")
    assert kept(place) == []
    add_clip(place / "data" / "mine", CLIP.read_bytes(), ".mp4", "joy_fear", "ben")
    app.run()
    app.checkbox(key="teach-sure-all").check().run()
    app.button(key="teach-delete-all").click().run()
    assert not app.exception
    assert "Deleted the data set mine with 1 clip." in plain(app.success)
    assert not (place / "data" / "mine").exists()


def test_an_import_without_copies_keeps_its_files_and_says_so(studio, place):
    (place / "corpus").mkdir()
    for name in ("01-01-03-01-01-01-01.mp4", "01-01-04-01-01-01-02.mp4"):
        shutil.copy(CLIP, place / "corpus" / name)
    assert main(["dataset", "import", "--from", "ravdess", str(place / "corpus"), str(place / "data" / "theirs")]) == 0
    app = open_set(studio, "theirs")
    remove(app, "corpus/01-01-03-01-01-01-01.mp4")
    assert len(list((place / "corpus").iterdir())) == 2
    assert "Deleted 1 clip. 1 of them lies outside the data set: the file stays where it is." in plain(app.success)
    assert len(read_dataset(place / "data" / "theirs")) == 1
