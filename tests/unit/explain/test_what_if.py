"""What if: the same pipeline over changed frames, beside the unchanged clip."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from emo_core.emotions import UNSURE
from emo_core.explain.perturbations import KINDS
from emo_core.explain.what_if import MAX_PART_S, baseline, default_part, margin, try_change
from tests.factories import make_analysis, make_prediction

KIND = {kind.key: kind for kind in KINDS}


@pytest.fixture(scope="module")
def original(laughter_analysis):
    return laughter_analysis


@pytest.fixture(scope="module")
def whole(original, laughter, hybrid):
    return baseline(laughter, hybrid, original, (0.0, 9.0))


def test_the_whole_clip_unchanged_is_the_analysis(whole, original):
    assert whole.outcome.label == original.prediction.label == "amusement_surprise"
    assert whole.outcome.probability == original.prediction.probability
    assert not whole.outcome.flips
    assert whole.best == 0


def test_a_part_is_judged_alone(original, laughter, hybrid):
    part = baseline(laughter, hybrid, original, (0.0, 2.0))
    assert part.outcome.label == "amusement_surprise"
    assert part.outcome.probability != original.prediction.probability


def test_backwards_is_another_sequence_of_the_same_frames(whole, original, laughter, hybrid):
    told = []
    outcome = try_change(
        laughter, hybrid, original, whole, KIND["reverse"], None, (0.0, 9.0), lambda *step: told.append(step)
    )
    assert outcome.label == "amusement_surprise"
    assert not outcome.flips
    assert outcome.quality == pytest.approx(whole.outcome.quality, abs=0.02)
    assert outcome.margin != whole.outcome.margin
    assert told[-1] == ("Done", 1.0)


def test_blur_costs_quality_and_its_usual_strength_is_told(whole, original, laughter, hybrid):
    outcome = try_change(laughter, hybrid, original, whole, KIND["blur"], None, (0.0, 2.0))
    assert outcome.strength == KIND["blur"].strengths[2]
    assert outcome.quality < 0.6 * whole.outcome.quality
    before, after = (cv2.imdecode(np.frombuffer(data, np.uint8), 0) for data in (outcome.before, outcome.after))
    assert before.shape == after.shape
    edges = [float(cv2.Laplacian(picture, cv2.CV_64F).std()) for picture in (before, after)]
    assert edges[1] < 0.5 * edges[0], "the picture shows the frame as it was judged"


def test_a_face_that_is_lost_is_said_to_be(whole, original, laughter, hybrid):
    outcome = try_change(laughter, hybrid, original, whole, KIND["darken"], 1.0, (0.0, 2.0))
    assert (outcome.label, outcome.flips) == (UNSURE, True)
    assert outcome.probability is outcome.margin is outcome.quality is None
    assert "face" in outcome.problem
    assert np.frombuffer(outcome.after, np.uint8).size


def test_margin_falls_below_zero_when_another_class_leads():
    prediction = make_prediction()
    assert margin(prediction, 0) == pytest.approx(0.7)
    assert margin(prediction, 1) == pytest.approx(-0.7)


def test_the_part_asked_about_is_the_whole_clip_or_its_longest_verdict():
    assert default_part(make_analysis()) == (0.0, 6.0)
    changing = make_analysis(label=UNSURE)
    assert default_part(changing) == (0.0, 3.0), "its part that is no verdict does not count"
    long = make_analysis(num_frames=3000)
    long = replace(long, prediction=make_prediction(num_frames=3000))
    start_s, end_s = default_part(long)
    assert end_s - start_s == MAX_PART_S
    assert np.isfinite([start_s, end_s]).all()
