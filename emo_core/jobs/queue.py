"""Long work of a server: one order at a time, each in a process of its own, the others wait their turn.

    <folder>/.lock                  held by whoever changes something
    <folder>/<name>/order.json      what was asked for
    <folder>/<name>/ticket          its place among those that wait; gone once it was started
    <folder>/<name>/process.json    which process carries it out
    <folder>/<name>/watched         held by the process of the server that started it, as long as that lives
    <folder>/<name>/stop            somebody asked to stop it
    <folder>/<name>/progress.json   how far it is, written by its process
    <folder>/<name>/log.txt         what it said

All state is on disk and changed under one lock, so several processes of a server share a queue: what one started is
seen and stopped by the others, and only one order is carried out at a time over all of them. A server that was killed
finds on its return what was under way, and it can go on.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from emo_core.files.atomic_write import write_whole
from emo_core.files.lock import Held, locked, locked_if_possible
from emo_core.jobs import processes
from emo_core.jobs.processes import WorkProcess
from emo_core.jobs.progress import TrainingProgress

ORDER, PROGRESS = "order.json", "progress.json"
_LOCK, _TICKET, _PROCESS, _WATCHED, _STOP, _LOG = ".lock", "ticket", "process.json", "watched", "stop", "log.txt"
_NICE = 10  # behind the pages, and behind the work of visitors who wait for it


@dataclass(frozen=True, slots=True)
class Order:
    """Work that somebody asked for.

    Attributes:
        kind: ``train`` a model from clips, compare ``protocols`` of splitting them, or judge the clips of a ``study``.
        name: of the order; a training's is that of its bundle.
        data: data set, or folder of the clips of a study.
        out: bundle directory: of the model to write, or of the one whose recipe is compared; of a study, its results.
        cache: folder of what may be computed again.
        protocol: of the split, as the command line names it.
        seed: of split and training; None for that of the recipe.
        epochs: at most; None for those of the recipe.
        cnn: whether the last stage of the frame CNN is tuned, too.
        base: bundle whose frame CNN is used, or that judges a study; empty for the shipped one.
        folds: parts of a cross-validation.
        recipe: by which a model is taught, as the command line names it.
        real: data set of real clips that a model of the published recipe is measured on as well; empty for none.
    """

    kind: Literal["train", "protocols", "study"]
    name: str
    data: str
    out: str
    cache: str
    protocol: str = "subject"
    seed: int | None = None
    epochs: int | None = None
    cnn: bool = False
    base: str = ""
    folds: int = 5
    recipe: str = "studio"
    real: str = ""


def read_order(folder: Path) -> Order | None:
    """The order kept in a folder; None if there is none that can be read."""
    try:
        return msgspec.json.decode((folder / ORDER).read_bytes(), type=Order)
    except (OSError, msgspec.MsgspecError):
        return None


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where an order stands.

    Attributes:
        order: the order.
        state: ``waiting``, ``running``, ``done``, ``failed``, ``stopped``, or ``interrupted`` when its process ended
            without a word, and with it the one of the server that started it.
        progress: what its process said last.
        ahead: orders before it, the running one among them.
    """

    order: Order
    state: str
    progress: TrainingProgress
    ahead: int = 0


