"""How two emotions share a face."""

import numpy as np
import pytest

from emo_core.emotions import EMOTIONS, PAPER_CLASSES
from emo_core.evaluation.metrics import evaluate_salience
from emo_core.method_records import SalienceRow
from emo_core.model.salience import SalienceCurve, pair_salience
from emo_core.types import FeatureSequence
from tests.tiny import make_votes

PLAIN = SalienceCurve()


def frames(rows, mask=None):
    emotions = np.zeros((len(rows), 8), np.float32)
    for index, row in enumerate(rows):
        for name, value in row.items():
            emotions[index, EMOTIONS.index(name)] = value
    return FeatureSequence(
        np.zeros((len(rows), 1), np.float32), emotions, np.ones(len(rows), bool) if mask is None else mask
    )


class TestPair:
    def test_frames_count_by_quality_and_masked_ones_do_not(self):
        features = frames([{"happiness": 0.9}, {"surprise": 0.9}, {}], np.array([True, True, False]))
        features.emotions[2] = np.nan
        shares = pair_salience(PAPER_CLASSES[0], features, np.array([0.6, 0.2, 0.9], np.float32), PLAIN)
        assert shares == pytest.approx({"amusement": 0.75, "surprise": 0.25})

    def test_without_any_evidence_it_is_even(self):
        shares = pair_salience(PAPER_CLASSES[1], frames([{}, {}]), np.ones(2, np.float32), PLAIN)
        assert shares == {"sadness": 0.5, "fear": 0.5}

    def test_a_class_that_is_no_pair_has_none(self):
        assert pair_salience(PAPER_CLASSES[2], frames([{}]), np.ones(1, np.float32), PLAIN) == {}

    def test_the_curve_decides_how_sure_it_is(self):
        features = frames([{"happiness": 0.9, "surprise": 0.1}])
        flat = pair_salience(PAPER_CLASSES[0], features, np.ones(1, np.float32), SalienceCurve(0, 0.5, 0.5))
        assert 0.7 < flat["amusement"] < 0.8
        assert sum(flat.values()) == pytest.approx(1)


class TestCurve:
    @staticmethod
    def stills(rng, count=600):
        """Pictures whose probabilities are surer than the votes: log ratios three times those of the shares."""
        shares = np.concatenate([np.ones(count), np.zeros(count), rng.uniform(0.2, 0.8, count)])
        inside = np.clip(shares, 0.1, 0.9)
        logs = np.where(np.isin(shares, (0, 1)), (2 * shares - 1) * 8, 3 * np.log(inside / (1 - inside)))
        first = 1 / (1 + np.exp(-(logs + rng.normal(0, 0.3, len(logs)))))
        emotions = np.zeros((len(shares), 8), np.float32)
        emotions[:, EMOTIONS.index("happiness")], emotions[:, EMOTIONS.index("surprise")] = first, 1 - first
        return emotions, shares

    def test_it_learns_how_much_surer_the_network_is_than_people(self):
        emotions, shares = self.stills(np.random.default_rng(0))
        curve = SalienceCurve.fit(emotions, shares, "happiness", "surprise")
        both = (shares > 0) & (shares < 1)
        errors = [np.abs(c.of(emotions[both], "happiness", "surprise") - shares[both]).mean() for c in (curve, PLAIN)]
        assert errors[0] < 0.06 < 0.15 < errors[1]
        alone = curve.of(emotions, "happiness", "surprise")
        assert alone[shares == 1].min() > 0.9
        assert alone[shares == 0].max() < 0.1

    @pytest.mark.parametrize("shares", [[1.0, 1.0, 0.0], [0.5, 0.4, 1.0], [0.5, 0.5, 0.0], []])
    def test_where_a_kind_of_picture_lacks_it_is_the_plain_ratio(self, shares):
        emotions = np.full((len(shares), 8), 1 / 8, np.float32)
        assert SalienceCurve.fit(emotions, np.array(shares), "happiness", "surprise") == PLAIN

    @pytest.mark.parametrize("values", [(0, -1, 0), (0, 1, -2), (np.nan, 1, 0)])
    def test_a_curve_that_falls_is_refused(self, values):
        with pytest.raises(ValueError, match="must not fall"):
            SalienceCurve(*values)


class TestFigures:
    def test_errors_are_against_the_votes_and_one_half(self):
        votes = make_votes(
            {"happiness": 7, "surprise": 3}, {"happiness": 2, "surprise": 4}, {"happiness": 9}, {"sadness": 9}
        )
        emotions = frames([{"happiness": 0.5, "surprise": 0.5}] * 4).emotions
        strict, loose = evaluate_salience(emotions, votes, PAPER_CLASSES[0], PLAIN)
        assert (strict.num_images, loose.num_images) == (1, 2)
        assert strict.mean_absolute_error == pytest.approx(0.2)
        assert loose.mean_absolute_error == pytest.approx(loose.of_one_half)
        assert loose.difference_interval == pytest.approx([0, 0], abs=1e-6)

    def test_no_such_picture_gives_no_figure(self):
        (strict, _) = evaluate_salience(np.ones((1, 8), np.float32), make_votes({"anger": 9}), PAPER_CLASSES[1], PLAIN)
        assert strict == SalienceRow("sadness_fear", "all", "each ≥ 3 votes, together ≥ 7", 0)
