"""Live is the pipeline, frame by frame: the same windows, faces and verdicts as of a file."""

import threading

import cv2
import numpy as np
import pytest

from emo_core.analysis import Segment
from emo_core.emotions import UNSURE
from emo_core.inference.windows import shown_mix
from emo_core.live.analyzer import LiveAnalyzer
from emo_core.live.hints import NO_FACE
from emo_core.model.presence import verdict_words
from emo_core.types import select
from emo_core.video.reader import open_video


@pytest.fixture(scope="module")
def results(hybrid, laughter):
    """Every sampled frame of the laughing clip through a live analysis without smoothing."""
    analyzer = LiveAnalyzer(hybrid)
    with open_video(laughter) as reader:
        return [
            analyzer.analyze(frame, time_s, 0.0)
            for clip in reader.clips(10.0)
            for frame, time_s in zip(clip.frames.copy(), clip.timestamps_s, strict=True)
        ]


def test_a_window_is_judged_live_as_in_a_file(laughter_analysis, results):
    whole = laughter_analysis
    for window in whole.prediction.windows:
        last = round(window.end_s * 10) - 1
        np.testing.assert_allclose(results[last].probabilities, window.probabilities, atol=1e-4)
        assert results[last].label == window.label


def test_frames_have_the_quality_and_place_they_have_in_a_file(laughter_analysis, results):
    whole = laughter_analysis
    np.testing.assert_allclose([item.quality for item in results], whole.normalized.quality, atol=1e-5)
    boxes = np.stack([item.box_xyxy for item in results]) * [640, 360, 640, 360]
    np.testing.assert_allclose(boxes, whole.track.boxes_xyxy, atol=1e-2)


def test_laughter_becomes_amusement_and_happiness(results):
    assert results[-1].label == "amusement_surprise"
    assert results[-1].emotions.argmax() == 1
    assert results[-1].emotions.sum() == pytest.approx(1, abs=1e-4)


def test_a_moment_is_worded_as_a_clip_of_its_frames_is(hybrid, laughter_analysis, results):
    whole, last = laughter_analysis, results[-1]
    recent = np.arange(len(results)) >= len(results) - hybrid.config.window_steps
    seen = shown_mix(hybrid, last.label, select(whole.features, recent), whole.normalized.quality[recent])
    assert verdict_words(last) == verdict_words(Segment(0.0, 1.0, last.label, 0.9, **seen))
    assert "amusement" in last.presence


def test_the_largest_is_judged_and_the_others_are_counted(hybrid, laughter_frames):
    analyzer = LiveAnalyzer(hybrid)

    def sheet(number, *shares):
        picture = np.zeros((360, 640, 3), np.uint8)
        face = laughter_frames[number][:, 240:600]
        for place, share in enumerate(shares):
            small = cv2.resize(face, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            picture[: len(small), 213 * place :][:, : small.shape[1]] = small
        return picture

    def seen(number, *shares):
        result = analyzer.analyze(sheet(number, *shares), number / 10, 0.0)
        return result.num_others, int(result.box_xyxy[[0, 2]].mean() * 3)

    assert [seen(number, 0.5) for number in range(2)][-1] == (0, 0)
    assert [seen(number, 0.5, 0.4, 0.4) for number in range(2, 14)][-1] == (2, 0)
    assert [seen(number, 0.4, 0.55, 0.4) for number in range(14, 26)][-1] == (2, 1)
    assert [seen(number, 0.5) for number in range(26, 30)][-1] == (0, 0)


def test_too_little_face_is_unsure(results, hybrid):
    few = hybrid.config.min_face_frames - 1
    assert {item.label for item in results[:few]} == {UNSURE}


def test_smoothing_lingers_and_none_does_not(hybrid, laughter_frames):
    quick, slow = (LiveAnalyzer(hybrid), LiveAnalyzer(hybrid))
    tracks = {}
    for name, analyzer, smoothing_s in (("quick", quick, 0.0), ("slow", slow, 4.0)):
        rows = [analyzer.analyze(frame, i / 10, smoothing_s).probabilities for i, frame in enumerate(laughter_frames)]
        tracks[name] = np.abs(np.diff(np.stack(rows), axis=0)).sum(axis=1).max()
    assert tracks["slow"] < 0.5 * tracks["quick"]


def test_more_frames_than_the_model_samples_change_no_verdict(hybrid, laughter_frames):
    """A camera at 20 Hz: every second frame only moves the box, and so the next crop by a hair."""
    twice, once = LiveAnalyzer(hybrid), LiveAnalyzer(hybrid)
    for i, frame in enumerate(laughter_frames[:20]):
        expected = once.analyze(frame, i / 10, 0.0)
        found = twice.analyze(frame, i / 10, 0.0)
        between = twice.analyze(frame, i / 10 + 0.05, 0.0)
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=0.05)
        assert found.label == expected.label
        assert between.probabilities is found.probabilities


def test_without_a_face_for_a_second_it_is_unsure_and_says_what_to_do(hybrid, laughter_frames):
    analyzer = LiveAnalyzer(hybrid)
    for i, frame in enumerate(laughter_frames[:20]):
        result = analyzer.analyze(frame, i / 10, 0.0)
    assert result.label != UNSURE
    empty = np.full_like(laughter_frames[0], 80)
    for i in range(20, 34):
        result = analyzer.analyze(empty, i / 10, 0.0)
    assert (result.label, result.box_xyxy, result.quality) == (UNSURE, None, 0.0)
    assert result.hints == (NO_FACE,)


def test_another_size_or_a_gap_starts_anew(hybrid, laughter_frames):
    analyzer = LiveAnalyzer(hybrid)
    for i, frame in enumerate(laughter_frames[:15]):
        result = analyzer.analyze(frame, i / 10, 0.0)
    assert result.label != UNSURE
    assert analyzer.analyze(laughter_frames[15][::2, ::2].copy(), 1.5, 0.0).label == UNSURE
    for i, frame in enumerate(laughter_frames[:15]):
        result = analyzer.analyze(frame, 2.0 + i / 10, 0.0)
    assert result.label != UNSURE
    assert analyzer.analyze(laughter_frames[15], 9.0, 0.0).label == UNSURE


def test_no_two_analyzers_share_an_interpreter(hybrid):
    """Three at once, each in its thread: LiteRT ends the process when two threads use one interpreter."""
    made, frame = [], np.zeros((240, 320, 3), np.uint8)

    def run():
        analyzer = LiveAnalyzer(hybrid)
        made.append(analyzer)
        for i in range(20):
            analyzer.analyze(frame, i / 10, 0.0)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owned = [
        {
            id(a._cnn._interpreter),
            id(a._head._interpreter),
            id(a._landmarker._mesh),
            id(a._landmarker._detector),
        }
        for a in made
    ]
    assert len(set.union(*owned)) == 12
