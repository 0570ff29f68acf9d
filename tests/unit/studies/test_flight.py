"""What the client does with clips that come to nothing on a cluster; the cluster is a stand-in."""

from concurrent.futures import CancelledError
from types import SimpleNamespace

import pytest
from distributed import KilledWorker
from distributed.comm.core import CommClosedError

from emo_core.errors import StudyError
from emo_core.studies import engine
from emo_core.studies.judged import Judged, Work
from emo_core.studies.worker import Unseen


class Cluster:
    """A client whose workers answer each clip in turn with what is listed for it."""

    def __init__(self, **answers):
        self.answers, self.status, self.sent, self.asked = answers, "running", [], []
        self.workers = {"tcp://one": 1}

    def nthreads(self):
        return self.workers

    def submit(self, call, work, key, **where):
        del call
        self.asked.append((work.name, where.get("workers")))
        answer = self.answers[work.name].pop(0)
        future = SimpleNamespace(key=key, release=lambda: None, result=lambda timeout: self.result(answer))
        future.add_done_callback = lambda call: answer and call(future)
        return future

    def result(self, answer):
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, call, *words, workers):
        self.sent.append((call.__name__, *words[1:], *workers))


def judge(cluster, *works):
    return {work.name: found for work, found in engine.judge_on(cluster, iter(works), lambda: None)}


def work(name, path="/nowhere"):
    return Work(name, str(path), name, "digest", "model")


def dead():
    return KilledWorker("clip", SimpleNamespace(address="tcp://one"), 4)


def test_a_clip_that_ends_its_workers_is_a_sentence_and_the_others_go_on():
    good = Judged("b.mp4")
    cluster = Cluster(**{"a.mp4": [dead(), dead()], "b.mp4": [dead(), good]})
    found = judge(cluster, work("a.mp4"), work("b.mp4"))
    assert found["a.mp4"].error.startswith("“a.mp4” ended every worker that judged it")
    assert not found["a.mp4"].is_final
    assert found["b.mp4"] is good


def test_a_result_that_is_lost_with_its_worker_is_made_again_while_the_scheduler_is_there():
    good = Judged("a.mp4")
    cluster = Cluster(**{"a.mp4": [CancelledError(), CommClosedError("gone"), TimeoutError(), good]})
    assert judge(cluster, work("a.mp4"))["a.mp4"] is good
    for status, answers in (("connecting", [CancelledError(), good]), ("running", [CancelledError()] * 40)):
        lost = Cluster(**{"a.mp4": answers})
        lost.status = status
        with pytest.raises(StudyError, match="The scheduler was lost"):
            judge(lost, work("a.mp4"))


def test_a_clip_that_is_told_of_twice_counts_once():
    cluster = Cluster(**{"a.mp4": [Judged("a.mp4")], "b.mp4": [Judged("b.mp4")]})
    submit = cluster.submit

    def twice(*words, **where):
        future = submit(*words, **where)
        future.add_done_callback = lambda call: (call(future), call(future))
        return future

    cluster.submit = twice
    works = iter([work("a.mp4"), work("b.mp4")])
    assert sorted(told.name for told, _ in engine.judge_on(cluster, works, lambda: None)) == ["a.mp4", "b.mp4"]


def test_what_a_worker_does_not_see_is_sent_in_pieces_to_that_worker(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "_PIECE_BYTES", 4)
    (tmp_path / "a.mp4").write_bytes(b"0123456789")
    cluster = Cluster(**{"a.mp4": [Unseen("tcp://one"), Judged("a.mp4")]})
    assert judge(cluster, work("a.mp4", tmp_path / "a.mp4"))["a.mp4"].error == ""
    assert cluster.sent == [
        ("receive", 0, b"0123", "tcp://one"), ("receive", 4, b"4567", "tcp://one"), ("receive", 8, b"89", "tcp://one"),
        ("take", "tcp://one"),
    ]  # fmt: skip
    assert cluster.asked == [("a.mp4", None), ("a.mp4", ["tcp://one"])]


def test_a_clip_that_changes_all_the_time_and_one_that_is_gone(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"0")
    cluster = Cluster(**{"a.mp4": [Unseen("tcp://one")] * 30, "b.mp4": [Unseen("tcp://one")]})
    found = judge(cluster, work("a.mp4", tmp_path / "a.mp4"), work("b.mp4", tmp_path / "b.mp4"))
    assert "could not be brought to a worker as it was read" in found["a.mp4"].error
    assert "cannot be read any more" in found["b.mp4"].error
    assert not any(result.is_final for result in found.values())


def test_errors_of_a_worker_are_sentences():
    cluster = Cluster(**{"a.mp4": [StudyError("A worker runs version 2.")], "b.mp4": [RuntimeError("odd")]})
    found = judge(cluster, work("a.mp4"), work("b.mp4"))
    assert found["a.mp4"].error == "A worker runs version 2."
    assert found["b.mp4"].error.startswith("Something went wrong on our side")


def test_nothing_is_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(engine, "_TICK_S", 0.01)
    lost = Cluster(**{"a.mp4": [None]})
    lost.status = "closed"
    with pytest.raises(StudyError, match="The scheduler was lost"):
        judge(lost, work("a.mp4"))
    monkeypatch.setattr(engine, "_PATIENCE_S", 0.05)
    empty = Cluster(**{"a.mp4": [None]})
    empty.workers = {}
    with pytest.raises(StudyError, match="No worker is left at the scheduler"):
        judge(empty, work("a.mp4"))


def test_few_clips_are_on_their_way_at_a_time():
    asked = []

    def works():
        for number in range(50):
            asked.append(number)
            yield work(f"{number}.mp4")

    cluster = Cluster(**{f"{number}.mp4": [Judged(f"{number}.mp4")] for number in range(50)})
    for done, _ in enumerate(engine.judge_on(cluster, works(), lambda: None)):
        assert len(asked) - done <= 3, "two for the one worker, and one that was told just now"
