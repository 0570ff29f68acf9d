"""Consent before any camera, the live page around a stubbed connection, and deleting everything of a visit."""

import gc
import threading
import weakref
from types import SimpleNamespace

import pytest
import streamlit as st
import streamlit_webrtc
from aiortc.contrib.media import MediaRelay

from emo_core.config import PipelineConfig
from emo_core.live.worker import LiveWorker
from tests.app.live_page import Analyzer, Components, feed, labels, press, start, state
from tests.factories import MODEL
from ui.live import status
from ui.shell import navigation
from ui.state import live_session
from ui.widgets import camera, privacy


@pytest.fixture
def components(monkeypatch):
    made = Components()
    monkeypatch.setattr(camera, "component", made)
    return made


@pytest.fixture
def streams(monkeypatch):
    """Calls of the stubbed connection, newest last."""
    calls = []
    monkeypatch.setattr(streamlit_webrtc, "webrtc_streamer", lambda **settings: calls.append(settings))
    monkeypatch.setattr("streamlit_webrtc.relay.get_global_relay", MediaRelay)
    return calls


@pytest.fixture
def settle(monkeypatch):
    """New connections settle only when this is called, however slow the machine is."""
    monkeypatch.setattr(live_session, "SETTLE_S", float("inf"))
    return lambda: monkeypatch.setattr(live_session, "SETTLE_S", 0.0)


@pytest.fixture
def live(studio, components, streams, monkeypatch):
    """The live page after the visitor agreed."""
    built = LiveWorker.__init__
    config = SimpleNamespace(config=PipelineConfig(), info=MODEL, metrics={})
    monkeypatch.setattr(
        LiveWorker, "__init__", lambda self, bundle: built(self, config, idle_s=0.5, make_analyzer=Analyzer)
    )
    studio.open("live")
    press(studio, privacy.AGREE)
    yield studio
    found = state(studio)
    if found is not None:
        found.worker.stop()


def test_nothing_of_a_camera_before_the_visitor_agreed(studio, components, streams):
    studio.open("live")
    for words in ("Article 5(1)(f)", "Article 50(3)", "Nothing is stored for longer", "nothing is sent elsewhere"):
        assert words in studio.text
    assert labels(studio) == [privacy.AGREE, privacy.CONFIRM]
    studio.open("analyze")
    press(studio, "Record with the camera")
    assert privacy.AGREE in labels(studio)
    assert components.keys == []
    assert streams == []


def test_the_agreement_counts_for_the_visit(live, components):
    assert components.keys == ["gate"]
    live.open("analyze")
    press(live, "Record with the camera")
    assert privacy.AGREE not in labels(live)
    assert components.keys[-1] == "recorder-0"


def test_before_the_start_nothing_plays_and_the_page_says_what_to_do(live, streams):
    assert streams[-1]["desired_playing_state"] is False
    assert streams[-1]["frontend_rtc_configuration"] == {"iceServers": [], "iceTransportPolicy": "all"}
    assert streams[-1]["server_rtc_configuration"] == {"iceServers": []}
    assert "Not started" in live.text
    assert "Press start" in live.text


def test_started_it_plays_the_chosen_camera_and_shows_what_is_seen(live, components, streams):
    start(live, components)
    assert streams[-1]["desired_playing_state"] is True
    assert streams[-1]["media_stream_constraints"]["video"]["deviceId"] == {"exact": "cam"}
    assert streams[-1]["video_frame_callback"] == state(live).receive
    feed(live)
    app = live.app.run()
    assert "Amusement" in live.text
    assert "2 other faces are in the picture; the largest is judged." in live.text
    assert "Come closer." in live.text
    assert len(app.get("plotly_chart")) == 1


def test_the_worker_survives_reruns_and_ends_when_the_page_is_left(live, components):
    start(live, components)
    worker = feed(live).worker
    for _ in range(3):
        live.app.run()
    assert state(live).worker is worker
    live.open("about")
    assert worker.stopped
    assert not worker.running
    assert state(live) is None


@pytest.mark.parametrize(
    ("found", "told", "way"),
    [
        ({"camera": "denied"}, camera.PROBLEMS["denied"], "Upload"),
        ({"camera": "busy"}, camera.PROBLEMS["busy"], "Upload"),
        ({"addresses": {}}, status.NO_ADDRESS, "Record"),
    ],
)
def test_what_stands_in_the_way_is_told_and_another_way_offered(live, components, streams, found, told, way):
    app = start(live, components, **found)
    assert [error.value for error in app.error] == [told]
    assert streams[-1]["desired_playing_state"] is False
    press(live, f"{way} a clip instead")
    assert live.app.title[0].value == "Analyze a clip"
    assert components.keys[-1].startswith("recorder") == (way == "Record")


@pytest.mark.parametrize(("seen", "told"), [(False, status.NO_PATH), (True, status.BROKEN)])
def test_a_connection_that_brings_nothing_is_given_up_with_a_reason(live, components, streams, monkeypatch, seen, told):
    start(live, components)
    if seen:
        feed(live)
    monkeypatch.setattr(live_session.LiveSession, "waiting_s", property(lambda self: 16.0 if self.wanted else 0.0))
    app = live.app.run()
    assert [error.value for error in app.error] == [told]
    assert streams[-1]["desired_playing_state"] is False


