"""Processes that carry out orders: started by one process of the server, known again and ended by any of them.

A number of a process may be given anew, and the clock may be moved; so each is known by a mark of its own, which it was
given in its environment.
"""

import os
import subprocess
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from emo_core.files.atomic_write import write_whole

if TYPE_CHECKING:
    import psutil

_MARK = "EMO_ORDER_MARK"
_KILL_S = 20.0


@dataclass(frozen=True, slots=True)
class WorkProcess:
    """A process that was started for an order.

    Attributes:
        pid: its number.
        mark: what it alone has in its environment.
    """

    pid: int
    mark: str

    @classmethod
    def read(cls, path: Path) -> "WorkProcess | None":
        """The process noted in a file; None where none is."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError):
            return None

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._found() is not None

    def end(self) -> None:
        """Ask it to end; returns at once, and one that does not end by itself is killed a little later."""
        if (found := self._found()) is not None:
            found.terminate()
            killer = threading.Timer(_KILL_S, self._kill)
            killer.daemon = True
            killer.start()

    def _kill(self) -> None:
        if (found := self._found()) is not None:
            found.kill()

    def _found(self) -> "psutil.Process | None":
        import psutil  # of servers alone

        try:
            process = psutil.Process(self.pid)
            ours = process.status() != psutil.STATUS_ZOMBIE and process.environ().get(_MARK) == self.mark
        except psutil.Error:  # it is gone, or it is a process of somebody else
            return None
        return process if ours else None


def start(command: Sequence[str], root: Path, log: Path, note: Path) -> "subprocess.Popen[bytes]":
    """Start a process and note it.

    Args:
        command: its words.
        root: folder that it runs in.
        log: file for what it says.
        note: file that :meth:`WorkProcess.read` reads.

    Raises:
        OSError: it cannot be started or noted; then it does not run.
    """
    mark = uuid.uuid4().hex
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=root, env={**os.environ, _MARK: mark}, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        write_whole(note, msgspec.json.encode(WorkProcess(process.pid, mark)))
    except OSError:
        process.kill()
        process.wait()
        raise
    return process
