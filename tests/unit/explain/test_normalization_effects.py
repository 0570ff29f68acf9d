"""Parts of the normalization switched off, and the clip without its poor frames."""

from dataclasses import replace

import numpy as np
import pytest

from emo_core.errors import NoFaceError
from emo_core.explain.normalization_effects import one_scale, one_threshold, switched, unit_scale, without_poor_frames
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.report.charts import normalization as figures
from emo_core.report.charts.analysis import MAX_POINTS
from tests.factories import LABELS, make_analysis, make_windows


@pytest.fixture(scope="module")
def laughing(laughter_analysis):
    return laughter_analysis


@pytest.fixture
def by_quality(hybrid):
    """The shipped bundle with features normalized in two neighbourhoods."""
    rng = np.random.default_rng(0)
    quality = rng.random(400)
    features = rng.normal(size=(400, hybrid.features.mean.shape[1])) + quality[:, None]
    return replace(hybrid, features=FeatureNormalizer.fit(features, quality, num_neighbourhoods=2))


def test_nothing_switched_off_is_the_verdict_itself(hybrid, laughing):
    found = switched(hybrid, laughing)[0].prediction
    np.testing.assert_allclose(found.probabilities, laughing.prediction.probabilities, atol=1e-5)
    assert found.label == laughing.prediction.label
    assert [window.label for window in found.windows] == [window.label for window in laughing.prediction.windows]


def test_a_flat_threshold_changes_scores_and_no_probability(hybrid, laughing):
    whole, flat, *_ = (row.prediction for row in switched(hybrid, laughing))
    np.testing.assert_array_equal(flat.probabilities, whole.probabilities)
    moved = whole.windows[0].scores - flat.windows[0].scores
    expected = one_threshold(hybrid.scores).threshold(0.5) - hybrid.scores.threshold(whole.windows[0].quality)
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    assert np.abs(moved).max() > 1e-4


def test_a_model_without_neighbourhoods_of_features_has_none_to_switch_off(hybrid, by_quality, laughing):
    flat = replace(hybrid, features=one_scale(hybrid.features))
    assert {row.part: row.prediction is None for row in switched(flat, laughing)}["features"]
    rows = {row.part: row.prediction for row in switched(by_quality, laughing)}
    assert not np.array_equal(rows["features"].probabilities, rows["none"].probabilities)


def test_one_scale_is_that_of_all_samples():
    rng = np.random.default_rng(1)
    quality = rng.random(300)
    features = rng.normal(size=(300, 3)) * (1 + quality[:, None]) + 4 * quality[:, None]
    parted, whole = (
        FeatureNormalizer.fit(features, quality, num_neighbourhoods=count, shrinkage=0) for count in (3, 1)
    )
    together = one_scale(parted)
    np.testing.assert_allclose(together.mean, whole.mean, atol=1e-5)
    np.testing.assert_allclose(together.std, whole.std, atol=1e-5)
    np.testing.assert_array_equal(unit_scale(parted).transform(features, quality), features.astype(np.float32))


def test_poor_frames_go_one_threshold_after_the_other(hybrid, laughing):
    quality = laughing.normalized.quality
    levels = [0.0, float(np.median(quality)), 1.0]
    found = without_poor_frames(hybrid, laughing, levels)
    assert found.kept.tolist() == [pytest.approx(np.mean(quality >= level)) for level in levels]
    np.testing.assert_allclose(found.probabilities[0], laughing.prediction.probabilities, atol=1e-5)
    assert found.labels[0] == laughing.prediction.label
    assert found.labels[-1] == ""
    assert np.isnan(found.probabilities[-1]).all()


def test_a_clip_without_a_usable_frame_says_so(hybrid, laughing):
    mask = np.zeros_like(laughing.normalized.mask)
    with pytest.raises(NoFaceError, match="choose one that shows a face"):
        switched(hybrid, replace(laughing, normalized=replace(laughing.normalized, mask=mask)))


class TestFigures:
    def test_the_histogram_counts_every_frame_and_shows_every_edge(self, hybrid):
        quality = np.random.default_rng(0).random(500).astype(np.float32)
        figure = figures.neighbourhood_figure(quality, hybrid.scores.edges, here=0.5)
        assert sum(figure.data[0].y) == 500
        assert [shape.x0 for shape in figure.layout.shapes] == [*hybrid.scores.edges, 0.5]

    @pytest.mark.parametrize("after", [False, True])
    def test_every_window_has_a_dot_for_every_class(self, hybrid, after):
        windows = make_windows(200, LABELS[0])
        figure = figures.threshold_figure(windows, LABELS, hybrid.scores, after=after)
        dots = [trace for trace in figure.data if trace.mode == "markers"]
        assert [len(trace.x) for trace in dots] == [len(windows)] * 3
        expected = windows[0].scores if after else windows[0].probabilities
        assert [trace.y[0] for trace in dots] == pytest.approx(expected.tolist())

    def test_long_clips_keep_their_dots_few(self, hybrid):
        analysis = make_analysis(num_frames=9000)
        figure = figures.feature_figure(
            analysis.normalized.quality, analysis.features.features[:, 0], hybrid.features, 0
        )
        assert max(len(trace.x) for trace in figure.data) <= MAX_POINTS

    def test_the_band_is_that_of_the_normalizer(self):
        normalizer = FeatureNormalizer(
            np.array([0.5]), np.array([0.2, 0.8]), np.array([5, 5]), False,
            np.array([[1.0], [3.0]], np.float32), np.array([[0.5], [0.25]], np.float32),
        )  # fmt: skip
        low, high, mean, _ = figures.feature_figure(np.ones(2, "f"), np.ones(2, "f"), normalizer, 0).data
        for trace, ends in ((low, (0.5, 2.75)), (high, (1.5, 3.25)), (mean, (1, 3))):
            assert (trace.y[0], trace.y[-1]) == ends

    def test_one_threshold_is_flat(self, hybrid):
        flat = one_threshold(hybrid.scores)
        assert isinstance(flat, ScoreNormalizer)
        assert np.ptp(flat.threshold(np.linspace(0, 1, 5)), axis=0).max() == 0
        low, high = hybrid.scores.thresholds.min(axis=0), hybrid.scores.thresholds.max(axis=0)
        assert np.all((flat.thresholds[0] >= low) & (flat.thresholds[0] <= high))
