"""Marks, corrections, exports, comparison and the what-if lens on the page."""

import csv
import gc
import io
import json
import weakref
import zipfile
from pathlib import Path

import pytest

from emo_core.datasets.editable import create
from tests.factories import make_analysis
from ui.analyze import exports, tabs
from ui.state import session, sources
from ui.widgets import privacy
from ui.work import what_if_run

KEPT = ("_results", "_result", "_said", "_what_if")
"""Where the visit keeps what the visitor brought, and everything made of it."""


def button(app, label):
    return next(item for item in app.button if item.label == label)


@pytest.fixture
def page(studio):
    studio.open("analyze")
    studio.app.session_state[tabs.KEY] = "Mark & export"
    studio.upload("me.mp4")
    return studio


def mark(studio, note):
    studio.app.text_input(key=next(i.key for i in studio.app.text_input if i.label == "Note")).set_value(note)
    return button(studio.app, "Add the mark").click().run()


def said(studio):
    (found,) = studio.app.session_state["_said"].values() or [None]
    return found


class TestMarks:
    def test_a_mark_is_added_shown_escaped_and_taken_back(self, page):
        assert "No marks yet" in page.text
        app = mark(page, "*starts* to laugh")
        assert not app.exception
        assert [item.note for item in said(page).markers] == ["*starts* to laugh"]
        assert "\\*starts\\* to laugh" in page.text
        button(app, "Delete").click().run()
        assert said(page).markers == ()

    def test_they_stay_with_their_result(self, page):
        mark(page, "first clip only")
        page.upload("other.mp4")
        page.tab("Mark & export")
        assert "first clip only" not in page.text
        assert "first clip only" not in exports_json(page)
        page.app.session_state["_result"] = page.app.session_state["_results"][0]
        page.app.run()
        assert "first clip only" in page.text


def exports_json(studio):
    result = studio.app.session_state["_result"]
    maker = exports.Makers.__new__(exports.Makers)
    words = [studio.app.session_state[name] for name in ("_said",) if name in studio.app.session_state]
    maker._result, maker._said = result, (words or [{}])[0]
    return maker.json().decode()


class TestCorrection:
    def choose(self, page, label):
        box = next(item for item in page.app.selectbox if item.label == "What it really shows")
        return box.set_value(label).run()

    def test_the_right_label_is_kept_beside_the_verdict(self, page):
        app = self.choose(page, "sadness_fear")
        assert said(page).label == "sadness_fear"
        assert "Amusement + surprise" in page.text, "the verdict is as it was"
        assert json.loads(exports_json(page))["human_annotations"]["correct_label"] == "sadness_fear"
        assert json.loads(exports_json(page))["verdict"]["label"] == "amusement_surprise"
        assert "Clip labeled Sadness + fear (ZIP)" in [item.label for item in app.get("download_button")]
        self.choose(page, "The verdict is right, or I do not know")
        assert said(page).label is None

    def test_a_corrected_clip_goes_into_a_data_set_by_one_button(self, page, monkeypatch, tmp_path):
        monkeypatch.setenv("EMO_DATA", str(tmp_path / "data"))
        create(tmp_path / "data" / "mine", ["sadness_fear"])
        asked = []
        monkeypatch.setattr(
            exports.progress, "add_clips", lambda place, clips: asked.append((place, clips)) or [(True, "Added it.")]
        )
        app = self.choose(page, "sadness_fear")
        assert app.button(key="corrected-add").disabled, "whoever is shown has to agree"
        next(item for item in app.text_input if item.label == "Who is shown").set_value("anna")
        app.checkbox(key="corrected-agreed-mine").check().run()
        app.button(key="corrected-add").click().run()
        assert not app.exception
        ((place, (clip,)),) = asked
        assert place == tmp_path / "data" / "mine"
        assert (clip.source.name, clip.label, clip.person, clip.origin) == (
            "me.mp4",
            "sadness_fear",
            "anna",
            "corrected",
        )
        assert app.success[0].value == "Added it."

    def test_own_words_must_be_able_to_name_a_class(self, page):
        self.choose(page, "Another label …")
        words = next(item for item in page.app.text_input if item.label == "Label in your words")
        app = words.set_value("a/b").run()
        assert "cannot name a class" in app.error[0].value
        assert said(page).label is None
        app = (
            next(item for item in app.text_input if item.label == "Label in your words").set_value("relief_pride").run()
        )
        assert not app.error
        assert said(page).label == "relief_pride"
        page.tab("Charts")
        app = page.tab("Mark & export")
        assert next(item for item in app.text_input if item.label == "Label in your words").value == "relief_pride"


