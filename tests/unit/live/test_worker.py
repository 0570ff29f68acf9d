"""The worker's life: starts with the first frame, survives what a page does, ends, and there are never two."""

import gc
import threading
import time
import weakref
from typing import ClassVar

import numpy as np
import pytest

from emo_core.errors import BundleError
from emo_core.live.analyzer import LiveResult
from emo_core.live.worker import FAILED, HISTORY_S, LiveWorker

IMAGE = np.full((48, 64, 3), 90, np.uint8)


class Analyzer:
    """In the place of the networks: notes who calls it, answers at once or when the test says so."""

    made: ClassVar[list["Analyzer"]] = []
    gate = threading.Event()
    error: Exception | None = None

    def __init__(self, bundle):
        self.thread = threading.current_thread()
        self.seen = []
        Analyzer.made.append(self)

    def analyze(self, image, time_s, smoothing_s):
        assert threading.current_thread() is self.thread
        Analyzer.gate.wait(5)
        if Analyzer.error:
            raise Analyzer.error
        self.seen.append((time_s, smoothing_s))
        thirds = np.full(3, 1 / 3, np.float32)
        return LiveResult(time_s, None, "unsure", 1 / 3, thirds, None, 0.0, ())


@pytest.fixture
def make(hybrid):
    Analyzer.made, Analyzer.error = [], None
    Analyzer.gate.set()
    workers = []

    def build(idle_s=5.0):
        worker = LiveWorker(hybrid, idle_s=idle_s, make_analyzer=Analyzer)
        workers.append(worker)
        return worker

    yield build
    Analyzer.gate.set()
    for worker in workers:
        worker.stop()


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "live-analysis"]


def wait_for(condition, limit_s=30.0):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def feed(worker, count, pause_s=0.005):
    for _ in range(count):
        worker.submit(IMAGE)
        time.sleep(pause_s)


def test_nothing_runs_before_the_first_frame(make):
    worker = make()
    assert not worker.running
    assert worker.latest is None
    assert Analyzer.made == []


def test_the_first_frame_starts_one_thread_and_later_ones_no_other(make):
    worker = make()
    feed(worker, 30)
    wait_for(lambda: worker.latest is not None)
    assert len(threads()) == len(Analyzer.made) == 1


def test_many_senders_at_once_start_one_thread(make):
    worker = make()
    senders = [threading.Thread(target=feed, args=(worker, 20, 0.001)) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    wait_for(lambda: worker.latest is not None)
    assert len(threads()) == len(Analyzer.made) == 1


def test_sending_never_waits_for_the_analysis_and_only_the_newest_frame_is_analysed(make):
    worker = make()
    Analyzer.gate.clear()
    begun = time.monotonic()
    feed(worker, 50, 0)
    assert time.monotonic() - begun < 5  # the analysis is held for five seconds
    Analyzer.gate.set()
    wait_for(lambda: worker.latest is not None)
    time.sleep(0.05)
    assert len(Analyzer.made[0].seen) <= 2


def test_without_frames_the_thread_ends_and_the_next_frame_starts_another(make):
    worker = make(idle_s=0.05)
    feed(worker, 1)
    wait_for(lambda: worker.latest is not None and not worker.running)
    assert threads() == []
    feed(worker, 1)
    wait_for(lambda: len(Analyzer.made) == 2)
    assert len(threads()) <= 1


def test_stopped_it_ends_forgets_and_never_starts_again(make):
    worker = make()
    feed(worker, 20, 0.02)
    wait_for(lambda: len(worker.ring) and worker.latest)
    worker.stop()
    assert threads() == []
    assert (worker.latest, worker.history(), len(worker.ring), worker.stopped) == (None, [], 0, True)
    feed(worker, 5)
    assert threads() == []
    worker.stop()


def test_a_result_that_comes_after_the_stop_is_dropped(make):
    worker = make()
    Analyzer.gate.clear()
    feed(worker, 1)
    wait_for(lambda: Analyzer.made)
    worker.stop(timeout_s=0.05)
    Analyzer.gate.set()
    wait_for(lambda: not worker.running)
    assert worker.latest is None
    assert len(worker.ring) == 0


def test_paused_it_keeps_what_it_has_and_takes_nothing_new(make):
    worker = make()
    feed(worker, 10, 0.03)
    wait_for(lambda: worker.latest is not None)
    worker.pause()
    time.sleep(0.05)
    latest, kept = worker.latest, len(worker.ring)
    feed(worker, 10, 0.02)
    assert worker.latest is latest
    assert len(worker.ring) == kept > 0
    worker.resume()
    assert len(worker.ring) == 0
    feed(worker, 3, 0.02)
    wait_for(lambda: worker.latest is not latest)


def test_smoothing_reaches_the_analysis(make):
    worker = make()
    worker.smoothing_s = 2.5
    feed(worker, 1)
    wait_for(lambda: worker.latest is not None)
    assert Analyzer.made[0].seen[0][1] == 2.5


@pytest.mark.parametrize(
    ("error", "told"), [(RuntimeError("inner detail"), FAILED), (BundleError("Restore it."), "Restore it.")]
)
def test_a_failure_ends_the_thread_and_is_told_without_its_inner_detail(make, error, told, caplog):
    worker = make()
    Analyzer.error = error
    feed(worker, 1)
    wait_for(lambda: worker.error)
    assert worker.error == told
    assert ("inner detail" in caplog.text) == isinstance(error, RuntimeError)
    wait_for(lambda: not worker.running)
    feed(worker, 3)
    assert threads() == []


def test_speed_is_that_of_the_last_seconds(make):
    worker = make()
    assert worker.stats().received_hz == 0
    assert np.isnan(worker.stats().latency_ms)
    feed(worker, 30, 0.01)
    wait_for(lambda: worker.latest is not None)
    stats = worker.stats()
    assert stats.received_hz == pytest.approx(10, abs=0.1)  # 30 frames within three seconds
    assert 0 < stats.analysed_hz <= stats.received_hz
    assert 0 <= stats.latency_ms < 10_000
    assert 0 <= time.monotonic() - worker.last_received_s < 10


def test_memory_is_bounded_whatever_comes(make, monkeypatch):
    worker = make()
    clock = [time.monotonic()]
    monkeypatch.setattr("emo_core.live.worker.time.monotonic", lambda: clock[0])
    for _ in range(600):
        clock[0] += 0.1
        seen = len(Analyzer.made[0].seen) if Analyzer.made else 0
        worker.submit(IMAGE)
        for _ in range(2000):
            if Analyzer.made and len(Analyzer.made[0].seen) > seen:
                break
            threading.Event().wait(0.0005)
    assert len(worker.history()) <= HISTORY_S * worker.ring.rate_hz
    assert 90 <= len(worker.ring) <= 100


def test_nothing_holds_a_worker_that_was_stopped(make, hybrid):
    worker = LiveWorker(hybrid, make_analyzer=Analyzer)
    feed(worker, 2)
    worker.stop()
    gone = weakref.ref(worker)
    del worker
    gc.collect()
    assert gone() is None
