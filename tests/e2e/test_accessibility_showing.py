"""The tour, presenting and shared results for people who use keys, a screen reader, or see colors otherwise."""

from playwright.sync_api import expect

from tests.e2e.axe import found_on, tabs_of
from tests.e2e.test_app import ANALYSIS_MS, expect_title
from tests.e2e.test_showing import drawn, share
from ui.analyze.tabs import READERS
from ui.shell.tour import STOPS


def test_axe_finds_nothing_on_the_tour_while_presenting_and_on_a_shared_result(few_clips, visit):
    page = visit(few_clips.address)
    page.get_by_role("button", name="Take the tour").click()
    told = []
    for number, stop in enumerate(STOPS, start=1):
        expect(page.get_by_text(f"{number} of {len(STOPS)}: {stop.title}.")).to_be_visible(timeout=ANALYSIS_MS)
        told += found_on(page, f"Tour, {stop.title}")
        if number < len(STOPS):
            page.get_by_role("button", name="Next:").click()
    page.get_by_role("button", name="Finish the tour").click()
    page.get_by_role("link", name="Analyze", exact=True).click()
    expect_title(page, "Analyze a clip")
    page.get_by_role("tab", name="Moment by moment").click()
    drawn(page)
    page.get_by_text("Keep my results for this browser").click()
    address = share(page, "1 hour", close=False)
    told += found_on(page, "Analyze, a link to share")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("button", name="Presenting mode").click()
    told += found_on(page, "Presenting, Home")
    page.get_by_role("link", name="Analyze", exact=True).click()
    drawn(page)
    told += found_on(page, "Presenting, Analyze")
    page.goto(f"{few_clips.address}/shared?key=nothing")
    expect(page.get_by_role("alert")).to_contain_text("This link no longer works", timeout=ANALYSIS_MS)
    told += found_on(page, "Shared, a link that opens nothing")
    page.goto(address)
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
    told += tabs_of(page, tuple(tab.name for tab in READERS), "Shared")
    assert told == []
