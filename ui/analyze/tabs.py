"""What lies below the verdict: tabs that share one position in time, of which only the open one is computed."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.analyze import (
    heatmap_view,
    tab_charts,
    tab_compare,
    tab_heatmaps,
    tab_mark,
    tab_normalization,
    tab_player,
    tab_what_if,
)
from ui.shell import errors, parts
from ui.state import keeping, session
from ui.widgets import method_diagram

KEY = "inside"
"""Key of the tabs; its state is the name of the open one."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab.

    Attributes:
        name: as the visitor reads it.
        render: draws its body from a result; runs only while the tab is open.
        parts: anchors in it that links from elsewhere lead to.
    """

    name: str
    render: Callable[[session.Result], None]
    parts: frozenset[str] = frozenset()


TABS: tuple[Tab, ...] = (
    Tab("Moment by moment", tab_player.render),
    Tab("Heatmaps", tab_heatmaps.render, frozenset({"heatmaps", "channels", "importance", "features", "state"})),
    Tab(
        "Normalization",
        tab_normalization.render,
        frozenset({"threshold", "neighbourhoods", "thresholds", "feature", "switches"}),
    ),
    Tab("Charts", tab_charts.render, frozenset({"timeline", "emotions", "quality", "frames", "parts", "whole"})),
    Tab("What if", tab_what_if.render),
    Tab("Mark & export", tab_mark.render, frozenset({"marks", "correct", "exports"})),
    Tab("Compare", tab_compare.render),
)
"""In order from left to right."""


READERS = tuple(tab for tab in TABS if tab.name in ("Moment by moment", "Heatmaps", "Charts"))
"""Those that change nothing and take nothing away: what the reader of a shared result is offered."""


def stop() -> None:
    """Make nothing for the tab on show any more."""
    tab_player.stop()
    heatmap_view.stop()


def render(result: session.Result) -> None:
    """Show the tabs; the one that holds a wanted part is opened and scrolled to it."""
    wanted = parts.take(method_diagram.PARTS)
    holder = next((tab.name for tab in TABS if wanted in tab.parts), None)
    if holder is not None:
        st.session_state[KEY] = holder
    _tabs(result, TABS, KEY, keeping.save)  # what a callback noted just now
    parts.scroll_to(wanted)


def render_for_reader(result: session.Result, check: Callable[[], object]) -> None:
    """Show the tabs that a reader is offered.

    Args:
        result: that is shared.
        check: raises EmoError where it is no longer; asked before a tab shows anything.
    """
    _tabs(result, READERS, f"{KEY}-shared", check)


@st.fragment
def _tabs(result: session.Result, tabs: tuple[Tab, ...], key: str, before: Callable[[], object]) -> None:
    """A change of tab reruns only this."""
    for tab, place in zip(tabs, st.tabs([tab.name for tab in tabs], key=key, on_change="rerun"), strict=True):
        if place.open:
            with place:
                _body(tab, result, before)


@st.fragment
def _body(tab: Tab, result: session.Result, before: Callable[[], object]) -> None:
    """What is done in a tab reruns only its body."""
    with errors.shown():
        before()
        tab.render(result)
