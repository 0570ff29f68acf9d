"""The server as ``streamlit`` starts it, except that SIGUSR1 makes it write what every thread is doing."""

import os
import signal
import sys
import traceback
from pathlib import Path

from streamlit.web.cli import main


def tell_threads(dump: Path) -> None:
    """Write the stack of each thread whole; by Python, since faulthandler reads frames that go on changing."""
    part = dump.with_suffix(".part")
    part.write_text("\n\n".join("".join(traceback.format_stack(frame)) for frame in sys._current_frames().values()))
    part.replace(dump)


if __name__ == "__main__":
    dump = os.environ.get("STUDIO_THREADS")
    if dump:
        Path(f"{dump}.pid").write_text(str(os.getpid()), encoding="utf-8")
        signal.signal(signal.SIGUSR1, lambda *_: tell_threads(Path(dump)))
    main()
