"""Folders for files that must not outlive their use, even if the process is killed over them.

Each folder is named as ours and locked for as long as its process lives; the system drops the lock of a killed one.
:func:`sweep` deletes those that nobody holds. Where folders cannot be locked (Windows), what a killed process left
stays until the system clears its temporary files.
"""

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

PREFIX = "hybrid-emotion-"
_MAKING = f".{PREFIX}"
_STALE_S = 3600.0


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder that is gone at the end of the block."""
    if fcntl is None:
        with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
            yield Path(name)
        return
    making = Path(tempfile.mkdtemp(prefix=_MAKING))
    path = making.with_name(making.name[1:])
    handle = os.open(making, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        making.rename(path)  # from here on it can be found, and it is locked
        yield path
    finally:
        for place in (making, path):
            shutil.rmtree(place, ignore_errors=True)
        os.close(handle)


class Lasting:
    """A new folder that is gone once nothing holds this object any more, at the latest with its process.

    Attributes:
        path: of the folder; other processes may write into it, but only this one deletes it.
    """

    def __init__(self) -> None:
        held = ExitStack()
        self.path = held.enter_context(folder())
        weakref.finalize(self, _close, held, os.getpid())
        _lasting[self.path] = self


_lasting: weakref.WeakValueDictionary[Path, Lasting] = weakref.WeakValueDictionary()


def lasting_around(path: Path) -> Lasting | None:
    """The lasting folder of this process that a file lies in, if it lies in one."""
    return next((found for parent in path.parents if (found := _lasting.get(parent)) is not None), None)


def _close(held: ExitStack, process: int) -> None:
    if os.getpid() == process:  # a fork of it ends as well, and must leave the folder alone
        held.close()


def sweep() -> int:
    """Delete folders of ours that a killed process left behind; their number."""
    if fcntl is None:
        return 0
    count = 0
    place = Path(tempfile.gettempdir())
    for path in [*place.glob(f"{PREFIX}*"), *place.glob(f"{_MAKING}*")]:
        with suppress(OSError):  # of somebody else, in use, or gone by now
            count += _sweep_one(path)
    return count


def _sweep_one(path: Path) -> bool:
    info = path.lstat()
    young = path.name.startswith(_MAKING) and time.time() - info.st_mtime < _STALE_S
    if info.st_uid != os.geteuid() or young:
        return False
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path)
    finally:
        os.close(handle)
    return True
