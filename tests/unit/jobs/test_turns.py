"""Turns for the work of visitors: who comes when, who may leave, and what a worker's end does to whom."""

import gc
import os
import signal
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil
import pytest

from emo_core.errors import UNEXPECTED, VideoError, WorkError
from emo_core.jobs import worker as worker_module
from emo_core.jobs.turns import Place, Turns
from emo_core.jobs.worker import Limits, StoppedError, Worker
from tests.unit.jobs import work

LIMITS = Limits(600, 2**30)


class LeftError(Exception):
    """A visitor has had enough."""


def until(condition, limit_s=60):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_gone(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def quiet(stage, share):
    """Nobody looks."""


@pytest.fixture
def pool():
    with ThreadPoolExecutor(12) as found:
        yield found


@pytest.fixture
def one():
    turns = Turns(1, LIMITS)
    yield turns
    turns.close()


@pytest.fixture
def two():
    turns = Turns(2, LIMITS)
    yield turns
    turns.close()


@pytest.fixture
def worker():
    made = Worker()
    yield made
    made.close()


class Visitor:
    """Asks for work on a thread, keeps what it is told, and may leave."""

    def __init__(self, pool, turns, function, name, kind="analysis"):
        self.places, self.told, self.leaving = [], [], threading.Event()
        self.future = pool.submit(turns.run, function, kind, name, self._tell, self._wait)

    def _tell(self, *told):
        self.told.append(told)
        self._look()

    def _wait(self, place):
        self.places.append(place)
        self._look()

    def _look(self):
        if self.leaving.is_set():
            raise LeftError


class TestTurns:
    def test_come_in_order_and_each_knows_the_place(self, one, pool, tmp_path):
        visitors = []
        for number in range(4):
            visitors.append(Visitor(pool, one, partial(work.wait_for, str(tmp_path / f"{number}.go")), f"v{number}"))
            until(lambda: visitors[-1].places or visitors[-1].told)
        until(lambda: all(visitor.places for visitor in visitors[1:]))
        assert [visitor.places[-1].number for visitor in visitors[1:]] == [1, 2, 3]
        assert visitors[3].places[-1].wait_s > visitors[1].places[-1].wait_s > 0
        assert not visitors[1].places[-1].is_own
        for number in range(4):
            assert [(tmp_path / f"{other}.begun").exists() for other in range(number + 1, 4)] == [False] * (3 - number)
            (tmp_path / f"{number}.go").write_text(str(number))
            assert visitors[number].future.result(60) == str(number)
        assert one.num_running == one.num_waiting == 0

    def test_one_visitor_has_one_at_a_time_and_holds_up_nobody(self, two, pool, tmp_path):
        first = Visitor(pool, two, partial(work.wait_for, str(tmp_path / "first.go")), "anna")
        until(lambda: (tmp_path / "first.begun").exists())
        second = Visitor(pool, two, partial(work.wait_for, str(tmp_path / "second.go")), "anna")
        until(lambda: second.places)
        assert second.places[-1].is_own
        assert two.run(partial(work.answer, "ben's"), "analysis", "ben", quiet) == "ben's"
        assert not (tmp_path / "second.begun").exists()
        (tmp_path / "first.go").write_text("")
        (tmp_path / "second.go").write_text("")
        first.future.result(60)
        second.future.result(60)

    def test_whoever_waits_may_leave(self, one, pool, tmp_path):
        running = Visitor(pool, one, partial(work.wait_for, str(tmp_path / "a.go")), "anna")
        until(lambda: running.told)
        waiting = Visitor(pool, one, partial(work.answer, 1), "ben")
        until(lambda: waiting.places)
        last = Visitor(pool, one, partial(work.answer, 2), "cara")
        until(lambda: last.places and last.places[-1].number == 2)
        waiting.leaving.set()
        with pytest.raises(LeftError):
            waiting.future.result(60)
        until(lambda: last.places[-1].number == 1)
        (tmp_path / "a.go").write_text("")
        assert last.future.result(60) == 2

    @pytest.mark.parametrize(("kind", "grace_s"), [("wait_for", 600.0), ("deaf", 0.2)])
    def test_whoever_leaves_in_the_middle_frees_the_place(self, one, pool, tmp_path, monkeypatch, kind, grace_s):
        """Also work that does not look, as inside a decoder; its process goes."""
        monkeypatch.setattr(worker_module, "_GRACE_S", grace_s)
        running = Visitor(pool, one, partial(getattr(work, kind), str(tmp_path / "a.go")), "anna")
        until(lambda: (tmp_path / "a.begun").exists())
        before = one.pids
        running.leaving.set()
        with pytest.raises(LeftError):
            running.future.result(60)
        assert one.run(partial(work.answer, 3), "analysis", "ben", quiet) == 3
        assert (one.pids == before) == (kind == "wait_for")

    def test_a_killed_worker_ends_one_work_with_a_sentence(self, one, pool, tmp_path):
        visitor = Visitor(pool, one, partial(work.wait_for, str(tmp_path / "a.go")), "anna")
        until(lambda: (tmp_path / "a.begun").exists())
        os.kill(one.pids[0], signal.SIGKILL)
        with pytest.raises(WorkError, match="ended before its time"):
            visitor.future.result(60)
        assert one.run(partial(work.answer, 4), "analysis", "ben", quiet) == 4

    def test_a_worker_killed_at_rest_is_missed_by_nobody(self, one):
        one.run(work.pid, "analysis", "anna", quiet)
        killed = psutil.Process(one.pids[0])
        killed.kill()
        until(lambda: is_gone(killed))
        assert one.run(partial(work.answer, 5), "analysis", "ben", quiet) == 5

    def test_without_workers_work_is_done_here(self):
        told = []
        assert Turns(0, LIMITS).run(work.pid, "analysis", "anna", quiet) == os.getpid()
        assert Turns(0, LIMITS).run(partial(work.answer, 6), "x", "anna", lambda *row: told.append(row)) == 6
        assert told == [("Answering", 0.5)]

    def test_the_wait_follows_what_such_work_took(self, one, pool, tmp_path):
        turns = one
        turns._usual_s.update(analysis=2.0, export=60.0)
        running = Visitor(pool, turns, partial(work.wait_for, str(tmp_path / "a.go")), "anna", "export")
        until(lambda: running.told and running.told[-1][1] == 0.25)
        first = Visitor(pool, turns, partial(work.answer, 1), "ben", "export")
        until(lambda: first.places)
        second = Visitor(pool, turns, partial(work.answer, 1), "cara")
        until(lambda: second.places)
        assert second.places[-1].wait_s - first.places[-1].wait_s > 30
        (tmp_path / "a.go").write_text("")
        first.future.result(60)
        second.future.result(60)

    def test_all_ends_when_it_is_closed(self, pool, tmp_path):
        turns = Turns(1, LIMITS)
        visitor = Visitor(pool, turns, partial(work.wait_for, str(tmp_path / "a.go")), "anna")
        until(lambda: (tmp_path / "a.begun").exists())
        process = psutil.Process(turns.pids[0])
        turns.close()
        with pytest.raises(WorkError, match="ended with the server"):
            visitor.future.result(60)
        until(lambda: is_gone(process))


class TestWorker:
    def do(self, worker, function, limits=LIMITS):
        return worker.do(function, quiet, threading.Event(), limits)

    @pytest.mark.parametrize(
        ("function", "error", "words"),
        [
            (work.crash, WorkError, "ended before its time"),
            (work.refuse, VideoError, "is empty"),
            (work.disk_full, OSError, "No space left"),
            (work.mistake, WorkError, "^" + UNEXPECTED[:40]),
            (work.lock, WorkError, "^" + UNEXPECTED[:40]),
        ],
    )
    def test_passes_on_what_went_wrong(self, worker, function, error, words):
        with pytest.raises(error, match=words):
            self.do(worker, function)

    def test_goes_on_after_an_error(self, worker):
        with pytest.raises(VideoError):
            self.do(worker, work.refuse)
        assert self.do(worker, work.pid) == worker.pid

    def test_stops_work_and_is_there_for_more(self, worker, tmp_path, monkeypatch):
        monkeypatch.setattr(worker_module, "_GRACE_S", 600.0)
        stopped = threading.Event()
        stopped.set()
        with pytest.raises(StoppedError):
            worker.do(partial(work.wait_for, str(tmp_path / "a.go")), quiet, stopped, LIMITS)
        assert self.do(worker, work.pid) == worker.pid

    def test_ends_what_takes_too_long_or_too_much(self, tmp_path):
        for function, limits, words in (
            (partial(work.deaf, str(tmp_path / "a.go")), Limits(0.6, 2**30), "more than 0.01 minutes.*EMO_JOB_MINUTES"),
            (partial(work.hog, 3 * 2**28), Limits(600, 2**29), "more than 512 MB of memory.*EMO_JOB_MB"),
        ):
            worker = Worker()
            with pytest.raises(WorkError, match=words):
                self.do(worker, function, limits)
            assert not worker.is_alive
            assert worker.is_spent(LIMITS)

    def test_gives_way_to_another_after_enough_work(self, worker):
        assert not worker.is_spent(LIMITS)
        self.do(worker, work.pid)
        assert not worker.is_spent(LIMITS)
        assert worker.is_spent(Limits(600, 2**20)), "it holds more than it may between two works"
        worker._num_works = 50
        assert worker.is_spent(LIMITS)

    def test_hands_over_what_nobody_may_change(self, worker):
        found = self.do(worker, work.read_only)
        assert found == {"a": 1}
        with pytest.raises(TypeError):
            found["a"] = 2

    def test_ends_with_the_server(self, worker):
        self.do(worker, work.pid)
        process = psutil.Process(worker.pid)
        worker._connection.close()
        until(lambda: is_gone(process))


def test_a_place_in_words():
    assert Place(3, 0.0).words() == "Place 3 in line, about 1 s"
    assert Place(1, 400.0).words() == "Next in line, about 7 minutes"


def test_nothing_of_a_work_is_held_after_its_end(one):
    class Kept:
        """Something of a visitor."""

    kept = Kept()
    held = weakref.ref(kept)
    with pytest.raises(AttributeError):  # it cannot be handed over
        one.run(partial(work.answer, kept), "analysis", "anna", quiet)
    del kept

    def is_let_go():  # an error and the frames it came by hold each other, until they are collected
        gc.collect()
        return held() is None

    until(is_let_go)
