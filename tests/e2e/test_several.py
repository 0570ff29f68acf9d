"""Two processes behind nginx: the main flow unchanged, what they share, and what is left after a fault of one."""

import re
import resource

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.several import Several, two_processes
from tests.e2e.test_app import (  # noqa: F401  (collected here: the same tests, of the server below)
    ANALYSIS_MS,
    expect_whole_result,
    test_one_click_from_home_to_the_verdict_on_the_sample_and_one_to_each_part_of_it,
    test_upload_then_bad_file_keeps_the_result,
)
from tests.e2e.visitor import Visitor, ask

LONG_MS = 60_000


@pytest.fixture(scope="module")
def several(tmp_path_factory, laughter):
    folder = tmp_path_factory.mktemp("several")
    (folder / "clock").write_text("0")
    with two_processes(folder, STUDIO_SAMPLE=str(laughter), STUDIO_CLOCK=str(folder / "clock")) as found:
        yield found


@pytest.fixture(scope="module")
def server(several) -> str:
    """In the place of one process, for the tests of the main flow."""
    return several.address


@pytest.fixture
def open_page(browser):
    """Open pages whose console may complain, for their server goes away."""
    opened = []

    def open_page(address: str) -> Page:
        opened.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        page = opened[-1].new_page()
        page.set_default_timeout(LONG_MS)
        page.goto(address)
        return page

    yield open_page
    for context in opened:
        context.close()


def analyzed(several: Several, open_page) -> Page:
    """A page with a verdict on the sample."""
    page = open_page(several.address)
    page.get_by_role("button", name="Analyze the sample").click()
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
    return page


def test_visitors_are_spread_over_both_and_each_stays_with_one(several, visit):
    numbers = set()
    for _ in range(6):
        page = visit(several.address)
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=LONG_MS)
        numbers.add(number := several.number_of(page))
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=LONG_MS)
        assert several.number_of(page) == number
        if numbers == {1, 2}:
            break
    assert numbers == {1, 2}


def test_a_visit_outlives_nginx(several, open_page):
    page = analyzed(several, open_page)
    number = several.number_of(page)
    several.proxy.stop()
    toggle = page.get_by_role("switch", name="Keep my results for this browser")
    expect(toggle).to_be_disabled()  # the page has noticed
    several.proxy.start()
    expect(toggle).to_be_enabled()
    page.get_by_role("tab", name="Charts").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(4, timeout=ANALYSIS_MS)
    assert several.number_of(page) == number
    expect(page.get_by_text("Your visit began anew")).to_have_count(0)


def test_of_one_that_is_killed_its_visits_say_what_is_lost_and_go_on_with_the_other(several, open_page):
    kept = analyzed(several, open_page)
    kept.get_by_text("Keep my results for this browser").click()
    expect(kept.get_by_role("button", name="Link to this result")).to_be_visible()
    number = several.number_of(kept)
    idle = open_page(several.own[number - 1])  # asks for nothing, and has no other process to go to
    expect(idle.get_by_role("button", name="Analyze the sample")).to_be_visible()
    several.kill(number)
    notice = kept.get_by_text("Your visit began anew")
    expect(notice).to_be_visible(timeout=LONG_MS)
    expect(notice).to_contain_text("Kept results that are here again: 1.")
    several.start(number)
    kept.get_by_role("link", name="Analyze", exact=True).click()  # the browser may not tell which page it showed
    expect(kept.get_by_test_id("verdict")).to_be_visible(timeout=LONG_MS)
    assert several.number_of(kept) == 3 - number
    expect(idle.get_by_text("Your visit began anew")).to_be_visible(timeout=LONG_MS)
    kept.get_by_role("button", name="I have read this").click()
    expect(notice).to_have_count(0)
    expect_whole_result(kept)  # pictures, charts and clip come from the process that took the visit over
    assert several.number_of(kept) == 3 - number


def test_a_full_disk_of_one_is_told_and_with_room_again_the_main_flow_goes_on(several, visit):
    page = visit(several.address)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=LONG_MS)
    number = several.number_of(page)
    pid = several.process(number).pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))  # no file may grow any more
    try:
        status, told, _ = ask(several.own[number - 1], "/healthz")
        assert (status, b"Free some space" in told) == (503, True)
        assert ask(several.own[2 - number], "/healthz")[0] == 200
        page.get_by_role("button", name="Analyze the sample").click()
        expect(page.get_by_text("Free some space").or_(page.get_by_test_id("verdict"))).to_be_visible(
            timeout=ANALYSIS_MS
        )
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    page.get_by_role("link", name="Home").click()
    page.get_by_role("button", name="Analyze the sample").click()
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
    assert ask(several.own[number - 1], "/healthz")[0] == 200


def test_figures_of_health_are_for_this_machine_and_name_no_path(several):
    status, told, headers = ask(several.address, "/healthz")
    assert status == 200
    assert str(several.folder).encode() not in told
    assert headers["cache-control"] == "no-store"
    assert ask(several.address, "/_stcore/metrics")[0] == 404


def test_a_training_on_one_is_seen_and_stopped_on_the_other(several, open_page):
    one, other = (open_page(f"{address}/teach") for address in several.own)
    one.get_by_role("button", name="Open the demo data set").click()
    one.get_by_role("button", name="Train", exact=True).click()
    expect(one.get_by_role("button", name="Stop")).to_be_visible()
    started = [process for process in several.process(1).children() if "run-order" in process.cmdline()]
    assert len(started) == 1
    other.reload()
    other.get_by_role("button", name="Stop").click()
    psutil.wait_procs(started, timeout=60)
    assert not started[0].is_running()
    for page in (one, other):
        expect(page.get_by_text("demo: stopped")).to_be_visible()


def test_what_is_of_a_visit_is_known_to_its_process_alone(several):
    with Visitor(several.own[0]) as visitor:
        pictures = re.findall(r"/media/\w+\.jpg", visitor.open("analyze"))
        assert visitor.put(b"x")[0] == 204
        assert {ask(several.own[0], path)[0] for path in pictures} == {200}
        assert {ask(several.own[1], path)[0] for path in pictures} == {404}
        place = f"/_stcore/upload_file/{visitor.visit}/1"
        assert ask(several.own[1], place, "PUT", b"x")[0] == 403


def test_a_clock_that_is_moved_ends_no_visit_and_the_main_flow_goes_on(several, visit):
    page = visit(several.address)
    expect(page.get_by_role("button", name="Analyze the sample")).to_be_visible(timeout=LONG_MS)
    try:
        for days in (2, -2, 0):
            (several.folder / "clock").write_text(str(days * 86400))
            page.get_by_role("button", name="Analyze the sample").click()
            expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
            page.get_by_role("tab", name="Charts").click()
            expect(page.locator(".js-plotly-plot")).to_have_count(4, timeout=ANALYSIS_MS)
            assert {ask(address, "/healthz")[0] for address in several.own} == {200}
            page.get_by_role("link", name="Home").click()
    finally:
        (several.folder / "clock").write_text("0")
    expect(page.get_by_text("Your visit began anew")).to_have_count(0)
