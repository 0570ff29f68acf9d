"""What holds of windows, probabilities, verdicts and segments whatever the clip."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_core.emotions import UNSURE
from emo_core.inference.window_plan import window_starts
from emo_core.inference.windows import ABSTAIN, clip_scores, decide
from emo_core.model.calibration import calibrated
from tests.factories import LABELS
from tests.unit.inference.test_windows import make_scores, make_window, tell

LOGITS = st.floats(-50, 50, width=32)
UNIT = st.floats(0, 1, width=32)
TEMPERATURES = st.floats(0.25, 8)


def finite_logits(num_rows):
    return arrays(np.float32, st.tuples(num_rows, st.just(3)), elements=LOGITS)


@given(st.integers(1, 300), st.integers(1, 40), st.data())
def test_windows_cover_every_frame(num_frames, steps, data):
    hop = data.draw(st.integers(1, steps))
    starts = window_starts(num_frames, steps, hop)
    covered = {frame for start in starts for frame in range(start, min(start + steps, num_frames))}
    assert covered == set(range(num_frames))
    assert starts[0] == 0
    assert starts[-1] + steps == max(num_frames, steps)
    assert all(0 < later - earlier <= hop for earlier, later in pairwise(starts))


@given(finite_logits(st.integers(1, 6)), TEMPERATURES, st.floats(-100, 100, width=32))
def test_calibrated_rows_are_probabilities_in_the_order_of_the_logits(logits, temperature, shift):
    probabilities = calibrated(logits, temperature)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    for row, logit in zip(probabilities, logits, strict=True):
        assert (np.diff(row[np.argsort(logit)]) >= 0).all()
    np.testing.assert_allclose(calibrated(logits + shift, temperature), probabilities, atol=1e-3)


@given(finite_logits(st.just(4)), arrays(np.float32, (4, 3), elements=st.floats(-1, 1, width=32)))
def test_the_most_probable_class_or_none_is_chosen(logits, scores):
    probabilities = calibrated(logits, 1.0)
    for row, score, choice in zip(probabilities, scores, decide(probabilities, scores), strict=True):
        best = row.argmax()
        assert choice == (best if score[best] > 0 else ABSTAIN)


@st.composite
def judged_windows(draw):
    """Probabilities (W, 3), qualities and evidence of windows, not all without evidence."""
    logits = draw(finite_logits(st.integers(1, 8)))
    count = len(logits)
    evidence = draw(arrays(np.float32, count, elements=st.floats(0, 32, width=32)))
    evidence[draw(st.integers(0, count - 1))] = 1.0
    return calibrated(logits, 1.0), draw(arrays(np.float32, count, elements=UNIT)), evidence


@given(judged_windows(), st.floats(0.125, 8, width=32), st.randoms(use_true_random=False))
def test_a_clip_lies_between_its_windows_in_any_order(windows, scale, random):
    probabilities, qualities, evidence = windows
    mean, scores = clip_scores(probabilities, qualities, evidence, make_scores())
    assert mean.sum() == pytest.approx(1, abs=1e-5)
    assert (mean >= probabilities.min(axis=0) - 1e-5).all()
    assert (mean <= probabilities.max(axis=0) + 1e-5).all()
    np.testing.assert_allclose(scores, mean - 0.4, atol=1e-5)
    order = random.sample(range(len(evidence)), len(evidence))
    again, _ = clip_scores(probabilities[order], qualities[order], scale * evidence[order], make_scores())
    np.testing.assert_allclose(again, mean, atol=1e-5)


@given(st.lists(st.sampled_from((*LABELS, UNSURE)), min_size=1, max_size=12), st.floats(0, 3))
def test_segments_cover_the_clip_and_neighbours_differ(labels, rest_s):
    windows = [make_window(0.4 * k, label) for k, label in enumerate(labels)]
    duration_s = windows[-1].end_s + rest_s
    segments = tell(windows, duration_s=duration_s).segments
    assert (segments[0].start_s, segments[-1].end_s) == (0, duration_s)
    assert [segment.label for segment in segments] == [
        label for k, label in enumerate(labels) if label != labels[k - 1] or k == 0
    ]
    for earlier, later in pairwise(segments):
        assert earlier.start_s < earlier.end_s == later.start_s < later.end_s
        assert earlier.label != later.label
    assert all(0 <= segment.probability <= 1 for segment in segments)
