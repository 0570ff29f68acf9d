"""The frame emotions beside the LSTM: the same at every place that counts them, and off by default."""

from dataclasses import replace

import numpy as np
import pytest

from emo_core.emotions import EMOTIONS, PAPER_CLASSES, HybridClass
from emo_core.inference.windows import ABSTAIN
from emo_core.model.evidence import FrameEvidence, families
from emo_core.training.fitting.decision_choice import Decision, choose, cross_validated, mean_recall, right, worth_it

LABELS = tuple(item.name for item in PAPER_CLASSES)


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    emotions = rng.dirichlet(np.ones(8), 6).astype(np.float32)
    mask = np.array([False, True, True, False, True, True])
    emotions[~mask] = np.nan
    return rng.dirichlet(np.ones(3), 6).astype(np.float32), emotions, mask


def test_without_weight_the_lstm_speaks_alone(frames):
    probabilities, emotions, mask = frames
    assert FrameEvidence().running(PAPER_CLASSES, probabilities, emotions, mask) is probabilities


def test_each_step_counts_the_mean_of_the_frames_so_far(frames):
    probabilities, emotions, mask = frames
    found = FrameEvidence(0.4).running(PAPER_CLASSES, probabilities, emotions, mask)
    np.testing.assert_array_equal(found[0], probabilities[0])
    mean = families(PAPER_CLASSES, emotions[[1, 2, 4]].mean(axis=0))
    np.testing.assert_allclose(found[4], 0.6 * probabilities[4] + 0.4 * mean, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_a_whole_window_counts_as_its_last_step_does(frames):
    probabilities, emotions, mask = frames
    evidence = FrameEvidence(0.7, (0.0, 1.0, 0.0))
    last = evidence.running(PAPER_CLASSES, probabilities, emotions, mask)[-1]
    whole = evidence.together(
        PAPER_CLASSES, probabilities[-1:], np.nan_to_num(emotions)[np.newaxis], mask[np.newaxis].astype(np.float32)
    )
    np.testing.assert_allclose(whole[0], last, atol=1e-6)
    nothing = evidence.together(PAPER_CLASSES, probabilities[-1:], np.zeros((1, 6, 8)), np.zeros((1, 6)))
    np.testing.assert_array_equal(nothing[0], probabilities[-1])


def test_an_offset_favours_its_class():
    emotions = np.full(8, 1 / 8, np.float32)
    plain, raised = (FrameEvidence(1.0, given).of_frames(PAPER_CLASSES, emotions) for given in ((), (0.0, 1.0, 0.0)))
    assert plain == pytest.approx([0.25, 0.25, 0.5])
    assert raised[1] / raised[0] == pytest.approx(np.e)


@pytest.mark.parametrize(("weight", "offsets"), [(1.5, ()), (-0.1, ()), (0.5, (np.inf, 0.0, 0.0))])
def test_what_is_no_weight_is_refused(weight, offsets):
    with pytest.raises(ValueError, match="weight of the frame emotions"):
        FrameEvidence(weight, offsets)


def test_the_verdicts_of_a_model_count_the_frames(hybrid):
    from emo_core.inference.windows import judge_windows
    from emo_core.types import FeatureSequence
    from tests.factories import make_analysis

    analysis = make_analysis(40)
    rows = np.zeros((40, 8), np.float32)
    rows[:, EMOTIONS.index("fear")] = 1
    given = FeatureSequence(analysis.features.features, rows, analysis.features.mask)
    alone, beside = (
        judge_windows(
            replace(hybrid, evidence=FrameEvidence(weight)), hybrid.head_network(), given, analysis.normalized,
            analysis.timestamps_s,
        )[0][0].probabilities
        for weight in (0.0, 0.6)
    )  # fmt: skip
    np.testing.assert_allclose(beside, 0.4 * alone + 0.6 * np.array([0, 1, 0]), atol=1e-5)


class TestChoice:
    TRUTH = np.array([0, 0, 1, 1, 2, 2])

    def decision(self, verdicts, held_out=0.5, forced=0.9, neutral_called=0.01):
        losses = np.where(right(self.TRUTH, np.array(verdicts), LABELS), 0.1, 2.0).astype(np.float32)
        said = np.array(verdicts)
        return Decision(FrameEvidence(), 0.01, None, None, (), neutral_called, held_out, forced, said, losses)

    def test_unsure_is_right_for_other_alone(self):
        verdicts = np.array([0, ABSTAIN, 1, 0, ABSTAIN, 1])
        assert right(self.TRUTH, verdicts, LABELS).tolist() == [True, False, True, False, True, False]
        assert mean_recall(self.TRUTH, verdicts, LABELS) == 0.5

    def test_the_held_out_clips_are_in_the_balance(self):
        everyone, perfect = np.arange(6), [0, 0, 1, 1, 2, 2]
        dear, cheap = self.decision(perfect, forced=0.85), self.decision([0, 0, 1, 0, 2, 2], forced=0.9)
        assert choose([dear, cheap], self.TRUTH, everyone) is cheap
        bearable = self.decision(perfect, forced=0.891)
        assert choose([dear, cheap, bearable], self.TRUTH, everyone) is bearable
        better = self.decision(perfect, held_out=0.6)
        assert choose([bearable, better], self.TRUTH, everyone) is better

    def test_neutral_faces_do_not_pay_for_it(self):
        everyone, perfect, poor = np.arange(6), [0, 0, 1, 1, 2, 2], [0, 0, 1, 0, 2, 2]
        rash, calm = self.decision(perfect, neutral_called=0.03), self.decision(poor, neutral_called=0.02)
        assert choose([rash, calm], self.TRUTH, everyone) is calm
        wild = self.decision(perfect, neutral_called=0.05)
        assert choose([wild, rash], self.TRUTH, everyone) is rash, "where none keeps it, the least"

    def test_every_class_counts_alike_and_how_sure_the_truth_is_decides(self):
        first, second = (self.decision([0, 0, 1, 1, 2, 2]) for _ in range(2))
        truth, everyone = np.array([0, 0, 0, 0, 1, 2]), np.arange(6)
        sure = replace(first, losses=np.array([0.3, 0.3, 0.3, 0.3, 0.1, 0.1], np.float32))
        unsure = replace(second, losses=np.array([0.1, 0.1, 0.1, 0.1, 0.4, 0.1], np.float32))
        assert choose([unsure, sure], truth, everyone) is sure
        assert choose([unsure, sure], truth, everyone[:4]) is unsure

    def test_nobody_chooses_what_is_said_of_them(self):
        """Each of two ways is right on one person alone: chosen by the other person, it is wrong on everyone."""
        first = self.decision([0, 1, 1, 0, 2, 1])
        second = self.decision([1, 0, 0, 1, 1, 2])
        people = ["anna", "bert"] * 3
        verdicts = cross_validated([first, second], self.TRUTH, people)
        assert not right(self.TRUTH, verdicts, LABELS).any()
        compared = worth_it([first, replace(second, evidence=FrameEvidence(0.5))], self.TRUTH, people, LABELS)
        assert compared[0] == [first], "counting the frames gained nothing on people who had no say in it"
        both = [first, replace(first, evidence=FrameEvidence(0.5))]
        assert worth_it(both, self.TRUTH, people, LABELS)[0] == both, "between equals the frames count"
        best = choose([first, second], self.TRUTH, np.arange(6))
        assert mean_recall(self.TRUTH, best.verdicts, LABELS) == 0.5


@pytest.mark.parametrize(
    ("shares", "label"),
    [
        ({"happiness": 0.3, "surprise": 0.3, "neutral": 0.4}, "amusement_surprise"),
        ({"sadness": 0.5, "fear": 0.1, "neutral": 0.4}, "sadness_fear"),
        ({"sadness": 0.4, "anger": 0.3, "disgust": 0.3}, "other"),
        ({"contempt": 1.0}, "other"),
    ],
)
def test_each_class_is_the_sum_of_its_emotions(shares, label):
    emotions = np.array([shares.get(name, 0) for name in EMOTIONS], np.float32)
    assert PAPER_CLASSES[families(PAPER_CLASSES, emotions).argmax()].name == label


def test_other_classes_share_out_the_emotions_otherwise():
    classes = (HybridClass("bitter", {"a": "anger", "b": "disgust"}), HybridClass("rest"))
    emotions = np.array([{"anger": 0.6, "fear": 0.4}.get(name, 0) for name in EMOTIONS], np.float32)
    np.testing.assert_allclose(families(classes, emotions), [0.6, 0.4])
