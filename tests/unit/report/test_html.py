"""The one-file report: everything in it, nothing from outside, names stay text."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from emo_core.emotions import UNSURE
from emo_core.report.annotations import Annotations
from emo_core.report.charts.catalog import charts_of
from emo_core.report.html import html_report
from emo_core.report.key_frames import KeyFrame
from tests.conftest import MODEL
from tests.factories import MODEL as INFO
from tests.factories import make_analysis

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}.mp4"
FRAME = KeyFrame(1.5, 0.8, "sadness_fear", "sadness_fear", b"jpeg", b"png", b"heat")


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


CARD = (MODEL / "MODEL_CARD.md").read_text("utf-8")


METRICS = json.loads((MODEL / "metrics.json").read_text("utf-8"))


def report(analysis=None, annotations=None, card=CARD, metrics=METRICS, **more):
    analysis, annotations = analysis or make_analysis(), annotations or Annotations()
    bundle = SimpleNamespace(card=card, metrics=metrics)
    return Reader(html_report(analysis, annotations, bundle, charts_of(analysis, annotations), **more))


def test_it_tells_everything():
    measured = METRICS["real_stills"]
    page = report(
        make_analysis(warnings=("Careful.",)), credit="A. Author", frames=[FRAME],
        made_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )  # fmt: skip
    for words in (
        "Amusement + surprise, a blend: 62% : 38%", "Probability 80%", "Average frame: happiness 60%",
        "4 of the 4 windows", "Careful.", "clip.mp4", f"model {INFO.title}", "2026-01-02 03:04 UTC",
        "Clip: A. Author", "54 of 60 frames count", "Emotions in each frame", "1.5 s · quality 80% · Sadness + fear",
        "Article 5(1)(f)", "Article 50(3)", "An expression is not a feeling", "Intended use", "Prohibited use",
        "Known limits", f"accuracy {measured['accuracy']:.1%}", "metrics.json", "FER+",
    ):  # fmt: skip
        assert words in page.text, words
    assert [tag for tag, _ in page.tags].count("figure") == 4 + 1


def test_an_unsure_verdict_gives_its_reason_and_no_probability():
    page = report(make_analysis(label=UNSURE))
    assert "No class stands out from the others." in page.text
    assert "· amusement" not in page.text


def test_it_asks_nobody_for_anything_and_runs_nothing():
    page = report(frames=[FRAME], annotations=Annotations().marked(1, "x"))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
    (policy,) = [a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy


def test_hostile_names_stay_text():
    card = "# x\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) ![a](http://elsewhere.example/a.png)\n"
    analysis = make_analysis(warnings=(HOSTILE,))
    analysis = replace(analysis, video=replace(analysis.video, name=HOSTILE))
    said = Annotations().marked(1, HOSTILE).corrected(HOSTILE)
    page = report(analysis, said, card, credit=HOSTILE)
    assert page.text.count("onerror=alert(1)") >= 4
    assert "49.mp4" not in page.text
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert all(attributes.get("src") != "x" for _, attributes in page.tags)
    assert not any(attributes.get("href", "").startswith("javascript") for _, attributes in page.tags)
    assert all(attributes["src"].startswith("data:") for tag, attributes in page.tags if tag == "img")
    assert "script" not in {tag for tag, _ in page.tags}


def test_what_a_person_says_is_told_apart():
    page = report(annotations=Annotations().marked(2.25, "looks down").corrected("other"))
    assert "Said by a person, not by the model" in page.text
    assert "the right label is Other" in page.text
    assert "looks down" in page.text
    assert "Said by a person" not in report().text


@pytest.mark.parametrize("missing", [slice(0, 0), slice(0, 60)])
def test_clips_in_which_all_or_no_frames_count(missing):
    page = report(make_analysis(missing=missing))
    assert ("All 60 frames" in page.text) == (missing.stop == 0)


def test_a_model_without_a_card():
    assert "came without a card" in report(card="").text


def test_it_says_first_how_often_the_model_is_right_on_real_clips_or_that_nobody_knows():
    real = METRICS["real_clips"]
    assert (
        f"How reliable is this? On {real['num_clips']} real clips of {real['num_people']} people, none of them "
        "used to train it" in report().text
    )
    assert "No accuracy has been measured for this model yet" in report(metrics={}).text
