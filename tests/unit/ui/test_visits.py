"""What the server keeps of a visit: who may upload, one export at a time, queues that nothing clears."""

import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from emo_core.report.annotations import Annotations
from ui.analyze import exports
from ui.evaluate import protocols
from ui.state import session, sources, trainings, visits


@pytest.fixture
def visit(monkeypatch):
    monkeypatch.setattr(visits, "own_id", lambda: "anna")
    return "anna"


def test_the_last_whole_run_decides_who_may_upload(visit):
    with visits.page_run():
        visits.allow_uploads()
    assert visits.may_upload(visit)
    with visits.page_run():
        assert visits.may_upload(visit)  # the uploader is still on show
    assert not visits.may_upload(visit)
    with visits.page_run():
        visits.allow_uploads()
    with pytest.raises(KeyboardInterrupt), visits.page_run():
        raise KeyboardInterrupt
    assert visits.may_upload(visit)
    with visits.page_run(), visits.page_run():
        visits.allow_uploads()
    assert visits.may_upload(visit)  # the outer run was overtaken


class TestExports:
    @pytest.fixture
    def makers(self, hybrid, laughter, laughter_analysis, monkeypatch, tmp_path):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        made = exports.Makers.__new__(exports.Makers)
        made._result = session.Result(sources.Source("a.mp4", laughter), laughter_analysis, hybrid)
        made._said, made._bundle, made._visit = {made._result.key: Annotations()}, hybrid, "anna"
        return made

    @pytest.mark.parametrize("name", ["video", "everything", "report", "charts"])
    def test_one_ends_with_its_visit_and_leaves_no_file(self, makers, monkeypatch, tmp_path, name):
        asked = []

        def is_open(visit):
            asked.append(visit)
            return len(asked) < 2

        monkeypatch.setattr(visits, "is_open", is_open)
        with pytest.raises(visits.OverError, match="page was closed"):
            getattr(makers, name)()
        assert asked == ["anna", "anna"]
        assert list(tmp_path.iterdir()) == []

    def test_one_tells_how_far_it_is_and_ends_when_it_is_stopped(self, visit, makers, tmp_path):
        told = []

        def is_open(_visit):
            told.append(visits.export_under_way())
            if len(told) == 3:
                visits.stop_export()
            return True

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(visits, "is_open", is_open)
            with pytest.raises(visits.OverError, match="was stopped"):
                makers.video()
        assert len(told) == 3
        assert told[0] == ("Starting", 0.0)
        assert [0 <= share <= 1 for _, share in told] == [True] * 3
        assert told[1] != told[2], "it goes on"
        assert visits.export_under_way() is None
        assert list(tmp_path.iterdir()) == []
        assert makers.charts()  # the next one is not stopped by it

    def test_one_at_a_time_for_a_visit(self, makers, monkeypatch):
        held, go = threading.Event(), threading.Event()

        def is_open(visit):
            held.set()
            return go.wait(30)

        monkeypatch.setattr(visits, "is_open", is_open)
        with ThreadPoolExecutor() as pool:
            first = pool.submit(makers.charts)
            assert held.wait(30)
            for again in (makers.charts, makers.video):
                with pytest.raises(visits.OverError, match="Another export of this visit is under way"):
                    again()
            monkeypatch.setattr(visits, "own_id", lambda: "anna")
            assert visits.take_notice().startswith("One export at a time")
            makers._visit = "ben"
            go.set()
            assert makers.charts()
            assert first.result(30)
        makers._visit = "anna"
        assert makers.charts()


@pytest.mark.parametrize("jobs", [trainings.jobs, protocols.jobs])
def test_a_cleared_cache_loses_no_queue(jobs, monkeypatch, tmp_path):
    monkeypatch.setattr(trainings, "CACHE", tmp_path)
    monkeypatch.setattr(trainings, "_queues", {})
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: jobs(), range(16)))
    st.cache_resource.clear()
    st.cache_data.clear()
    assert made == {jobs()}
