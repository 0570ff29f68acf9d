"""The Teach page without a browser: a data set made, filled, checked."""

import io
import shutil

import pytest

from emo_core.datasets.clips import read_dataset
from emo_core.datasets.corrections import Correction, zip_corrections
from tests.app.teaching import few, told
from tests.conftest import MODEL
from tests.evaluations import DEMO
from ui.state import datasets, models


def create(studio, name="mine", classes="joy_fear\nother"):
    app = studio.open("teach")
    app.text_input(key="teach-new-name").set_value(name)
    app.text_area(key="teach-new-classes").set_value(classes)
    app.button(key="FormSubmitter:teach-new-Create").click().run()
    assert not app.exception
    return app


class TestData:
    def test_at_first_it_says_how_to_begin(self, studio, queue):
        app = studio.open("teach")
        assert not app.exception
        assert "Open the demo data set to see how it works" in app.info[0].value
        assert "Nothing has been trained yet" in app.info[1].value

    def test_the_demo_opens_in_one_click_and_is_read_only(self, studio, queue):
        app = studio.open("teach")
        app.button(key="teach-demo").click().run()
        assert not app.exception
        assert "**396 clips** of **66 people**" in told(app)
        assert "read only" in told(app)
        assert "teach-delete" not in [button.key for button in app.button]

    def test_a_new_one_has_its_classes(self, studio, queue, tmp_path):
        app = create(studio)
        assert sorted(path.name for path in (tmp_path / "data" / "mine").iterdir() if path.is_dir()) == [
            "joy_fear", "other"
        ]  # fmt: skip
        assert app.selectbox(key="teach-label").options == ["Joy + fear", "Other"]
        assert "No clips yet" in told(app)

    @pytest.mark.parametrize(
        ("name", "classes", "message"),
        [("mine", "joy/fear", "cannot name a class"), ("../mine", "joy", "Name the data set"), ("", "joy", "Name the")],
    )
    def test_names_that_cannot_be(self, studio, queue, tmp_path, name, classes, message):
        app = create(studio, name, classes)
        assert message in app.error[0].value
        assert not list(tmp_path.glob("data/*/*/"))

    def test_one_that_cannot_be_read_is_explained(self, studio, queue, tmp_path):
        create(studio)
        (tmp_path / "data" / "mine" / "manifest.csv").write_text("path,label\nnone.mp4,other\n")
        app = studio.app.run()
        assert not app.exception
        assert "there is no clip none" in app.error[0].value


def test_data_sets_of_another_folder(studio, queue, tmp_path, monkeypatch):
    """Of a folder that the operator named; any other is none that a visitor may open."""
    few(tmp_path / "elsewhere" / "few")
    app = studio.open("teach")
    for place in (tmp_path / "elsewhere", "..", "/", "/proc", "x" * 5000, "a\0b"):
        app.text_input(key="teach-folder").set_value(str(place))
        app.button(key="FormSubmitter:teach-elsewhere-Open the folder").click().run()
        assert not app.exception
        assert "EMO_ROOTS" in app.error[0].value.replace("\\", "")
    monkeypatch.setenv("EMO_ROOTS", str(tmp_path / "elsewhere"))
    app = studio.open("teach")
    app.text_input(key="teach-folder").set_value("none")
    app.button(key="FormSubmitter:teach-elsewhere-Open the folder").click().run()
    assert "There is no folder none" in app.error[0].value
    app.text_input(key="teach-folder").set_value(str(tmp_path / "elsewhere"))
    app.button(key="FormSubmitter:teach-elsewhere-Open the folder").click().run()
    assert app.selectbox(key="teach-set-None").options == [datasets.DEMO_NAME, "few"]


