"""The moment of the clip that every tab of the result shows: one position in time, kept when the tab changes."""

import streamlit as st

from ui.state import session

_POSITION = "_position_s"
_OF = "_position_of"
_WITHIN_S = "_position_within_s"


def beginning(result: session.Result) -> float:
    """Where to begin, in seconds: at the first picture, or where the one of several people comes into view."""
    analysis = result.analysis
    if len(analysis.people) < 2:
        return analysis.video.start_s
    return float(analysis.timestamps_s[analysis.track.detected.argmax()])


def get(result: session.Result) -> float:
    """Seconds on the clip's own clock; another clip, or another person in it, starts at its beginning."""
    start_s = beginning(result)
    if st.session_state.get(_OF) != result.key:
        return start_s
    return float(min(st.session_state.get(_POSITION, start_s), result.analysis.video.end_s))


def put(result: session.Result, time_s: float) -> None:
    """Move every tab to `time_s`, held to the pictures of the clip."""
    look_at(result)
    move(time_s)


def look_at(result: session.Result) -> None:
    """Have :func:`move` mean this result, from the moment that it shows now."""
    here_s, video = get(result), result.analysis.video
    st.session_state[_OF], st.session_state[_WITHIN_S] = result.key, (video.start_s, video.end_s)
    st.session_state[_POSITION] = here_s


def move(time_s: float) -> None:
    """Callback of what shows a moment: move every tab of the result that is looked at, held to its pictures.

    By way of the session, for Streamlit keeps a callback for ever, and with it what it holds.
    """
    if _WITHIN_S in st.session_state:
        start_s, end_s = st.session_state[_WITHIN_S]
        st.session_state[_POSITION] = min(max(time_s, start_s), end_s)


def class_here(result: session.Result) -> str:
    """The class that is told at the position; the most probable one where that is none of the model."""
    prediction, here_s = result.analysis.prediction, get(result)
    here = next((item.label for item in prediction.segments if here_s < item.end_s), prediction.label)
    return here if here in prediction.labels else prediction.labels[int(prediction.probabilities.argmax())]


def frame(result: session.Result) -> int:
    """Index of the sampled frame on show at the position: the last one that has begun."""
    index = result.analysis.timestamps_s.searchsorted(get(result) + 1e-6, side="right") - 1
    return max(int(index), 0)
