"""A queue whose trainings end when they are told to."""

import sys
from pathlib import Path

import pytest

from emo_core.jobs.queue import PROGRESS, JobQueue

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.default_int_handler)
from emo_core.jobs.progress import ProgressWriter
writer, go = ProgressWriter(Path(sys.argv[1]), 3), Path(sys.argv[2])
try:
    writer.epoch({"epoch": 0, "loss": 1.0})
    while not go.exists():
        writer.work("Training", 1, 3)
        time.sleep(0.02)
    if go.read_text() == "crash":
        sys.exit(3)
    writer.end("done", "right on all")
except KeyboardInterrupt:
    writer.end("stopped", "stopped")
"""


@pytest.fixture
def jobs(tmp_path):
    """Trainings that end when the file ``go-<name>`` appears."""

    def command(place):
        return [sys.executable, "-c", SCRIPT, str(place / PROGRESS), str(tmp_path / f"go-{place.name}")]

    made = JobQueue(tmp_path / "jobs", ROOT, command)
    yield made
    for status in made.active():
        made.stop(status.order.name)
