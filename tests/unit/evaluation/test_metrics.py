"""Figures that a claim can rest on: against scikit-learn used directly, and against examples done by hand."""

import json

import msgspec
import numpy as np
import pytest
from sklearn import metrics

from emo_core.datasets.pictures.ferplus import majority_labels
from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.evaluation.metrics import (
    bootstrap_interval,
    calibration_error,
    evaluate_clips,
    evaluate_stills,
    per_class,
)
from emo_core.measured import JudgedClips
from emo_core.model.calibration import best_calibration, best_temperature, calibrated, log_loss
from emo_core.records import ClassRow
from tests.tiny import LABELS, ferplus_arrays, make_votes


def some_probabilities(count, num_classes, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(num_classes), count).astype(np.float32)


@pytest.fixture(scope="module")
def case():
    _, votes = ferplus_arrays(12)
    probabilities = some_probabilities(len(votes), 8)
    labels = majority_labels(votes)
    right = np.random.default_rng(1).random(len(votes)) < 0.5
    probabilities[right] = 0.5 * probabilities[right] + 0.5 * np.eye(8, dtype=np.float32)[labels[right]]
    return votes, probabilities, evaluate_stills(probabilities, votes)


class TestStills:
    def test_against_scikit_learn(self, case):
        votes, probabilities, figures = case
        labels = majority_labels(votes)
        kept = labels >= 0
        truth, guess = labels[kept], probabilities[kept].argmax(axis=1)
        assert figures.num_images == kept.sum() == len(votes) - figures.num_left_out
        assert figures.num_left_out == 12  # voted unknown
        assert figures.accuracy == pytest.approx(metrics.accuracy_score(truth, guess))
        assert figures.macro_f1 == pytest.approx(metrics.f1_score(truth, guess, average="macro"))
        assert [*map(list, figures.confusion)] == metrics.confusion_matrix(truth, guess).tolist()
        report = metrics.classification_report(truth, guess, target_names=EMOTIONS, output_dict=True)
        for row in figures.per_class:
            expected = report[row.label]
            assert row.f1 == pytest.approx(expected["f1-score"])
            assert row.precision == pytest.approx(expected["precision"])
            assert row.recall == pytest.approx(expected["recall"])
            assert row.support == expected["support"]

    def test_pairs_are_scored_by_the_geometric_mean_against_all_others(self, case):
        votes, probabilities, figures = case
        kept = majority_labels(votes) >= 0
        for row in figures.hybrid_auc:
            a, b = (EMOTIONS.index(name) for name in row.pair.split("+"))
            positive = (votes[kept, a] >= 3) & (votes[kept, b] >= 3)  # the made votes hold nothing weaker
            assert row.num_positive == positive.sum() == 12
            score = np.sqrt(probabilities[kept, a] * probabilities[kept, b])
            assert row.auc == pytest.approx(metrics.roc_auc_score(positive, score))

    def test_the_interval_holds_the_accuracy(self, case):
        low, high = case[2].accuracy_interval
        assert 0 <= low < case[2].accuracy < high <= 1

    def test_the_figures_are_plain_json(self, case):
        json.dumps(msgspec.to_builtins(case[2]), allow_nan=False)

    def test_the_same_figures_again(self, case):
        votes, probabilities, figures = case
        assert evaluate_stills(probabilities, votes) == figures

    def test_a_pair_that_nobody_saw_has_no_auc(self):
        votes = make_votes({"anger": 10}, {"fear": 10})
        figures = evaluate_stills(some_probabilities(2, 8), votes)
        assert [row.auc for row in figures.hybrid_auc] == [None] * 4

    def test_probabilities_that_do_not_fit(self):
        with pytest.raises(ValueError, match=r"shape \(3, 8\), expected \(2, 8\)"):
            evaluate_stills(some_probabilities(3, 8), make_votes({"anger": 10}, {"fear": 10}))


