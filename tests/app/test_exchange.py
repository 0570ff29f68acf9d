"""A taught model leaves the Teach page as a file and comes back in, or is refused; the program says its version."""

import pytest

import emo_core
from emo_core.model.archive import export_bundle
from emo_core.model.bundle import load_bundle
from tests.tiny import write_tiny_bundle
from ui.teach import exchange


def test_the_about_page_says_which_version_of_the_program_this_is(studio):
    assert emo_core.SOFTWARE in [caption.value for caption in studio.open("about").caption]


@pytest.fixture
def opened(studio, tmp_path):
    """Function that shows the part of the Teach page, opened."""
    studio.models = tmp_path.parent

    def opened():
        app = studio.open("teach")
        app.session_state["exchange"] = True
        return app.run()

    return opened


def bring(app, content, name=""):
    app.file_uploader(key="exchange-in-0").set_value(("model.zip", content, "application/zip")).run()
    app.text_input(key="exchange-as-0").set_value(name).run()
    return app.button(key="exchange-bring").click().run()


def test_a_model_comes_in_whole_and_can_be_chosen(studio, opened, tmp_path):
    content = export_bundle(write_tiny_bundle(tmp_path / "elsewhere"))
    app = bring(opened(), content, "ofothers")
    assert not app.exception
    assert "ofothers was imported" in app.success[0].value
    assert load_bundle(studio.models / "ofothers").digest == load_bundle(tmp_path / "elsewhere").digest
    assert exchange._exported(studio.models / "ofothers")


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [(b"no zip", "mine", "holds no model to bring in"), (b"no zip", "hybrid", "came with the program")],
)
def test_what_is_none_is_told_and_nothing_is_kept(studio, opened, content, name, told):
    before = sorted(studio.models.iterdir())
    app = bring(opened(), content, name)
    assert not app.exception
    assert told in app.error[0].value
    assert sorted(studio.models.iterdir()) == before
