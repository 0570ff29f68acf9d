"""Work for the tests of turns and workers; a worker imports it by its name."""

import os
import signal
import threading
import time
from pathlib import Path
from types import MappingProxyType

import numpy as np

from emo_core.errors import VideoError


def answer(value, progress):
    progress("Answering", 0.5)
    return value


def pid(progress):
    return os.getpid()


def wait_for(path, progress):
    """Until the file appears; `path` with .begun tells that it waits."""
    path = Path(path)
    path.with_suffix(".begun").write_text("")
    while not path.exists():
        progress("Waiting for a file", 0.25)
        time.sleep(0.02)
    return path.read_text()


def deaf(path, progress):
    """Never looks whether it should end, as a decoder in the middle of a frame."""
    Path(path).with_suffix(".begun").write_text("")
    threading.Event().wait()


def crash(progress):
    os.kill(os.getpid(), signal.SIGSEGV)


def refuse(progress):
    raise VideoError("“a.mp4” is empty (0 bytes); record it or copy it again.")


def disk_full(progress):
    raise OSError(28, "No space left on device")


def mistake(progress):
    raise LookupError("secret")


def lock(progress):
    return threading.Lock()


def hog(num_bytes, progress):
    kept = [np.ones(num_bytes, np.uint8)]
    threading.Event().wait()
    return kept


def read_only(progress):
    return MappingProxyType({"a": 1})
