"""``python -m emo_core``: the command line."""

import io
import sys

from emo_core.cli.main import main

if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that lacks a sign shows ? for it
    sys.exit(main())
