"""Q-based normalization: shrinkage, interpolation, ties, missing classes, and agreement with brute force."""

import numpy as np
import pytest

from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer

RNG = np.random.default_rng(7)


class TestFeatures:
    QUALITY = np.linspace(0, 1, 200)
    FEATURES = RNG.normal(size=(200, 3)) * (1 + QUALITY[:, None]) + 5 * QUALITY[:, None]

    def test_one_neighbourhood_is_z_scoring(self):
        normalizer = FeatureNormalizer.fit(self.FEATURES, self.QUALITY, num_neighbourhoods=1)
        expected = (self.FEATURES - self.FEATURES.mean(0)) / self.FEATURES.std(0)
        result = normalizer.transform(self.FEATURES, self.QUALITY)
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, expected, atol=1e-5)

    def test_without_shrinkage_each_neighbourhood_is_z_scored(self):
        normalizer = FeatureNormalizer.fit(self.FEATURES, self.QUALITY, num_neighbourhoods=4, shrinkage=0)
        assert normalizer.counts.tolist() == [50] * 4
        result = normalizer.transform(self.FEATURES, self.QUALITY).reshape(4, 50, 3)
        np.testing.assert_allclose(result.mean(1), 0, atol=1e-5)
        np.testing.assert_allclose(result.std(1), 1, atol=1e-4)

    def test_shrinkage_moves_toward_the_global_values(self):
        def mean_of_worst(shrinkage):
            return FeatureNormalizer.fit(self.FEATURES, self.QUALITY, shrinkage=shrinkage).mean[0]

        own, overall = self.FEATURES[:50].mean(0), self.FEATURES.mean(0)
        np.testing.assert_allclose(mean_of_worst(0), own, rtol=1e-5)
        np.testing.assert_allclose(mean_of_worst(50), (own + overall) / 2, rtol=1e-5)
        np.testing.assert_allclose(mean_of_worst(1e12), overall, rtol=1e-5)

    def test_variance_is_shrunk_too(self):
        normalizer = FeatureNormalizer.fit(self.FEATURES, self.QUALITY, shrinkage=50)
        expected = np.sqrt((self.FEATURES[:50].var(0) + self.FEATURES.var(0)) / 2)
        np.testing.assert_allclose(normalizer.std[0], expected, rtol=1e-5)

    def test_a_unit_that_never_fired_does_not_explode(self):
        features = self.FEATURES.copy()
        features[:, 1] = 0
        normalizer = FeatureNormalizer.fit(features, self.QUALITY, shrinkage=0)
        features[0, 1] = 1
        result = normalizer.transform(features, self.QUALITY)
        assert result[1, 1] == 0
        assert 1 < result[0, 1] < 200

    def test_constant_features_and_single_samples(self):
        normalizer = FeatureNormalizer.fit(np.ones((3, 2)), [0.1, 0.2, 0.3], num_neighbourhoods=3, shrinkage=0)
        assert normalizer.counts.tolist() == [1, 1, 1]
        assert normalizer.transform(np.full(2, 1.5), 0.2).tolist() == [0.5, 0.5]

    def test_interpolation_runs_through_the_centres(self):
        quality = [0.0, 0.2, 0.8, 1.0]
        features = np.array([[0.0], [2.0], [10.0], [14.0]])
        fit = {"num_neighbourhoods": 2, "shrinkage": 0.0}
        smooth = FeatureNormalizer.fit(features, quality, interpolate=True, **fit)
        steps = FeatureNormalizer.fit(features, quality, **fit)
        assert smooth.centres.tolist() == pytest.approx([0.1, 0.9])
        # between the centres: mean 1…12, deviation 1…2; outside: constant
        for q, mean, std in [(0.0, 1, 1), (0.1, 1, 1), (0.5, 6.5, 1.5), (0.7, 9.25, 1.75), (0.9, 12, 2), (1.0, 12, 2)]:
            assert smooth.transform([20.0], q)[0] == pytest.approx((20 - mean) / std, rel=1e-5)
        assert steps.transform([20.0], 0.49)[0] == 19
        assert steps.transform([20.0], 0.51)[0] == 4

    def test_any_leading_shape(self):
        normalizer = FeatureNormalizer.fit(self.FEATURES, self.QUALITY)
        flat = normalizer.transform(self.FEATURES, self.QUALITY)
        shaped = normalizer.transform(self.FEATURES.reshape(20, 10, 3), self.QUALITY.reshape(20, 10))
        assert shaped.shape == (20, 10, 3)
        np.testing.assert_array_equal(shaped.reshape(200, 3), flat)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"features": np.zeros(4)}, r"features has shape \(4,\), expected \(any, any\)"),
            ({"features": np.full((4, 1), np.nan)}, "features hold values that are not finite"),
            ({"quality": np.zeros(3)}, r"quality has shape \(3,\), expected \(4\)"),
            ({"quality": np.full(4, np.nan)}, "quality holds 4 values"),
            ({"shrinkage": -1}, "shrinkage is -1"),
            ({"shrinkage": np.nan}, "shrinkage is nan"),
            ({"features": np.zeros((0, 1)), "quality": []}, "no samples"),
        ],
    )
    def test_fit_refuses_bad_input(self, change, words):
        with pytest.raises(ValueError, match=words):
            FeatureNormalizer.fit(**{"features": np.zeros((4, 1)), "quality": np.zeros(4)} | change)

    def test_apply_refuses_other_shapes(self):
        normalizer = FeatureNormalizer.fit(self.FEATURES, self.QUALITY)
        with pytest.raises(ValueError, match=r"features has shape \(2, 4\), expected \(2, 3\)"):
            normalizer.transform(np.zeros((2, 4)), np.zeros(2))
        with pytest.raises(ValueError, match="features has shape"):
            normalizer.transform(np.zeros((2, 3)), np.zeros(3))
        with pytest.raises(ValueError, match="not finite"):
            normalizer.transform(np.zeros((1, 3)), [np.nan])

    def test_arrays_survive_a_file(self, tmp_path):
        normalizer = FeatureNormalizer.fit(self.FEATURES, self.QUALITY, interpolate=True)
        np.savez(tmp_path / "features.npz", **normalizer.to_arrays())
        with np.load(tmp_path / "features.npz", allow_pickle=False) as arrays:
            loaded = FeatureNormalizer.from_arrays(arrays)
        assert loaded.interpolate is True
        np.testing.assert_array_equal(
            loaded.transform(self.FEATURES, self.QUALITY), normalizer.transform(self.FEATURES, self.QUALITY)
        )

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"std": np.zeros((4, 3), np.float32)}, "std positive"),
            ({"mean": np.zeros((3, 3), np.float32)}, "mean has shape"),
            ({"edges": np.array([0.5, 0.5, 0.6])}, "increase"),
            ({"edges": np.array([0.5])}, "edges has shape"),
            ({"extra": np.zeros(1)}, "FeatureNormalizer has arrays .*extra"),
        ],
    )
    def test_damaged_arrays_are_refused(self, change, words):
        arrays = FeatureNormalizer.fit(self.FEATURES, self.QUALITY).to_arrays()
        with pytest.raises(ValueError, match=words):
            FeatureNormalizer.from_arrays(arrays | change)


