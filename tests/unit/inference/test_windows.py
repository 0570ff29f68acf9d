"""Windows, thresholds and verdicts of the clip, with a stand-in for the LSTM where one is needed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emo_core.analysis import ModelInfo, WindowPrediction
from emo_core.config import PipelineConfig
from emo_core.emotions import EMOTIONS, PAPER_CLASSES, UNSURE
from emo_core.inference.window_plan import window_starts
from emo_core.inference.windows import ABSTAIN, clip_scores, decide, judge_windows, predict
from emo_core.model.bundle import Bundle
from emo_core.model.calibration import calibrated
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.types import QUALITY_COMPONENTS, FeatureSequence, NormalizedClip
from tests.factories import LABELS, make_probabilities

AMUSED, SAD, PLAIN = LABELS
NUM_FEATURES = 3
MEAN = 2.0  # of every feature, which normalization takes out
CONFIG = PipelineConfig(window_steps=8, hop_steps=4)


class StandIn(Bundle):
    """A bundle whose LSTM takes the features of each step for logits and remembers what it was given."""

    def head_network(self):
        calls = []

        def head(features, weights):
            assert features.shape == (self.config.window_steps, NUM_FEATURES)
            calls.append((features.copy(), weights.copy()))
            return features

        head.calls = calls
        StandIn.latest = head
        return head


def make_scores(thresholds=0.4):
    """One neighbourhood of quality; or, from (K, C) thresholds, K of them that begin at multiples of 1 / K."""
    values = np.broadcast_to(thresholds, (1, 3)) if np.ndim(thresholds) < 2 else np.asarray(thresholds)
    count = len(values)
    centres, counts = (np.arange(count) + 0.5) / count, np.full(count, 9)
    return ScoreNormalizer(np.arange(1, count) / count, centres, counts, False, values.astype(float))


def make_bundle(*, temperature=1.0, scores=None, config=CONFIG):
    mean, std = np.full((1, NUM_FEATURES), MEAN, np.float32), np.ones((1, NUM_FEATURES), np.float32)
    plain = FeatureNormalizer(np.zeros(0), np.array([0.5]), np.array([9]), False, mean, std)
    info = ModelInfo("stand-in", "0", LABELS)
    return StandIn(
        path=Path(), digest="", info=info, classes=PAPER_CLASSES, config=config, features=plain,
        scores=scores or make_scores(), temperature=temperature, salience={}, metrics={}, card="", keras_head=b"",
        _frame_cnn=b"", _head=b"",
    )  # fmt: skip


def make_features(logits, mask=None, **shares):
    """Frames with these logits (T, 3) as features; `shares` are emotions of every frame, the rest is neutral."""
    logits = np.asarray(logits, np.float32)
    mask = np.ones(len(logits), bool) if mask is None else np.asarray(mask)
    emotions = np.zeros((len(logits), len(EMOTIONS)), np.float32)
    for name, share in shares.items():
        emotions[:, EMOTIONS.index(name)] = share
    emotions[:, 0] = 1 - emotions.sum(axis=1)
    emotions[~mask] = np.nan
    return FeatureSequence(np.where(mask[:, None], logits + MEAN, 0), emotions, mask)


def make_normalized(mask, quality=0.8):
    mask = np.asarray(mask, bool)
    values = np.where(mask, quality, 0).astype(np.float32)
    return NormalizedClip(
        np.zeros((len(mask), 4, 4), np.float32), values, dict.fromkeys(QUALITY_COMPONENTS, values), mask
    )


def make_window(start_s, label, *, probability=0.8, quality=0.8, num_valid=8, length_s=0.8):
    probabilities = make_probabilities(label, probability)
    return WindowPrediction(
        start_s, start_s + length_s, label, probabilities, probabilities - 0.4, quality, num_valid, num_valid / 10
    )


def judge(bundle, logits, mask=None):
    """Windows and step probabilities of a clip at 10 Hz."""
    features = make_features(logits, mask)
    return judge_windows(
        bundle, bundle.head_network(), features, make_normalized(features.mask), np.arange(len(logits)) / 10
    )


def tell(windows, *, duration_s=None, num_frames=20, bundle=None, **shares):
    """The prediction from windows."""
    mask = np.ones(num_frames, bool)
    steps = np.full((num_frames, 3), 1 / 3, np.float32)
    features = make_features(np.zeros((num_frames, 3)), mask, **shares)
    last_s = windows[-1].end_s if duration_s is None else duration_s
    times_s = np.arange(num_frames) / 10
    return predict(bundle or make_bundle(), windows, steps, features, make_normalized(mask).quality, times_s, last_s)


class TestPieces:
    @pytest.mark.parametrize(
        ("num_frames", "expected"),
        [(1, [0]), (8, [0]), (9, [0, 1]), (12, [0, 4]), (13, [0, 4, 5]), (20, [0, 4, 8, 12])],
    )
    def test_windows_cover_the_clip_and_end_with_it(self, num_frames, expected):
        assert window_starts(num_frames, 8, 4) == expected

    def test_temperature_flattens_and_keeps_the_order(self):
        logits = np.array([[2.0, 0.0, -1.0]], np.float32)
        sharp, plain, flat = (calibrated(logits, temperature)[0] for temperature in (0.5, 1.0, 4.0))
        np.testing.assert_allclose(plain, np.exp([2, 0, -1]) / np.exp([2, 0, -1]).sum(), rtol=1e-6)
        assert sharp[0] > plain[0] > flat[0] > flat[1] > flat[2]

    def test_extreme_logits_stay_probabilities(self):
        np.testing.assert_array_equal(calibrated(np.array([[1e6, 0.0, -1e6]], np.float32), 1.0), [[1, 0, 0]])

    def test_the_most_probable_class_wins_if_it_is_accepted(self):
        probabilities = np.array([[0.2, 0.7, 0.1], [0.2, 0.7, 0.1], [0.4, 0.3, 0.3]])
        scores = np.array([[0.1, 0.3, -1], [0.1, -0.2, -0.3], [0.0, 0.0, 0.0]])
        assert decide(probabilities, scores).tolist() == [1, ABSTAIN, ABSTAIN]

    def test_a_less_probable_class_does_not_step_in(self):
        probabilities = np.array([[0.5, 0.3, 0.2]], np.float32)
        scores = make_scores([0.6, 0.1, 0.5]).transform(probabilities, np.array([0.5], np.float32))
        assert scores[0, 1] > 0
        assert decide(probabilities, scores).tolist() == [ABSTAIN]

    def test_windows_count_by_their_evidence(self):
        probabilities = np.stack([make_probabilities(AMUSED, 0.9), make_probabilities(SAD, 0.9)])
        evidence = np.array([3, 1], np.float32)
        mean, scores = clip_scores(probabilities, np.array([0.8, 0.4]), evidence, make_scores())
        np.testing.assert_allclose(mean, 0.75 * probabilities[0] + 0.25 * probabilities[1], rtol=1e-6)
        np.testing.assert_allclose(scores, mean - 0.4, atol=1e-6)
        alone, _ = clip_scores(probabilities, np.array([0.8, 0.4]), np.array([0, 2], np.float32), make_scores())
        np.testing.assert_allclose(alone, probabilities[1], rtol=1e-6)

    def test_thresholds_follow_the_quality_of_the_windows(self):
        probabilities = make_probabilities(AMUSED, 0.6)[np.newaxis]
        normalizer = make_scores([[0.7] * 3, [0.5] * 3])
        verdicts = [
            int(decide(*clip_scores(probabilities, np.array([quality]), np.ones(1, np.float32), normalizer)))
            for quality in (0.2, 0.8)
        ]
        assert verdicts == [ABSTAIN, 0]


class TestWindows:
    def test_the_last_step_of_a_window_is_its_verdict(self):
        logits = np.tile([5.0, 0, 0], (20, 1))
        logits[-1] = [0, 5, 0]
        windows, _ = judge(make_bundle(), logits)
        assert [window.label for window in windows] == [AMUSED, AMUSED, AMUSED, SAD]
        assert [(round(window.start_s, 3), round(window.end_s, 3)) for window in windows] == [
            (0.0, 0.8), (0.4, 1.2), (0.8, 1.6), (1.2, 2.0),
        ]  # fmt: skip
        np.testing.assert_allclose(windows[0].scores, windows[0].probabilities - 0.4, atol=1e-6)

    def test_a_short_clip_is_padded_with_frames_that_do_not_count(self):
        windows, steps = judge(make_bundle(), np.tile([0.0, 5, 0], (5, 1)))
        ((features, weights),) = StandIn.latest.calls
        assert not features[5:].any()
        np.testing.assert_allclose(weights, [0.8] * 5 + [0] * 3)
        assert [(window.label, window.num_valid_frames) for window in windows] == [(SAD, 5)]
        assert windows[0].end_s == pytest.approx(0.5)
        assert steps.shape == (5, 3)

    def test_temperature_reaches_the_windows(self):
        logits = np.tile([2.0, 0, 0], (8, 1))
        (window,), _ = judge(make_bundle(temperature=2.0), logits)
        np.testing.assert_allclose(window.probabilities, calibrated(logits[:1], 2.0)[0], rtol=1e-6)

    def test_frames_without_a_face_get_no_weight_and_no_step(self):
        mask = np.arange(12) != 3
        windows, steps = judge(make_bundle(), np.tile([5.0, 0, 0], (12, 1)), mask)
        features, weights = StandIn.latest.calls[0]
        assert weights[3] == 0
        assert not features[3].any()
        assert np.isnan(steps[~mask]).all()
        np.testing.assert_allclose(steps[mask].sum(axis=1), 1, rtol=1e-5)
        assert [window.num_valid_frames for window in windows] == [7, 8]
        assert windows[0].quality == pytest.approx(0.8)

    def test_a_window_with_too_little_face_is_unsure(self):
        mask = np.arange(20) < 11
        windows, _ = judge(make_bundle(), np.tile([5.0, 0, 0], (20, 1)), mask)
        assert [window.num_valid_frames for window in windows] == [8, 7, 3, 0]
        assert [window.label for window in windows[2:]] == [UNSURE, UNSURE]  # under half a second
        assert windows[3].quality == 0

    def test_steps_trust_windows_that_have_seen_more(self):
        class Opinionated(StandIn):
            def head_network(self):
                verdicts = iter([[50.0, 0, 0], [0, 50.0, 0]])
                return lambda features, weights: np.tile(next(verdicts), (8, 1)).astype(np.float32)

        bundle = make_bundle()
        bundle = Opinionated(*(getattr(bundle, name) for name in Bundle.__slots__))
        _, steps = judge(bundle, np.zeros((12, 3)))
        np.testing.assert_allclose(steps[:4, 0], 1)
        np.testing.assert_allclose(steps[4:8, 0], [5 / 6, 6 / 8, 7 / 10, 8 / 12], rtol=1e-5)  # against 1, 2, 3, 4
        np.testing.assert_allclose(steps[8:, 1], 1)

    def test_a_single_frame_is_one_window(self):
        (window,), steps = judge(make_bundle(), np.array([[5.0, 0, 0]]))
        assert (window.start_s, window.end_s, window.label) == (0, 0, UNSURE)
        assert steps.shape == (1, 3)


class TestTime:
    def judge_at(self, times_s, logits=(5.0, 0, 0)):
        bundle = make_bundle(config=replace(CONFIG, window_steps=32, hop_steps=8))
        features = make_features(np.tile(np.array(logits), (len(times_s), 1)), happiness=0.6, surprise=0.3)
        normalized = make_normalized(features.mask)
        times_s = np.asarray(times_s, float)
        windows, steps = judge_windows(bundle, lambda sequence, weights: sequence, features, normalized, times_s)
        step_s = float(np.median(np.diff(times_s)))
        return predict(bundle, windows, steps, features, normalized.quality, times_s, times_s[-1] + step_s)

    def test_nothing_is_said_of_a_gap(self):
        prediction = self.judge_at([*np.arange(40) / 10, *(100 + np.arange(40) / 10)])
        spans = [(round(item.start_s, 2), round(item.end_s, 2), item.label) for item in prediction.segments]
        assert spans == [(0.0, 4.0, AMUSED), (100.0, 104.0, AMUSED)]
        assert prediction.label == AMUSED

    def test_a_window_counts_by_its_seconds_of_face(self):
        prediction = self.judge_at(np.arange(20) / 4)
        assert {window.num_valid_frames for window in prediction.windows} == {13, 14}
        assert [window.face_s for window in prediction.windows] == pytest.approx([3.2] * 4)
        assert prediction.label == AMUSED

    @pytest.mark.parametrize(("rate_hz", "expected"), [(1.0, UNSURE), (1.9, UNSURE), (2.0, AMUSED), (3.0, AMUSED)])
    def test_too_few_pictures_a_second_say_nothing_of_change(self, rate_hz, expected):
        prediction = self.judge_at(np.arange(20) / rate_hz)
        assert prediction.label == expected
        assert {segment.label for segment in prediction.segments} == {expected}
        assert ("pictures a second" in prediction.reason) == (expected == UNSURE)

    def test_times_are_those_of_the_file(self):
        prediction = self.judge_at(90000 + np.arange(40) / 10)
        assert prediction.windows[0].start_s == 90000
        assert [(item.start_s, item.end_s) for item in prediction.segments] == [(90000, pytest.approx(90004))]
