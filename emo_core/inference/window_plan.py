"""Which frames the windows of a clip hold: seconds decide, not numbers of frames.

The head reads steps of 1 / rate seconds. A picture fills its step and, in a slower video, the steps until the next one
is due, as a player would show it. Where no picture came for long the windows end, and others begin behind the gap.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emo_core.config import PipelineConfig
from emo_core.types import Doubles

Indices = NDArray[np.intp]

NOTHING = -1
"""Place of a step that holds no frame, in :attr:`WindowPlan.places`."""

GAP_STEPS = 3
"""A gap is a time without a frame that is longer than so many steps, of the head or of the video if it is slower."""

FEW_HZ, TOO_FEW_HZ = 5.0, 2.0
"""Pictures a second under which changes may be missed, and under which nothing is said about them."""

_TOLERANCE = 0.98  # of a rate: 2000/1001 is 2 a second
_SLACK_S = 1e-3  # as frames are sampled


@dataclass(frozen=True, slots=True, eq=False)
class WindowPlan:
    """The windows of a clip of T frames.

    Attributes:
        places: (W, steps) index of the frame at each step, :data:`NOTHING` behind the end of the frames.
        spans_s: (W, 2) float64, start and end of each window in seconds.
        runs: (R, 2) first and last frame of each run of frames without a gap.
        run_of: (W,) the run of each window.
    """

    places: Indices
    spans_s: Doubles
    runs: Indices
    run_of: Indices


def window_starts(num_steps: int, steps: int, hop: int) -> list[int]:
    """First steps of the overlapping windows; the last window ends with the last step.

    Example:
        >>> window_starts(50, 32, 8)
        [0, 8, 16, 18]
        >>> window_starts(20, 32, 8)
        [0]
    """
    last = max(0, num_steps - steps)
    return [*range(0, last, hop), last]


def plan_windows(times_s: Doubles, config: PipelineConfig) -> WindowPlan:
    """The windows over frames at these times, (T,) seconds, increasing; T ≥ 1.

    Example:
        >>> plan = plan_windows(np.array([0.0, 0.1, 0.2, 0.3]), PipelineConfig(window_steps=3, hop_steps=2))
        >>> plan.places.tolist()
        [[0, 1, 2], [1, 2, 3]]
        >>> slow = np.array([0.0, 0.2, 0.4, 0.6, 5.0])
        >>> plan_windows(slow, PipelineConfig(window_steps=4, hop_steps=4)).places.tolist()
        [[0, 0, 1, 1], [2, 2, 3, 3], [4, 4, -1, -1]]
    """
    rate_hz, steps = config.sample_rate_hz, config.window_steps
    slots = _slots(times_s, rate_hz)
    runs = find_runs(times_s, rate_hz)
    length_s = usual_step_s(times_s, rate_hz)
    held = max(1, round(length_s * rate_hz))  # steps of the last picture of a run
    tail_s = 1 / rate_hz if held > 1 else _median_s(times_s)
    places, spans, run_of = [], [], []
    for run, (first, last) in enumerate(runs):
        frames = first + np.searchsorted(slots[first : last + 1], np.arange(slots[first], slots[last] + held), "right")
        frames -= 1
        moments = times_s[frames] + (np.arange(slots[first], slots[last] + held) - slots[frames]) / rate_hz
        for start in window_starts(len(frames), steps, config.hop_steps):
            stop = min(start + steps, len(frames))
            places.append(np.pad(frames[start:stop], (0, steps - (stop - start)), constant_values=NOTHING))
            spans.append((moments[start], moments[stop - 1] + tail_s))
            run_of.append(run)
    return WindowPlan(np.stack(places), np.array(spans, np.float64), runs, np.array(run_of, np.intp))


def find_runs(times_s: Doubles, rate_hz: float) -> Indices:
    """First and last frame (R, 2) of each run of frames without a gap."""
    breaks = np.flatnonzero(np.diff(times_s) > GAP_STEPS * usual_step_s(times_s, rate_hz) + _SLACK_S)
    return np.column_stack([np.append(0, breaks + 1), np.append(breaks, len(times_s) - 1)]).astype(np.intp)


def find_gaps(times_s: Doubles, rate_hz: float) -> tuple[tuple[float, float], ...]:
    """Start and end in seconds of each gap in times (T,); the picture before it stands for the usual step.

    Example:
        >>> find_gaps(np.array([0.0, 0.1, 0.2, 5.0, 5.1]), 10.0)
        ((0.3..., 5.0),)
    """
    step_s = usual_step_s(times_s, rate_hz)
    ends = find_runs(times_s, rate_hz)
    return tuple((float(times_s[last] + step_s), float(times_s[first])) for (_, last), (first, _) in pairwise(ends))


def covered_s(times_s: Doubles, rate_hz: float) -> float:
    """Seconds that frames at times (T,), sampled at `rate_hz`, stand for; gaps are left out."""
    gone_s = sum(end_s - start_s for start_s, end_s in find_gaps(times_s, rate_hz))
    return float(times_s[-1] - times_s[0]) + usual_step_s(times_s, rate_hz) - gone_s


def usual_step_s(times_s: Doubles, rate_hz: float) -> float:
    """Seconds that a frame at times (T,) stands for: 1 / rate, or the median step of a video that is clearly slower."""
    median_s = _median_s(times_s)
    return median_s if median_s > 1.5 / rate_hz else 1 / rate_hz


def picture_rate_hz(times_s: Doubles, rate_hz: float) -> float:
    """Frames a second at times (T,), gaps left out; at most about `rate_hz`, at which they were sampled."""
    runs = find_runs(times_s, rate_hz)
    length_s = float((times_s[runs[:, 1]] - times_s[runs[:, 0]]).sum())
    count = len(times_s) - len(runs)
    return count / length_s if count else 1 / usual_step_s(times_s, rate_hz)


def is_below(hz: float, times_s: Doubles, rate_hz: float) -> bool:
    """Whether frames at times (T,), sampled at `rate_hz`, are fewer than `hz` a second."""
    return picture_rate_hz(times_s, rate_hz) < _TOLERANCE * hz


def _median_s(times_s: Doubles) -> float:
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0


def _slots(times_s: Doubles, rate_hz: float) -> Indices:
    """The step (T,) that each frame begins in, counted from the first frame; each has one of its own."""
    slack_s = min(_SLACK_S, 0.05 / rate_hz)
    slots = np.floor((times_s - times_s[0] + slack_s) * rate_hz).astype(np.intp)
    order = np.arange(len(times_s))
    return np.asarray(np.maximum.accumulate(slots - order) + order, np.intp)
