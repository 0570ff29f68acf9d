"""A process that does one piece of work after another for a server; :mod:`emo_core.jobs.worker` starts it.

    python -m emo_core.jobs.desk HANDLE NICE MODULE…

It imports the modules, waits for work at the connection behind the handle, and ends when the server does, also in the
middle of something.
"""

import logging
import os
import queue
import signal
import sys
import threading
import time
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from emo_core.errors import UNEXPECTED, EmoError, WorkError
from emo_core.jobs.handover import from_bytes, to_bytes

STOP = b"stop"
TOLD, DONE, STOPPED, FAILED = "told", "done", "stopped", "failed"
_TELL_EVERY_S = 0.1


class _StoppedError(Exception):
    """Raised inside the work when it should end."""


class _Desk:
    """Takes work, one piece at a time, and answers."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._told_s = 0.0
        threading.Thread(target=self._listen, name="listener", daemon=True).start()

    def serve(self) -> None:
        """Work until the server ends."""
        while True:
            self._connection.send_bytes(self._answer(self._inbox.get()))

    def _listen(self) -> None:
        """Beside the work, so that it can be stopped, and ends with the server."""
        try:
            while True:
                content = self._connection.recv_bytes()
                if content == STOP:
                    self._stopped.set()
                else:
                    self._stopped.clear()  # that was meant for the work before
                    self._inbox.put(content)
        except (EOFError, OSError):
            os._exit(0)  # nobody waits for an answer any more

    def _answer(self, content: bytes) -> bytes:
        """What came of work; nothing of it is held afterwards."""
        try:
            return to_bytes(self._work(content))
        except Exception:
            logging.getLogger(__name__).exception("a result cannot be handed over")
            return to_bytes((FAILED, WorkError(UNEXPECTED)))

    def _work(self, content: bytes) -> tuple[str, Any]:
        self._told_s = 0.0
        try:
            return DONE, from_bytes(content)(progress=self._tell)
        except _StoppedError:
            return STOPPED, None
        except EmoError as error:
            return FAILED, error
        except OSError as error:
            return FAILED, OSError(error.errno, error.strerror or str(error))  # those of libraries do not travel
        except Exception:
            logging.getLogger(__name__).exception("unexpected error in work for a visitor")
            return FAILED, WorkError(UNEXPECTED)

    def _tell(self, stage: str, share: float) -> None:
        if self._stopped.is_set():
            raise _StoppedError
        now_s = time.monotonic()
        if now_s >= self._told_s + _TELL_EVERY_S:
            self._told_s = now_s
            self._connection.send_bytes(to_bytes((TOLD, (stage, share))))


def main() -> None:
    """Serve whoever started this process."""
    handle, nice, *modules = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, and this process ends with that
    os.nice(int(nice))
    desk = _Desk(Connection(int(handle)))
    for name in modules:
        import_module(name)
    desk.serve()


if __name__ == "__main__":
    main()
