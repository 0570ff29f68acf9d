"""Figures on real people in the records: right and unsure counted apart, by source; told in card and trust line."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from emo_core.datasets.clips import DatasetClip
from emo_core.emotions import EMOTIONS
from emo_core.evaluation.portrait_metrics import evaluate_portraits
from emo_core.inference.windows import ABSTAIN
from emo_core.measured import Compared, Measured
from emo_core.method_records import PresenceRow
from emo_core.model.evidence import FrameEvidence
from emo_core.model.limits import trust_line
from emo_core.training.card.model_card import model_card
from emo_core.training.fitting.decision_choice import RealClip, judge
from emo_core.training.fitting.presence import Told, measure_presence
from emo_core.training.fitting.real_clips import real_record
from tests.conftest import MODEL
from tests.tiny import read_json

FEAR, HAPPY = EMOTIONS.index("fear"), EMOTIONS.index("happiness")


def real_clip(label, emotion, person, source="video"):
    emotions = np.zeros((2, 8), np.float32)
    emotions[:, emotion] = 1
    clip = DatasetClip(Path("a.mp4"), "other", person, source, start_s=0, end_s=3)
    flat = np.full((2, 3), 1 / 3, np.float32)
    return RealClip(clip, label, flat, emotions, emotions[0], np.full(2, 0.8, np.float32), np.array([32, 32]))


def card(**metrics):
    return model_card(read_json(MODEL / "bundle.json"), Measured(**metrics), [])


@pytest.fixture(scope="module")
def record(hybrid):
    items = [real_clip(0, HAPPY, "anna"), real_clip(1, FEAR, "bert", "GIF"), real_clip(1, 0, "cleo"),
             real_clip(2, 0, "dora"), real_clip(2, HAPPY, "emil", "GIF")]  # fmt: skip
    honest = np.array([0, 1, ABSTAIN, ABSTAIN, 0])
    found = real_record(hybrid, items, honest, honest, [(items[0].clip, "No face.")])
    return msgspec.structs.replace(found, compared=Compared(lstm_alone=0.7, frames_beside=0.6))


def test_unsure_is_wrong_but_for_other_and_counted_apart(record):
    whole, gif, video = record.parts
    assert (whole.clips, gif.clips, video.clips) == ("all", "GIF", "video")
    found = whole.cross_validated
    assert [(row.right, row.unsure, row.num) for row in found.by_class] == [(1, 0, 1), (1, 1, 2), (1, 1, 2)]
    assert found.macro_recall == pytest.approx(2 / 3)
    assert gif.cross_validated.macro_recall == 0.5
    assert whole.mean_of_frame_emotions.macro_recall == pytest.approx(2 / 3)
    assert record.gain_over_mean.value == pytest.approx(0)
    assert (record.num_people, record.num_left_out) == (5, 1)


def test_the_record_names_nobody(record):
    told = msgspec.json.encode(record).decode()
    assert not any(name in told for name in ("anna", "bert", "a.mp4"))


def test_card_and_trust_line_tell_it(record):
    told = card(real_clips=record)
    assert "verdicts, cross-validated by person" in told
    assert "| 1 of 2 |" in told
    line = trust_line({"real_clips": msgspec.to_builtins(record)})
    assert "On 5 real clips of 5 people" in line
    assert "3 verdicts were right (where no pair is shown, unsure counts as right)" in line
    assert "It is weakest on sadness + fear, with 1 of 2 right" in line


def test_frames_alone_give_the_verdict_where_only_they_count(hybrid):
    thresholds = hybrid.scores
    assert judge(hybrid, FrameEvidence(1.0), thresholds, real_clip(1, FEAR, "anna")).verdict == 1
    assert judge(hybrid, FrameEvidence(0.0), thresholds, real_clip(1, FEAR, "anna")).verdict == ABSTAIN


def test_the_card_tells_portraits_and_presence():
    labels = np.array([0, 0, 1, 1, 3, 3])
    said = np.eye(8, dtype=np.float32)[[0, 0, 1, 1, 3, 0]]
    found = evaluate_portraits(said, labels, np.array(list("abcdef")))
    assert "| sadness | 1.00 | 0.50" in card(portraits=found)
    told = Told(np.array([0.1, 0.2, 0.4]), np.array([False, False, True]))
    found = msgspec.structs.asdict(measure_presence(told, 0.3))
    row = PresenceRow(pair="sadness_fear", on="stills", threshold=0.3, chose=True, **found)
    said = card(presence=(row,))
    assert "100% (0.03 – 1.00) of 1" in said
    assert "| stills (chose) |" in said
