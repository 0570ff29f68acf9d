"""The synchronized player: one moment of the clip as picture, crop, heatmap, bars, and a cursor on every timeline.

It steps and plays in the browser alone, so a step costs no way to the server; the server hands out the pictures stretch
by stretch and is told the moment once the hand is still.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from emo_core.errors import WorkError
from ui.shell import browser, errors
from ui.state import position, session, visits
from ui.work import turns
from ui.work.background import Task

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_SPANS_KEPT = 3
_LOOK_S = 0.1
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
        self.tasks: dict[str, tuple[int, Task]] = {}
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
            work = partial(span_data, self.result.source.data, self.result.analysis, self.number)
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
        for _, task in self.tasks.values():
            task.stop()
        self.tasks.clear()

    def _made(self, kind: str, work: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        """What a worker makes for the stretch asked for.

        Where a click, or the player's own word, breaks the waiting off, the work goes on, and the next run waits on.

        Raises:
            WorkError: it could not be made.
        """
        number, task = self.tasks.get(kind, (None, None))
        if task is None or number != self.number:
            if task is not None:
                task.stop()
            visit = visits.own_id()
            task = Task(lambda tell: turns.run(work, kind, tell, visit=visit))
            self.tasks[kind] = self.number, task
        place = st.empty()
        while not task.join(_LOOK_S):  # a call of Streamlit is where a click in the meantime takes over
            share = f": {task.share:.0%}" if task.share else ""
            place.caption(f"{errors.plain(task.stage)}{share} …")
        place.empty()
        del self.tasks[kind]
        if task.problem:
            raise WorkError(task.problem)
        found: dict[str, Any] = task.result
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
        "Drag the slider, click a timeline, or use the ← → keys while the player has the focus. The heatmap says where "
        "in the crop the evidence for a class lies, each frame for itself: bright is most. It does not say how much "
        "the frame counts, nor that the evidence is right."
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
