"""Work of a tab that the page waits for: it is done by a worker, and a click in the meantime takes over."""

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from emo_core.errors import WorkError
from ui.shell import errors
from ui.state import visits
from ui.work import turns
from ui.work.background import Task

_LOOK_S = 0.1

Tasks = dict[str, tuple[Hashable, Task]]
"""Kind of work → what it is for, and the task; kept by whoever waits, from run to run."""


def made(tasks: Tasks, kind: str, what: Hashable, work: Callable[..., Any]) -> Any:
    """What a worker makes; the page says meanwhile how far it is, or the place in line.

    Where a click, or a component's word, breaks the waiting off, the work goes on, and the next run waits on. Work of
    the kind that is for something else ends.

    Args:
        tasks: under way.
        kind: of the work, in one word.
        what: it is for.
        work: see :func:`ui.work.turns.run`.

    Raises:
        WorkError: it could not be made.
    """
    known, task = tasks.get(kind, (None, None))
    if task is None or known != what:
        if task is not None:
            task.stop()
        visit = visits.own_id()
        task = Task(lambda tell: turns.run(work, kind, tell, visit=visit))
        tasks[kind] = what, task
    place = st.empty()
    while not task.join(_LOOK_S):  # a call of Streamlit is where a click in the meantime takes over
        share = f": {task.share:.0%}" if task.share else ""
        place.caption(f"{errors.plain(task.stage)}{share} …")
    place.empty()
    del tasks[kind]
    if task.problem:
        raise WorkError(task.problem)
    return task.result


def at_once(work: Callable[..., Any]) -> Any:
    """What short work returns, done by the page itself, which says how far it is; a click takes over at its next step.

    Args:
        work: called with ``progress``.
    """
    place = st.empty()
    done = work(progress=lambda stage, share: place.caption(f"{errors.plain(stage)}: {share:.0%} …"))
    place.empty()
    return done


def stop(tasks: Tasks) -> None:
    """Make nothing any more."""
    for _, task in tasks.values():
        task.stop()
    tasks.clear()
