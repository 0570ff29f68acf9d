"""Figures of an evaluation: equal to scikit-learn's, and intervals that cover as often as they say."""

import msgspec
import numpy as np
import pytest
from msgspec.structs import astuple
from sklearn import metrics

from emo_core import SOFTWARE
from emo_core.emotions import UNSURE
from emo_core.errors import DatasetError
from emo_core.evaluation.clip_metrics import coverage_curve, summarize, verdict_table
from emo_core.evaluation.people_intervals import People
from emo_core.evaluation.text import made_by, tables, to_csv, to_text
from emo_core.records import ClipMetrics
from tests.evaluations import LABELS, make_evaluation


@pytest.fixture(scope="module")
def evaluation():
    return make_evaluation()


@pytest.fixture(scope="module")
def figures(evaluation):
    return summarize(evaluation)


@pytest.fixture(scope="module")
def report(evaluation):
    return metrics.classification_report(
        evaluation.truth, evaluation.forced, labels=range(3), target_names=LABELS, output_dict=True
    )


class TestAgreementWithScikitLearn:
    def test_accuracy_and_means_over_classes(self, figures, report):
        scores = figures.scores
        assert scores.accuracy.value == pytest.approx(report["accuracy"])
        for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert getattr(scores, ours).value == pytest.approx(report["macro avg"][theirs])

    def test_every_class(self, figures, report):
        for row in figures.per_class:
            own = report[row.label]
            assert [row.precision, row.recall, row.f1, row.support] == pytest.approx(
                [own["precision"], own["recall"], own["f1-score"], own["support"]]
            )

    def test_confusion(self, evaluation, figures):
        expected = metrics.confusion_matrix(evaluation.truth, evaluation.forced, labels=range(3))
        assert np.array(figures.confusion).tolist() == expected.tolist()

    def test_areas_under_the_curves(self, evaluation, figures):
        for index, row in enumerate(figures.curves):
            positive, scores = evaluation.truth == index, evaluation.probabilities[:, index]
            assert row.roc_auc.value == pytest.approx(metrics.roc_auc_score(positive, scores))
            assert row.average_precision == pytest.approx(metrics.average_precision_score(positive, scores))
            assert metrics.auc(*astuple(row.roc)) == pytest.approx(row.roc_auc.value)

    def test_what_a_draw_counts_is_what_scikit_learn_counts_with_weights(self, evaluation):
        people = People(evaluation.people, num_draws=20, seed=3)
        cells = np.zeros((len(evaluation.clips), 3, 3))
        cells[np.arange(len(cells)), evaluation.truth, evaluation.forced] = 1
        for draw, table in zip(people.draws, people.sums(cells), strict=True):
            weights = draw[people.index]
            expected = metrics.confusion_matrix(
                evaluation.truth, evaluation.forced, labels=range(3), sample_weight=weights
            )
            np.testing.assert_allclose(table, expected)


class TestIntervals:
    def test_each_holds_its_figure(self, figures):
        spread = [*astuple(figures.scores), *figures.headline.values()]
        spread += [row.roc_auc for row in figures.curves]
        spread += [score for row in figures.per_class for score in row.scores.values()]
        for score in spread:
            low, high = score.interval
            assert low <= score.value <= high
            assert low < high

    def test_they_cover_at_about_the_stated_rate(self):
        """Accuracy 0.7 on average, people who differ: the truth is inside about 19 times of 20; by clips less often."""
        rng = np.random.default_rng(5)
        inside = {"people": 0, "clips": 0}
        trials, num_people, each = 300, 40, 8
        names = np.repeat([f"{n:02d}" for n in range(num_people)], each)
        alone = np.array([f"{n:03d}" for n in range(num_people * each)])
        for trial in range(trials):
            skill = np.repeat(rng.beta(3.5, 1.5, num_people), each)  # mean 0.7
            right = (rng.random(len(skill)) < skill).astype(float)
            for kind, groups in (("people", names), ("clips", alone)):
                people = People(groups, num_draws=200, seed=trial)
                low, high = people.interval(people.ratio(right, np.ones(len(right))))
                inside[kind] += low <= 0.7 <= high
        assert 0.9 <= inside["people"] / trials <= 0.985
        assert inside["clips"] < inside["people"] - 0.05 * trials

    def test_one_person_gives_none(self):
        figures = summarize(make_evaluation(num_people=1))
        assert figures.scores.accuracy.interval is None
        assert "(" not in to_text(make_evaluation(num_people=1), figures).splitlines()[3]

    def test_the_same_evaluation_gives_the_same_figures(self, evaluation, figures):
        assert summarize(evaluation) == figures


class TestUnsure:
    def test_verdicts_count_every_clip_once(self, evaluation, figures):
        assert np.sum(figures.verdicts) == len(evaluation.clips)
        assert verdict_table(evaluation)[:, -1].sum() == sum(clip.verdict == UNSURE for clip in evaluation.clips)

    def test_the_curve_passes_the_point_of_the_app_and_falls_no_lower(self, evaluation, figures):
        curve = coverage_curve(evaluation)
        coverage = [row.coverage for row in curve]
        assert coverage == sorted(coverage)
        own = [row for row in curve if row.threshold > 0][-1]
        assert own.coverage == pytest.approx(figures.coverage.value)
        assert own.accuracy == pytest.approx(figures.accuracy_when_decided.value)


def test_slices_part_the_clips(evaluation, figures):
    by_slice = {}
    for row in figures.slices:
        by_slice.setdefault(row.slice, []).append(row)
    assert set(by_slice) == {"person", "source", "damage", "quality", "length"}  # the session is nowhere stated
    for rows in by_slice.values():
        assert sum(row.num_clips for row in rows) == len(evaluation.clips)
        right = sum(row.accuracy.value * row.num_clips for row in rows)
        assert right == pytest.approx((evaluation.forced == evaluation.truth).sum())
    assert [row.value for row in by_slice["quality"]] == ["up to 0.60", "0.60 – 0.80", "above 0.80"]
    assert by_slice["person"][0].accuracy.interval is None
    assert by_slice["source"][0].num_people == 6


def test_a_class_without_clips_is_measured_as_far_as_it_can_be():
    evaluation = make_evaluation().where(lambda clip: clip.label != LABELS[1])
    row = summarize(evaluation).curves[1]
    assert row.roc_auc is None
    assert row.num_positive == 0
    assert " – " in to_text(evaluation, summarize(evaluation))


def test_stored_as_json_the_figures_are_the_same(figures):
    assert msgspec.json.decode(msgspec.json.encode(figures), type=ClipMetrics) == figures


def test_no_clip_at_all():
    with pytest.raises(DatasetError, match="nothing to measure"):
        summarize(make_evaluation(clips=()))


def test_text_and_tables_tell_all(evaluation, figures):
    told = to_text(evaluation, figures)
    for words in ("72 clips of 12 people", "4 clips of 2 people are left out.", "No face was found."):
        assert words in told
    for name, table in tables(evaluation, figures).items():
        header, rows = table
        assert rows, name
        assert {len(row) for row in rows} == {len(header)}, name
        lines = to_csv(table, made_by(evaluation)).splitlines()
        assert len(lines) == len(rows) + 1
        assert lines[0].endswith(",model,model_version,software")
        assert all(line.endswith(f",{evaluation.model},{evaluation.version},{SOFTWARE}") for line in lines[1:])
