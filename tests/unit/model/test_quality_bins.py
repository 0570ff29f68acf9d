"""Neighbourhoods of quality: the worked example, ties, too few samples."""

import numpy as np
import pytest

from emo_core.model.quality_bins import neighbourhood_edges, neighbourhood_index


class TestNeighbourhoods:
    def test_worked_example(self):
        edges = neighbourhood_edges(np.arange(1, 9), 4)
        assert edges.tolist() == [2.5, 4.5, 6.5]
        assert neighbourhood_index(np.arange(1, 9), edges).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]

    def test_order_of_samples_does_not_matter(self):
        assert neighbourhood_edges([8, 3, 1, 5, 2, 7, 6, 4], 4).tolist() == [2.5, 4.5, 6.5]

    def test_counts_that_do_not_divide(self):
        # N = 7, K = 3: after sample ⌊7/3⌋ = 2 and ⌊14/3⌋ = 4
        assert neighbourhood_edges(np.arange(1, 8), 3).tolist() == [2.5, 4.5]

    @pytest.mark.parametrize(
        ("quality", "num_neighbourhoods", "expected"),
        [
            ([1, 2, 2, 2, 2, 2, 2, 3], 4, [2]),  # three equal edges become one
            ([1, 1, 1, 1], 4, []),  # nothing to part
            ([1, 2, 2, 2], 2, []),  # an edge at the maximum would leave nothing above it
            ([1, 1, 1, 2], 2, [1]),  # one at the minimum leaves the ones below it
            ([1, 2, 2, 2, 3, 4], 3, [2.5]),  # l = 2 and l = 2.5 part the samples alike
            ([1, 2, 3], 8, [1.5, 2.5]),  # fewer samples than neighbourhoods
            ([5], 4, []),
            ([1, 2, 3], 1, []),
        ],
    )
    def test_ties_and_too_few_samples(self, quality, num_neighbourhoods, expected):
        edges = neighbourhood_edges(quality, num_neighbourhoods)
        assert edges.tolist() == expected
        assert set(neighbourhood_index(quality, edges).tolist()) == set(range(len(expected) + 1))

    def test_samples_beyond_the_training_range_fall_in_the_outer_neighbourhoods(self):
        assert neighbourhood_index([-9.0, 9.0], np.array([0.2, 0.4])).tolist() == [0, 2]

    def test_index_keeps_the_shape(self):
        assert neighbourhood_index(np.zeros((2, 3)), np.array([0.5])).shape == (2, 3)
        assert neighbourhood_index(0.7, np.array([0.5])) == 1

    @pytest.mark.parametrize(
        ("quality", "num_neighbourhoods", "words"),
        [
            ([0.1, np.nan], 2, "quality holds 1 values that are not finite"),
            ([0.1, np.inf], 2, "not finite"),
            ([], 2, "no samples"),
            ([0.1], 0, "num_neighbourhoods is 0, expected at least 1"),
            ([[0.1]], 2, r"quality has shape \(1, 1\)"),
        ],
    )
    def test_bad_input(self, quality, num_neighbourhoods, words):
        with pytest.raises(ValueError, match=words):
            neighbourhood_edges(quality, num_neighbourhoods)

    def test_index_refuses_nan(self):
        with pytest.raises(ValueError, match="not finite"):
            neighbourhood_index([np.nan], np.array([0.5]))
