"""What has been tried on a result: kept with the visit, computed beside the page, one change after the other."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ui.state import session, visits
from ui.work import turns
from ui.work.background import Task

if TYPE_CHECKING:
    from emo_core.explain.perturbations import Kind
    from emo_core.explain.what_if import Baseline, Outcome

_RUN = "_what_if"


class Run:
    """The changes tried on one part of one result; a later try of the same change replaces the earlier one.

    Attributes:
        result: what they are tried on.
        part: start and end in seconds.
        unchanged: what the model says of the part as it is; None until that is known.
        outcomes: key of the change → what the model says then.
        task: the work under way, or the last one.
    """

    def __init__(self, result: session.Result, part: tuple[float, float]) -> None:
        self.result, self.part = result, part
        self.unchanged: Baseline | None = None
        self.outcomes: dict[str, Outcome] = {}
        self.task: Task | None = None
        self._visit = visits.own_id()

    @property
    def is_running(self) -> bool:
        """Whether a change is being tried."""
        return self.task is not None and self.task.is_running

    def begin(self, wanted: Sequence[tuple["Kind", float | None]]) -> None:
        """Try changes, each with its strength, None for the usual one; nothing happens while others are tried."""
        if not self.is_running:
            self.task = Task(partial(self._work, wanted))

    def _work(self, wanted: Sequence[tuple["Kind", float | None]], tell: Callable[[str, float], None]) -> None:
        from emo_core.explain.what_if import baseline, try_change

        source, original, bundle = self.result.source.path, self.result.analysis, self.result.bundle
        steps = len(wanted) + (self.unchanged is None)
        done = 0

        def step(title: str) -> Callable[[str, float], None]:
            return lambda stage, share: tell(f"{title}, {done + 1} of {steps}", (done + share) / steps)

        if self.unchanged is None:
            unchanged = partial(baseline, source, bundle, original, self.part)
            self.unchanged = turns.run(unchanged, "what-if", step("The clip as it is"), visit=self._visit)
            done += 1
        for kind, strength in wanted:
            change = partial(try_change, source, bundle, original, self.unchanged, kind, strength, self.part)
            self.outcomes[kind.key] = turns.run(change, "what-if", step(kind.title), visit=self._visit)
            done += 1


def of(result: session.Result, part: tuple[float, float]) -> Run:
    """The run of a part of a result; another part or result stops the earlier one and starts with nothing."""
    run: Run | None = st.session_state.get(_RUN)
    if run is None or run.result is not result or run.part != part:
        stop()
        run = st.session_state[_RUN] = Run(result, part)
    return run


def begin(keys: Sequence[str], strength: float | None = None) -> None:
    """Try the changes called `keys` in the run on show; `strength` is that of all of them, None for the usual ones.

    A callback: Streamlit keeps callbacks for ever, so it is told no run, no result and no clip.
    """
    from emo_core.explain.perturbations import KINDS

    run: Run | None = st.session_state.get(_RUN)
    if run is not None:
        run.begin([(kind, strength) for kind in KINDS if kind.key in keys])


def stop() -> None:
    """End what is being tried; what was found so far stays."""
    run: Run | None = st.session_state.get(_RUN)
    if run is not None and run.task is not None:
        run.task.stop()
