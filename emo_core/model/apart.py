"""Work on data that may end the process which looks at it: done in a short-lived process with limits of its own.

LiteRT and HDF5 are written in C. They refuse most damaged files, and a few end the process, whatever Python catches; a
server must not go with them.
"""

import os
import subprocess
import sys
from importlib import import_module

from emo_core.files import folders

LIMIT_S = 120
"""Wall time after which the work counts as not done; a busy machine must not make a good file a bad one."""

_CPU_S = 20
_MEMORY = 768 * 2**20  # address space; about 200 MB are gone before the work begins
_REFUSED = 3


class ApartError(Exception):
    """The work was refused, ended its process, or took more time or memory than it may.

    Attributes:
        final: whether the same work would fail again.
    """

    def __init__(self, reason: str, *, final: bool = True) -> None:
        super().__init__(reason)
        self.final = final


def run_apart(work: str, payload: bytes) -> bytes:
    """What a function makes of `payload` in a process of its own.

    Args:
        work: ``module:function``, of this package; it takes and returns bytes.
        payload: what it takes.

    Raises:
        ApartError: see there.
    """
    command = [sys.executable, "-c", f"from emo_core.model.apart import serve; serve({work!r})"]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each reserves address space
    try:
        ended = subprocess.run(
            command, input=payload, capture_output=True, cwd=folders.ROOT, env=environment, timeout=LIMIT_S, check=False
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise ApartError(str(error), final=False) from error
    if ended.returncode:
        raise ApartError(f"{work} ended with status {ended.returncode}: {ended.stderr[-500:].decode(errors='replace')}")
    return ended.stdout


def _limit() -> None:
    """Bound what this process may take, where the system can; the time limit of the caller holds everywhere."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere a limit of address space is refused or counts what the system shares
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def serve(work: str) -> None:
    """Do the work in this process: payload from the standard input, answer to the standard output."""
    _limit()
    answer, sys.stdout = sys.stdout.buffer, sys.stderr  # what libraries print is no answer
    module, _, name = work.partition(":")
    try:
        answer.write(getattr(import_module(module), name)(sys.stdin.buffer.read()))
        answer.flush()
    except (ValueError, RuntimeError, LookupError, TypeError, ArithmeticError, OSError, MemoryError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(_REFUSED)
    os._exit(0)  # nothing is to be tidied up, and what is damaged may end the process while it is
