"""Long work of a server: one order at a time, each in a process of its own, the others wait their turn.

    <folder>/<name>/order.json      what was asked for
    <folder>/<name>/progress.json   how far it is, written by its process
    <folder>/<name>/log.txt         what it said

All state is on disk, so a server that was killed finds on its return what was under way, and it can go on.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from emo_core.files.atomic_write import write_whole
from emo_core.jobs.progress import TrainingProgress

ORDER, PROGRESS = "order.json", "progress.json"
_LOG, _PID = "log.txt", "pid"
_KILL_S = 20.0
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
            without a word, such as with the server.
        progress: what its process said last.
        ahead: orders before it, the running one among them.
    """

    order: Order
    state: str
    progress: TrainingProgress
    ahead: int = 0


class JobQueue:
    """The orders of one server.

    Args:
        folder: for their state.
        root: folder that they run in; paths of orders are relative to it or absolute.
        command: makes the command line that carries out the order kept in a folder; for tests.
    """

    def __init__(self, folder: Path, root: Path, command: Callable[[Path], list[str]] | None = None) -> None:
        self._folder, self._root = folder.resolve(), root
        self._command = command or _run_order
        self._lock = threading.Lock()
        self._waiting: list[Order] = []
        self._stopping = set[str]()
        self._running: tuple[Order, subprocess.Popen[bytes]] | None = None

    def submit(self, order: Order) -> None:
        """Start it, or let it wait; one that waits or runs under that name already is not doubled."""
        with self._lock:
            names = {waiting.name for waiting in self._waiting}
            if order.name not in names and not (self._running and self._running[0].name == order.name):
                place = self._folder / order.name
                place.mkdir(parents=True, exist_ok=True)
                write_whole(place / ORDER, msgspec.json.encode(order))
                (place / PROGRESS).unlink(missing_ok=True)
                self._waiting.append(order)
            self._start_next()

    def stop(self, name: str) -> None:
        """Stop it, or take it out of the queue; what it has learned is kept, and :meth:`submit` goes on from there.

        Returns at once: a process that does not end by itself is killed a little later.
        """
        with self._lock:
            for order in [waiting for waiting in self._waiting if waiting.name == name]:
                self._waiting.remove(order)
                self._end(order.name, "stopped")
            running = self._running
            if running and running[0].name == name:
                self._stopping.add(name)
        if running and running[0].name == name:
            running[1].send_signal(signal.SIGTERM)
            killer = threading.Timer(_KILL_S, running[1].kill)
            killer.daemon = True
            killer.start()

    def status(self, name: str) -> JobStatus | None:
        """Where an order stands; None if there is none of that name."""
        place = self._folder / name
        order = read_order(place)
        if order is None:
            return None
        progress = TrainingProgress.read(place / PROGRESS) or TrainingProgress()
        with self._lock:
            names = [waiting.name for waiting in self._waiting]
            running = self._running
        if name in names:
            return JobStatus(order, "waiting", progress, names.index(name) + (running is not None))
        alive = (running is not None and running[0].name == name) or _is_alive(place)
        if alive:
            return JobStatus(order, "running", progress)
        return JobStatus(order, "interrupted" if progress.state == "running" else progress.state, progress)

    def all(self) -> list[JobStatus]:
        """Every order that is known, the newest first."""
        places = sorted(self._folder.glob(f"*/{ORDER}"), key=lambda path: path.stat().st_mtime, reverse=True)
        found = (self.status(path.parent.name) for path in places)
        return [status for status in found if status is not None]

    def active(self) -> list[JobStatus]:
        """What runs or waits, in turn."""
        found = [status for status in self.all() if status.state in ("running", "waiting")]
        return sorted(found, key=lambda status: (status.state != "running", status.ahead))

    def _start_next(self) -> None:
        """Start the first that waits if none runs; the lock is held."""
        if self._running is not None or not self._waiting:
            return
        order = self._waiting.pop(0)
        place = self._folder / order.name
        with (place / _LOG).open("wb") as log:
            process = subprocess.Popen(
                self._command(place),
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        (place / _PID).write_text(str(process.pid), "utf-8")
        self._running = (order, process)
        threading.Thread(target=self._watch, args=(order, process), name="job", daemon=True).start()

    def _watch(self, order: Order, process: "subprocess.Popen[bytes]") -> None:
        """Wait for the end of an order, then start the next one."""
        process.wait()
        with self._lock:
            self._running = None
            self._end(order.name, "stopped" if order.name in self._stopping else "failed")
            self._stopping.discard(order.name)
            self._start_next()

    def _end(self, name: str, state: str) -> None:
        """Note how an order ended, if it did not do so itself."""
        path = self._folder / name / PROGRESS
        progress = TrainingProgress.read(path) or TrainingProgress()
        (self._folder / name / _PID).unlink(missing_ok=True)
        if progress.state == "running":
            message = "Stopped." if state == "stopped" else "It ended without a word; start it again."
            with suppress(OSError):
                write_whole(path, msgspec.json.encode(replace(progress, state=state, message=message)))


def _run_order(place: Path) -> list[str]:
    return [sys.executable, "-m", "emo_core", "run-order", "--nice", str(_NICE), str(place)]


def _is_alive(place: Path) -> bool:
    """Whether an order of an earlier server is still carried out; it ends by itself soon after that server."""
    try:
        pid = int((place / _PID).read_text("utf-8"))
        os.kill(pid, 0)
        return os.fsencode(place) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
