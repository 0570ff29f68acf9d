"""Presenting and shared results for people who use keys, a screen reader, or see colors otherwise."""

from playwright.sync_api import expect

from tests.e2e.axe import found_on
from tests.e2e.test_app import ANALYSIS_MS, expect_title
from tests.e2e.test_showing import drawn, share


def test_axe_finds_nothing_while_presenting_and_on_a_shared_result(few_clips, visit):
    page, told = visit(few_clips.address), []
    page.get_by_role("button", name="Analyze the sample").click()
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
    drawn(page)
    told += found_on(page, "Shared")  # its tabs are those of Analyze
    assert told == []
