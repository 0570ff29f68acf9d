"""The Analyze page with the shipped model and nothing stubbed: every bad file, odd names, two faces."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emo_core.video.writer import write_video
from tests.app.conftest import ROOT
from tests.unit.test_bad_input import BAD, NAMES, noise_video

FILES = {name: made for name, made in BAD.items() if name not in ("missing", "folder")}
OVERLONG = "three hours, which a visitor may not bring"
FILES[OVERLONG] = FILES[OVERLONG][0], "longer than the limit of 120 minutes; cut it"


@pytest.fixture
def page():
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    return app.switch_page("pages/analyze.py").run()


def upload(page, name, content):
    page.file_uploader(key="upload").set_value((name, content, "video/mp4")).run()
    assert not page.exception
    return [re.sub(r"\\(.)", r"\1", error.value) for error in page.error]


def texts(page):
    return "\n".join(item.proto.body for item in page.get("html"))


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_cannot_be_judged_gets_one_sentence(kind, page, tmp_path):
    make, message = FILES[kind]
    (error,) = upload(page, "clip.mp4", make(tmp_path).read_bytes())
    assert re.search(message, error)
    assert re.fullmatch(r"[^\n]+\.", error)
    assert "Traceback" not in error
    assert not page.get("plotly_chart")


def test_noise_holds_no_face(page, tmp_path):
    (error,) = upload(page, "noise.mp4", noise_video(tmp_path).read_bytes())
    assert "No face was found" in error


def test_a_face_for_a_moment_only(page, tmp_path, laughter_frames):
    empty = np.full_like(laughter_frames[0], 90)
    write_video(tmp_path / "moment.mp4", [empty] * 8 + laughter_frames[:3] + [empty] * 8, 10.0)
    (error,) = upload(page, "moment.mp4", (tmp_path / "moment.mp4").read_bytes())
    assert re.search(r"for only 0\.\d s", error)


@pytest.mark.parametrize("name", [*NAMES[:4], "../../up.mp4"], ids=ascii)
def test_a_bad_file_may_be_called_anything(name, page):
    (error,) = upload(page, name, b"this is no video")
    assert "is not a video" in error
    assert ".." not in error


def test_two_faces_work_with_a_warning(page, tmp_path, laughter_frames):
    smaller = [np.pad(frame[::2, ::2], ((0, 180), (0, 0), (0, 0))) for frame in laughter_frames[:20]]
    write_video(tmp_path / "two.mp4", [np.hstack(pair) for pair in zip(laughter_frames, smaller, strict=False)], 10.0)
    assert upload(page, "two.mp4", (tmp_path / "two.mp4").read_bytes()) == []
    assert "Amusement (of the pair amusement + surprise)" in texts(page)
    assert "Person 2" in texts(page)
