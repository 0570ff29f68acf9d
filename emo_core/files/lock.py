"""Writers in turn, also those of other processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that the file `path` stands for while the block runs; it is made where it is missing.

    Raises:
        OSError: it cannot be made.
    """
    with FileLock(path):
        yield
