"""Running work on the page: its place in line, then which stage and how far, and a way to stop it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui.shell import errors, preload
from ui.state import session
from ui.work import new_clips

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from emo_core.jobs.turns import Place

_LOOK_EVERY_S = 0.3


class Report:
    """Moves the bar; called with the stage and the share done.

    A click on the button, or a tab that is closed, makes Streamlit end the run when this draws, and the work with it.
    So it draws several times a second, whether there is news or not.
    """

    def __init__(self, bar: "DeltaGenerator", button: "DeltaGenerator", stop: Callable[[], None]) -> None:
        self._bar, self._button, self._stop = bar, button, stop
        self._label, self._num_labels = "", 0
        self._drawn, self._drawn_s = ("", 0), 0.0
        self._offer("Stop")

    def __call__(self, stage: str, fraction: float) -> None:
        """Say how far the work is."""
        percent = round(100 * min(max(fraction, 0.0), 1.0))
        self._offer("Stop")
        self._draw(f"{errors.plain(stage)} ({percent}%)", percent)

    def waiting(self, place: "Place") -> None:
        """Say where in line the visitor stands."""
        self._offer("Leave the line")
        self._draw(place.words(), 0)

    def _offer(self, label: str) -> None:
        """One button; another label is another widget, for the run may show each only once."""
        if label != self._label:
            key = f"stop-{self._num_labels}" if self._num_labels else "stop"
            self._label, self._num_labels = label, self._num_labels + 1
            self._button.button(label, on_click=self._stop, key=key, width="stretch")

    def _draw(self, text: str, percent: int) -> None:
        now_s = time.monotonic()
        if self._drawn != (text, percent) or now_s >= self._drawn_s + _LOOK_EVERY_S:
            self._drawn, self._drawn_s = (text, percent), now_s
            self._bar.progress(percent, text=text)


@contextmanager
def shown(name: str, doing: str = "Analyzing", stop: Callable[[], None] = session.stop) -> Iterator[Report]:
    """Draw the progress of work on `name` around it, and hand out what moves it.

    Once the work is done or has failed, bar and button are gone.

    Args:
        name: of the clip, or of what else is worked on.
        doing: what is done with it.
        stop: callback of the button; forgets the work.
    """
    place = st.empty()
    with place.container(border=True, key="progress"):
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.text(f"{doing} {name}")
        bar = st.progress(0.0, text="Starting")
    try:
        yield Report(bar, button.empty(), stop)
    except Exception:  # not a click on Stop: that ends the run, and the next one draws no bar
        place.empty()
        raise
    place.empty()


def add_clips(place: Path, clips: Sequence[new_clips.NewClip]) -> new_clips.Told:
    """Add clips to the data set in a folder, with a bar meanwhile; what became of them, in sentences."""
    with shown("the clips", "Looking at") as report:
        preload.wait()
        return new_clips.add(place, clips, report, report.waiting)
