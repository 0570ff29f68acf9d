"""What a visit keeps of its results, and work that goes on beside the page."""

import threading
from types import SimpleNamespace

import pytest

from emo_core.errors import VideoError
from emo_core.explain.perturbations import KINDS
from emo_core.explain.what_if import Baseline, Outcome
from emo_core.report.annotations import Annotations
from tests.factories import MODEL, make_analysis
from ui.shell.errors import UNEXPECTED
from ui.state import session, sources
from ui.work import what_if_run
from ui.work.background import Task


@pytest.fixture(autouse=True)
def state(monkeypatch):
    held = {}
    for module in (session, what_if_run):
        monkeypatch.setattr(module, "st", SimpleNamespace(session_state=held))
    return held


@pytest.fixture
def disk(monkeypatch):
    """Set how many megabytes of the disk a visit may take."""

    def disk(megabytes):
        monkeypatch.setenv("EMO_VISIT_MB", str(megabytes))

    return disk


def keep(name="clip.mp4", content=b"video", num_frames=12):
    session.keep(sources.brought(name, content), make_analysis(num_frames), SimpleNamespace(info=MODEL))
    return session.result()


class TestResults:
    def test_the_newest_is_shown_and_earlier_ones_can_be_again(self):
        first, second = keep("a"), keep("b")
        assert session.results() == (second, first)
        assert session.result() is second
        session.show(first.key)
        assert session.result() is first
        session.show("gone")
        assert session.result() is first

    def test_the_oldest_of_which_nothing_is_said_makes_room(self):
        first = keep("0")
        session.annotate(first.key, Annotations().marked(1, "x"))
        others = [keep(str(number)) for number in range(1, session.MOST_RESULTS + 2)]
        assert first in session.results()
        assert others[0] not in session.results()
        assert len(session.results()) == session.MOST_RESULTS
        assert session.annotations(first.key).markers

    def test_clips_are_dropped_before_results_and_never_the_one_on_show(self, disk):
        one = keep("a", b"x" * 2**20)
        clip = one.source.path
        disk(1)
        shown = keep("b", b"x" * 2**20)
        newest, oldest = session.results()
        assert newest is shown
        assert (oldest.key, oldest.source.is_kept) == (one.key, False)
        assert shown.source.is_kept
        assert session.made_room() == ([], ["a"])
        del one
        assert not clip.exists(), "its room on the disk is free"
        disk(0)
        last = keep("c")
        assert session.results() == (last,)
        assert last.source.is_kept
        assert session.made_room() == (["a", "b"], [])

    def test_memory_and_disk_each_have_their_own_budget(self, monkeypatch, disk):
        one = keep("a")
        memory, files = one.num_bytes
        assert files == len(b"video")
        monkeypatch.setattr(session, "MOST_MEMORY_BYTES", memory + 100)
        keep("b")
        assert [item.source.name for item in session.results()] == ["b"]
        assert session.made_room() == (["a"], [])

    def test_a_bundled_sample_is_not_dropped_and_takes_no_disk(self, disk, tmp_path):
        disk(0)
        sample = tmp_path / "sample.mp4"
        sample.write_bytes(b"x" * 2**20)
        session.keep(sources.Source("a", sample), make_analysis(12), SimpleNamespace(info=MODEL))
        assert session.result().num_bytes[1] == 0
        assert not session.result().source.is_own

    def test_what_is_said_goes_with_its_result(self, disk):
        first = keep()
        session.annotate(first.key, Annotations().corrected("other"))
        disk(0)
        keep()
        assert session.said() == {}

    def test_arrays_in_files_count_as_disk_and_others_as_memory(self, hybrid, laughter_analysis):
        with_files = session.Result(sources.brought("a", b"x" * 1000), laughter_analysis, hybrid).num_bytes
        in_memory = keep(num_frames=40).num_bytes
        frames = laughter_analysis.normalized.faces.nbytes + laughter_analysis.track.landmarks.nbytes
        assert with_files[1] > 1000 + frames > 100 * with_files[0] > 0
        assert in_memory[0] > frames / 2


class TestTask:
    def test_it_tells_and_ends(self):
        task = Task(lambda tell: tell("half", 0.5))
        task.join()
        assert (task.stage, task.share, task.problem, task.is_running) == ("half", 0.5, "", False)

    def test_it_can_be_stopped(self):
        begun, go = threading.Event(), threading.Event()
        reached = []

        def work(tell):
            tell("one", 0.1)
            begun.set()
            go.wait(10)
            tell("two", 0.2)
            reached.append("end")

        task = Task(work)
        assert begun.wait(10)
        assert task.is_running
        task.stop()
        go.set()
        task.join()
        assert (reached, task.stage, task.problem) == ([], "one", "")

    def test_what_the_visitor_can_mend_is_told_and_anything_else_is_logged(self, caplog):
        def fail(error):
            def work(tell):
                raise error

            task = Task(work)
            task.join()
            return task.problem

        assert fail(VideoError("It is cut off; copy it again.")) == "It is cut off; copy it again."
        assert fail(RuntimeError("inner detail")) == UNEXPECTED
        assert "inner detail" in caplog.text


def outcome(key):
    return Outcome(key, None, "other", 0.8, 0.7, 0.9, "", False)


class TestWhatIfRun:
    @pytest.fixture
    def tried(self, monkeypatch):
        """Keys of the changes tried, in order."""
        keys = []

        def try_change(source, bundle, original, unchanged, kind, strength, part, progress):
            progress("Working", 0.5)
            keys.append((kind.key, strength))
            return outcome(kind.key)

        monkeypatch.setattr("emo_core.explain.what_if.try_change", try_change)
        monkeypatch.setattr("emo_core.explain.what_if.baseline", lambda *_, progress: Baseline(outcome("unchanged"), 0))
        return keys

    def test_all_changes_are_tried_once_after_the_clip_as_it_is(self, tried):
        run = what_if_run.of(keep(), (0, 1))
        run.begin([(kind, None) for kind in KINDS])
        run.task.join()
        assert list(run.outcomes) == [kind.key for kind in KINDS]
        assert run.unchanged.best == 0
        assert run.task.share == pytest.approx((len(KINDS) + 0.5) / (len(KINDS) + 1))
        run.begin([(KINDS[0], 0.3)])
        run.task.join()
        assert tried[-1] == (KINDS[0].key, 0.3)
        assert len(run.outcomes) == len(KINDS)

    def test_another_part_or_result_starts_anew_and_stops_the_work(self, tried):
        first = keep()
        run = what_if_run.of(first, (0, 1))
        run.begin([(KINDS[0], None)])
        assert what_if_run.of(first, (0, 1)) is run
        other = what_if_run.of(first, (0, 2))
        assert other is not run
        assert other.outcomes == {}
        assert run.task._stopped.is_set()
        assert what_if_run.of(keep(), (0, 2)) is not other
