"""Which of a pair is there: evidence of the frames first, then words; thresholds that keep single emotions single."""

import numpy as np
import pytest

from emo_core.analysis import Segment
from emo_core.emotions import EMOTIONS, OTHER, PAPER_CLASSES, UNSURE
from emo_core.model.presence import both_shown, mean_emotions, present, verdict_words
from emo_core.training.fitting.presence import (
    ALL,
    FIRST,
    SECOND,
    Told,
    components_shown,
    fit_presence,
    fit_threshold,
    measure_presence,
    told_by_votes,
)
from emo_core.types import FeatureSequence

GLAD, SAD = PAPER_CLASSES[:2]


def emotions_of(**shares):
    row = np.zeros(len(EMOTIONS), np.float32)
    for name, share in shares.items():
        row[EMOTIONS.index(name)] = share
    row[0] += 1 - row.sum()
    return row


def test_frames_count_by_their_quality_and_masked_ones_not_at_all():
    rows = np.stack([emotions_of(sadness=0.8), emotions_of(fear=0.4), np.full(8, np.nan, np.float32)])
    frames = FeatureSequence(np.zeros((3, 2), np.float32), rows, np.array([True, True, False]))
    found = mean_emotions(frames, np.array([0.9, 0.3, 0.7], np.float32))
    assert found["sadness"] == pytest.approx(0.8 * 0.75)
    assert found["fear"] == pytest.approx(0.4 * 0.25)
    nothing = FeatureSequence(frames.features, rows, np.zeros(3, bool))
    assert mean_emotions(nothing, np.ones(3, np.float32)) == {}


@pytest.mark.parametrize(
    ("label", "levels", "is_blend", "words", "names"),
    [
        ("sadness_fear", {"sadness": 0.8, "fear": 0.02}, False, "Sadness (of the pair sadness + fear)", ("sadness",)),
        ("sadness_fear", {"sadness": 0.1, "fear": 0.5}, False, "Fear (of the pair sadness + fear)", ("fear",)),
        ("amusement_surprise", {"amusement": 0.5, "surprise": 0.4}, True,
         "Amusement + surprise, a blend: 62% : 38%", ("amusement", "surprise")),
        (OTHER, {}, False, "Other", ()),
        (UNSURE, {}, False, "Unsure", ()),
    ],
)  # fmt: skip
def test_a_verdict_says_what_of_the_pair_is_there(label, levels, is_blend, words, names):
    salience = dict(zip(levels, (0.62, 0.38), strict=False))
    found = Segment(0, 1, label, 0.9, salience, is_blend, presence=levels)
    assert verdict_words(found) == words
    assert present(found) == names


def test_no_evidence_is_no_share():
    assert both_shown(np.zeros(2)) == 0


def test_a_face_that_shows_little_of_either_is_no_blend_whatever_their_shares():
    little, much, one = both_shown(np.array([[0.08, 0.07], [0.5, 0.2], [0.9, 0.01]]))
    assert little < one < much


def test_a_threshold_lets_five_percent_of_the_single_ones_of_the_worst_source_pass():
    rng = np.random.default_rng(0)
    easy = Told(rng.uniform(0, 0.1, 200), np.zeros(200, bool))
    hard = Told(np.concatenate([rng.uniform(0, 0.3, 200), [0.4, 0.5]]), np.arange(202) >= 200)
    threshold = fit_threshold([easy, hard])
    assert (hard.evidence[:200] >= threshold).mean() <= 0.05
    assert (hard.evidence[:200] >= threshold - 0.02).mean() > 0.05
    found = measure_presence(hard, threshold)
    assert found.recall.value == 1
    assert found.auc == 1
    assert found.false_blends.interval[1] > found.false_blends.value
    nobody = measure_presence(Told(np.zeros(0), np.zeros(0, bool)), threshold)
    assert (nobody.recall.value, nobody.auc) == (None, None)


def test_everybody_rendered_but_those_who_measure_chooses_and_the_records_say_so():
    single, both = np.linspace(0, 0.3, 40), np.full(10, 0.4)
    stills = dict.fromkeys((FIRST, SECOND, ALL), told_of(single / 10, both))
    trained, calibrated, measured = told_of(single, both), told_of(single[:8] / 10, both), told_of(single, both[:3])
    least, rows = fit_presence(SAD.name, stills, [trained, calibrated, measured])
    assert least == pytest.approx(0.2846, abs=2e-4)  # two of 48 are above; of the eight alone one, and that at 0.0053
    chosen_on = rows[1]
    assert (chosen_on.where, chosen_on.false_blends.num, chosen_on.recall.num) == (
        "rendered, other people (chose)",
        48,
        20,
    )
    assert chosen_on.false_blends.value <= 0.05
    assert [row.where for row in rows if not row.chose] == [SECOND, ALL, "rendered"]
    assert (rows[-1].false_blends.num, rows[-1].recall.num) == (40, 3)


def told_of(single, both):
    return Told(np.concatenate([single, both]), np.arange(len(single) + len(both)) >= len(single))


def test_pictures_are_blends_by_votes_for_both_and_single_by_eight_votes_for_one():
    votes = np.zeros((4, 10), np.uint8)
    votes[:, [EMOTIONS.index("happiness"), EMOTIONS.index("surprise")]] = [(4, 4), (9, 1), (1, 8), (5, 2)]
    emotions = np.stack([emotions_of(happiness=0.3, surprise=0.1)] * 4)
    told = told_by_votes(emotions, votes, GLAD)
    assert told.both.tolist() == [True, False, False]
    assert told.evidence == pytest.approx([np.sqrt(0.03)] * 3)


def test_a_rendered_clip_shows_what_was_drawn_at_any_time():
    after = [(0.0, {}), (1.0, {"surprise": 0.7}), (2.0, {"happiness": 0.6})]
    assert [components_shown(after, pair) for pair in (GLAD, SAD)] == [2, 0]
