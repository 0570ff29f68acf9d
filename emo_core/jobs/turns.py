"""Turns for the work of a server's visitors: first come, first served, as many at once as there are workers.

A visitor has one piece of work under way at a time; what else they ask for waits until that is done, and holds up
nobody behind it. Whoever waits knows their place and about how long it takes, and may leave.
"""

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from emo_core.errors import WorkError
from emo_core.jobs.worker import Function, Limits, StoppedError, Tell, Worker

_LOOK_S = 0.1
_FIRST_GUESS_S = 5.0
_NEWEST = 0.3  # how much the last work of a kind counts in what is expected of the next
_TELLING_SHARE = 0.1  # of work done, from which on its rest is told by its pace


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands who waits.

    Attributes:
        number: 1 for who is next.
        wait_s: seconds until their turn, as far as can be told.
        is_own: whether they wait for other work of their own.
    """

    number: int
    wait_s: float
    is_own: bool = False

    def words(self) -> str:
        """For the visitor.

        Example:
            >>> Place(1, 2.4).words(), Place(7, 95.0).words(), Place(1, 3.0, is_own=True).words()
            ('Next in line, about 3 s', 'Place 7 in line, about 2 minutes', 'Waiting for your other work, about 3 s')
        """
        seconds = max(1, int(self.wait_s + 0.99))
        left = f"about {seconds} s" if seconds < 90 else f"about {seconds / 60:.0f} minutes"
        if self.is_own:
            return f"Waiting for your other work, {left}"
        return f"{'Next' if self.number == 1 else f'Place {self.number}'} in line, {left}"


@dataclass(eq=False, slots=True)
class _Ticket:
    """One piece of work; every field but `stopped` and `ended` is guarded by the lock of its turns."""

    function: Function
    kind: str
    visitor: str
    begun_s: float = 0.0
    told: tuple[str, float] = ("Starting", 0.0)
    result: Any = None
    error: Exception | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Turns:
    """The workers of a server, and who waits for them.

    Args:
        num_workers: how many work at once; with 0 work is done at once by whoever asks, in this process.
        limits: of one piece of work.
        modules: that each worker imports before it works.
    """

    def __init__(self, num_workers: int, limits: Limits, modules: Sequence[str] = ()) -> None:
        self.num_workers, self.limits = num_workers, limits
        self._modules = modules
        self._changed = threading.Condition()
        self._waiting: list[_Ticket] = []
        self._running: list[_Ticket] = []
        self._usual_s: dict[str, float] = {}
        self._workers: list[Worker] = []
        self._is_closed = False
        for number in range(num_workers):
            threading.Thread(target=self._serve, name=f"turns-{number + 1}", daemon=True).start()

    def run(
        self, function: Function, kind: str, visitor: str, tell: Tell, waiting: Callable[[Place], None] | None = None
    ) -> Any:
        """Do work when its turn comes, and wait for what it returns.

        Args:
            function: see :meth:`Worker.do`; with workers it must be importable by its name.
            kind: of the work; works of one kind are expected to take alike.
            visitor: whose it is.
            tell: called several times a second while it is under way. An exception that this or `waiting` raises gives
                the place up, whether it waits or is under way, and ends in the caller.
            waiting: called likewise with the place in line; without it `tell` gets that in words.

        Raises:
            WorkError: the worker ended before its time, or the work took more than it may.
            EmoError, OSError: as the function raised it.
        """
        if not self.num_workers:
            return function(progress=tell)
        wait = waiting or (lambda place: tell(place.words(), 0.0))
        ticket = _Ticket(function, kind, visitor)
        with self._changed:
            self._waiting.append(ticket)
            self._changed.notify_all()
        try:
            while not ticket.ended.wait(_LOOK_S):
                place, told = self._standing(ticket)
                if place is None:
                    tell(*told)
                else:
                    wait(place)
        finally:
            self._leave(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket.result

    @property
    def num_waiting(self) -> int:
        """How many works wait."""
        with self._changed:
            return len(self._waiting)

    @property
    def num_running(self) -> int:
        """How many works are under way."""
        with self._changed:
            return len(self._running)

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the workers."""
        with self._changed:
            return tuple(worker.pid for worker in self._workers)

    def close(self) -> None:
        """End all work and all workers."""
        with self._changed:
            self._is_closed = True
            for ticket in (*self._running, *self._waiting):
                ticket.stopped.set()
            self._changed.notify_all()

    def _standing(self, ticket: _Ticket) -> tuple[Place | None, tuple[str, float]]:
        """The place of one who waits, None for one who does not, and how far the work is."""
        with self._changed:
            if ticket not in self._waiting:
                return None, ticket.told
            free_s = [self._rest_s(other) for other in self._running]
            free_s += [0.0] * (self.num_workers - len(free_s))
            heapq.heapify(free_s)
            number = self._waiting.index(ticket)
            for other in self._waiting[:number]:
                heapq.heapreplace(free_s, free_s[0] + self._expected_s(other.kind))
            is_own = any(other.visitor == ticket.visitor for other in (*self._running, *self._waiting[:number]))
            return Place(number + 1, free_s[0], is_own), ticket.told

    def _expected_s(self, kind: str) -> float:
        return self._usual_s.get(kind, _FIRST_GUESS_S)

    def _rest_s(self, ticket: _Ticket) -> float:
        """Seconds until running work is expected to end."""
        spent_s, share = time.monotonic() - ticket.begun_s, ticket.told[1]
        if share >= _TELLING_SHARE:
            return spent_s * (1 - share) / share
        return max(1.0, self._expected_s(ticket.kind) - spent_s)

    def _leave(self, ticket: _Ticket) -> None:
        """Give a place up; harmless after the end."""
        ticket.stopped.set()
        with self._changed:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _serve(self) -> None:
        """The thread of one worker: take the next ticket, have the work done, pass on what came out."""
        worker: Worker | None = self._fit(None)
        while worker is not None:
            worker = self._take_one(worker)

    def _take_one(self, worker: Worker) -> Worker | None:
        """Have the next work done, and hold on to nothing of it; who does the one after it, None when all is over."""
        ticket = self._next()
        if ticket is None:
            worker.close()
            return None
        worker = self._fit(worker)  # it may have ended meanwhile
        try:
            ticket.result = worker.do(ticket.function, self._telling(ticket), ticket.stopped, self.limits)
        except StoppedError as error:
            ticket.error = WorkError("The work was ended with the server: ask for it again.")
            ticket.error.__cause__ = error
        except Exception as error:
            ticket.error = error
        self._end(ticket)
        return self._fit(worker)  # the next one gets ready while nobody waits for it

    def _fit(self, worker: Worker | None) -> Worker:
        """A worker that can do the next work: the same, or another in its place."""
        if worker is not None and not worker.is_spent(self.limits):
            return worker
        if worker is not None:
            worker.close()
        fresh = Worker(self._modules)
        with self._changed:
            self._workers = [other for other in self._workers if other is not worker] + [fresh]
        return fresh

    def _next(self) -> _Ticket | None:
        """The first that waits and whose visitor has nothing under way; None when all is over."""
        with self._changed:
            while not self._is_closed:
                busy = {ticket.visitor for ticket in self._running}
                found = next((ticket for ticket in self._waiting if ticket.visitor not in busy), None)
                if found is not None:
                    self._waiting.remove(found)
                    found.begun_s = time.monotonic()
                    self._running.append(found)
                    return found
                self._changed.wait()
            return None

    def _telling(self, ticket: _Ticket) -> Tell:
        def tell(stage: str, share: float) -> None:
            with self._changed:
                ticket.told = stage, min(max(share, 0.0), 1.0)

        return tell

    def _end(self, ticket: _Ticket) -> None:
        with self._changed:
            self._running.remove(ticket)
            if ticket.error is None:
                spent_s = time.monotonic() - ticket.begun_s
                usual_s = self._usual_s.get(ticket.kind, spent_s)
                self._usual_s[ticket.kind] = usual_s + _NEWEST * (spent_s - usual_s)
            self._changed.notify_all()
        ticket.ended.set()
