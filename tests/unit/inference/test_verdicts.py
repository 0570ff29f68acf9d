"""Verdicts of whole clips and of their parts, from the windows of a stand-in for the LSTM."""

from dataclasses import replace

import numpy as np
import pytest

from emo_core.emotions import EMOTIONS, OTHER, UNSURE
from emo_core.inference.windows import predict
from emo_core.types import FeatureSequence
from tests.unit.inference.test_windows import (
    AMUSED,
    PLAIN,
    SAD,
    make_bundle,
    make_normalized,
    make_scores,
    make_window,
    tell,
)


class TestClip:
    def test_one_emotion_throughout(self):
        windows = [make_window(0.4 * k, AMUSED) for k in range(4)]
        prediction = tell(windows, happiness=0.6, surprise=0.3)
        assert (prediction.label, prediction.reason) == (AMUSED, "")
        assert prediction.probability == pytest.approx(0.8)
        assert prediction.salience == pytest.approx({"amusement": 2 / 3, "surprise": 1 / 3})
        assert prediction.is_blend
        ((segment),) = prediction.segments
        assert (segment.start_s, segment.label) == (0, AMUSED)
        assert (segment.end_s, segment.probability) == pytest.approx((2.0, 0.8))

    def test_a_pair_with_one_faint_component_is_no_blend(self):
        prediction = tell([make_window(0, SAD)], sadness=0.7, fear=0.1)
        assert prediction.salience["fear"] == pytest.approx(0.125)
        assert not prediction.is_blend

    def test_where_presence_was_measured_a_blend_needs_much_of_both_and_not_an_even_share_of_little(self):
        bundle = replace(make_bundle(), blend_thresholds={SAD: 0.2})
        told = [
            tell([make_window(0, SAD)], bundle=bundle, sadness=a, fear=b).is_blend for a, b in ((0.1, 0.1), (0.6, 0.1))
        ]
        assert told == [False, True]

    def test_neither_emotion_has_no_salience(self):
        prediction = tell([make_window(0, PLAIN)])
        assert (prediction.label, dict(prediction.salience), prediction.is_blend) == (OTHER, {}, False)

    def test_segments_change_halfway_between_the_centres_of_windows(self):
        labels = [SAD, SAD, AMUSED, AMUSED, UNSURE]
        prediction = tell([make_window(0.4 * k, label) for k, label in enumerate(labels)], duration_s=2.5)
        spans = [(round(part.start_s, 3), round(part.end_s, 3), part.label) for part in prediction.segments]
        assert spans == [(0, 1.0, SAD), (1.0, 1.8, AMUSED), (1.8, 2.5, UNSURE)]
        assert prediction.segments[0].probability == pytest.approx(0.8)
        assert prediction.segments[-1].probability == pytest.approx(1 / 3)

    def test_a_clip_that_changes_says_so(self):
        prediction = tell([make_window(0, SAD), make_window(0.8, AMUSED)], bundle=make_bundle(scores=make_scores(0.6)))
        assert (prediction.label, dict(prediction.salience), prediction.is_blend) == (UNSURE, {}, False)
        assert "Sadness + fear for 0.8 s, Amusement + surprise for 0.8 s" in prediction.reason
        assert prediction.probability == pytest.approx(0.45)

    def test_weak_evidence_says_so(self):
        windows = [*(make_window(0.8 * k, UNSURE) for k in range(3)), make_window(2.4, AMUSED, probability=0.5)]
        prediction = tell(windows, bundle=make_bundle(scores=make_scores(0.6)))
        assert prediction.label == UNSURE
        assert "the most probable class, Amusement + surprise, has 38% and does not pass" in prediction.reason

    def test_windows_that_bear_no_verdict_out_say_so(self):
        window = make_window(0, AMUSED, num_valid=4)  # too little face for a verdict of its own
        windows = [replace(window, start_s=0.8 * k, end_s=0.8 * k + 0.8, label=UNSURE) for k in range(2)]
        prediction = tell(windows)
        assert (prediction.label, prediction.probability) == (UNSURE, pytest.approx(0.8))
        assert "Amusement + surprise, has 80% and most of the clip does not bear it out" in prediction.reason

    @pytest.mark.parametrize(("num_other", "expected"), [(1, AMUSED), (2, UNSURE)])
    def test_a_verdict_holds_for_two_thirds_of_the_evidence(self, num_other, expected):
        labels = [AMUSED] * (4 - num_other) + [SAD] * num_other
        windows = [make_window(0.8 * k, label) for k, label in enumerate(labels)]
        prediction = tell(windows)
        assert prediction.label == expected
        assert bool(prediction.reason) == (expected == UNSURE)

    def test_a_window_without_a_face_does_not_vote(self):
        windows = [make_window(0, AMUSED), make_window(0.8, SAD, quality=0.0, num_valid=0)]
        assert tell(windows).probability == pytest.approx(0.8)

    @pytest.mark.parametrize("weak", [{"num_valid": 2}, {"quality": 0.2}])
    def test_a_window_counts_by_quality_and_by_valid_frames(self, weak):
        prediction = tell([make_window(0, AMUSED), make_window(0.8, SAD, **weak)])
        np.testing.assert_allclose(
            prediction.probabilities, [0.8 * 0.8 + 0.2 * 0.1, 0.8 * 0.1 + 0.2 * 0.8, 0.1], rtol=1e-5
        )


def test_each_segment_has_the_mix_of_its_own_frames():
    bundle = make_bundle()
    windows = (make_window(0, "sadness_fear"), make_window(0.8, "amusement_surprise", num_valid=7))
    emotions = np.zeros((16, len(EMOTIONS)), np.float32)
    emotions[:8, [EMOTIONS.index("sadness"), EMOTIONS.index("fear")]] = 0.6, 0.4
    emotions[8:, EMOTIONS.index("happiness")] = 1
    features = FeatureSequence(np.zeros((16, 3), np.float32), emotions, np.ones(16, bool))
    steps, normalized = np.full((16, 3), 1 / 3, np.float32), make_normalized(np.ones(16))
    first, second = predict(bundle, windows, steps, features, normalized.quality, np.arange(16) / 10, 1.6).segments
    assert first.salience == pytest.approx({"sadness": 0.6, "fear": 0.4})
    assert first.is_blend
    assert second.salience == pytest.approx({"amusement": 1, "surprise": 0}, abs=1e-6)
    assert not second.is_blend
