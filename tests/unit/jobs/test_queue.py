"""Trainings for a server: one at a time, stopped, interrupted, gone on with, whoever asks."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil

from emo_core.jobs.processes import WorkProcess
from emo_core.jobs.progress import ProgressWriter, TrainingProgress
from emo_core.jobs.queue import PROGRESS, JobQueue, Order, read_order
from tests.unit.jobs.conftest import ROOT, SCRIPT


def order(name):
    return Order("train", name, "data/mine", f"models/{name}", ".cache")


def until(condition, limit_s=30):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_while_it_is_held_back_it_waits_and_what_runs_goes_on(tmp_path):
    """Visitors' work is short and comes first; nothing that is under way is broken off for it."""
    full = [True]

    def command(place):
        return [sys.executable, "-c", SCRIPT, str(place / PROGRESS), str(tmp_path / f"go-{place.name}")]

    jobs = JobQueue(tmp_path / "jobs", ROOT, command, held_back=lambda: full[0])
    jobs.submit(order("one"))
    jobs.tend()
    assert [(status.state, status.ahead) for status in jobs.active()] == [("waiting", 0)]
    full[0] = False
    jobs.tend()
    until(lambda: jobs.status("one").progress.history)
    full[0] = True
    jobs.tend()
    assert jobs.status("one").state == "running"
    (tmp_path / "go-one").write_text("end")
    until(lambda: jobs.status("one").state == "done")


def test_one_runs_the_next_waits_and_follows(jobs, tmp_path):
    jobs.submit(order("one"))
    jobs.submit(order("two"))
    jobs.submit(order("two"))
    until(lambda: jobs.status("one").progress.history)
    assert [(status.order.name, status.state, status.ahead) for status in jobs.active()] == [
        ("one", "running", 0), ("two", "waiting", 1)
    ]  # fmt: skip
    (tmp_path / "go-one").write_text("end")
    until(lambda: jobs.status("two").progress.history)
    assert jobs.status("one").state == "done"
    assert jobs.status("one").progress.message == "right on all"
    assert jobs.status("two").state == "running"


def test_stopped_by_the_button_running_or_waiting(jobs, tmp_path):
    jobs.submit(order("one"))
    jobs.submit(order("two"))
    until(lambda: jobs.status("one").progress.history)
    jobs.stop("two")
    jobs.stop("one")
    until(lambda: not jobs.active())
    assert [jobs.status(name).state for name in ("one", "two")] == ["stopped", "stopped"]
    assert jobs.status("one").progress.history
    (tmp_path / "go-one").write_text("end")
    jobs.submit(order("one"))
    until(lambda: jobs.status("one").state == "done")


def test_one_that_crashes_is_said_to_have_failed_and_the_next_starts(jobs, tmp_path):
    (tmp_path / "go-one").write_text("crash")
    jobs.submit(order("one"))
    jobs.submit(order("two"))
    until(lambda: jobs.status("one").state == "failed")
    assert "start it again" in jobs.status("one").progress.message
    until(lambda: jobs.status("two").state == "running")


def test_a_killed_server_leaves_a_training_that_ends_and_can_go_on(tmp_path):
    """The training notices that nobody watches it any more; the next server finds it interrupted or stopped."""
    code = f"""
import sys, time
from pathlib import Path
from emo_core.jobs.queue import PROGRESS, JobQueue, Order, read_order
words = [sys.executable, "-c", {SCRIPT!r}]
command = lambda place: [*words, str(place / "progress.json"), {str(tmp_path / "go")!r}, str(place)]
jobs = JobQueue(Path({str(tmp_path / "jobs")!r}), Path({str(ROOT)!r}), command)
jobs.submit(Order("train", "one", "d", "o", "c"))
time.sleep(60)
"""
    server = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    later = JobQueue(tmp_path / "jobs", ROOT)
    until(lambda: (found := later.status("one")) and found.progress.history)
    assert later.status("one").state == "running"
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    until(lambda: later.status("one").state in ("stopped", "interrupted"))
    assert later.active() == []


def test_stopping_blocks_nobody(tmp_path):
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    jobs = JobQueue(tmp_path / "jobs", ROOT, lambda place: [sys.executable, "-c", stubborn])
    jobs.submit(order("one"))
    until(lambda: (tmp_path / "jobs" / "one" / "log.txt").read_text() == "up\n")
    process = psutil.Process(WorkProcess.read(tmp_path / "jobs" / "one" / "process.json").pid)
    begun = time.monotonic()
    jobs.stop("one")
    assert time.monotonic() - begun < 5
    process.kill()
    until(lambda: jobs.status("one").state == "stopped")


def test_an_order_is_kept_whole_and_carried_out_from_its_file(tmp_path):
    asked = Order("train", "mine", "data/x", "models/mine", "c", "random", 3, 5, cnn=True)
    seen = []
    jobs = JobQueue(tmp_path / "jobs", ROOT, lambda place: seen.append(place) or [sys.executable, "-c", ""])
    jobs.submit(asked)
    assert read_order(seen[0]) == asked
    until(lambda: not jobs.active())


def test_nothing_is_known_of_what_nobody_asked_for(jobs, tmp_path):
    assert jobs.status("none") is None
    assert jobs.all() == []
    (tmp_path / "jobs" / "odd").mkdir(parents=True)
    (tmp_path / "jobs" / "odd" / "order.json").write_text("{")
    assert jobs.all() == []


def test_progress_tells_the_time_left(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("emo_core.jobs.progress.time.monotonic", lambda: now[0])
    writer = ProgressWriter(tmp_path / "p.json", 10)
    for epoch in range(3):
        now[0] += 2
        writer.epoch({"epoch": epoch, "loss": 1.0})
    found = TrainingProgress.read(tmp_path / "p.json")
    assert (found.done, found.total, found.seconds_left) == (3, 10, 14.0)
    assert len(found.history) == 3
    (tmp_path / "p.json").write_text(json.dumps({"what": "x", "history": 3}))
    assert TrainingProgress.read(tmp_path / "p.json") is None
