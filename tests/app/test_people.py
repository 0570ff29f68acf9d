"""The Analyze page with several people in a clip: who they are, when they are seen, and one of them at a time."""

from tests.factories import LATE, two_people
from ui.state import session


def test_everybody_is_in_the_row_and_one_is_told_about(studio):
    studio.answer = two_people
    studio.open("analyze")
    app = studio.upload()
    assert not app.exception
    for words in ("Person 1", "Person 2", "on screen", "who-when", "Verdict on Person 1 in", "About 1."):
        assert words in studio.text
    assert "About 2." not in studio.text
    assert app.button(key="show-person-1").disabled


def test_another_person_is_shown_in_every_tab_with_words_of_their_own(studio):
    studio.answer = two_people
    studio.open("analyze")
    app = studio.upload()
    main = app.session_state["_result"]
    app.session_state["_said"] = {main.key: session.Annotations(label="other")}
    app.button(key="show-person-2").click().run()
    assert not app.exception
    assert "Verdict on Person 2 in" in studio.text
    assert "About 2." in studio.text
    assert app.session_state["_player"].start_s == LATE / 10  # where they come into view
    assert app.get("video")[0].proto.start_time == LATE // 10
    for name in ("Heatmaps", "Normalization", "Charts", "Mark & export", "Compare"):
        studio.tab(name)
        assert not app.exception, name
        assert not app.error, name
    shown = app.session_state["_result"]
    assert shown.analysis.prediction.label == "sadness_fear"
    assert shown.key != main.key
    app.button(key="show-person-1").click().run()
    assert app.get("video")[0].proto.start_time == 0
    assert app.session_state["_result"].key == main.key
    assert studio.names == ["clip.mp4"]


def test_one_person_needs_no_row(studio):
    studio.open("analyze")
    app = studio.upload()
    assert "who-when" not in studio.text
    assert not [button for button in app.button if str(button.key).startswith("show-person")]
