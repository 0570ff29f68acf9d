"""CSV by frame and window, WebVTT of the segments."""

import csv
import io
import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.emotions import EMOTIONS, UNSURE
from emo_core.model.presence import headline
from emo_core.report.annotations import Annotations
from emo_core.report.tables import frames_csv, segment_at, segments_vtt, windows_csv
from tests.factories import LABELS, make_analysis

SAID = Annotations().marked(1.04, "=cmd()").marked(1.06, "second").corrected("other")
TIME = r"\d{2,}:[0-5]\d:[0-5]\d\.\d{3}"


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def cues(text):
    """(start, end, words) of every cue; fails on anything that is no cue, note or header."""
    header, *blocks = text.rstrip("\n").split("\n\n")
    assert header == "WEBVTT"
    found = []
    for block in blocks:
        first, _, words = block.partition("\n")
        if first == "NOTE":
            continue
        assert re.fullmatch(f"{TIME} --> {TIME}", first)
        assert words
        assert "-->" not in words
        found.append((*first.split(" --> "), words))
    return found


class TestFrames:
    def test_a_row_for_every_frame_and_the_numbers_of_the_analysis(self):
        analysis = make_analysis(60)
        table = rows(frames_csv(analysis, Annotations()))
        assert len(table) == 60
        np.testing.assert_allclose([float(row["time_s"]) for row in table], analysis.timestamps_s)
        for name in EMOTIONS:
            found = [float(row[f"emotion_{name}"] or "nan") for row in table]
            np.testing.assert_allclose(found, analysis.features.emotions[:, EMOTIONS.index(name)], atol=1e-6)
        assert {row["verdict"] for row in table} == {"other", "amusement_surprise"}

    def test_what_is_not_there_is_empty(self):
        row = rows(frames_csv(make_analysis(60), Annotations()))[22]
        assert (row["face"], row["box_x0"], row["yaw_deg"], row["emotion_fear"]) == ("0", "", "", "")
        assert row["quality"] == "0.000000"

    def test_what_a_person_says_is_in_columns_of_its_own_and_no_formula(self):
        table = rows(frames_csv(make_analysis(60), SAID))
        assert table[10]["human_mark"] == "'=cmd(); second"
        assert {row["human_label"] for row in table} == {"other"}
        assert [row["human_mark"] for row in table[:10]] == [""] * 10


class TestWindows:
    def test_a_row_for_every_window(self):
        analysis = make_analysis(60)
        table = rows(windows_csv(analysis, SAID))
        assert len(table) == len(analysis.prediction.windows)
        shares = [[float(row[f"probability_{name}"]) for name in LABELS] for row in table]
        np.testing.assert_allclose(shares, [w.probabilities for w in analysis.prediction.windows], atol=1e-6)
        assert float(table[0]["score_other"]) == pytest.approx(analysis.prediction.windows[0].scores[2], abs=1e-6)


class TestSubtitles:
    def test_a_cue_for_every_segment_and_mark(self):
        said = Annotations().marked(1.0, "a --> b <i>").marked(59, "late")
        found = cues(segments_vtt(make_analysis(60), said))
        assert found == [
            ("00:00:00.000", "00:00:03.000", "Other, 60%"),
            ("00:00:01.000", "00:00:02.500", "Marked by a person: a --&gt; b &lt;i&gt;"),
            ("00:00:03.000", "00:00:06.000", "Amusement + surprise, a blend: 62% : 38%, 80%"),
            ("00:00:59.000", "00:00:59.100", "Marked by a person: late"),
        ]

    def test_a_cue_says_which_of_the_pair_is_there_as_the_card_does(self):
        analysis = make_analysis(60, amusement=0.9)
        words = next(words for *_, words in cues(segments_vtt(analysis, Annotations())) if "pair" in words)
        assert words == "Amusement (of the pair amusement + surprise), 80%"
        assert words.startswith(headline(analysis.prediction))

    def test_an_unsure_segment_claims_no_percentage(self):
        assert [words for *_, words in cues(segments_vtt(make_analysis(label=UNSURE), Annotations()))][1] == "Unsure"

    @given(st.lists(st.tuples(st.floats(0, 4000), st.text(max_size=40)), max_size=5))
    def test_whatever_the_notes_are_it_stays_well_formed(self, marks):
        said = Annotations()
        for time_s, note in marks:
            said = said.marked(time_s, note)
        assert len(cues(segments_vtt(make_analysis(20), said))) == 2 + len(marks)


def test_the_last_segment_reaches_beyond_the_end():
    segments = make_analysis().prediction.segments
    assert segment_at(segments, 2.9).label == "other"
    assert segment_at(segments, 99).label == "amusement_surprise"


def test_the_table_of_a_long_clip_is_the_same_made_block_by_block():
    analysis = make_analysis(9000)
    tracemalloc.start()
    text = frames_csv(analysis, Annotations().marked(899.95, "late"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    found = rows(text)
    assert [float(row["time_s"]) for row in found] == pytest.approx(analysis.timestamps_s.tolist())
    assert (found[-1]["human_mark"], found[4096]["model"]) == ("late", analysis.model.name)
    assert peak < 5 * len(text), "it was ten times the text"
