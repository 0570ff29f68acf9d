"""What the live page draws and says: overlay, chart, card, status in words."""

import math
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from emo_core.emotions import EMOTIONS, UNSURE
from emo_core.live import overlay
from emo_core.live.analyzer import LiveResult
from emo_core.live.worker import LiveStats, LiveWorker
from tests.factories import LABELS, make_probabilities
from ui.live import card as live_card
from ui.live import chart as live_chart
from ui.live import status
from ui.state.live_session import LiveSession
from ui.widgets import camera

BOX = np.array([0.1, 0.2, 0.4, 0.8], np.float32)


def result(label="sadness_fear", time_s=0.0, box=BOX, quality=0.9, hints=()):
    probabilities = make_probabilities(label)
    emotions = np.full(len(EMOTIONS), 1 / len(EMOTIONS), np.float32)
    return LiveResult(time_s, box, label, float(probabilities.max()), probabilities, emotions, quality, hints)


@pytest.fixture
def live(hybrid):
    return LiveSession(LiveWorker(hybrid))


def test_the_overlay_mirrors_the_picture_and_leaves_the_frame_alone():
    image = np.full((480, 640, 3), 50, np.uint8)
    image[300:, :100] = 250
    before = image.copy()
    drawn = overlay.draw(image, None, LABELS)
    np.testing.assert_array_equal(image, before)
    assert drawn[400, 600].tolist() == [250] * 3
    assert drawn[400, 50].tolist() == [50] * 3


def test_the_box_stands_where_the_face_is_seen_in_the_mirror():
    drawn = overlay.draw(np.full((480, 640, 3), 50, np.uint8), result(), LABELS)
    tinted = np.add(np.argwhere((drawn[60:] != 50).any(axis=2)), [60, 0])
    (top, left), (bottom, right) = tinted.min(axis=0), tinted.max(axis=0)
    assert np.allclose([left, right], [0.6 * 640, 0.9 * 640], atol=4)
    assert np.allclose([top, bottom], [0.2 * 480, 0.8 * 480], atol=4)


def band(found):
    return overlay.draw(np.full((480, 640, 3), 50, np.uint8), found, LABELS)[:48, :420]


def test_every_verdict_looks_different():
    drawn = [band(found) for found in (None, result(), result("amusement_surprise"), result("other"), result(UNSURE))]
    drawn.append(band(result(box=None)))
    for i, first in enumerate(drawn):
        for second in drawn[i + 1 :]:
            assert np.abs(first.astype(int) - second).max() > 100


def test_the_meter_grows_with_quality_and_changes_colour():
    filled = []
    for quality in (0.1, 0.5, 0.95):
        meter = overlay.draw(np.full((480, 640, 3), 50, np.uint8), result(quality=quality), LABELS)[20, 545:635].astype(
            int
        )
        coloured = (meter.max(axis=1) - meter.min(axis=1)) > 50
        filled.append((coloured.sum(), meter[coloured].mean(axis=0).round().tolist()))
    assert filled[0][0] < filled[1][0] < filled[2][0]
    assert len({str(colour) for _, colour in filled}) == 3


@pytest.mark.parametrize("size", [(120, 160), (480, 640), (960, 540)])
def test_the_overlay_works_at_any_size(size):
    drawn = overlay.draw(
        np.zeros((*size, 3), np.uint8), result(box=np.array([-0.1, -0.1, 1.2, 1.2], np.float32)), LABELS
    )
    assert drawn.shape == (*size, 3)
    assert drawn.any()


def test_words_for_a_verdict():
    levels = {"sadness": 0.7, "fear": 0.1}
    one = replace(result(), salience=levels, presence=levels)
    assert overlay.moment_words(one) == "Sadness (of the pair sadness + fear)"
    both = replace(one, salience={"sadness": 0.6, "fear": 0.4}, is_blend=True)
    assert overlay.moment_words(both) == "Sadness + fear, a blend: 60% : 40%"
    assert overlay.moment_words(result(UNSURE)) == "Unsure"
    assert overlay.moment_words(result(box=None)) == "No face"


