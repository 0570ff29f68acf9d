"""The verdict on one of several people: from the frames of the time in which they are in view, and of no other."""

import numpy as np

from emo_core.analysis import Prediction
from emo_core.inference.window_plan import usual_step_s
from emo_core.inference.windows import judge_windows, predict
from emo_core.model.bundle import Bundle, HeadNetwork
from emo_core.types import Booleans, Doubles, FeatureSequence, NormalizedClip

_AWAY_S = 1.0  # somebody who is lost for less has not left: such frames stay, and do not count


def judge_person(
    bundle: Bundle,
    head: HeadNetwork,
    features: FeatureSequence,
    normalized: NormalizedClip,
    times_s: Doubles,
    end_s: float,
    away: Booleans,
) -> Prediction:
    """The verdict on a person in a video that ends at `end_s`; what lies in time away is in no window and no segment.

    Args:
        bundle: the model.
        head: its LSTM head, of the caller's thread.
        features: of the T frames.
        normalized: of the T frames.
        times_s: (T,) seconds.
        end_s: end of the video.
        away: (T,) frames at which the person is not there; not all.
    """
    here = ~away
    if not here[-1]:
        end_s = float(times_s[here][-1]) + usual_step_s(times_s, bundle.config.sample_rate_hz)
    windows, steps = judge_windows(bundle, head, features, normalized, times_s, here)
    emotions = features.emotions[here]
    read = FeatureSequence(emotions[:, :0], emotions, features.mask[here])  # the windows have read the features
    return predict(bundle, windows, steps, read, normalized.quality[here], times_s[here], end_s)


def away_frames(detected: Booleans, times_s: Doubles) -> Booleans:
    """Frames (T,) before, after and between the stretches in which a person, found at least once, is in view.

    Example:
        >>> away_frames(np.array([False, True, False, True, False]), np.array([0.0, 0.4, 0.8, 1.2, 9.0]))
        array([ True, False, False, False,  True])
    """
    found = np.flatnonzero(detected)
    place = np.searchsorted(found, np.arange(len(detected)), side="right")
    before, after = found[np.clip(place - 1, 0, None)], found[np.clip(place, None, len(found) - 1)]
    lies_between = (before <= np.arange(len(detected))) & (after >= np.arange(len(detected)))
    is_short = times_s[after] - times_s[before] <= _AWAY_S
    return ~(detected | (lies_between & is_short))
