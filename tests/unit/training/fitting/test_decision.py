"""``fit-decision``: what real clips may choose and what not, and what the command writes and leaves alone."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import emo_core.training.fitting.decision  # noqa: F401  (asks the recipe for its fields: before it is a small one)
from emo_core.cli.main import main
from emo_core.inference.windows import ABSTAIN
from emo_core.model import bundle as bundles
from emo_core.model.evidence import FrameEvidence
from emo_core.training.fitting import decision_choice as choice
from emo_core.training.fitting.decision_choice import Decision
from tests.tiny import LABELS, make_normalizers, read_json

PEOPLE = [f"person {number:02d}" for number in range(24)]
TRUTH = np.arange(24) % 3
RIGHT, WRONG = TRUTH, (TRUTH + 1) % 3


def decision(verdicts, **changes):
    """A decision that says this of the real clips and is as good as any other elsewhere."""
    _, scores = make_normalizers()
    said = np.asarray(verdicts)
    losses = np.where(said == TRUTH, 0.1, 2.0).astype(np.float32)
    evidence, costs = FrameEvidence(0.5, (0.0, 0.0, 0.0)), (1.0, 1.0, 1.0)
    plain = Decision(evidence, 0.01, scores, scores, costs, 0.01, 0.8, 0.9, said, losses)
    return replace(plain, **changes)


class TestChoice:
    def test_the_best_on_real_clips_among_equals(self):
        good, bad = decision(RIGHT), decision(WRONG)
        assert choice.choose([bad, good], TRUTH, np.arange(24)) is good

    def test_only_the_clips_that_may_choose_count(self):
        first, last = decision([*RIGHT[:12], *WRONG[12:]]), decision([*WRONG[:12], *RIGHT[12:]])
        assert choice.choose([first, last], TRUTH, np.arange(12)) is first
        assert choice.choose([first, last], TRUTH, np.arange(12, 24)) is last

    def test_what_pays_elsewhere_or_calls_neutral_faces_hybrids_is_out(self):
        plain = decision(WRONG)
        for dear in ({"forced": 0.9 - 1.1 * choice.MOST_PAID}, {"neutral_called": 1.1 * choice.MOST_NEUTRAL}):
            assert choice.choose([decision(RIGHT, **dear), plain], TRUTH, np.arange(24)) is plain

    def test_between_equals_neutral_faces_decide_and_then_the_other_clips(self):
        calm, better = decision(RIGHT, neutral_called=0.005, held_out=0.7), decision(RIGHT, held_out=0.9)
        assert choice.choose([better, calm], TRUTH, np.arange(24)) is calm
        assert choice.choose([decision(RIGHT), better], TRUTH, np.arange(24)) is better

    def test_nobody_chooses_for_oneself(self):
        """A decision that is right on one person alone is never what judges that person."""
        one = WRONG.copy()
        one[5] = RIGHT[5]
        verdicts = choice.cross_validated([decision(one), decision(WRONG, held_out=0.9)], TRUTH, PEOPLE)
        np.testing.assert_array_equal(verdicts, WRONG)

    def test_frames_count_only_where_that_gains(self):
        alone, beside = decision(WRONG, evidence=FrameEvidence()), decision(RIGHT)
        able, verdicts, compared = choice.worth_it([alone, beside], TRUTH, PEOPLE, LABELS)
        assert (able, compared.lstm_alone, compared.frames_beside) == ([alone, beside], 0.0, 1.0)
        np.testing.assert_array_equal(verdicts, RIGHT)
        alone, beside = replace(alone, verdicts=RIGHT), replace(beside, verdicts=WRONG)
        able, verdicts, _ = choice.worth_it([alone, beside], TRUTH, PEOPLE, LABELS)
        assert able == [alone]
        np.testing.assert_array_equal(verdicts, RIGHT)

    def test_unsure_is_right_for_other_alone(self):
        found = choice.right(np.arange(3), np.full(3, ABSTAIN), LABELS)
        assert found.tolist() == [label == "other" for label in LABELS]


@pytest.mark.usefixtures("small_recipes")
def test_the_command_writes_what_it_chose_and_measured_and_leaves_the_networks(whole, data, tmp_path, capsys):
    out, demo = shutil.copytree(whole, tmp_path / "studio"), data / "demo"
    words = ["--data", str(data), "--real", str(demo), "--demo", str(demo / "manifest.csv"), "--out", str(out)]
    assert main(["fit-decision", *words, "--cache", str(tmp_path / "cache")]) == 0
    assert "cross_validated" in capsys.readouterr().out
    manifest, metrics = read_json(out / bundles.MANIFEST), read_json(out / bundles.METRICS)
    assert manifest["decision_fit"]["command"].startswith("python -m emo_core fit-decision")
    assert manifest["decision_fit"]["num_tried"] == 2 * (1 + 7 * 3)
    assert manifest["decision_fit"]["neutral_hybrids"] in choice.NEUTRAL_HYBRIDS
    assert manifest["frame_evidence"]["weight"] in choice.WEIGHTS
    assert {part["clips"]: part["num_clips"] for part in metrics["real_clips"]["parts"]}["all"] == 36
    assert "fit-decision" in (out / bundles.CARD).read_text("utf-8")
    for name in (bundles.FRAME_CNN, bundles.HEAD, bundles.KERAS_FRAME_CNN, bundles.KERAS_HEAD):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert bundles.load_bundle(out).info.labels == LABELS
