"""The visitors' work of this server: in turns, each in a worker process, so that that of the pages stays free."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emo_core.config import ServerConfig
from ui.serve import metrics
from ui.state import visits

if TYPE_CHECKING:
    from emo_core.jobs.turns import Place, Turns

_MODULES = tuple(
    f"emo_core.{name}" for name in ("inference.pipeline", "model.bundle", "explain.what_if", "explain.attribution")
)
"""What every worker imports before it works: what an analysis and the player on it need."""

AT_ONCE_FRAMES = 600
"""Frames of a clip, a minute of it, up to which the page itself computes what a tab or a table needs of all of them: a
second of work, which should not stand in line behind analyses."""

_turns: list["Turns"] = []
_making = threading.Lock()


def of_server() -> "Turns":
    """The turns of this server, begun when they are first asked for.

    Raises:
        SettingError: a setting of the server cannot be used.
    """
    from emo_core.jobs.turns import Turns
    from emo_core.jobs.worker import Limits

    with _making:
        if not _turns:
            config = ServerConfig.from_environment()
            limits = Limits(60.0 * config.job_minutes, config.job_mb * 2**20)
            _turns.append(Turns(config.jobs, limits, _MODULES))
        return _turns[0]


def run(
    function: Callable[..., Any],
    kind: str,
    tell: Callable[[str, float], None],
    waiting: "Callable[[Place], None] | None" = None,
    visit: str | None = None,
) -> Any:
    """Do work when its turn comes; what it returns.

    Args:
        function: called in a worker, with ``progress``; importable there by its name.
        kind: of the work, in one word; works of one kind take alike.
        tell: called several times a second with how far it is; an exception that it raises ends the work.
        waiting: called likewise with the place in line, as long as others go first; without it `tell` is, in words.
        visit: whose work it is; by default that for which this page is run.

    Raises:
        WorkError: the worker ended, or the work took more than it may.
        EmoError, OSError: as the function raised it.
    """
    whose = visits.own_id() if visit is None else visit
    with metrics.job(kind):
        return of_server().run(function, kind, whose, tell, waiting)


def are_full() -> bool:
    """Whether visitors' work takes every worker of this process, so that what can wait should."""
    turns = _turns[0] if _turns else None
    return turns is not None and 0 < turns.num_workers <= turns.num_running


def counts() -> dict[tuple[str, str], int]:
    """("visitors", ``running`` or ``waiting``) → works of the visitors of this process."""
    turns = _turns[0] if _turns else None
    return {
        ("visitors", "running"): turns.num_running if turns else 0,
        ("visitors", "waiting"): turns.num_waiting if turns else 0,
    }
