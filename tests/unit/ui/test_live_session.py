"""The session behind the live page: frames in and out, snapshots, the last seconds as a clip, and its end."""

import math
import tempfile
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest

from emo_core.live.worker import LiveStats, LiveWorker
from tests.media import read
from ui.state import live_session
from ui.state.live_session import LiveSession


def frame(level=90, width=640, height=480):
    made = av.VideoFrame.from_ndarray(np.full((height, width, 3), level, np.uint8), "rgb24")
    made.pts, made.time_base = 77, Fraction(1, 90000)
    return made


@pytest.fixture
def live(hybrid):
    return LiveSession(LiveWorker(hybrid))


@pytest.fixture
def fed(live):
    """A started live view whose worker only notes what it is given."""
    given = []
    live.worker.submit = given.append
    live.start("cam")
    return live, given


def test_a_frame_goes_to_the_worker_and_comes_back_mirrored_with_its_time(fed):
    live, given = fed
    answer = live.receive(frame())
    assert [image.shape for image in given] == [(480, 640, 3)]
    assert (answer.width, answer.height, answer.pts, answer.time_base) == (640, 480, 77, Fraction(1, 90000))
    np.testing.assert_array_equal(answer.to_ndarray(format="rgb24"), live.shown)


class TestRoom:
    @pytest.fixture
    def two(self, hybrid, monkeypatch):
        monkeypatch.setenv("EMO_LIVE_VIEWS", "1")
        return LiveSession(LiveWorker(hybrid), visit="anna"), LiveSession(LiveWorker(hybrid), visit="ben")

    def test_one_more_than_the_server_takes_is_told_so(self, two):
        first, second = two
        first.start("cam")
        second.start("cam")
        assert (first.wanted, second.wanted) == (True, False)
        assert "as this server takes at a time, 1: try again" in second.problem
        first.start("cam")
        assert first.wanted, "its own place is no obstacle"

    def test_who_stops_or_closes_the_page_makes_room(self, two, monkeypatch):
        first, second = two
        first.start("cam")
        first.stop()
        second.start("cam")
        assert second.wanted
        monkeypatch.setattr(live_session.visits, "is_open", lambda visit: visit == "anna")
        first.start("cam")
        assert first.wanted


def test_once_ended_nothing_is_kept_of_a_late_frame(fed):
    live, given = fed
    live.worker.stop()
    late = frame()
    assert live.receive(late) is late
    assert (given, live.shown) == ([], None)


def test_large_frames_are_reduced(fed):
    live, given = fed
    live.receive(frame(width=1920, height=1080))
    assert given[0].shape == (540, 960, 3)


def test_paused_the_picture_stands_still(fed):
    live, given = fed
    live.receive(frame(90))
    live.toggle_pause()
    answer = live.receive(frame(200))
    assert len(given) == 1
    assert abs(int(answer.to_ndarray(format="rgb24")[300, 300, 0]) - 90) < 4
    live.toggle_pause()
    live.receive(frame(200))
    assert len(given) == 2


def test_snapshots_show_what_was_shown_and_only_the_last_four_are_kept(fed):
    live, _ = fed
    live.take_snapshot()
    assert live.snapshots == []
    for level in range(20, 140, 20):
        live.receive(frame(level))
        live.take_snapshot()
    pictures = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in live.snapshots]
    assert [round(float(picture[300, 300, 0]) / 20) * 20 for picture in pictures] == [60, 80, 100, 120]


def test_the_last_seconds_become_a_clip_that_goes_with_its_source(fed, monkeypatch, tmp_path):
    live, _ = fed
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert live.clip() is None
    for number in range(25):
        live.worker.ring.add(np.full((48, 64, 3), 5 * number, np.uint8), number / 10)
    source = live.clip()
    assert (source.name, source.mime) == ("live.mp4", "video/mp4")
    frames, times_s, _ = read(source.path)
    assert len(frames) == 25
    assert times_s[-1] == pytest.approx(2.4)
    assert frames[0].mean() < frames[-1].mean()
    assert len(list(tmp_path.iterdir())) == 1
    del source
    assert list(tmp_path.iterdir()) == []


def test_waiting_counts_from_the_start_and_from_the_last_frame(fed, monkeypatch):
    live, _ = fed
    now_s = live.started_s + 5
    monkeypatch.setattr(live_session.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(LiveWorker, "stats", lambda self: LiveStats(0, 0, math.nan))
    assert live.waiting_s == pytest.approx(5)
    monkeypatch.setattr(LiveWorker, "last_received_s", property(lambda self: now_s - 2))
    assert live.waiting_s == pytest.approx(2)
    monkeypatch.setattr(LiveWorker, "stats", lambda self: LiveStats(20, 10, 50))
    assert live.waiting_s == 0
    live.stop("It broke.")
    assert (live.wanted, live.waiting_s, live.problem) == (False, 0, "It broke.")


def test_another_camera_is_another_connection(fed):
    live, _ = fed
    live.stop()
    live.start("cam")
    assert live.attempt == 0
    live.stop()
    live.start("another", another=True)
    assert (live.device, live.attempt, live.plays) == ("another", 1, False)


def test_a_connection_made_anew_starts_a_moment_later(fed, monkeypatch):
    live, _ = fed
    assert (live.plays, live.settle()) == (True, False)
    live.retry()
    assert (live.plays, live.settle()) == (False, False)
    now_s = live.renewed_s + 2
    monkeypatch.setattr(live_session.time, "monotonic", lambda: now_s)
    assert (live.settle(), live.plays, live.settle()) == (True, True, False)


def test_it_survives_reruns_and_ends_once(monkeypatch, hybrid):
    state = {}
    monkeypatch.setattr(live_session, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr("ui.state.models.bundle", lambda: hybrid)
    first = live_session.current()
    assert live_session.current() is first
    live_session.end()
    live_session.end()
    assert first.worker.stopped
    assert state == {}
    assert live_session.current() is not first
    live_session.end()


def test_after_a_failure_stop_and_start_begin_anew(monkeypatch, hybrid):
    monkeypatch.setattr(live_session, "st", SimpleNamespace(session_state={}))
    monkeypatch.setattr("ui.state.models.bundle", lambda: hybrid)
    failed = live_session.current()
    failed.start("")
    failed.worker._error = "It failed."
    assert live_session.current() is failed
    failed.stop()
    assert live_session.current() is not failed
    assert live_session.current().worker.error == ""
    assert failed.worker.stopped
    live_session.end()


def test_the_relay_drops_what_nobody_took_instead_of_queueing_it(monkeypatch):
    import asyncio

    from aiortc import MediaStreamTrack
    from aiortc.contrib.media import MediaRelay

    from ui.live import connection

    class Camera(MediaStreamTrack):
        kind = "video"
        number = -1

        async def recv(self):
            await asyncio.sleep(0.001)
            self.number += 1
            return self.number

    async def slow_reader():
        relay = MediaRelay()
        monkeypatch.setattr("streamlit_webrtc.relay.get_global_relay", lambda: relay)
        connection._hand_on_the_newest_only()
        connection._hand_on_the_newest_only()
        source = Camera()
        proxy = relay.subscribe(source)
        behind = []
        for _ in range(5):
            behind.append(-await proxy.recv())
            behind[-1] += source.number
            await asyncio.sleep(0.05)
        proxy.stop()
        source.stop()
        return behind, source.number

    with ThreadPoolExecutor(1) as elsewhere:  # the browser tests leave a running loop in this thread
        behind, total = elsewhere.submit(lambda: asyncio.run(slow_reader())).result()
    assert total > 20
    assert max(behind) <= 1
