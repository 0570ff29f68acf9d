"""Intervals over pictures: against draws done one by one, and wider than those over clips that share pictures."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from emo_core.evaluation.metrics import bootstrap_interval
from emo_core.training.measure import Pictures


@pytest.fixture(scope="module")
def case():
    """2,000 clips told with 20 pictures, each of which is judged always rightly or always wrongly."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 20, (2000, 1)).repeat(2, axis=1)
    right = pictures[:, 0] % 4 > 0
    truth = rng.integers(0, 3, 2000)
    return pictures, truth, np.where(right, truth, (truth + 1) % 3), right.astype(np.float64)


def test_they_hold_the_figure_and_are_wider_than_intervals_over_clips(case):
    pictures, truth, guesses, right = case
    low, high = Pictures(pictures).mean(right)
    narrow = bootstrap_interval(right)
    assert low < right.mean() < high
    assert high - low > 4 * (narrow[1] - narrow[0])
    found = Pictures(pictures).verdicts(truth, guesses, 3)
    assert found["accuracy_interval"] == pytest.approx([low, high])
    assert found["macro_f1_interval"][0] < f1_score(truth, guesses, average="macro") < found["macro_f1_interval"][1]


def test_a_draw_counts_a_clip_as_often_as_its_pictures_together():
    pictures = np.array([[0, 0], [0, 1], [2, 2]])
    weights = Pictures(pictures).weights
    zero, both, two = weights.T
    one = np.divide(both, zero, out=np.zeros_like(both), where=zero > 0)
    assert (zero[zero > 0] + one[zero > 0] + two[zero > 0] == 3).all(), "three pictures are drawn"
    assert (both[zero == 0] == 0).all()


def test_figures_of_a_draw_are_those_of_the_clips_repeated(case):
    pictures, truth, guesses, _ = case
    pictures, truth, guesses = pictures[:30], truth[:30], guesses[:30]
    drawn = Pictures(pictures)
    drawn.weights = drawn.weights[:1]
    times = drawn.weights[0].astype(int)
    found = drawn.verdicts(truth, guesses, 3)
    truth, guesses = truth.repeat(times), guesses.repeat(times)
    assert found["accuracy_interval"][0] == pytest.approx(accuracy_score(truth, guesses))
    expected = f1_score(truth, guesses, average="macro", labels=range(3), zero_division=0)
    assert found["macro_f1_interval"][1] == pytest.approx(expected)


def test_the_same_clips_have_the_same_interval(case):
    pictures, _, _, right = case
    assert Pictures(pictures).mean(right) == Pictures(pictures).mean(right)
