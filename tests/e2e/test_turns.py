"""Visitors who take turns, as they see it: a place in line, a way out of it, and what a worker's end does to whom."""

from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import running_server
from tests.e2e.test_app import repeated_clip

ANALYSIS_MS = 240_000


@pytest.fixture(scope="module")
def one_worker(laughter):
    """A server that does one work at a time."""
    with running_server(EMO_JOBS="1", STUDIO_SAMPLE=str(laughter)) as address:
        yield address


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """A clip that keeps a worker busy for as long as a test looks."""
    return repeated_clip(tmp_path_factory.mktemp("clips") / "long.mp4", 40)


def workers(address):
    port = str(urlsplit(address).port)
    (server,) = [item for item in psutil.process_iter(["cmdline"]) if port in (item.info["cmdline"] or [])]
    return [child for child in server.children() if "emo_core.jobs.desk" in child.cmdline()]


def busy(page, long_clip):
    """Have the one worker read a long clip."""
    page.locator("input[type=file]").set_input_files(long_clip)
    expect(page.get_by_text("Reading frames and following the face").first).to_be_visible(timeout=ANALYSIS_MS)


def test_who_waits_sees_the_place_may_leave_and_is_next_when_a_tab_is_closed(one_worker, visit, long_clip):
    first = visit(f"{one_worker}/analyze")
    busy(first, long_clip)
    second = visit(f"{one_worker}/analyze")
    second.get_by_role("button", name="Analyze this sample").click()
    expect(second.get_by_text("Next in line, about")).to_be_visible()
    second.get_by_role("button", name="Leave the line").click()
    expect(second.get_by_text("was stopped.")).to_be_visible()
    expect(second.get_by_text("in line")).to_have_count(0)
    second.get_by_role("button", name="Start it again").click()
    expect(second.get_by_text("Next in line, about")).to_be_visible()
    first.close()
    expect(second.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)


def test_a_killed_worker_is_one_sentence_and_the_next_work_is_done(one_worker, visit, long_clip):
    page = visit(f"{one_worker}/analyze")
    busy(page, long_clip)
    (worker,) = workers(one_worker)
    worker.kill()
    expect(page.get_by_text("ended before its time")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)
    page.get_by_role("button", name="Analyze this sample").click()
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
