"""Trainings for a server: one at a time, each in a process of its own, the others wait their turn.

    <folder>/<name>/order.json      what was asked for
    <folder>/<name>/progress.json   how far it is, written by the training
    <folder>/<name>/log.txt         what it said

All state is on disk, so a server that was killed finds on its return what was under way, and it can go on.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from emo_core.datasets.editable import write_whole
from emo_core.jobs.progress import TrainingProgress

_ORDER, _PROGRESS, _LOG, _PID = "order.json", "progress.json", "log.txt", "pid"
_KILL_S = 20.0


@dataclass(frozen=True, slots=True)
class Order:
    """A training that somebody asked for.

    Attributes:
        name: of the bundle.
        data: data set.
        out: bundle directory.
        protocol: as :data:`emo_core.datasets.splits.PROTOCOLS`.
        seed: of split and training.
        epochs: at most.
        cnn: whether the last stage of the frame CNN is tuned, too.
    """

    name: str
    data: str
    out: str
    protocol: str = "subject"
    seed: int = 7
    epochs: int = 40
    cnn: bool = False


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where an order stands.

    Attributes:
        order: the order.
        state: ``waiting``, ``running``, ``done``, ``failed``, ``stopped``, or ``interrupted`` when its process ended
            without a word, such as with the server.
        progress: what the training said last.
        ahead: trainings before it, the running one among them.
    """

    order: Order
    state: str
    progress: TrainingProgress
    ahead: int = 0


class TrainingJobs:
    """The trainings of one server.

    Args:
        folder: for their state.
        cache: given to the trainings.
        root: folder that they run in; paths of orders are relative to it or absolute.
        command: makes the command line of an order; for tests.
    """

    def __init__(
        self, folder: Path, cache: Path, root: Path, command: Callable[[Order, Path], list[str]] | None = None
    ) -> None:
        self._folder, self._cache, self._root = folder, cache, root
        self._command = command or self._train_command
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
                write_whole(place / _ORDER, json.dumps(asdict(order)).encode())
                (place / _PROGRESS).unlink(missing_ok=True)
                self._waiting.append(order)
            self._start_next()

    def stop(self, name: str) -> None:
        """Stop it, or take it out of the queue; what it has learned is kept, and :meth:`submit` goes on from there."""
        with self._lock:
            for order in [waiting for waiting in self._waiting if waiting.name == name]:
                self._waiting.remove(order)
                self._end(order.name, "stopped")
            running = self._running
            if running and running[0].name == name:
                self._stopping.add(name)
        if running and running[0].name == name:
            running[1].send_signal(signal.SIGTERM)
            try:
                running[1].wait(_KILL_S)
            except subprocess.TimeoutExpired:
                running[1].kill()

    def status(self, name: str) -> JobStatus | None:
        """Where an order stands; None if there is none of that name."""
        place = self._folder / name
        try:
            order = Order(**json.loads((place / _ORDER).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        progress = TrainingProgress.read(place / _PROGRESS) or TrainingProgress()
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
        places = sorted(self._folder.glob(f"*/{_ORDER}"), key=lambda path: path.stat().st_mtime, reverse=True)
        found = (self.status(path.parent.name) for path in places)
        return [status for status in found if status is not None]

    def active(self) -> list[JobStatus]:
        """What runs or waits, in turn."""
        found = [status for status in self.all() if status.state in ("running", "waiting")]
        return sorted(found, key=lambda status: (status.state != "running", status.ahead))

    def log(self, name: str) -> str:
        """What a training said; empty if nothing."""
        path = self._folder / name / _LOG
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    def _start_next(self) -> None:
        """Start the first that waits if none runs; the lock is held."""
        if self._running is not None or not self._waiting:
            return
        order = self._waiting.pop(0)
        place = self._folder / order.name
        with (place / _LOG).open("wb") as log:
            process = subprocess.Popen(
                self._command(order, place / _PROGRESS),
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        (place / _PID).write_text(str(process.pid), "utf-8")
        self._running = (order, process)
        threading.Thread(target=self._watch, args=(order, process), name="training", daemon=True).start()

    def _watch(self, order: Order, process: "subprocess.Popen[bytes]") -> None:
        """Wait for the end of a training, then start the next one."""
        process.wait()
        with self._lock:
            self._running = None
            self._end(order.name, "stopped" if order.name in self._stopping else "failed")
            self._stopping.discard(order.name)
            self._start_next()

    def _end(self, name: str, state: str) -> None:
        """Note how an order ended, if it did not do so itself."""
        path = self._folder / name / _PROGRESS
        progress = TrainingProgress.read(path) or TrainingProgress()
        (self._folder / name / _PID).unlink(missing_ok=True)
        if progress.state == "running":
            message = "Stopped." if state == "stopped" else "It ended without a word; start it again."
            with suppress(OSError):
                write_whole(path, json.dumps({**asdict(progress), "state": state, "message": message}).encode())

    def _train_command(self, order: Order, progress: Path) -> list[str]:
        words = ["-m", "emo_core", "train", "--data", order.data, "--out", order.out, "--protocol", order.protocol]
        words += ["--seed", str(order.seed), "--epochs", str(order.epochs)]
        words += ["--cnn"] if order.cnn else []
        return [sys.executable, *words, "--cache", str(self._cache), "--progress", str(progress.resolve())]


def _is_alive(place: Path) -> bool:
    """Whether the training of an earlier server still runs; it ends by itself soon after that server."""
    try:
        pid = int((place / _PID).read_text("utf-8"))
        os.kill(pid, 0)
        return b"progress" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
