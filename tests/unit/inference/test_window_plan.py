"""Windows in seconds: gaps, slow videos, and the frames that each window holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.config import PipelineConfig
from emo_core.inference import window_plan

CONFIG = PipelineConfig()


def test_a_steady_clip_is_parted_by_its_frames():
    times_s = np.ceil(np.arange(50) * 2.4 - 1e-9) / 24  # the first of 24 frames a second in each tenth
    plan = window_plan.plan_windows(times_s, CONFIG)
    assert plan.places[:, 0].tolist() == [0, 8, 16, 18]
    assert all(np.array_equal(row, np.arange(row[0], row[0] + 32)) for row in plan.places)
    assert plan.spans_s[:, 0] == pytest.approx(times_s[[0, 8, 16, 18]])


@pytest.mark.parametrize("rate_hz", [1.0, 2.0, 5.0, 7.5, 12.0])
def test_a_window_is_as_long_whatever_the_rate(rate_hz):
    sampled = [0.0]
    for time_s in np.arange(round(20 * rate_hz)) / rate_hz:
        if np.floor((time_s + 1e-3) * 10) > np.floor((sampled[-1] + 1e-3) * 10):
            sampled.append(time_s)
    plan = window_plan.plan_windows(np.array(sampled), CONFIG)
    assert np.ptp(plan.spans_s, axis=1) == pytest.approx(np.full(len(plan.spans_s), 3.2), abs=0.11)
    assert np.diff(plan.spans_s[:, 0]).max() < 0.8 + 0.11
    assert plan.spans_s[-1, 1] == pytest.approx(20.0, abs=0.15)
    assert not (plan.places == window_plan.NOTHING).any()


def test_windows_end_at_a_gap_and_begin_behind_it():
    times_s = np.concatenate([np.arange(40) / 10, 100 + np.arange(10) / 10])
    plan = window_plan.plan_windows(times_s, CONFIG)
    assert window_plan.find_gaps(times_s, 10.0) == ((pytest.approx(4.0), 100.0),)
    assert plan.runs.tolist() == [[0, 39], [40, 49]]
    assert [set(row[row >= 0] >= 40) for row in plan.places] == [{False}, {False}, {True}]
    assert plan.spans_s.tolist() == [pytest.approx([0, 3.2]), pytest.approx([0.8, 4.0]), pytest.approx([100, 101])]
    assert window_plan.picture_rate_hz(times_s, 10.0) == pytest.approx(10)
    assert window_plan.covered_s(times_s, 10.0) == pytest.approx(5.0)


@pytest.mark.parametrize(("step_s", "is_gap"), [(0.3, False), (0.34, True)])
def test_a_gap_is_longer_than_three_steps(step_s, is_gap):
    times_s = np.concatenate([np.arange(9) / 10, 0.8 + step_s + np.arange(9) / 10])
    assert bool(window_plan.find_gaps(times_s, 10.0)) == is_gap


def test_a_slow_video_has_no_gaps_between_its_frames():
    assert window_plan.find_gaps(np.arange(20.0), 10.0) == ()
    assert window_plan.find_gaps(np.array([0.0, 1, 2, 3, 9, 10]), 10.0) == ((4.0, 9.0),)


@given(st.lists(st.floats(0.02, 3.0), min_size=1, max_size=60), st.floats(0, 1e5))
def test_every_frame_is_in_a_window_and_none_spans_a_gap(steps_s, start_s):
    times_s = start_s + np.concatenate([[0.0], np.cumsum(steps_s)])
    plan = window_plan.plan_windows(times_s, CONFIG)
    assert set(plan.places.ravel().tolist()) - {window_plan.NOTHING} == set(range(len(times_s)))
    for row, run in zip(plan.places, plan.run_of, strict=True):
        inside = row[row != window_plan.NOTHING]
        first, last = plan.runs[run]
        assert first <= inside[0] <= inside[-1] <= last
        assert (np.diff(inside) >= 0).all()
        assert (row[len(inside) :] == window_plan.NOTHING).all()
    gaps = window_plan.find_gaps(times_s, 10.0)
    assert all(start < end for start, end in gaps)
    assert len(plan.runs) == len(gaps) + 1