class TestExports:
    def test_nothing_is_made_before_it_is_asked_for(self, studio, monkeypatch):
        for name in ("report", "video", "charts", "everything", "json", "frames", "windows", "subtitles"):
            monkeypatch.setattr(exports.Makers, name, lambda self: pytest.fail("made at page load"))
        studio.open("analyze")
        studio.upload()
        assert not studio.tab("Mark & export").exception

    def test_every_maker_gives_its_file(self, hybrid, laughter, laughter_analysis):
        maker = exports.Makers.__new__(exports.Makers)
        analysis = laughter_analysis
        maker._result = session.Result(sources.brought("laughter.mp4", laughter.read_bytes()), analysis, hybrid)
        maker._said = {}
        assert len(list(csv.DictReader(io.StringIO(maker.frames().decode())))) == 40
        assert len(list(csv.DictReader(io.StringIO(maker.windows().decode())))) == len(analysis.prediction.windows)
        assert maker.subtitles().startswith(b"WEBVTT")
        assert maker.report().startswith(b"<!DOCTYPE html>")
        assert b"ftyp" in maker.video()[:16]
        with zipfile.ZipFile(io.BytesIO(maker.charts())) as archive:
            assert {name: archive.read(name)[:4] for name in archive.namelist()} == dict.fromkeys(
                ["timeline.png", "emotions.png", "quality.png", "probabilities.png"], b"\x89PNG"
            )

    def test_a_clip_that_made_room_says_so_and_keeps_the_rest(self, page):
        result = page.app.session_state["_result"]
        dropped = session.Result(
            sources.Source("me.mp4", Path("gone"), is_kept=False), result.analysis, result.bundle, result.key
        )
        page.app.session_state["_result"] = dropped
        app = page.app.run()
        assert not app.exception
        assert [item.label for item in app.get("download_button") if item.proto.disabled] == [
            "Report (one HTML file)", "Annotated video (MP4)", "Everything (ZIP)"
        ]  # fmt: skip
        assert "dropped to make room" in page.text
        assert "dropped to make room" in "".join(item.value for item in page.tab("What if").info)


class TestCompare:
    def test_one_result_says_how_to_get_a_second(self, page):
        page.tab("Compare")
        assert "Only one analysis so far" in page.text

    def test_two_side_by_side_and_the_other_one_on_show(self, page):
        page.answer = lambda: make_analysis(90, "sadness_fear")
        page.upload("other.mp4")
        app = page.tab("Compare")
        assert not app.exception
        assert "6.0 s" in page.text
        assert "9.0 s" in page.text
        charts = [json.loads(item.proto.spec) for item in app.get("plotly_chart")]
        assert [chart["layout"]["xaxis"]["range"] for chart in charts] == [[0, 9.0]] * 3
        assert [item.label for item in app.button if item.label.startswith(("Show", "This"))] == [
            "This is the one on show", "Show this one"
        ]  # fmt: skip
        button(app, "Show this one").click().run()
        assert page.app.session_state["_result"].source.name == "me.mp4"
        assert len(page.names) == 2, "nothing is analyzed again"


class TestWhatIf:
    def test_outcomes_stand_beside_the_clip_as_it_is(self, page, monkeypatch):
        from emo_core.explain.what_if import Baseline, Outcome

        def outcome(key, label="amusement_surprise", margin=0.7):
            return Outcome(key, 0.5, label, 0.8, margin, 0.9, "", label != "amusement_surprise")

        def try_change(source, bundle, original, unchanged, kind, *_, progress):
            if kind.key == "mouth":
                return outcome("mouth", "other", -0.2)
            return Outcome("eyes", None, "unsure", None, None, None, "No face was found: x", True)

        monkeypatch.setattr("emo_core.explain.what_if.try_change", try_change)
        monkeypatch.setattr("emo_core.explain.what_if.baseline", lambda *_, progress: Baseline(outcome("unchanged"), 0))
        app = page.tab("What if")
        assert "Nothing tried yet" in page.text
        for title in ("Cover the mouth", "Cover the eyes"):
            next(item for item in app.selectbox if item.label == "Change").set_value(title).run()
            button(app, "Try it").click().run()
            app.session_state["_what_if"].task.join()
            app = app.run()
        assert not app.exception
        assert "| Cover the mouth (50%) | Other | 80% | -20.0 | -90.0 | 90% | **yes** |" in page.text
        assert "| Cover the eyes | No face was found |" in page.text
        assert "Of 2 tried, 2 flip the verdict: cover the eyes, cover the mouth." in page.text

    def test_a_part_that_is_too_long_is_refused(self, studio):
        studio.answer = lambda: make_analysis(1200)
        studio.open("analyze")
        studio.app.session_state[tabs.KEY] = "What if"
        app = studio.upload()
        slider = next(item for item in app.slider if item.label == "Part of the clip (s)")
        slider.set_value((0.0, 110.0)).run()
        assert "1 to 60 seconds" in studio.text

    def test_deleting_everything_stops_the_work(self, page, monkeypatch):
        stopped = []
        monkeypatch.setattr(what_if_run, "stop", lambda: stopped.append(True))
        button(page.app, privacy.CONFIRM).click().run()
        assert stopped
        assert not [name for name in KEPT if name in page.app.session_state]

    def test_nothing_of_it_stays_in_memory(self, page):
        mark(page, "mine")
        for name in ("What if", "Compare", "Mark & export"):
            page.tab(name)
        held = weakref.ref(page.app.session_state["_result"].analysis.track.landmarks)
        button(page.app, privacy.CONFIRM).click().run()
        page.app.run()
        gc.collect()
        assert held() is None
