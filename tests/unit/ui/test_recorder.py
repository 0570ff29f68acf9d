"""What a browser may send as a recording, and what is told of it when it is no good."""

import io

import av
import pytest

from emo_core.errors import VideoError
from tests.media import read
from tests.recordings import message, webm
from ui.shell import browser
from ui.widgets import camera, recorder
from ui.widgets.recorder import Recording, check, indexed


def test_a_good_recording_passes_and_gets_its_length():
    recording = Recording.from_message(message())
    assert (recording.name, recording.kind, recording.length_s) == ("recording.webm", "webm", 3.0)
    check(recording)
    with av.open(io.BytesIO(recording.data)) as before, av.open(io.BytesIO(indexed(recording))) as after:
        assert before.duration is None
        assert after.duration / av.time_base == pytest.approx(3.0, abs=0.1)
    frames, times_s, _ = read(indexed(recording), 100.0)
    assert len(frames) == 45
    assert times_s[-1] == pytest.approx(44 / 15, abs=0.01)


@pytest.mark.parametrize(
    "sent",
    [None, "text", [], {}, {"b64": 3, "mime": "video/webm", "ms": 1}, message(mime="text/html"), message(mime=None),
     message(ms="3"), message(ms=None)],
)  # fmt: skip
def test_what_is_no_recording_is_refused(sent):
    with pytest.raises(VideoError, match=r"did not arrive as a video.*upload"):
        Recording.from_message(sent)


def test_text_that_is_no_base64_is_refused():
    with pytest.raises(VideoError, match="damaged on its way"):
        Recording.from_message(message(b64="no base64 !"))


def test_too_much_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(recorder, "MAX_BYTES", 100)
    with pytest.raises(VideoError, match="too large"):
        Recording.from_message(message())


def test_the_cap_in_the_browser_lies_well_below_what_streamlit_loses_in_silence():
    assert 4 / 3 * recorder.MAX_BYTES < 0.7 * 25e6
    assert recorder.MAX_S * recorder.BITS_PER_S / 8 < 0.5 * recorder.MAX_BYTES


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (message(b"this is no video"), "not a video"),
        (message(b""), "empty"),
        (message(webm(num_frames=12, fps=4)), "only 4 pictures a second.*upload"),
        (message(webm(num_frames=20)), "Only 1.3 of 3.0 seconds arrived.*upload"),
        (message(webm(keep=700)), "Only 0.6 of 3.0 seconds arrived"),
        (message(webm(keep=120)), "“recording.webm” "),
    ],
)
def test_a_recording_that_cannot_be_judged_says_why(sent, told):
    with pytest.raises(VideoError, match=told):
        check(Recording.from_message(sent))


def test_every_problem_the_browser_may_report_has_a_sentence_with_the_way_on():
    script = browser.read("camera.js") + browser.read("recorder.js")
    codes = {"denied", "missing", "busy", "insecure", "unsupported", "lost", "failed"}
    assert set(camera.PROBLEMS) == codes
    for code in codes:
        assert f'"{code}"' in script
        assert camera.PROBLEMS[code].endswith("upload a clip instead.")


@pytest.mark.parametrize("name", ["recorder", "gate"])
def test_a_component_is_made_of_its_three_files_and_the_shared_one(name, monkeypatch):
    made = {}
    monkeypatch.setattr("streamlit.components.v2.component", lambda name, **parts: made.update(parts, name=name))
    camera.component.__wrapped__(name)
    assert made["name"] == f"studio_{name}"
    assert "function openCamera" in made["js"]
    assert "export default" in made["js"]
    assert "<button" in made["html"]
    assert ":focus-visible" in made["css"]