def brute_force_cost(scores, positive, theta, cost_fa, cost_fr):
    return cost_fa * np.mean(scores[~positive] > theta) + cost_fr * np.mean(scores[positive] <= theta)


def two_class_fit(scores, positive, **options):
    """Threshold of class 0 from its scores; the scores of class 1 do not matter to it."""
    values = np.stack([scores, 1 - np.asarray(scores)], axis=1)
    labels = np.where(positive, 0, 1)
    options = {"num_neighbourhoods": 1, "quality": np.zeros(len(labels))} | options
    return ScoreNormalizer.fit(values, labels, **options)


class TestScores:
    @pytest.mark.parametrize("seed", range(20))
    @pytest.mark.parametrize("costs", [(1.0, 1.0), (5.0, 1.0), (1.0, 5.0)])
    def test_agrees_with_brute_force(self, seed, costs):
        rng = np.random.default_rng(seed)
        positive = rng.random(40) < 0.4
        positive[:2] = True, False
        scores = np.clip(rng.normal(0.4 + 0.2 * positive, 0.2), 0, 1)
        if seed % 2:
            scores = scores.round(1)  # ties
        theta = two_class_fit(scores, positive, cost_false_accept=costs[0], cost_false_reject=costs[1]).thresholds[0, 0]
        least = min(brute_force_cost(scores, positive, t, *costs) for t in np.linspace(0, 1, 5001))
        assert brute_force_cost(scores, positive, theta, *costs) == pytest.approx(least, abs=1e-12)

    @pytest.mark.parametrize(
        ("scores", "positive", "expected"),
        [
            ([0.2, 0.8], [0, 1], 0.5),  # middle of the only plateau
            ([0.1, 0.2, 0.6, 0.9], [0, 1, 0, 1], 0.75),  # plateaus 0.1…0.2 and 0.6…0.9 cost the same: the wider
            ([0.1, 0.3, 0.7, 0.9], [0, 1, 0, 1], 0.8),  # equally wide up to rounding: the higher, which accepts less
            ([0.4, 0.8], [1, 0], None),  # the wrong way round: no threshold beats refusing or accepting all
        ],
    )
    def test_plateaus(self, scores, positive, expected):
        theta = two_class_fit(np.array(scores), np.array(positive, bool)).thresholds[0, 0]
        if expected is None:
            assert theta < 0.4 or theta >= 0.8
        else:
            assert theta == pytest.approx(expected)

    def test_dear_false_accepts_refuse_all_and_dear_false_rejects_accept_all(self):
        scores, positive = np.array([0.5, 0.5, 0.5, 0.5]), np.array([True, False, True, False])
        strict = two_class_fit(scores, positive, cost_false_accept=10.0)
        lenient = two_class_fit(scores, positive, cost_false_reject=10.0)
        assert strict.thresholds[0, 0] == pytest.approx(0.75)
        assert lenient.thresholds[0, 0] == pytest.approx(0.25)

    def test_perfect_scores_are_accepted_and_zeros_are_not(self):
        normalizer = two_class_fit(np.array([0.0, 1.0]), np.array([False, True]))
        assert normalizer.transform([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]).tolist() == [[0.5, -0.5], [-0.5, 0.5]]

    # poor quality: scores huddle around 0.3, good quality: around 0.7
    QUALITY = np.repeat([0.2, 0.8], 40) + np.tile(np.linspace(-0.1, 0.1, 40), 2)
    POSITIVE = np.tile([True, False], 40)
    SCORES = np.where(QUALITY < 0.5, 0.3, 0.7) + np.where(POSITIVE, 0.1, -0.1)

    def test_thresholds_follow_quality(self):
        fit = {"quality": self.QUALITY, "num_neighbourhoods": 2}
        normalizer = two_class_fit(self.SCORES, self.POSITIVE, shrinkage=0, **fit)
        np.testing.assert_allclose(normalizer.thresholds[:, 0], [0.3, 0.7])
        plain = two_class_fit(self.SCORES, self.POSITIVE, quality=self.QUALITY)
        errors = [
            np.mean((n.transform(np.stack([self.SCORES] * 2, 1), self.QUALITY)[:, 0] > 0) != self.POSITIVE)
            for n in (normalizer, plain)
        ]
        assert errors[0] < 0.1 < errors[1]  # this is what quality is for

    def test_interpolation_runs_through_the_centres(self):
        fit = {"quality": self.QUALITY, "num_neighbourhoods": 2, "shrinkage": 0}
        smooth = two_class_fit(self.SCORES, self.POSITIVE, **fit)
        steps = two_class_fit(self.SCORES, self.POSITIVE, interpolate=False, **fit)
        np.testing.assert_allclose(smooth.centres, [0.2, 0.8], atol=1e-12)
        quality = [0.0, 0.2, 0.35, 0.5, 0.8, 1.0]
        np.testing.assert_allclose(smooth.threshold(quality)[:, 0], [0.3, 0.3, 0.4, 0.5, 0.7, 0.7], atol=1e-12)
        np.testing.assert_allclose(steps.threshold(quality)[:, 0], [0.3, 0.3, 0.3, 0.3, 0.7, 0.7], atol=1e-12)

    def test_shrinkage_limits(self):
        fit = {"quality": self.QUALITY, "num_neighbourhoods": 2}
        overall = two_class_fit(self.SCORES, self.POSITIVE, quality=self.QUALITY).thresholds[0, 0]
        half = two_class_fit(self.SCORES, self.POSITIVE, shrinkage=20, **fit)  # 20 samples on the rarer side
        np.testing.assert_allclose(half.thresholds[:, 0], [(0.3 + overall) / 2, (0.7 + overall) / 2])
        held = two_class_fit(self.SCORES, self.POSITIVE, shrinkage=1e15, **fit)
        np.testing.assert_allclose(held.thresholds[:, 0], overall)

    @pytest.mark.parametrize("lacking", [True, False])
    @pytest.mark.parametrize("shrinkage", [0, 20])
    def test_a_neighbourhood_without_one_side_takes_the_global_threshold(self, lacking, shrinkage):
        keep = (self.QUALITY > 0.5) | (lacking != self.POSITIVE)
        scores, positive, quality = self.SCORES[keep], self.POSITIVE[keep], self.QUALITY[keep]
        fit = {"quality": quality, "num_neighbourhoods": 3, "shrinkage": shrinkage}  # the lowest lies below 0.5
        overall = two_class_fit(scores, positive, quality=quality).thresholds[0, 0]
        assert two_class_fit(scores, positive, **fit).thresholds[0, 0] == overall

    @pytest.mark.parametrize("interpolate", [True, False])
    def test_a_class_never_seen_is_never_accepted(self, interpolate):
        scores = RNG.dirichlet(np.ones(3), 60)
        quality = RNG.random(60)
        normalizer = ScoreNormalizer.fit(scores, RNG.integers(0, 2, 60), quality, interpolate=interpolate)
        certain = np.zeros((1000, 3), np.float32)
        certain[:, 2] = np.nextafter(np.float32(1), np.float32(2))  # a softmax may exceed 1 by rounding
        assert np.all(normalizer.transform(certain, np.linspace(-0.5, 1.5, 1000))[:, 2] <= 0)
        assert np.all(normalizer.thresholds[:, :2] < 1)

    def test_one_clip(self):
        normalizer = two_class_fit(self.SCORES, self.POSITIVE, quality=self.QUALITY, num_neighbourhoods=2)
        result = normalizer.transform(np.array([0.9, 0.1], np.float32), 0.8)
        assert result.shape == (2,)
        assert result.dtype == np.float32
        np.testing.assert_allclose(result, np.array([0.9, 0.1]) - normalizer.threshold(0.8), rtol=1e-6)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"scores": np.full((4, 2), 1.5)}, r"outside \[0, 1\]"),
            ({"scores": np.full((4, 2), np.nan)}, r"outside \[0, 1\]"),
            ({"scores": np.zeros(4)}, "scores has shape"),
            ({"labels": [0, 1, 2, 0]}, r"labels must be integers in 0…1"),
            ({"labels": [0.0, 1.0, 1.0, 0.0]}, "labels must be integers"),
            ({"labels": [0, 1]}, "labels has shape"),
            ({"labels": [1, 1, 1, 1]}, "fewer than two classes"),
            ({"quality": np.full(4, np.nan)}, "not finite"),
            ({"quality": np.zeros(5)}, "quality has shape"),
            ({"cost_false_accept": 0.0}, "costs are"),
            ({"shrinkage": -1.0}, "shrinkage is -1.0"),
        ],
    )
    def test_fit_refuses_bad_input(self, change, words):
        good = {"scores": np.full((4, 2), 0.5), "labels": [0, 1, 0, 1], "quality": np.zeros(4)}
        with pytest.raises(ValueError, match=words):
            ScoreNormalizer.fit(**good | change)

    def test_apply_refuses_other_shapes(self):
        normalizer = two_class_fit(self.SCORES, self.POSITIVE)
        with pytest.raises(ValueError, match="scores has shape"):
            normalizer.transform(np.zeros((2, 3)), np.zeros(2))
        with pytest.raises(ValueError, match=r"outside \[0, 1\]"):
            normalizer.transform([[2.0, 0.0]], [0.5])

    def test_damaged_arrays_are_refused(self):
        arrays = two_class_fit(self.SCORES, self.POSITIVE).to_arrays()
        with pytest.raises(ValueError, match="thresholds must lie"):
            ScoreNormalizer.from_arrays(arrays | {"thresholds": np.array([[0.5, np.nan]])})
        del arrays["counts"]
        with pytest.raises(ValueError, match=r"expected .*counts"):
            ScoreNormalizer.from_arrays(arrays)
