"""The recorder on a page of one's own: the notice, a clip in the one run it arrives in, a useless one explained."""

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.recordings import message, webm
from ui.shell import preload
from ui.widgets import camera, privacy


def page() -> None:
    import streamlit as st

    from ui.widgets import recorder

    clips = st.session_state.setdefault("clips", [])
    clip = recorder.record("lesson")
    if clip is not None:
        clips.append(clip)


@pytest.fixture
def shown(monkeypatch):
    """Keys under which the browser's part was shown; what it sends is put into `sent`."""
    made = SimpleNamespace(keys=[], sent=[])

    def show(*, key, data, on_clip_change):
        assert data["problems"] == camera.PROBLEMS
        made.keys.append(key)
        if made.sent:
            st.session_state[key] = SimpleNamespace(clip=made.sent.pop())
            on_clip_change()
            del st.session_state[key]

    monkeypatch.setattr(camera, "component", lambda name: show)
    return made


@pytest.fixture
def app(shown):
    return AppTest.from_function(page, default_timeout=30).run()


def send(app, shown, what):
    shown.sent.append(what)
    app.run()
    assert not app.exception
    return [(clip.name, clip.mime) for clip in app.session_state["clips"]]


def test_the_camera_waits_for_the_agreement(app, shown):
    assert shown.keys == []
    app.button(key="agree-lesson").click().run()
    assert shown.keys == ["lesson"]


def test_every_clip_comes_once_and_the_same_recorder_takes_the_next(app, shown):
    app.button(key="agree-lesson").click().run()
    assert send(app, shown, message()) == [("recording.webm", "video/webm")]
    app.run()
    assert len(app.session_state["clips"]) == 1
    assert len(send(app, shown, message(webm(num_frames=30), ms=2000.0))) == 2
    assert set(shown.keys) == {"lesson"}


def test_a_useless_clip_is_explained_and_the_recorder_stays(app, shown):
    app.button(key="agree-lesson").click().run()
    assert send(app, shown, message(b"this is no video")) == []
    assert "is not a video" in app.error[0].value
    assert len(send(app, shown, message())) == 1
    assert not app.error
    assert privacy.AGREE not in [button.label for button in app.button]


def test_a_clip_outlasts_a_run_that_ends_before_it_is_looked_at(app, shown, monkeypatch):
    app.button(key="agree-lesson").click().run()
    with monkeypatch.context() as patch:
        patch.setattr(preload, "wait", st.stop)  # as where something else on the page reports meanwhile
        assert send(app, shown, message()) == []
    app.run()
    assert [clip.name for clip in app.session_state["clips"]] == ["recording.webm"]
