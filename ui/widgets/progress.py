"""A running analysis on the page: which stage, how far, and a way to stop."""

from collections.abc import Callable

import streamlit as st

from ui.shell import errors
from ui.state import session


def reporter(
    name: str, doing: str = "Analyzing", stop: Callable[[], None] = session.stop
) -> Callable[[str, float], None]:
    """Draw the progress of work on `name` and return the callback that moves it.

    A click on Stop makes Streamlit end this run from inside the callback, and the work with it.

    Args:
        name: of the clip, or of what else is worked on.
        doing: what is done with it.
        stop: callback of the button; forgets the work.
    """
    with st.container(border=True, key="progress"):
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.text(f"{doing} {name}")
        button.button("Stop", on_click=stop, key="stop", width="stretch")
        bar = st.progress(0.0, text="Starting")
    shown: list[tuple[str, int]] = []

    def report(stage: str, fraction: float) -> None:
        percent = round(100 * min(max(fraction, 0.0), 1.0))
        if shown[-1:] != [(stage, percent)]:
            shown.append((stage, percent))
            bar.progress(percent, text=f"{errors.plain(stage)} ({percent} %)")

    return report
