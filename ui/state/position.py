"""The moment of the clip that every tab of the result shows: one position in time, kept when the tab changes."""

import streamlit as st

from ui.state import session

_POSITION = "_position_s"
_OF = "_position_of"


def get(result: session.Result) -> float:
    """Seconds on the clip's own clock; another clip starts at its first picture."""
    video = result.analysis.video
    if st.session_state.get(_OF) != result.key:
        return video.start_s
    return float(min(st.session_state.get(_POSITION, video.start_s), video.end_s))


def put(result: session.Result, time_s: float) -> None:
    """Move every tab to `time_s`, held to the pictures of the clip."""
    st.session_state[_OF] = result.key
    video = result.analysis.video
    st.session_state[_POSITION] = min(max(time_s, video.start_s), video.end_s)


def class_here(result: session.Result) -> str:
    """The class that is told at the position; the most probable one where that is none of the model."""
    prediction, here_s = result.analysis.prediction, get(result)
    here = next((item.label for item in prediction.segments if here_s < item.end_s), prediction.label)
    return here if here in prediction.labels else prediction.labels[int(prediction.probabilities.argmax())]


def frame(result: session.Result) -> int:
    """Index of the sampled frame on show at the position: the last one that has begun."""
    index = result.analysis.timestamps_s.searchsorted(get(result) + 1e-6, side="right") - 1
    return max(int(index), 0)
