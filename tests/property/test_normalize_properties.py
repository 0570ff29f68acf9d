"""What holds of Q-based normalization whatever the data."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.model.quality_bins import neighbourhood_edges, neighbourhood_index

UNIT = st.floats(0, 1, width=32)
SCORE = st.integers(0, 1000).map(lambda level: level / 1000)
QUALITY = st.lists(st.one_of(UNIT, st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=40)
COUNTS = st.integers(1, 9)


@given(QUALITY, COUNTS)
def test_every_sample_lies_in_exactly_one_neighbourhood_and_none_is_empty(quality, num_neighbourhoods):
    edges = neighbourhood_edges(quality, num_neighbourhoods)
    assert len(edges) < num_neighbourhoods
    bounds = np.concatenate(([-np.inf], edges, [np.inf]))
    inside = (np.array(quality)[:, None] > bounds[:-1]) & (np.array(quality)[:, None] <= bounds[1:])
    assert np.all(inside.sum(axis=1) == 1)
    assert np.all(inside.sum(axis=0) >= 1)
    np.testing.assert_array_equal(inside.argmax(axis=1), neighbourhood_index(quality, edges))


@given(st.lists(st.integers(0, 10_000), unique=True, min_size=1, max_size=60), COUNTS)
def test_without_ties_the_neighbourhoods_are_about_equal(levels, num_neighbourhoods):
    quality = np.array(levels) / 10_000
    edges = neighbourhood_edges(quality, num_neighbourhoods)
    assert len(edges) + 1 == min(num_neighbourhoods, len(levels))
    counts = np.bincount(neighbourhood_index(quality, edges))
    assert np.ptp(counts) <= 1


@given(QUALITY, COUNTS)
def test_every_edge_is_one_of_the_formula(quality, num_neighbourhoods):
    q, count = np.sort(quality), len(quality)
    ranks = [i * count // num_neighbourhoods for i in range(1, num_neighbourhoods)]
    formula = {0.5 * (q[rank - 1] + q[rank]) for rank in ranks if rank}
    assert set(neighbourhood_edges(quality, num_neighbourhoods).tolist()) <= formula


@st.composite
def feature_data(draw):
    count = draw(st.integers(1, 25))
    features = draw(arrays(np.float32, (count, 3), elements=st.floats(-50, 50, width=32)))
    return features, draw(arrays(np.float32, count, elements=UNIT))


@given(feature_data(), COUNTS, st.sampled_from([0.0, 3.0, 100.0]), st.booleans())
def test_feature_normalization_can_be_undone_and_survives_arrays(data, num_neighbourhoods, shrinkage, interpolate):
    features, quality = data
    normalizer = FeatureNormalizer.fit(
        features, quality, num_neighbourhoods=num_neighbourhoods, shrinkage=shrinkage, interpolate=interpolate
    )
    assert normalizer.counts.sum() == len(quality)
    normal = normalizer.transform(features, quality)
    assert np.all(np.isfinite(normal))
    zero, one = (normalizer.transform(np.full_like(features, value), quality).astype(np.float64) for value in (0, 1))
    slope = one - zero  # û is affine in u: 1/σ, and −μ/σ at 0
    scale = np.abs(zero) + np.abs(normal) + slope
    assert np.all(slope > 0)
    assert np.all(np.abs(zero + slope * features - normal) <= 1e-3 * scale + 2e-5 * np.abs(features) * scale)
    again = FeatureNormalizer.from_arrays(normalizer.to_arrays())
    np.testing.assert_array_equal(again.transform(features, quality), normal)


@st.composite
def score_data(draw):
    count = draw(st.integers(2, 25))
    scores = draw(arrays(np.float64, (count, 3), elements=SCORE | st.sampled_from([0.0, 0.5, 1.0])))
    labels = np.array([0, 1, *draw(st.lists(st.integers(0, 2), min_size=count - 2, max_size=count - 2))])
    return scores, labels, draw(arrays(np.float32, count, elements=UNIT))


@given(score_data(), COUNTS, st.sampled_from([0.0, 20.0]), st.booleans())
def test_thresholds_stay_in_range_and_scores_come_back(data, num_neighbourhoods, shrinkage, interpolate):
    scores, labels, quality = data
    normalizer = ScoreNormalizer.fit(
        scores, labels, quality, num_neighbourhoods=num_neighbourhoods, shrinkage=shrinkage, interpolate=interpolate
    )
    thresholds = normalizer.threshold(quality)
    assert np.all((thresholds >= 0) & (thresholds <= 1))
    normal = normalizer.transform(scores, quality)
    np.testing.assert_allclose(normal + thresholds, scores, atol=1e-6)
    np.testing.assert_array_equal(normal > 0, scores > thresholds)
    again = ScoreNormalizer.from_arrays(normalizer.to_arrays())
    np.testing.assert_array_equal(again.transform(scores, quality), normal)


@given(score_data(), st.floats(0.1, 10), st.floats(0.1, 10))
@settings(max_examples=60)
def test_no_threshold_costs_less_than_the_fitted_one(data, cost_fa, cost_fr):
    scores, labels, quality = data
    normalizer = ScoreNormalizer.fit(
        scores, labels, quality, num_neighbourhoods=1, cost_false_accept=cost_fa, cost_false_reject=cost_fr
    )
    for label in np.unique(labels):
        score, positive = scores[:, label], labels == label

        def cost(theta, score=score, positive=positive):
            return cost_fa * np.mean(score[~positive] > theta) + cost_fr * np.mean(score[positive] <= theta)

        least = min(cost(theta) for theta in np.append(score, 0.0))  # the cost changes at scores only
        assert cost(normalizer.thresholds[0, label]) <= least + 1e-9
