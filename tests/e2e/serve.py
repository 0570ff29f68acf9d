"""The server as ``streamlit`` starts it, except that SIGUSR1 makes it write what every thread is doing."""

import faulthandler
import os
import signal
from pathlib import Path

from streamlit.web.cli import main

if __name__ == "__main__":
    dump = os.environ.get("STUDIO_THREADS")
    if dump:
        Path(f"{dump}.pid").write_text(str(os.getpid()), encoding="utf-8")
        faulthandler.register(signal.SIGUSR1, file=Path(dump).open("w", encoding="utf-8"))  # noqa: SIM115  (to the end)
    main()
