"""The synchronized player: one moment of the clip as picture, crop, heatmap, bars, and a cursor on every timeline.

It steps and plays in the browser alone, so a step costs no way to the server; the server hands out the pictures stretch
by stretch and is told the moment once the hand is still.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.shell import browser, waiting
from ui.state import position, session

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_SPANS_KEPT = 3
_STATE = "_player"


class _State:
    """What the server keeps for the player of one result: stretches made, the one asked for, where it was put last."""

    def __init__(self, result: session.Result) -> None:
        from ui.analyze.player_data import SPAN_FRAMES, clip_data

        self.result = result
        self.key = f"player-{id(result)}"
        self.clip = clip_data(result.analysis, self.key, position.class_here(result))
        self.spans: dict[int, dict[str, Any]] = {}
        self.heat: dict[int, dict[str, Any]] = {}
        self.tasks: waiting.Tasks = {}
        self.number = position.frame(result) // SPAN_FRAMES
        self.start_s = self.told_s = position.get(result)

    def span(self) -> dict[str, Any]:
        """The stretch asked for; made when it is not there, the oldest one dropped for it."""
        from ui.analyze.player_data import span_data

        if self.number not in self.spans:
            while len(self.spans) >= _SPANS_KEPT:
                oldest = next(iter(self.spans))
                self.spans.pop(oldest)
                self.heat.pop(oldest, None)
            work = partial(span_data, self.result.source.path, self.result.analysis, self.number)
            self.spans[self.number] = self._made("pictures", work)
        return self.spans[self.number]

    def warm(self) -> dict[str, Any]:
        """The heatmaps of the stretch asked for; while they are made, the visitor may go elsewhere."""
        from ui.analyze.player_data import heat_data

        if self.number not in self.heat:
            work = partial(heat_data, self.result.analysis, self.result.bundle, self.number)
            self.heat[self.number] = self._made("heatmaps", work)
        return self.heat[self.number]

    def stop(self) -> None:
        """Make nothing any more."""
        waiting.stop(self.tasks)

    def _made(self, kind: str, work: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        """What a worker makes for the stretch asked for.

        Raises:
            WorkError: it could not be made.
        """
        found: dict[str, Any] = waiting.made(self.tasks, kind, self.number, work)
        return found

    def wish(self) -> None:
        """Callback: the player came near the end of what it has."""
        wanted = st.session_state[self.key].span
        if isinstance(wanted, int) and 0 <= wanted * self.clip["span_frames"] < len(self.result.analysis.timestamps_s):
            self.number = wanted

    def told(self) -> None:
        """Callback: the player stands still at a moment."""
        moment = st.session_state[self.key].position
        if isinstance(moment, (int, float)):
            self.told_s = float(moment)
            position.put(self.result, self.told_s)


def stop() -> None:
    """Make nothing for the player on show any more: other work of the visit should not wait for it."""
    state: _State | None = st.session_state.get(_STATE)
    if state is not None:
        state.stop()


def render(result: session.Result) -> None:
    """Show the player."""
    st.caption(
        "Drag the slider, click a timeline, or press ← and → while the player has the focus. The heatmap shows where "
        "in the face this frame holds evidence for a class; bright is most. It does not show how much the frame "
        "counts, or whether the evidence is right."
    )
    state = _state_of(result)
    here = position.get(result)
    if abs(here - state.told_s) > 1e-3:  # another tab moved; what the player itself told would only echo
        state.start_s = state.told_s = here
        state.number = position.frame(result) // state.clip["span_frames"]
    marks = [{"time_s": mark.time_s, "note": mark.note} for mark in session.annotations(result.key).markers]
    data = {"clip": state.clip, "span": state.span(), "start": state.start_s, "marks": marks}
    _component("player")(key=state.key, data=data, on_position_change=_told, on_span_change=_wish)
    _component("heat")(key=f"{state.key}-heat", data={"id": state.key, **state.warm()})


def _told() -> None:
    """Callback by way of the session: Streamlit keeps callbacks for ever, and with a method what it belongs to."""
    state: _State | None = st.session_state.get(_STATE)
    if state is not None:
        state.told()


def _wish() -> None:
    state: _State | None = st.session_state.get(_STATE)
    if state is not None:
        state.wish()


def _state_of(result: session.Result) -> _State:
    state: _State | None = st.session_state.get(_STATE)
    if state is None or state.result is not result:
        stop()
        state = st.session_state[_STATE] = _State(result)
    return state


@lru_cache
def _component(name: str) -> "ComponentRenderer":
    """The player, or what hands it the heatmaps when they are ready: a component cannot be given more in one run."""
    script = browser.read(f"{name}.js")
    html, css = (browser.read(f"{name}.{kind}") if name == "player" else "" for kind in ("html", "css"))
    return st.components.v2.component(f"studio_{name}", html=html or None, css=css or None, js=script)
