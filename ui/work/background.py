"""Long work beside the page: on a thread of its own, with progress to look at and a way to stop it."""

import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any

from emo_core.errors import UNEXPECTED, EmoError
from ui.state import visits


class _StopError(Exception):
    """Raised inside the work when it should end."""


_known: "weakref.WeakSet[Task]" = weakref.WeakSet()


def stop_all() -> None:
    """End every task of this visit at its next step."""
    for task in list(_known):
        if task.visit == visits.own_id():
            task.stop()


class Task:
    """Work that has begun; ends by itself, with an error, or soon after :meth:`stop` or the end of its visit.

    Args:
        work: called on a thread with a callback for its progress; must call no Streamlit.

    Attributes:
        stage, share: what is done, and the share done in [0, 1].
        problem: why it failed, one sentence; empty if it did not.
        result: what it returned; None before.
        visit: whose it is.
    """

    def __init__(self, work: Callable[[Callable[[str, float], None]], Any]) -> None:
        self.stage, self.share = "Starting", 0.0
        self.problem = ""
        self.result: Any = None
        self.visit, self._stopped = visits.own_id(), threading.Event()
        _known.add(self)
        self._thread = threading.Thread(target=self._run, args=[work], name="background", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it still works; a stopped one does until its next step."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it at its next step."""
        self._stopped.set()

    def join(self, limit_s: float | None = None) -> bool:
        """Wait for its end, at most so many seconds; whether it came."""
        self._thread.join(limit_s)
        return not self.is_running

    def _run(self, work: Callable[[Callable[[str, float], None]], Any]) -> None:
        try:
            self.result = work(self._tell)
        except _StopError:
            pass
        except EmoError as error:
            self.problem = str(error)
        except Exception:
            logging.getLogger(__name__).exception("unexpected error in the background")
            self.problem = UNEXPECTED

    def _tell(self, stage: str, share: float) -> None:
        if self._stopped.is_set() or not visits.is_open(self.visit):
            raise _StopError
        self.stage, self.share = stage, min(max(share, 0.0), 1.0)
