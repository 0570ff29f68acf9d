"""Clips decoded in a thread of its own, one ahead of whoever looks at them: neither waits for the other.

A clip alone is analyzed in 5 to 28% less time so, the more the larger its pictures are, at the same processor time;
where every core has a worker of its own, as in a study, it is the same either way. `docs/explanation/scale.md` has the
figures.
"""

import queue
import threading
from collections.abc import Callable, Generator, Iterator

from emo_core.types import Clip
from emo_core.video.decode_budget import Tick

_WAIT_S = 0.1


class _LeftError(Exception):
    """Nobody looks at the clips any more."""


class _Reading:
    """What goes on in the thread that reads: it makes a clip, and the next one once that is taken."""

    def __init__(self, read: Callable[[Tick], Iterator[Clip]]) -> None:
        self.given: queue.SimpleQueue[Clip | BaseException | None] = queue.SimpleQueue()
        self.reached_s = 0.0
        self._taken, self._is_left = threading.Semaphore(0), threading.Event()
        self._read = read
        self._thread = threading.Thread(target=self._work, name="read-ahead", daemon=True)
        self._thread.start()

    def take(self) -> Clip | BaseException | None:
        """The next clip, or what reading ended with; None at the end.

        Raises:
            queue.Empty: it is not there yet.
        """
        found = self.given.get(timeout=_WAIT_S)
        self._taken.release()
        return found

    def leave(self) -> None:
        """End the thread, wherever it is."""
        self._is_left.set()
        self._taken.release()
        self._thread.join()

    def _work(self) -> None:
        try:
            for clip in self._read(self._note):
                self.given.put(clip)
                self._taken.acquire()
                if self._is_left.is_set():
                    return
            self.given.put(None)
        except BaseException as error:  # whatever it is, it belongs to whoever waits for the clip
            self.given.put(error)

    def _note(self, elapsed_s: float) -> None:
        if self._is_left.is_set():
            raise _LeftError
        self.reached_s = elapsed_s


def read_ahead(read: Callable[[Tick], Iterator[Clip]], tick: Tick) -> Generator[Clip, None, None]:
    """The clips that `read` gives, read in another thread; while one is looked at, the next is made, and no more.

    What `read` raises is raised here. The thread has ended when this ends, also where it is closed on the way.

    Args:
        read: starts reading, told what to call while it goes on.
        tick: called in the thread that looks at the clips, while it waits for one, with the seconds reached.
    """
    reading, told_s = _Reading(read), 0.0
    try:
        while True:
            try:
                found = reading.take()
            except queue.Empty:
                if reading.reached_s > told_s:
                    told_s = reading.reached_s
                    tick(told_s)
                continue
            if found is None:
                return
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        reading.leave()