class TestClips:
    def test_by_hand(self):
        """Four clips: right; right but below every threshold; wrong and decided; right."""
        probabilities = np.array([[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]], np.float32)
        thresholds = np.array([[0.4], [0.55], [0.4], [0.4]], np.float32)
        labels = np.array([0, 0, 1, 2])
        figures = evaluate_clips(probabilities, probabilities - thresholds, labels, PAPER_CLASSES)
        assert figures.num_clips == 4
        assert figures.labels == tuple(LABELS)
        assert figures.accuracy == 0.75
        assert figures.coverage == 0.75
        assert figures.accuracy_when_decided == pytest.approx(2 / 3)
        assert figures.confusion == ((2, 0, 0), (1, 0, 0), (0, 0, 1))
        assert figures.verdict_columns == (*LABELS, "unsure")
        assert figures.verdicts == ((1, 0, 0, 1), (1, 0, 0, 0), (0, 0, 1, 0))
        assert msgspec.json.decode(msgspec.json.encode(figures), type=JudgedClips) == figures

    def test_against_scikit_learn(self):
        probabilities = some_probabilities(60, 3)
        labels = np.random.default_rng(2).integers(0, 3, 60)
        figures = evaluate_clips(probabilities, probabilities - 0.4, labels, PAPER_CLASSES)
        guess = probabilities.argmax(axis=1)
        assert figures.accuracy == pytest.approx(metrics.accuracy_score(labels, guess))
        assert figures.macro_f1 == pytest.approx(metrics.f1_score(labels, guess, average="macro"))
        decided = probabilities.max(axis=1) > 0.4
        assert figures.coverage == pytest.approx(decided.mean())
        assert figures.accuracy_when_decided == pytest.approx((guess == labels)[decided].mean())

    def test_a_model_that_never_dares(self):
        probabilities = some_probabilities(5, 3)
        figures = evaluate_clips(probabilities, probabilities - 1, np.arange(5) % 3, PAPER_CLASSES)
        assert (figures.coverage, figures.accuracy_when_decided) == (0.0, None)
        assert [row[-1] for row in figures.verdicts] == [2, 2, 1]


class TestCalibration:
    def test_by_hand(self):
        """Ten verdicts of 0.8 of which six are right, ten of 0.95 of which all are: ½·0.2 + ½·0.05."""
        confidence = np.repeat([0.8, 0.95], 10)
        probabilities = np.stack([confidence, 1 - confidence], axis=1).astype(np.float32)
        labels = np.array([0] * 6 + [1] * 4 + [0] * 10)
        assert calibration_error(probabilities, labels) == pytest.approx(0.125, abs=1e-6)

    def test_a_calibrated_model_has_next_to_none_and_a_boastful_one_has(self):
        rng = np.random.default_rng(0)
        probabilities = some_probabilities(20000, 3)
        labels = (rng.random((20000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(max=2)
        assert calibration_error(probabilities, labels) < 0.015
        boastful = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
        assert calibration_error(boastful, labels) > 0.1


class TestInterval:
    def test_it_covers_the_truth_nineteen_times_of_twenty(self):
        rng = np.random.default_rng(0)
        hits = 0
        for _ in range(60):
            low, high = bootstrap_interval((rng.random(120) < 0.7).astype(np.float64))
            hits += low <= 0.7 <= high
        assert 51 <= hits <= 60

    def test_it_narrows_with_the_root_of_the_number(self):
        rng = np.random.default_rng(0)
        widths = [np.diff(bootstrap_interval(rng.normal(size=count)))[0] for count in (100, 1600)]
        assert 3 < widths[0] / widths[1] < 5.3

    def test_certainty_has_no_width(self):
        assert bootstrap_interval(np.ones(20)) == (1.0, 1.0)

        assert bootstrap_interval(np.array([0.5])) == (0.5, 0.5)

    def test_the_same_values_have_the_same_interval(self):
        values = np.random.default_rng(0).normal(size=50)
        assert bootstrap_interval(values) == bootstrap_interval(values)


def test_a_class_that_never_occurs_has_zeros_and_no_warning():
    rows = per_class(np.array([0, 0]), np.array([0, 1]), ["a", "b", "c"])
    assert [row.support for row in rows] == [2, 0, 0]
    assert rows[0].recall == 0.5
    assert rows[2] == ClassRow("c", 0.0, 0.0, 0.0, 0)


class TestOffsets:
    OFFSETS = np.array([0.6, -0.4, -0.2], np.float32)

    def biased(self, count):
        """Logits twice as sure as they are right that lack an offset, and the classes that they are of."""
        rng = np.random.default_rng(2)
        logits = rng.normal(0, 2, (count, 3)).astype(np.float32)
        labels = (calibrated(logits, 1.0).cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
        return 2 * (logits - self.OFFSETS), labels

    def test_it_finds_the_temperature_and_the_offsets(self):
        logits, labels = self.biased(20_000)
        temperature, offsets = best_calibration(logits, labels)
        assert temperature == pytest.approx(2, abs=0.1)
        np.testing.assert_allclose(offsets / temperature, self.OFFSETS, atol=0.06)
        assert offsets.sum() == pytest.approx(0, abs=1e-5)
        alone = log_loss(calibrated(logits, best_temperature(logits, labels)), labels)
        assert log_loss(calibrated(logits + offsets, temperature), labels) < alone

    def test_hardly_any_clips_move_no_class(self):
        logits, labels = self.biased(6)
        temperature, offsets = best_calibration(logits, np.zeros_like(labels))
        assert np.abs(offsets / temperature).max() < 0.5
        assert 0.3 <= temperature <= 5.0