class TestClips:
    def add(self, studio, *files, person="anna"):
        app = create(studio)
        app.text_input(key="teach-person").set_value(person)
        app.checkbox(key="teach-agreed").check().run()
        app.file_uploader(key="teach-upload-0").set_value(
            [(path.name, path.read_bytes(), "video/mp4") for path in files]
        ).run()
        app.button(key="teach-add").click().run(timeout=60)
        assert not app.exception
        return app

    def test_a_clip_is_seen_first_and_then_kept(self, studio, queue, tmp_path, monkeypatch):
        monkeypatch.setattr(models, "MODEL_DIR", MODEL)
        clip = next(item.path for item in read_dataset(DEMO) if item.degradation == "none")
        bad = tmp_path / "notes.mp4"
        bad.write_text("no video")
        app = self.add(studio, clip, bad)
        assert "Added 1 clip of anna to Joy + fear" in app.success[0].value
        assert "“notes.mp4” is not a video that can be read" in app.error[0].value
        (kept,) = read_dataset(tmp_path / "data" / "mine")
        assert (kept.label, kept.person, kept.source) == ("joy_fear", "anna", "uploaded")
        assert "**1 clip** of **1 person**" in told(app)

        app.multiselect(key="teach-gone").set_value([f"joy_fear/{kept.path.name}"]).run()
        assert app.button(key="teach-delete").disabled, "nothing is deleted without a confirmation"
        app.checkbox(key="teach-sure").check().run()
        app.button(key="teach-delete").click().run()
        assert not app.exception
        assert not kept.path.exists()
        assert "Deleted 1 clip" in told(app)

    def test_a_zip_of_labelled_clips_is_added_with_its_classes_and_people(self, studio, queue, tmp_path, monkeypatch):
        """The very file that the Analyze page gives for a corrected clip, and one that is none."""
        monkeypatch.setattr(models, "MODEL_DIR", MODEL)
        clip = next(item.path for item in read_dataset(DEMO) if item.degradation == "none")
        target = io.BytesIO()
        zip_corrections(target, [Correction(clip, "a.mp4", "relief", "bea"), Correction(clip, "b.mp4", "other")])
        app = create(studio)
        app.checkbox(key="teach-agreed").check().run()
        app.session_state["teach-ways"] = "Folder or ZIP"
        app.run()
        app.file_uploader(key="teach-zip-0").set_value(("set.zip", b"no zip", "application/zip")).run()
        app.button(key="teach-add-all").click().run()
        assert "This is no zip that can be read" in app.error[0].value
        app.file_uploader(key="teach-zip-1").set_value(("set.zip", target.getvalue(), "application/zip")).run()
        app.button(key="teach-add-all").click().run(timeout=60)
        assert not app.exception
        assert "Added 2 clips of 2 people to 2 classes" in app.success[0].value
        found = read_dataset(tmp_path / "data" / "mine")
        assert sorted((item.label, item.person, item.source) for item in found if item.person_known) == [
            ("relief", "bea", "corrected")
        ]
        assert len(found) == 2

    def test_who_agreed_is_asked_again_for_another_data_set(self, studio, queue):
        app = create(studio)
        app.text_input(key="teach-person").set_value("anna")
        app.checkbox(key="teach-agreed").check().run()
        app = create(studio, "yours")
        assert (app.text_input(key="teach-person").value, app.checkbox(key="teach-agreed").value) == ("", False)

    def test_nothing_can_be_trained_without_clips(self, studio, queue):
        app = create(studio)
        assert app.button(key="teach-train").disabled
        assert "nothing to train on yet" in told(app)

    def test_without_agreement_nothing_can_be_added(self, studio, queue):
        app = create(studio)
        assert not app.get("file_uploader")
        assert "Choose a class and confirm" in told(app)


class TestChecks:
    def test_findings_come_with_remedies(self, studio, queue, tmp_path, monkeypatch):
        monkeypatch.setattr(models, "MODEL_DIR", MODEL)
        folder = tmp_path / "data" / "few"
        for name in ("anna__1", "bea__1"):  # one clip under two names
            (folder / "joy").mkdir(parents=True, exist_ok=True)
            shutil.copy(DEMO / "clips/person_01/amusement_surprise_0.mp4", folder / "joy" / f"{name}.mp4")
        app = studio.open("teach")
        app.selectbox(key="teach-set-None").set_value("few").run()
        app.button(key="teach-check").click().run(timeout=60)
        assert not app.exception
        labels = [item.label for item in app.expander]
        assert any("The same face under two names" in label for label in labels)
        assert "Give each person one name everywhere" in told(app)
        assert app.button(key="teach-check").label == "Check again"