@pytest.mark.parametrize("size", [(240, 320), (480, 640), (960, 540)])
def test_long_words_leave_the_meter_alone(size):
    levels = {"sadness": 0.7, "fear": 0.1}
    short, long = result("other"), replace(result(), salience=levels, presence=levels)
    band, width = round(0.1 * size[0]), size[1]
    meter = [
        overlay.draw(np.full((*size, 3), 50, np.uint8), found, LABELS)[:band, width - width // 8 - band :]
        for found in (short, long)
    ]
    np.testing.assert_array_equal(*meter)


@pytest.mark.parametrize(("num_others", "words"), [
    (1, "1 other face is in the picture; the largest is judged."),
    (3, "3 other faces are in the picture; the largest is judged."),
])  # fmt: skip
def test_the_card_says_how_many_others_there_are(live, num_others, words):
    live.start("cam", another=False)
    live.worker._latest = result()
    assert "live-others" not in live_card.card_html(live)
    live.worker._latest = replace(result(), num_others=num_others)
    assert words in live_card.card_html(live)


def test_the_chart_shows_half_a_minute_that_ends_now():
    history = [result(time_s=100 + i / 10) for i in range(300)]
    chart = live_chart.figure(history, LABELS)
    names = [trace.name for trace in chart.data]
    assert names == ["Amusement + surprise", "Sadness + fear", "Other", *(e.capitalize() for e in EMOTIONS), "Quality"]
    assert chart.data[0].x[-1] == 0.0
    assert chart.data[0].x[0] == pytest.approx(-29.8, abs=0.11)
    assert len(chart.data[0].x) == 150
    assert chart.data[1].y[-1] == pytest.approx(0.8)
    assert sum(len(trace.x) for trace in chart.data) < 2000


def test_the_chart_leaves_a_gap_in_the_emotions_without_a_face():
    history = [result(time_s=i / 10, box=None if 4 <= i < 8 else BOX) for i in range(13)]
    happiness = next(trace for trace in live_chart.figure(history, LABELS).data if trace.name == "Happiness")
    assert [value is None for value in happiness.y] == [False, False, True, True, False, False, False]


def test_the_chart_draws_no_line_over_a_pause():
    history = [result(time_s=time_s / 10) for time_s in (*range(20), *range(80, 100))]
    for trace in live_chart.figure(history, LABELS).data:
        empty = [index for index, value in enumerate(trace.y) if value is None]
        assert len(empty) == 1
        before, after = trace.x[empty[0] - 1], trace.x[empty[0] + 1]
        assert after - before == pytest.approx(6.2)


def test_an_empty_chart_is_no_error():
    assert len(live_chart.figure([], LABELS).data) == len(LABELS) + len(EMOTIONS) + 1


OK = {"camera": "ok", "device": "abc", "addresses": {"host": 1}}


@pytest.mark.parametrize(("said", "another"), [({}, False), ({"another": True}, True), ({"another": "yes"}, False)])
def test_the_browser_says_whether_another_camera_was_chosen(said, another):
    assert status.Check.from_message({**OK, **said}, relay_only=False).another is another


@pytest.mark.parametrize(
    ("message", "relay_only", "problem", "device"),
    [
        (OK, False, "", "abc"),
        ({**OK, "addresses": {"relay": 1, "host": 2}}, True, "", "abc"),
        ({**OK, "device": 3}, False, "", ""),
        ({**OK, "device": "x" * 999}, False, "", ""),
        (OK, True, status.NO_RELAY, ""),
        ({**OK, "addresses": {}}, False, status.NO_ADDRESS, ""),
        ({**OK, "addresses": {"host": 0}}, False, status.NO_ADDRESS, ""),
        ({**OK, "addresses": "x"}, False, status.NO_ADDRESS, ""),
        ({"camera": "denied"}, False, camera.PROBLEMS["denied"], ""),
        ({"camera": "busy"}, False, camera.PROBLEMS["busy"], ""),
        ({"camera": "<script>"}, False, camera.PROBLEMS["failed"], ""),
        (None, False, camera.PROBLEMS["failed"], ""),
    ],
)
def test_what_the_browser_found_becomes_one_sentence(message, relay_only, problem, device):
    assert status.Check.from_message(message, relay_only=relay_only) == status.Check(problem, device)


@pytest.mark.parametrize("text", [status.NO_ADDRESS, status.NO_RELAY, status.NO_PATH, status.BROKEN])
def test_every_failure_of_the_connection_offers_recording(text):
    assert text.endswith("Recording a clip works without such a connection.")


def test_the_chain_names_the_link_that_fails():
    waiting = status.chain(LiveStats(0, 0, math.nan), failure="", paused=False)
    assert [fine for _, _, fine in waiting] == [True, False, False]
    working = status.chain(LiveStats(28.6, 19.7, 42.4), failure="", paused=False)
    assert [text for _, text, _ in working] == [
        "works", "brings 29 pictures a second", "analyzes 20 a second, each within 42 ms"
    ]  # fmt: skip
    broken = status.chain(LiveStats(28.6, 0, math.nan), failure="It failed.", paused=False)
    assert broken[2] == ("Server", "It failed.", False)
    assert status.chain(LiveStats(28.6, 0, math.nan), failure="", paused=True)[2][1] == "pauses"


def card(live, latest):
    live.worker._latest = latest
    return live_card.card_html(live)


def test_the_picture_says_what_the_card_says_also_while_the_card_is_late(live, monkeypatch):
    """A slow server draws the card seldom: until it does, a newer result moves the box alone."""
    drawn = []
    monkeypatch.setattr(overlay, "draw", lambda image, latest, labels, told: drawn.append((latest, told)) or image)
    live.start("")
    live.worker.submit = lambda image: None
    first, second = result(), result(UNSURE)
    assert "Sadness + fear" in card(live, first)
    live.worker._latest = second
    frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
    frame.pts, frame.time_base = 0, Fraction(1, 30)
    live.receive(frame)
    assert drawn[-1] == (second, first)
    assert "Unsure" in card(live, second)
    live.receive(frame)
    assert drawn[-1] == (second, second)


def test_the_card_says_what_is_seen_how_sure_and_what_to_do(live):
    assert "Not started" in card(live, None)
    live.start("")
    assert "Waiting for the first picture" in card(live, None)
    html = card(live, result(hints=("Come closer.",)))
    for words in ("Sadness + fear", "Probability 80%", "Come closer.", "Now", "Connection"):
        assert words in html
    assert "The picture is good as it is." in card(live, result())
    assert "No class passes its threshold" in card(live, result(UNSURE))
    assert "Nothing to judge" in card(live, result(box=None, hints=("<b>",)))
    assert "&lt;b&gt;" in card(live, result(box=None, hints=("<b>",)))
    live.toggle_pause()
    assert "Paused" in card(live, result())
    live.stop()
    assert "Stopped" in card(live, result())
