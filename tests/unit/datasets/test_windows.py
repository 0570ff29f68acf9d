"""Labelled windows: quality, choice, and joining."""

from dataclasses import replace

import numpy as np
import pytest

from emo_core.datasets.windows import WindowDataset


def make(count=3, people=("ann", "bob", "ann"), clips=(0, 1, 1)):
    features = np.arange(count * 4 * 2, dtype=np.float32).reshape(count, 4, 2)
    weights = np.tile(np.array([0.5, 0, 0.7, 0], np.float32), (count, 1))
    stories = tuple(f"story {index}" for index in range(count))
    return WindowDataset(features, weights, np.arange(count) % 2, stories, people, np.array(clips))


def test_quality_is_the_mean_of_the_frames_that_count():
    weights = np.array([[0.5, 0, 0.7], [0, 0, 0]], np.float32)
    clips = WindowDataset(np.zeros((2, 3, 1), np.float32), weights, np.zeros(2, int), ("", ""))
    np.testing.assert_allclose(clips.quality, [0.6, 0])


def test_choosing_keeps_rows_together():
    kept = make().chosen(np.array([True, False, True]))
    assert kept.stories == ("story 0", "story 2")
    assert kept.people == ("ann", "ann")
    assert kept.clips.tolist() == [0, 1]
    assert kept.labels.tolist() == [0, 0]
    np.testing.assert_array_equal(kept.features, make().features[[0, 2]])


def test_choosing_keeps_the_stills_of_composed_clips():
    clips = replace(make(), pictures=np.array([[1, 2], [3, 3], [4, 5]]))
    assert clips.chosen(np.array([True, False, True])).pictures.tolist() == [[1, 2], [4, 5]]


def test_nothing_chosen_is_empty():
    assert make().chosen(np.zeros(3, bool)).features.shape == (0, 4, 2)


def test_joined_windows_follow_one_another():
    joined = WindowDataset.joined([make(), make(2, (), ())])
    assert len(joined.labels) == 5
    assert joined.stories[3:] == ("story 0", "story 1")


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="weights has shape"):
        WindowDataset(np.zeros((2, 3, 1), np.float32), np.zeros((2, 4), np.float32), np.zeros(2, int), ("", ""))
