"""A worker: a process that does work for visitors, so that a crash or a memory hog ends one piece of it, no server.

Written by hand on the standard library. ``concurrent.futures`` can neither stop work that has begun nor tell how far
it is, and one process that dies takes all waiting work along; pebble takes up to three seconds to end work inside a
decoder, and its processes share a lock that one of them can die with.
"""

import logging
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psutil

from emo_core.errors import WorkError
from emo_core.files import scratch
from emo_core.jobs.desk import DONE, STOP, STOPPED, TOLD
from emo_core.jobs.handover import from_bytes, to_bytes

Function = Callable[..., Any]
"""Work: called in the other process with ``progress``, which it calls with a stage and the share done in [0, 1]; that
raises when the work should end."""

Tell = Callable[[str, float], None]

NICE = 3
"""How far workers stand back behind the server, which paints pages and watches cameras."""

_LOOK_S = 0.1
_GRACE_S = 0.4  # for work to end by itself
_MOST_WORKS = 50  # of one process
_KEPT_SHARE = 0.4  # of the memory limit that a process may hold between two works
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may take: seconds of wall time, and bytes of memory of its process."""

    seconds: float
    num_bytes: int


class StoppedError(Exception):
    """The work was stopped by whoever asked for it."""


class Worker:
    """One process, started at once; it does one piece of work at a time.

    Args:
        modules: that it imports before it works.
    """

    def __init__(self, modules: Sequence[str] = ()) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            path = os.pathsep.join(filter(None, sys.path))  # what the server can import the worker must
            self._process = subprocess.Popen(
                [sys.executable, "-m", "emo_core.jobs.desk", str(theirs.fileno()), str(NICE), *modules],
                env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            )  # fmt: skip
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self._num_works = 0

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    @property
    def num_bytes(self) -> int:
        """Memory of the process, files that it has mapped left out; 0 once it is gone."""
        with suppress(psutil.Error):
            found = psutil.Process(self.pid).memory_info()
            return int(found.rss - getattr(found, "shared", 0))
        return 0

    def do(self, function: Function, tell: Tell, stopped: threading.Event, limits: Limits) -> Any:
        """Do work in the process and wait for its end.

        Args:
            function: importable in the other process by its name; a ``functools.partial`` of one will do.
            tell: called with how far the work is.
            stopped: set when the work should end, which it does at its next step, or else with its process.
            limits: of this work.

        Returns:
            What the function returned.

        Raises:
            StoppedError: `stopped` was set.
            WorkError: the process ended, or the work took more than it may.
            EmoError, OSError: as the function raised it.
        """
        self._num_works += 1
        try:
            self._connection.send_bytes(to_bytes(function))
            return self._wait(tell, stopped, limits)
        except (EOFError, ConnectionError) as error:
            self.kill()
            if stopped.is_set():
                raise StoppedError from error
            logging.getLogger(__name__).warning("a worker ended with status %s", self._process.returncode)
            raise WorkError(
                "The process that worked on this ended before its time, as a damaged file can make it: try again, or "
                "export the clip as MP4 (H.264) first."
            ) from error

    def _wait(self, tell: Tell, stopped: threading.Event, limits: Limits) -> Any:
        begun_s, stopped_s = time.monotonic(), math.inf
        while True:
            if self._connection.poll(_LOOK_S):
                kind, value = from_bytes(self._connection.recv_bytes())
                if kind == TOLD:
                    tell(*value)
                elif kind == DONE:
                    return value
                else:
                    raise StoppedError if kind == STOPPED else value
            now_s = time.monotonic()
            if stopped.is_set() and stopped_s == math.inf:
                stopped_s = now_s
                self._connection.send_bytes(STOP)
            if now_s > stopped_s + _GRACE_S:
                self.kill()
                raise StoppedError
            self._check(now_s - begun_s, limits)

    def _check(self, spent_s: float, limits: Limits) -> None:
        """End the process over work that takes more than it may."""
        if spent_s > limits.seconds:
            what, setting = f"{limits.seconds / 60:g} minutes", "EMO_JOB_MINUTES"
        elif self.num_bytes > limits.num_bytes:
            what, setting = f"{limits.num_bytes / 2**20:,.0f} MB of memory", "EMO_JOB_MB"
        else:
            return
        self.kill()
        raise WorkError(
            f"This took more than {what}, the most that this server gives one piece of work, and was ended: use a "
            f"shorter or smaller clip, or ask whoever runs the server to raise {setting}."
        )

    def is_spent(self, limits: Limits) -> bool:
        """Whether another process should take its place: it is gone, has done enough, or holds too much memory."""
        return not self.is_alive or self._num_works >= _MOST_WORKS or self.num_bytes > _KEPT_SHARE * limits.num_bytes

    def kill(self) -> None:
        """End the process at once, and clear away the files that it leaves."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        scratch.sweep()

    def close(self) -> None:
        """Let the process end; harmless when repeated."""
        self._connection.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
