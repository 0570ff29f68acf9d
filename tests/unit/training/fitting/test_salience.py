"""Salience curves from pictures that the network learned from and pictures that it never saw."""

import numpy as np
import pytest

from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.model.salience import SalienceCurve
from emo_core.training.fitting.salience import VotedEmotions, fit_salience, measure_salience

PAIR = ("happiness", "surprise")
AMUSED = PAPER_CLASSES[0].name


def pictures(rng, noise, count=300):
    """Votes of ten for the pair, and emotions whose log ratio follows them, more or less."""
    of_first = np.concatenate([np.full(count, 10), np.zeros(count, int), rng.integers(2, 9, count)])
    votes = np.zeros((len(of_first), 10), np.uint8)
    votes[:, EMOTIONS.index(PAIR[0])], votes[:, EMOTIONS.index(PAIR[1])] = of_first, 10 - of_first
    votes[votes == 1] = 0
    logs = np.where((of_first % 10) == 0, of_first - 5.0, 0.8 * (of_first - 5)) + rng.normal(0, noise, len(of_first))
    first = 1 / (1 + np.exp(-logs))
    emotions = np.zeros((len(of_first), 8), np.float32)
    emotions[:, EMOTIONS.index(PAIR[0])], emotions[:, EMOTIONS.index(PAIR[1])] = first, 1 - first
    return VotedEmotions(emotions, votes)


@pytest.fixture(scope="module")
def learned():
    return pictures(np.random.default_rng(0), noise=0.1)


def test_pictures_like_those_learned_from_leave_the_curve_as_it_is(learned):
    curve = fit_salience(learned, pictures(np.random.default_rng(1), noise=0.1), PAPER_CLASSES)[AMUSED]
    alone = SalienceCurve.fit(*learned.of_pair(*PAIR), *PAIR)
    assert curve.slope == pytest.approx(alone.slope, rel=0.1)


def test_what_the_network_only_remembers_flattens_the_curve_between_the_two(learned):
    rng = np.random.default_rng(2)
    unseen, test = pictures(rng, noise=3), pictures(rng, noise=3)
    curve = fit_salience(learned, unseen, PAPER_CLASSES)[AMUSED]
    alone = SalienceCurve.fit(*learned.of_pair(*PAIR), *PAIR)
    assert curve.slope < 0.6 * alone.slope
    emotions, shares = test.of_pair(*PAIR)
    both = (shares > 0) & (shares < 1)
    errors = [np.abs(item.of(emotions[both], *PAIR) - shares[both]).mean() for item in (curve, alone)]
    assert errors[0] < errors[1]


def test_without_an_unseen_picture_of_both_nothing_is_flattened(learned):
    unseen = VotedEmotions(np.zeros((0, 8), np.float32), np.zeros((0, 10), np.uint8))
    curves = fit_salience(learned, unseen, PAPER_CLASSES)
    alone = SalienceCurve.fit(*learned.of_pair(*PAIR), *PAIR)
    assert curves[AMUSED].slope == alone.slope
    assert curves["sadness_fear"] == SalienceCurve()
    assert set(curves) == {AMUSED, "sadness_fear"}


def test_the_half_that_chose_nothing_is_measured_by_itself(learned):
    second = np.arange(len(learned.votes)) % 2 == 0
    stored = {
        "stills_probabilities": learned.emotions,
        "stills_is_copy": np.arange(len(learned.votes)) % 4 == 1,
        "stills_is_second_half": second,
    }
    rows = measure_salience(
        learned.votes, stored, PAPER_CLASSES, dict.fromkeys((AMUSED, "sadness_fear"), SalienceCurve())
    )
    counts = {row.pictures: row.num_images for row in rows if row.pair == AMUSED and "3 votes" in row.rule}
    strict = (learned.votes.max(axis=1) <= 7) & (learned.votes.max(axis=1) >= 4)
    assert counts == {
        "all": strict.sum(),
        "without copies": (strict & ~stored["stills_is_copy"]).sum(),
        "second half": (strict & second).sum(),
    }
