"""``python -m emo_core``: the command line."""

import sys

from emo_core.cli.main import run
from emo_core.cli.terminal import PROGRAM

if __name__ == "__main__":
    sys.exit(run(PROGRAM))