class JobQueue:
    """The orders of one server, whichever of its processes asks.

    Args:
        folder: for their state, on a disk of this machine.
        root: folder that they run in; paths of orders are relative to it or absolute.
        command: makes the command line that carries out the order kept in a folder; for tests.
        ended: told kind, state and seconds of each order that this process started, when it is over.
        held_back: asked before an order is started; while it says so this process starts none, and :meth:`tend` asks
            again.
    """

    def __init__(
        self,
        folder: Path,
        root: Path,
        command: Callable[[Path], list[str]] | None = None,
        ended: Callable[[str, str, float], None] | None = None,
        held_back: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folder, self._root, self._held_back = folder.resolve(), root, held_back
        self._command, self._ended = command or _run_order, ended

    def submit(self, order: Order) -> None:
        """Start it, or let it wait; one that waits or runs under that name already is not doubled.

        Raises:
            OSError: it cannot be noted.
        """
        place = self._folder / order.name
        place.mkdir(parents=True, exist_ok=True)
        with locked(self._folder / _LOCK):
            if _state(place) not in ("waiting", "running"):
                for name in (_STOP, PROGRESS):
                    (place / name).unlink(missing_ok=True)
                write_whole(place / ORDER, msgspec.json.encode(order))
                write_whole(place / _TICKET, str(max(self._tickets().values(), default=0) + 1))
            self._start_next()

    def stop(self, name: str) -> None:
        """Stop it, or take it out of the queue; what it has learned is kept, and :meth:`submit` goes on from there.

        Returns at once: a process that does not end by itself is killed a little later.
        """
        place = self._folder / name
        if not (place / ORDER).exists():
            return
        with locked(self._folder / _LOCK):
            if (place / _TICKET).exists():
                (place / _TICKET).unlink()
                _note_end(place, "stopped")
            elif (process := WorkProcess.read(place / _PROCESS)) is not None:
                (place / _STOP).touch()
                process.end()

    def status(self, name: str) -> JobStatus | None:
        """Where an order stands; None if there is none of that name."""
        with locked_if_possible(self._folder / _LOCK):
            return self._status(self._folder / name)

    def all(self) -> list[JobStatus]:
        """Every order that is known, the newest first."""
        with locked_if_possible(self._folder / _LOCK):
            places = sorted(self._folder.glob(f"*/{ORDER}"), key=lambda path: path.stat().st_mtime, reverse=True)
            found = [self._status(path.parent) for path in places]
        return [status for status in found if status is not None]

    def active(self) -> list[JobStatus]:
        """What runs or waits, in turn."""
        found = [status for status in self.all() if status.state in ("running", "waiting")]
        return sorted(found, key=lambda status: (status.state != "running", status.ahead))

    def tend(self) -> None:
        """Start what waits although nothing runs: the process of the server that was to do so may have been killed.

        Each process of a server calls this every few seconds.
        """
        if self._folder.is_dir():
            with locked(self._folder / _LOCK):
                self._start_next()

    def _status(self, place: Path) -> JobStatus | None:
        order = read_order(place)
        if order is None:
            return None
        progress, state, ahead = TrainingProgress.read(place / PROGRESS) or TrainingProgress(), _state(place), 0
        if state == "waiting":
            tickets = self._tickets()
            earlier = sum(number < tickets[place] for number in tickets.values())
            ahead = earlier + any(_state(other) == "running" for other in self._places())
        return JobStatus(order, state, progress, ahead)

    def _places(self) -> list[Path]:
        return [path.parent for path in self._folder.glob(f"*/{ORDER}")]

    def _tickets(self) -> dict[Path, int]:
        """Places of the orders that wait, with their numbers."""
        return {path.parent: int(path.read_bytes() or 0) for path in self._folder.glob(f"*/{_TICKET}")}

    def _start_next(self) -> None:
        """Start the first that waits if none runs; the lock is held."""
        tickets = self._tickets()
        if not tickets or any(_state(place) == "running" for place in self._places()) or self._held_back():
            return
        place = min(tickets, key=tickets.__getitem__)
        watched = Held(place / _WATCHED)
        try:
            watched.take()
            process = processes.start(self._command(place), self._root, place / _LOG, place / _PROCESS)
            (place / _TICKET).unlink()
        except OSError as error:  # it waits on, and is tried again
            watched.let_go()
            logging.getLogger(__name__).warning("an order could not be started: %s", error.strerror or error)
            return
        threading.Thread(target=self._watch, args=(place, process, watched), name="job", daemon=True).start()

    def _watch(self, place: Path, process: "subprocess.Popen[bytes]", watched: Held) -> None:
        """Wait for the end of an order, then start the next one."""
        begun_s = time.monotonic()
        process.wait()
        with locked(self._folder / _LOCK):
            _note_end(place, "stopped" if (place / _STOP).exists() else "failed")
            watched.let_go()
            order, state = read_order(place), _state(place)
            self._start_next()
        if self._ended is not None and order is not None:
            self._ended(order.kind, state, time.monotonic() - begun_s)


def _state(place: Path) -> str:
    """State of the order in a folder, as in :class:`JobStatus`; the lock is held."""
    if (process := WorkProcess.read(place / _PROCESS)) is not None:
        if process.is_alive or Held(place / _WATCHED).is_taken:  # whoever watches it will note its end at once
            return "running"
        (place / _PROCESS).unlink(missing_ok=True)
    if (place / _TICKET).exists():
        return "waiting"
    progress = TrainingProgress.read(place / PROGRESS) or TrainingProgress()
    if progress.state != "running":
        return progress.state
    return "stopped" if (place / _STOP).exists() else "interrupted"


def _note_end(place: Path, state: str) -> None:
    """Note how an order ended, if it did not do so itself; the lock is held."""
    progress = TrainingProgress.read(place / PROGRESS) or TrainingProgress()
    (place / _PROCESS).unlink(missing_ok=True)
    if progress.state == "running":
        message = "Stopped." if state == "stopped" else "It ended without a word; start it again."
        with suppress(OSError):
            write_whole(place / PROGRESS, msgspec.json.encode(replace(progress, state=state, message=message)))


def _run_order(place: Path) -> list[str]:
    return [sys.executable, "-m", "emo_core", "run-order", "--nice", str(_NICE), str(place)]
