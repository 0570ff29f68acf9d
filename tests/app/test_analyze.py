"""The Analyze page: verdict and evidence, honest failure, nothing lost and nothing computed twice."""

import pytest

from emo_core.emotions import UNSURE
from emo_core.errors import NoFaceError, VideoError
from tests.factories import make_analysis
from ui.shell.errors import UNEXPECTED
from ui.state import session, sources


def test_homes_button_leads_straight_to_the_analysis(studio):
    studio.app.button[0].click().run()
    assert studio.names == ["pexels_distress_to_laughter.mp4"]
    assert not studio.app.exception
    assert "Amusement + surprise" in studio.text


def test_empty_page_says_what_to_do(studio):
    app = studio.open("analyze")
    assert "Choose the sample, upload or record a clip" in app.info[0].value
    assert not app.get("plotly_chart")


def test_upload_shows_verdict_charts_frames_and_download(studio):
    studio.open("analyze")
    app = studio.upload("me.mp4")
    assert not app.exception
    assert not app.error
    assert studio.names == ["me.mp4"]
    for words in ("Amusement + surprise", "Probability 80%", "amusement 62", "surprise 38", "a blend"):
        assert words in studio.text
    assert len(studio.tab("Mark & export").get("download_button")) == 8
    assert len(studio.tab("Charts").get("plotly_chart")) == 4
    assert "es-frame" in studio.text


def test_one_sided_pair_is_called_mostly_one_emotion(studio):
    studio.answer = lambda: make_analysis(amusement=0.9)
    studio.open("analyze")
    studio.upload()
    assert "Amusement (of the pair amusement + surprise)" in studio.text


def test_unsure_verdict_gives_its_reason(studio):
    studio.answer = lambda: make_analysis(label=UNSURE, warnings=("The face is <small>.",))
    studio.open("analyze")
    studio.upload()
    assert "Unsure" in studio.text
    assert "No class stands out" in studio.text
    assert "The face is &lt;small&gt;." in studio.text
    assert "a blend" not in studio.text


@pytest.mark.parametrize(
    "error",
    [
        NoFaceError("No face was found in a_b.mp4; choose a clip with one."),
        VideoError("x.mp4 is not a video; export it."),
    ],
)
def test_known_failure_is_one_sentence_and_keeps_the_earlier_result(studio, error):
    studio.open("analyze")
    studio.upload("good.mp4")
    studio.fail(error)
    app = studio.upload("bad.mp4")
    assert not app.exception
    assert [item.value.replace("\\", "") for item in app.error] == [str(error)]
    assert "Amusement + surprise" in studio.text
    assert "still the result of the clip before, good.mp4" in studio.text.replace("\\", "")
    assert [item.key for item in app.button if item.key == "stop"] == []
    assert not app.get("progress")
    assert app.session_state[chooser(app)], "another clip can be chosen at once"


def chooser(app):
    """Key of the ways to a clip that are on show, whose state is whether they are open."""
    return f"choose-clip-{app.session_state['_chooser_turn']}"


def test_a_second_clip_folds_the_chooser_again(studio):
    studio.open("analyze")
    assert studio.app.session_state["choose-clip"]
    studio.upload("first.mp4")
    by_hand = chooser(studio.app)
    studio.app.session_state[by_hand] = True
    studio.app.run()
    assert chooser(studio.app) == by_hand
    studio.upload("second.mp4")
    again = chooser(studio.app)
    assert again != by_hand, "the browser goes on telling that the one before is open"
    assert not studio.app.session_state[again]
    assert studio.names == ["first.mp4", "second.mp4"]


def test_what_made_room_for_a_result_is_said_until_the_next_one(studio, monkeypatch):
    monkeypatch.setattr(session, "MOST_RESULTS", 2)
    studio.open("analyze")
    for name in ("a", "b", "c"):
        studio.upload(f"{name}.mp4")
    told = "To make room for this result, the oldest ones were dropped: a.mp4."
    assert told in studio.text.replace("\\", "")
    studio.open("home")
    assert told in (studio.open("analyze"), studio.text.replace("\\", ""))[1]
    monkeypatch.setattr(session, "MOST_RESULTS", 8)
    monkeypatch.setenv("EMO_VISIT_MB", "0")
    studio.upload("d.mp4")
    assert "the oldest ones were dropped: b.mp4, c.mp4." in studio.text.replace("\\", "")


def test_a_clip_that_made_room_is_named(studio, monkeypatch):
    studio.open("analyze")
    studio.upload("a.mp4", b"x" * 2**20)
    monkeypatch.setenv("EMO_VISIT_MB", "1")
    studio.upload("b.mp4", b"x" * 2**19)
    assert "these clips were dropped; what was found in them is still here: a.mp4." in studio.text.replace("\\", "")


def test_a_stopped_analysis_can_be_started_again(studio):
    studio.open("analyze")
    studio.app.session_state["_job"] = None
    studio.app.session_state["_stopped"] = sources.brought("mine.mp4", b"video")
    app = studio.app.run()
    assert "The analysis of mine.mp4 was stopped" in app.info[0].value.replace("\\", "")
    app.button(key="start-again").click().run()
    assert studio.names == ["mine.mp4"]
    assert "was stopped" not in studio.text


def test_unexpected_failure_shows_no_traceback_but_logs_it(studio, caplog):
    studio.fail(RuntimeError("secret detail"))
    studio.open("analyze")
    app = studio.upload()
    assert not app.exception
    assert [item.value for item in app.error] == [UNEXPECTED]
    assert "secret detail" not in studio.text
    assert "secret detail" in caplog.text


def test_result_survives_reruns_and_other_pages_without_a_second_analysis(studio):
    studio.open("analyze")
    studio.upload()
    studio.app.run()
    studio.open("about")
    studio.open("analyze")
    assert "Amusement + surprise" in studio.text
    assert len(studio.names) == 1


def test_failed_clip_is_not_tried_again_on_rerun(studio):
    studio.fail(VideoError("x.mp4 is not a video; export it."))
    studio.open("analyze")
    studio.upload()
    studio.app.run()
    assert len(studio.names) == 1
