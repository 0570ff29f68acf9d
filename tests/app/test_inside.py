"""The tabs below the verdict: every one draws itself, only the open one is computed, and they share a moment."""

import base64
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from emo_core.analysis import Segment
from emo_core.emotions import UNSURE
from emo_core.report.charts.analysis import MAX_POINTS
from tests.factories import make_analysis
from ui.analyze import player_data, tab_player, tabs
from ui.state import position, session, sources
from ui.widgets import method_diagram


@pytest.fixture(params=tabs.TABS, ids=lambda tab: tab.name)
def tab(request):
    return request.param


def test_every_tab_draws_itself_with_all_the_parts_it_promises(studio, tab):
    app = studio.result_in(tab.name)
    assert not app.exception
    assert not app.error
    assert tab.parts <= {item.proto.anchor for item in app.header}


def test_every_tab_copes_with_a_clip_of_a_single_window_that_is_unsure(studio, tab):
    studio.answer = lambda: make_analysis(num_frames=12, label="unsure", missing=slice(0, 3))
    assert not studio.result_in(tab.name).error


def test_only_the_open_tab_is_computed(studio):
    studio.open("analyze")
    assert not studio.upload().get("plotly_chart")
    assert studio.tab("Charts").get("plotly_chart")


def test_a_link_from_elsewhere_opens_the_tab_that_holds_the_part(studio):
    studio.open("analyze")
    studio.upload()
    studio.app.query_params["see"] = "quality"
    app = studio.app.run()
    assert app.session_state[tabs.KEY] == "Charts"
    assert any('"part": "quality"' in str(item.proto).replace("\\", "") for item in app.get("bidi_component"))
    assert "see" not in app.query_params


def test_every_stage_of_the_drawing_leads_to_a_part_that_is_there():
    parts = set().union(*(tab.parts for tab in tabs.TABS)) | {"clip", "verdict"}
    assert {stage.shown_in for stage in method_diagram.STAGES} <= parts


def test_no_trace_of_ten_minutes_holds_more_points_than_a_browser_draws_at_once(studio):
    studio.answer = lambda: make_analysis(num_frames=6000, missing=slice(100, 140))
    charts = studio.result_in("Charts").get("plotly_chart")
    assert len(charts) == 4
    for chart in charts:
        for trace in json.loads(chart.proto.spec)["data"]:
            assert all(points_of(trace, axis) <= MAX_POINTS for axis in "xy"), trace["name"]


def points_of(trace, axis):
    values = trace.get(axis, [])
    if isinstance(values, dict):  # plotly packs arrays as base64
        return len(base64.b64decode(values["bdata"])) // np.dtype(values["dtype"]).itemsize
    return len(values)


@pytest.fixture
def result_of(hybrid):
    def make(analysis, content=b"no video"):
        return session.Result(sources.brought("clip.mp4", content), analysis, hybrid)

    return make


class TestPosition:
    @pytest.fixture(autouse=True)
    def state(self, monkeypatch):
        monkeypatch.setattr(position, "st", SimpleNamespace(session_state={}))

    def test_it_is_held_to_the_clip_and_starts_anew_with_another(self, result_of):
        first, second = result_of(make_analysis(60)), result_of(make_analysis(60))
        for wanted, got in ((2.5, 2.5), (-1, 0.0), (99, 6.0)):
            position.put(first, wanted)
            assert position.get(first) == got
        assert position.get(second) == 0

    def test_its_class_is_the_one_told_then(self, result_of):
        """Where the clip as a whole is called something else, or nothing, the moment has the first word."""
        analysis = make_analysis(60, UNSURE)
        parts = (Segment(0, 2, "sadness_fear", 0.9), Segment(2, 4, UNSURE, 0.4), Segment(4, 6, "other", 0.9))
        result = result_of(replace(analysis, prediction=replace(analysis.prediction, segments=parts)))
        most = analysis.prediction.labels[int(analysis.prediction.probabilities.argmax())]
        told = []
        for time_s in (0.0, 3.0, 5.0):
            position.put(result, time_s)
            told.append(position.class_here(result))
        assert told == ["sadness_fear", most, "other"]

    @pytest.mark.parametrize(("time_s", "frame"), [(0, 0), (0.09, 0), (0.1, 1), (3.0, 30), (5.95, 59), (6.0, 59)])
    def test_its_frame_is_the_last_that_has_begun(self, result_of, time_s, frame):
        result = result_of(make_analysis(60))
        position.put(result, time_s)
        assert position.frame(result) == frame


