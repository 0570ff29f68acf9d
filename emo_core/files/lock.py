"""Writers in turn, also those of other processes; the system drops the locks of a process that was killed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that the file `path` stands for while the block runs; it is made where it is missing.

    Raises:
        OSError: it cannot be made.
    """
    with FileLock(path):
        yield


@contextmanager
def locked_if_possible(path: Path) -> Iterator[None]:
    """Hold the lock that `path` stands for while the block runs; without it where the disk takes none.

    Such a disk takes nothing else either, so nobody can write against the block.
    """
    held = Held(path)
    with suppress(OSError):
        held.take()
    try:
        yield
    finally:
        held.let_go()


class Held:
    """A lock that outlives the block, and the thread, that took it; it goes with the process at the latest.

    Args:
        path: file that it stands for, in a folder that exists when it is taken.
    """

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path, thread_local=False)

    def take(self) -> None:
        """Wait until nobody else has it.

        Raises:
            OSError: it cannot be made.
        """
        self._lock.acquire()

    def let_go(self) -> None:
        """Leave it to others; nothing happens if it was not taken."""
        self._lock.release()

    @property
    def is_taken(self) -> bool:
        """Whether somebody has it, in this process or in another one; a file that cannot be made is nobody's."""
        try:
            with self._lock.acquire(blocking=False):
                return False
        except Timeout:
            return True
        except OSError:
            return False
