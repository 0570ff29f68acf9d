"""A running analysis on the page: which stage, how far, and a way to stop."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from ui.shell import errors, preload
from ui.state import new_clips, session

_LOOK_EVERY_S = 0.5


@contextmanager
def shown(
    name: str, doing: str = "Analyzing", stop: Callable[[], None] = session.stop
) -> Iterator[Callable[[str, float], None]]:
    """Draw the progress of work on `name` around it, and hand out the callback that moves it.

    Once the work is done or has failed, bar and button are gone.

    A click on Stop, or a tab that is closed, makes Streamlit end this run when the callback draws, and the work with
    it. So it draws twice a second, whether there is news or not.

    Args:
        name: of the clip, or of what else is worked on.
        doing: what is done with it.
        stop: callback of the button; forgets the work.
    """
    place = st.empty()
    with place.container(border=True, key="progress"):
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.text(f"{doing} {name}")
        button.button("Stop", on_click=stop, key="stop", width="stretch")
        bar = st.progress(0.0, text="Starting")
    shown, drawn_s = ("", 0), 0.0

    def report(stage: str, fraction: float) -> None:
        nonlocal shown, drawn_s
        percent, now_s = round(100 * min(max(fraction, 0.0), 1.0)), time.monotonic()
        if shown != (stage, percent) or now_s >= drawn_s + _LOOK_EVERY_S:
            shown, drawn_s = (stage, percent), now_s
            bar.progress(percent, text=f"{errors.plain(stage)} ({percent} %)")

    try:
        yield report
    except Exception:  # not a click on Stop: that ends the run, and the next one draws no bar
        place.empty()
        raise
    place.empty()


def add_clips(place: Path, clips: Sequence[new_clips.NewClip]) -> new_clips.Told:
    """Add clips to the data set in a folder, with a bar meanwhile; what became of them, in sentences."""
    with shown("the clips", "Looking at") as report:
        preload.wait()
        return new_clips.add(place, clips, report)