def numbers(text, kind=np.uint8):
    return np.frombuffer(base64.b64decode(text), kind)


def quiet(stage, share):
    """Nobody looks."""


class TestPlayerData:
    def test_the_numbers_of_the_clip_arrive(self):
        analysis = make_analysis(60)
        data = player_data.clip_data(analysis, "one", analysis.prediction.labels[0])
        np.testing.assert_allclose(numbers(data["times"], np.float64), analysis.timestamps_s, atol=1e-6)
        emotions = numbers(data["series"]["emotions"]).reshape(60, 8)
        seen = analysis.track.detected
        np.testing.assert_allclose(emotions[seen] / 200, analysis.features.emotions[seen], atol=0.003)
        assert np.all(emotions[~seen] == 255)
        quality = numbers(data["series"]["quality"]).reshape(60, 6)
        np.testing.assert_allclose(quality[seen, 0] / 200, analysis.normalized.quality[seen], atol=0.003)
        assert [len(data["groups"][name]) for name in ("verdict", "emotions", "quality")] == [3, 8, 6]

    def test_a_stretch_of_a_clip_holds_its_pictures_crops_and_heatmaps(self, hybrid, laughter, laughter_analysis):
        analysis = laughter_analysis
        told = []
        data = player_data.span_data(laughter, analysis, 0, progress=lambda stage, share: told.append(share))
        count = len(analysis.timestamps_s)
        assert len(data["lengths"]) == count
        assert all(length > 1000 for length in data["lengths"])
        pictures = base64.b64decode(data["pictures"])
        assert pictures.count(b"\xff\xd8\xff") == count
        side = data["side"]
        crops = numbers(data["crops"]).reshape(count, side, side)
        np.testing.assert_allclose(crops / 255, analysis.normalized.faces, atol=1 / 255)
        assert told == sorted(told)
        told.clear()
        found = player_data.heat_data(analysis, hybrid, 0, progress=lambda stage, share: told.append(share))
        assert told == sorted(told)
        assert (told[0], told[-1]) == (0, 1)
        heat = numbers(found["heat"]).reshape(3, count, *found["grid"])
        assert set(heat.max(axis=(2, 3)).ravel().tolist()) <= {0, 255}
        points = numbers(data["points"], "<i2").reshape(count, 478, 2) / 32767 * [640, 360]
        seen = analysis.track.detected
        np.testing.assert_allclose(
            points[seen], np.clip(analysis.track.landmarks[seen, :, :2], 0, [640, 360]), atol=0.1
        )
        assert [box is not None for box in data["boxes"]] == seen.tolist()

    def test_a_clip_that_cannot_be_read_again_has_no_pictures_but_all_else(self):
        data = player_data.span_data(b"video", make_analysis(20), 0, progress=quiet)
        assert data["lengths"] == [0] * 20
        assert len(numbers(data["crops"])) == 20 * data["side"] ** 2

    def test_a_long_clip_comes_in_stretches(self, hybrid):
        num_frames = 23 * player_data.SPAN_FRAMES + 4  # nearly ten minutes
        analysis = make_analysis(num_frames=num_frames, missing=slice(0, 0))
        data = player_data.span_data(b"video", analysis, 23, progress=quiet)
        found = player_data.heat_data(analysis, hybrid, 23, progress=quiet)
        assert len(numbers(found["heat"])) == 3 * 4 * 36
        assert data["first"] == num_frames - 4
        assert len(data["lengths"]) == 4
        clip = player_data.clip_data(analysis, "long", analysis.prediction.labels[0])
        assert len(clip["curve"]["times"]) <= 3000
        assert sum(map(len, clip["series"].values())) < 200_000


def test_the_player_drops_stretches_and_refuses_senseless_wishes(result_of, monkeypatch):
    made = []
    monkeypatch.setattr(player_data, "span_data", lambda source, analysis, number, progress: made.append(number) or {})
    state = {}
    monkeypatch.setattr(tab_player.st, "session_state", state)
    player = tab_player._State(result_of(make_analysis(num_frames=2000)))
    for wanted in (0, 1, 2, 3, 3, 0, -1, 99, "x", None):
        state[player.key] = SimpleNamespace(span=wanted)
        player.wish()
        player.span()
    assert made == [0, 1, 2, 3, 0]
    assert len(player.spans) == 3
