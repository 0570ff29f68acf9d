"""The server as ``streamlit`` starts it, except that a test may ask it for more.

Its trainings and studies do not stand back: that would be for other tests, and somebody waits for them. With
``STUDIO_THREADS`` SIGUSR1 makes it write what every thread is doing; with ``STUDIO_CLOCK`` its clock goes ahead by
as many seconds as stand in that file; with ``STUDIO_GRACE_S`` a closed page may come back for so long; with
``STUDIO_SAMPLE`` the first sample is that clip, for tests of what does not depend on what is seen.
"""

import os
import signal
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

from streamlit.web.cli import main

from emo_core.jobs import queue
from ui.state import samples, visits


def tell_threads(dump: Path) -> None:
    """Write the stack of each thread whole; by Python, since faulthandler reads frames that go on changing."""
    part = dump.with_suffix(".part")
    part.write_text("\n\n".join("".join(traceback.format_stack(frame)) for frame in sys._current_frames().values()))
    part.replace(dump)


def move_clock(ahead: Path) -> None:
    """Have the clock go ahead by what stands in the file, from then on."""
    now = time.time
    time.time = lambda: now() + float(ahead.read_text())


def stand_in(clip: Path) -> None:
    """Have a short clip in the place of the first sample."""
    bundled = samples.load
    samples.load = lambda: (replace(bundled()[0], file=clip), *bundled()[1:])


if __name__ == "__main__":
    queue._NICE = 0
    if clock := os.environ.get("STUDIO_CLOCK"):
        move_clock(Path(clock))
    if grace_s := os.environ.get("STUDIO_GRACE_S"):
        visits.GRACE_S = float(grace_s)
    if clip := os.environ.get("STUDIO_SAMPLE"):
        stand_in(Path(clip))
    dump = os.environ.get("STUDIO_THREADS")
    if dump:
        Path(f"{dump}.pid").write_text(str(os.getpid()), encoding="utf-8")
        signal.signal(signal.SIGUSR1, lambda *_: tell_threads(Path(dump)))
    main()
