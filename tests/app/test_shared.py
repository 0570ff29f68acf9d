"""A result is shared on the Analyze page and read on the page of shared results, which changes nothing."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ROOT
from ui.analyze.tabs import READERS
from ui.state import keeping, models


@pytest.fixture
def kept(studio, monkeypatch, tmp_path, hybrid):
    """The Analyze page with one result that is kept."""
    monkeypatch.setattr(keeping, "CACHE", tmp_path)
    monkeypatch.setattr(models, "load", lambda folder: hybrid)
    studio.result_in("Compare")
    studio.app.toggle(key="keep-visit").set_value(True).run()
    return studio


def read(key):
    """The page of shared results as another visitor opens it."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30)
    app.query_params["key"] = key
    return app.run().switch_page("pages/shared.py").run()


def share(studio):
    """Make a link; the key in its address."""
    studio.app.checkbox(key="share-agreed").check().run()
    studio.app.button(key="share-make").click().run()
    (address,) = [code.value for code in studio.app.code if "/shared?key=" in code.value]
    return address.partition("key=")[2]


def test_it_is_offered_only_where_a_result_is_kept_and_only_once_all_agreed(studio, kept):
    assert studio.app.button(key="share-make").disabled
    studio.app.toggle(key="keep-visit").set_value(False).run()
    assert not [button for button in studio.app.button if button.key == "share-make"]


def test_a_reader_sees_verdict_and_evidence_and_nothing_that_changes_them(kept):
    key = share(kept)
    app = read(key)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Shared result"
    assert [tab.label for tab in app.tabs] == [tab.name for tab in READERS]
    assert "Verdict on clip.mp4" in "\n".join(item.proto.body for item in app.get("html"))
    assert [item.label for item in (*app.button, *app.toggle, *app.text_input, *app.checkbox)] == []
    assert app.get("download_button") == app.get("file_uploader") == []
    app.switch_page("pages/analyze.py").run()
    assert "Nothing analyzed yet" in app.info[0].value, "what is read is none of the reader's own"


def test_withdrawn_it_opens_nothing_and_says_so_once(kept):
    key = share(kept)
    app = read(key)
    (end,) = [button for button in kept.app.button if button.label == "Withdraw this link"]
    end.click().run()
    assert not [code for code in kept.app.code if key in code.value]
    for reader in (app.run(), read(key), read("nothing")):
        (told,) = reader.error
        assert told.value.startswith("This link no longer works")
        assert not reader.tabs
        assert "Verdict on" not in "\n".join(item.proto.body for item in reader.get("html"))


def test_what_stands_in_the_way_of_a_link_is_one_sentence(kept, monkeypatch):
    monkeypatch.setattr(keeping, "result_of", lambda place, name: None)
    kept.app.checkbox(key="share-agreed").check().run()
    kept.app.button(key="share-make").click().run()
    (told,) = kept.app.error
    assert told.value.endswith("analyze the clip again.")