def test_a_connection_that_hangs_is_made_anew_once(live, components, streams, settle, monkeypatch):
    start(live, components)
    monkeypatch.setattr(live_session.LiveSession, "waiting_s", property(lambda self: 8.0))
    for _ in range(3):
        app = live.app.run()
    assert not app.error
    assert [call["key"] for call in streams][-3:] == ["live-1"] * 3
    assert streams[-1]["desired_playing_state"] is False
    settle()
    live.app.run()
    assert streams[-1]["key"] == "live-1"
    assert streams[-1]["desired_playing_state"] is True


def test_another_camera_gets_another_connection_at_the_start(live, components, streams, settle):
    assert streams[-1]["key"] == "live-0"
    start(live, components, device="second", another=True)
    assert (state(live).device, streams[-1]["key"]) == ("second", "live-1")
    assert streams[-1]["desired_playing_state"] is False
    settle()
    live.app.run()
    assert (streams[-1]["key"], streams[-1]["desired_playing_state"]) == ("live-1", True)


def test_pause_smoothing_snapshot_and_stop(live, components, streams):
    start(live, components)
    found = feed(live)
    press(live, "Pause")
    assert found.worker.paused
    assert "Paused" in live.text
    press(live, "Go on")
    assert not found.worker.paused
    live.app.slider(key="live-smoothing").set_value(2.5).run()
    assert found.worker.smoothing_s == 2.5
    press(live, "Snapshot")
    assert len(found.snapshots) == 1
    assert [button.label for button in live.app.get("download_button")] == ["Download it"]
    press(live, "Stop")
    assert "Stopped" in live.text
    assert streams[-1]["desired_playing_state"] is False
    assert found.worker.paused


def test_the_last_ten_seconds_go_to_the_analysis(live, components):
    start(live, components)
    feed(live, count=15)
    press(live, "Analyze the last ten seconds")
    assert live.names == ["live.mp4"]
    assert live.app.title[0].value == "Analyze a clip"
    assert "Amusement" in live.text


def test_too_little_to_analyze_says_so(live, components):
    start(live, components)
    press(live, "Analyze the last ten seconds")
    assert "Less than a second" in live.text
    assert live.names == []


@pytest.mark.parametrize(("later_s", "plays"), [(1, True), (60, False)])
def test_a_start_outlasts_a_run_that_ends_before_but_not_the_visitor_s_leaving(
    live, components, monkeypatch, later_s, plays
):
    with monkeypatch.context() as patch:
        patch.setattr(camera, "taken", lambda key: st.stop())  # as where something else on the page reports meanwhile
        start(live, components)
    assert not state(live).wanted
    then_s = camera.time.monotonic() + later_s
    monkeypatch.setattr(camera, "time", SimpleNamespace(monotonic=lambda: then_s))
    live.app.run()
    assert state(live).wanted == plays


def test_wrong_connection_settings_are_told_and_left_out(live, streams, monkeypatch):
    monkeypatch.setenv("EMO_ICE_SERVERS", "turn:user:secret@host")
    app = live.app.run()
    assert "EMO_ICE_SERVERS is no JSON" in app.warning[0].value.replace("\\", "")
    assert "secret" not in app.warning[0].value
    assert streams[-1]["server_rtc_configuration"] == {"iceServers": []}


def test_a_useless_recording_is_explained_and_can_be_made_again(live, components):
    live.open("analyze")
    press(live, "Record with the camera")
    components.next["recorder"] = {"b64": "AAAA", "mime": "video/webm", "ms": 3000}
    app = live.app.run()
    assert "is not a video" in app.error[0].value
    assert components.keys[-1] == "recorder-0"
    press(live, "Close the recorder")
    assert "Record with the camera" in labels(live)


def test_delete_now_leaves_nothing_of_the_visit(live, components):
    start(live, components)
    found = feed(live)
    worker = found.worker
    press(live, "Snapshot")
    live.open("analyze")
    live.upload(content=b"the visitor's own clip" * 1000)
    live.app.session_state["anything_else"] = "of the visitor"
    result = live.app.session_state["_result"]
    crops = weakref.ref(result.analysis.track.crops)
    del result
    press(live, privacy.CONFIRM)
    assert "Everything of this visit was deleted" in live.app.success[0].value
    kept = {
        key
        for key in live.app.session_state
        if not key.startswith(("delete-", "sample-", "open-", "choose-", "keep-visit"))
    }
    assert kept == {"_entered", "_generation", "_keep_ended", "upload-1"}
    assert live.app.file_uploader[0].value is None
    assert not any(b"the visitor's own clip" * 2 in item for item in held_bytes())
    gc.collect()
    assert crops() is None
    assert (len(worker.ring), worker.latest, worker.history(), worker.stopped) == (0, None, [], True)
    assert (found.shown, found.snapshots) == (None, [])
    assert "live-analysis" not in {thread.name for thread in threading.enumerate()}
    live.open("live")
    assert privacy.AGREE in labels(live)


def held_bytes():
    """Every bytes object that some container in this process refers to."""
    for item in gc.get_objects():
        if type(item) in (dict, list, tuple):
            yield from (value for value in (item.values() if type(item) is dict else item) if type(value) is bytes)


def test_a_run_in_flight_does_not_bring_the_visitor_back_to_the_page_that_was_left(live, components, monkeypatch):
    start(live, components, addresses={})
    press(live, "Record a clip instead")
    live.open("live")  # what a component sent before the click was handled
    assert live.app.title[0].value == "Analyze a clip"
    later_s = navigation.time.monotonic() + 10
    monkeypatch.setattr(navigation.time, "monotonic", lambda: later_s)
    live.open("live")
    assert live.app.title[0].value == "Watch it live"
