"""Several processes of a server share a queue: one order at a time over all, seen and stopped by any, none lost."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from emo_core.jobs.processes import WorkProcess
from tests.unit.jobs.conftest import ROOT, SCRIPT
from tests.unit.jobs.test_queue import order, until

SERVER = """
import sys, time
from pathlib import Path
from emo_core.jobs.queue import PROGRESS, JobQueue, Order
folder, script, *names = sys.argv[1:]
command = lambda place: [sys.executable, "-c", script, str(place / PROGRESS), str(Path(folder) / f"go-{place.name}")]
jobs = JobQueue(Path(folder) / "jobs", Path.cwd(), command)
for name in names:
    jobs.submit(Order("train", name, "data/mine", f"models/{name}", ".cache"))
print("asked", flush=True)
while True:
    time.sleep(0.05)
    jobs.tend()
"""


@pytest.fixture
def another_process(tmp_path):
    """Start a process of the same server that asks for trainings; it is killed at the end."""
    started = []

    def start(*names):
        words = [sys.executable, "-c", SERVER, str(tmp_path), SCRIPT, *names]
        started.append(subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE))
        assert started[-1].stdout.readline() == b"asked\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def states(jobs):
    return {status.order.name: status.state for status in jobs.all()}


def test_what_one_started_is_seen_waits_its_turn_and_is_stopped_on_the_other(jobs, another_process, tmp_path):
    another_process("one")
    until(lambda: jobs.status("one").progress.history)
    jobs.submit(order("two"))
    assert [(status.order.name, status.state, status.ahead) for status in jobs.active()] == [
        ("one", "running", 0), ("two", "waiting", 1)
    ]  # fmt: skip
    jobs.submit(order("one"))  # it runs already
    jobs.stop("one")
    until(lambda: jobs.status("one").state == "stopped")
    until(lambda: jobs.status("two").state == "running" and jobs.status("two").progress.history)
    (tmp_path / "go-two").write_text("end")
    until(lambda: states(jobs) == {"one": "stopped", "two": "done"})


def test_never_two_at_a_time_whoever_asks_at_once(jobs, another_process, tmp_path):
    other = another_process("n0", "n1")
    for name in ("n2", "n3"):
        jobs.submit(order(name))
    seen, end = set(), time.monotonic() + 60
    while set(states(jobs).values()) != {"done"}:
        notes = {path.parent.name: WorkProcess.read(path) for path in (tmp_path / "jobs").glob("*/process.json")}
        alive = {name for name, note in notes.items() if note is not None and note.is_alive}
        assert len(alive) <= 1
        for name in alive - seen:
            (tmp_path / f"go-{name}").write_text("end")  # each goes on until it was seen
        seen |= alive
        assert time.monotonic() < end
    assert seen == {"n0", "n1", "n2", "n3"}
    assert other.poll() is None


def test_what_waits_is_started_by_another_process_when_the_one_that_was_to_is_killed(jobs, another_process, tmp_path):
    killed = another_process("one", "two")
    until(lambda: jobs.status("one").progress.history)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    (tmp_path / "go-two").write_text("end")

    def is_done():
        jobs.tend()
        return jobs.status("two").state == "done"

    until(is_done)
    assert jobs.status("one").state == "stopped"
    assert jobs.status("one").progress.history, "what it has learned is kept"


def test_a_training_that_went_with_its_process_is_interrupted_and_goes_on(jobs, another_process, tmp_path):
    """As when the machine goes down: nobody is left to say a word."""
    killed = another_process("one")
    until(lambda: jobs.status("one").progress.history)
    worker = WorkProcess.read(tmp_path / "jobs" / "one" / "process.json")
    psutil.Process(worker.pid).suspend()
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert jobs.status("one").state == "running"  # a process that is there is there, whoever watches it
    psutil.Process(worker.pid).kill()
    until(lambda: jobs.status("one").state == "interrupted")
    (tmp_path / "go-one").write_text("end")
    jobs.submit(order("one"))
    until(lambda: jobs.status("one").state == "done")


def test_a_number_that_another_process_got_since_is_not_taken_for_it(jobs, tmp_path):
    """After a restart of the machine, or after many processes; the clock has no say."""
    (tmp_path / "go-one").write_text("end")
    jobs.submit(order("one"))
    until(lambda: jobs.status("one").state == "done")
    note = tmp_path / "jobs" / "one" / "process.json"
    note.write_text(f'{{"pid": {os.getpid()}, "mark": "of the one before"}}')
    assert jobs.status("one").state == "done"
    assert not note.exists()


def test_a_disk_that_takes_no_more_loses_no_order(jobs, tmp_path, monkeypatch):
    real = subprocess.Popen

    def refuse(*words, **settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emo_core.jobs.processes.subprocess.Popen", refuse)
    jobs.submit(order("one"))
    assert jobs.status("one").state == "waiting"
    monkeypatch.setattr("emo_core.jobs.processes.subprocess.Popen", real)
    jobs.tend()
    until(lambda: jobs.status("one").state == "running")
