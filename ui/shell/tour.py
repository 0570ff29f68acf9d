"""A guided tour of five stops on the sample, a sentence above the real page at each; left at any time."""

from dataclasses import dataclass

import streamlit as st

from ui.shell import parts
from ui.state import samples, session, sources

_STOP, _GOING = "_tour_stop", "_tour_going"


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop: title, the sentence that is said there, the page, the part of it that is shown, and its address."""

    title: str
    words: str
    page: str
    part: str = ""
    see: str = ""


STOPS: tuple[Stop, ...] = (
    Stop(
        "What it is",
        "A face can show two emotions at once. The studio reads a face video and says which emotions it shows over "
        "time, why, and how sure the model is.",
        "home",
    ),
    Stop(
        "On this face",
        "A real person, first in distress, then laughing. The card says what the model sees in each part of the clip "
        "and how probable that is, or that it is unsure.",
        "analyze",
        "verdict",
    ),
    Stop(
        "Why",
        "Yellow to red marks where in the face the evidence comes from; further down is which frames count most.",
        "analyze",
        "heatmaps",
    ),
    Stop(
        "How good",
        "The same model on clips of rendered people it has never seen. Rows are the truth, columns what it said: "
        "everything off the diagonal is an error.",
        "evaluate",
        "matrix",
    ),
    Stop(
        "Against 100%",
        "The paper reports 100% without saying how it splits its clips. On people it has never seen and on real clips, "
        "the same method scores lower: the table says by how much.",
        "about",
        "hundred",
        "paper",
    ),
)


def start() -> None:
    """Callback: begin, with the sample on show or waiting for its analysis."""
    sample = next(iter(samples.load()), None)
    if sample is not None:
        known = next((item for item in session.results() if item.source.path == sample.file), None)
        if known is not None:
            session.show(known.key)
        else:
            session.submit(sources.Source(sample.file.name, sample.file))
    _go(0)


def take_page() -> tuple[str, dict[str, str]] | None:
    """The page, with what is asked of it, that a stop leads to; once."""
    found: tuple[str, dict[str, str]] | None = st.session_state.pop(_GOING, None)
    return found


def render() -> None:
    """The sentence of the stop and the ways on; nothing where no tour is under way."""
    number: int | None = st.session_state.get(_STOP)
    if number is None:
        return
    stop, last = STOPS[number], number == len(STOPS) - 1
    with st.container(border=True, key="tour"):
        st.markdown(f"**{number + 1} of {len(STOPS)}: {stop.title}.** {stop.words}")
        with st.container(horizontal=True):
            if last:
                st.button("Finish the tour", key="tour-finish", type="primary", on_click=_leave)
            else:
                st.button(
                    f"Next: {STOPS[number + 1].title}", key="tour-next", type="primary", on_click=_go, args=[number + 1]
                )
            if number:
                st.button("Back", key="tour-back", on_click=_go, args=[number - 1])
            if not last:
                st.button("Leave the tour", key="tour-leave", on_click=_leave)


def _go(number: int) -> None:
    """Callback: on to another stop."""
    stop = STOPS[number]
    st.session_state[_STOP] = number
    st.session_state[_GOING] = f"pages/{stop.page}.py", {"see": stop.see} if stop.see else {}
    parts.want(stop.part)


def _leave() -> None:
    """Callback: the page stays, the tour goes."""
    st.session_state.pop(_STOP, None)
