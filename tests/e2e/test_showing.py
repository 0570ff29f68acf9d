"""What a presenter relies on: the tour from end to end, and results that are there again after a reload."""

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.axe import found_on
from tests.e2e.camera_pages import until
from tests.e2e.conftest import running_server
from tests.e2e.test_app import ANALYSIS_MS, expect_fits, expect_title
from tests.evaluations import few_demo_clips
from ui.shell.tour import STOPS
from ui.widgets import privacy


@pytest.fixture(scope="module")
def showing(tmp_path_factory, laughter):
    folder = tmp_path_factory.mktemp("showing")
    demo, clock = few_demo_clips(folder / "demo", 6), folder / "clock"
    clock.write_text("0")
    settings = {"EMO_DEMO": demo, "EMO_CACHE": folder / "cache", "STUDIO_CLOCK": clock, "STUDIO_SAMPLE": laughter}
    with running_server(**{name: str(path) for name, path in settings.items()}) as address:
        yield SimpleNamespace(address=address, kept=folder / "cache" / "kept", clock=clock)


def test_the_tour_from_end_to_end(server, visit):
    """Of the data that come with it, for its fourth stop shows what a model made of them. axe-core finds nothing."""
    page, told = visit(server), []
    page.get_by_role("button", name="Take the tour").click()
    seen = {
        "On this face": lambda: expect(page.get_by_test_id("verdict")).to_be_in_viewport(timeout=ANALYSIS_MS),
        "Why": lambda: expect(page.get_by_role("heading", name="Where it looks")).to_be_in_viewport(
            timeout=ANALYSIS_MS
        ),
        "How good": lambda: expect(page.get_by_role("heading", name="Confusion matrix")).to_be_in_viewport(
            timeout=ANALYSIS_MS
        ),
        "Against 100%": lambda: expect(page.get_by_text("and the same model measured otherwise")).to_be_in_viewport(
            timeout=ANALYSIS_MS
        ),
    }
    for number, stop in enumerate(STOPS, start=1):
        expect(page.get_by_text(f"{number} of 5: {stop.title}.")).to_be_visible(timeout=ANALYSIS_MS)
        seen.get(stop.title, lambda: None)()
        expect(page.get_by_text(f"{number} of 5: {stop.title}.")).to_be_in_viewport()  # however far down the part is
        expect_fits(page)
        told += found_on(page, stop.title)
        if number < len(STOPS):
            page.get_by_role("button", name="Next:").click()
    page.get_by_role("button", name="Finish the tour").click()
    expect(page.get_by_text("5 of 5")).to_have_count(0)
    expect_title(page, "About")
    assert told == []


def test_a_reload_asks_first_and_kept_results_survive_it_and_go_when_they_are_deleted(showing, visit):
    page, asked = visit(showing.address), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("button", name="Analyze the sample").click()
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_be_visible(timeout=ANALYSIS_MS)
    told = verdict.inner_text()
    page.evaluate("() => void setTimeout(() => location.reload())")  # as the key does, which waits for the answer
    until(page, lambda: asked == ["beforeunload"])
    expect(verdict).to_have_text(told)  # the visitor chose to stay, and nothing is lost
    page.get_by_text("Keep my results for this browser").click()
    page.wait_for_function("() => document.cookie.includes('studio_visit=')")
    page.reload()
    expect(verdict).to_have_text(told, timeout=ANALYSIS_MS)
    drawn(page)
    assert asked == ["beforeunload"], "what is kept is not lost by leaving"
    second = page.context.new_page()
    second.goto(f"{showing.address}/analyze")
    expect(second.get_by_test_id("verdict")).to_have_text(told, timeout=ANALYSIS_MS)
    second.close()
    stranger = visit(f"{showing.address}/analyze")
    expect(stranger.get_by_text("Nothing analyzed yet")).to_be_visible()
    page.get_by_role("button", name=privacy.DELETE).click()
    page.get_by_role("button", name=privacy.CONFIRM).click()
    expect(page.get_by_text("Everything of this visit was deleted")).to_be_visible()
    page.wait_for_function("() => !document.cookie.includes('studio_visit=')")
    assert list(showing.kept.iterdir()) == []
    page.reload()
    expect(page.get_by_text("Nothing analyzed yet")).to_be_visible()


def drawn(page):
    """Wait for the player, which moves what lies below it when it comes."""
    expect(page.locator("[data-part=box]")).to_have_attribute("data-frame", "0", timeout=ANALYSIS_MS)


GONE = "This link no longer works"


def share(page, lasts, *, close=True):
    """Make a link that ends after a while; its address. What it is made in is closed again unless that is to stay."""
    page.get_by_role("button", name=re.compile("^Share this result")).click()
    page.get_by_role("radio", name=lasts, exact=True).click()
    agreed = page.get_by_role("checkbox", name="Everyone shown agreed")
    if not agreed.is_checked():
        page.get_by_text("Everyone shown agreed").click()
    before = page.get_by_text("/shared?key=").count()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("/shared?key=")).to_have_count(before + 1)
    address = page.get_by_text("/shared?key=").nth(before).inner_text()
    if close:
        page.keyboard.press("Escape")
    return address


def test_a_link_shows_one_result_to_others_until_it_ends_or_is_withdrawn(showing, visit):
    page = visit(showing.address)
    page.get_by_role("button", name="Analyze the sample").click()
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_be_visible(timeout=ANALYSIS_MS)
    told = verdict.inner_text()
    drawn(page)
    page.get_by_text("Keep my results for this browser").click()
    hour, day = share(page, "1 hour"), share(page, "1 day")

    reader = visit(hour)
    expect_title(reader, "Shared result")
    read = reader.get_by_test_id("verdict")
    expect(read).to_have_text(told, timeout=ANALYSIS_MS)
    drawn(reader)
    for name, heading in (("Heatmaps", "Where it looks"), ("Charts", "Quality of each frame")):
        reader.get_by_role("tab", name=name).click()
        expect(reader.get_by_role("heading", name=heading)).to_be_visible(timeout=ANALYSIS_MS)
    expect(reader.get_by_role("tab")).to_have_count(3)
    expect(reader.get_by_role("button", name=privacy.DELETE)).to_have_count(0)
    expect(reader.get_by_test_id("stDownloadButton")).to_have_count(0)
    reader.reload()
    expect(read).to_have_text(told, timeout=ANALYSIS_MS)
    reader.get_by_role("link", name="Analyze", exact=True).click()
    expect(reader.get_by_text("Nothing analyzed yet")).to_be_visible()

    showing.clock.write_text("3700")
    reader.goto(hour)
    expect(reader.get_by_role("alert")).to_contain_text(GONE)
    expect(read).to_have_count(0)
    reader.goto(day)
    expect(read).to_have_text(told, timeout=ANALYSIS_MS)
    page.get_by_role("button", name=re.compile("^Share this result")).click()
    page.get_by_role("button", name="Withdraw this link").last.click()  # the other one ended while the page stood still
    expect(page.get_by_text("/shared?key=")).to_have_count(0)
    page.keyboard.press("Escape")
    reader.get_by_role("tab", name="Heatmaps").click()  # an open page, too, finds that it has ended
    expect(reader.get_by_role("alert")).to_contain_text(GONE)
    last = share(page, "8 hours")
    page.get_by_role("button", name=privacy.DELETE).click()
    page.get_by_role("button", name=privacy.CONFIRM).click()
    expect(page.get_by_text("Everything of this visit was deleted")).to_be_visible()
    reader.goto(last)
    expect(reader.get_by_role("alert")).to_contain_text(GONE)
    assert list(showing.kept.iterdir()) == []


HAS_FOCUS = """(element) => {
  let on = document.activeElement;
  while (on?.shadowRoot?.activeElement) on = on.shadowRoot.activeElement;
  return on === element;
}"""


def reach(page, target, key="Tab"):
    """Press a key until something has the focus."""
    target.wait_for(timeout=ANALYSIS_MS)
    for _ in range(150):
        if target.evaluate(HAS_FOCUS):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} never leads to {target}")


def arrow_to(page: Page, tab: Locator) -> None:
    """Along the tabs, which are a ring; a key that comes while they are drawn anew may be lost, or come late."""
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(1000)
        if tab.evaluate(HAS_FOCUS):
            return
    raise AssertionError(f"no arrow leads to {tab}")


def test_keys_alone_lead_from_the_sample_to_a_clip_of_a_cell(showing, visit):
    """Verdict, a step of the player, heatmaps, an export, an evaluation, a cell of its matrix, a clip of it."""
    page = visit(showing.address)
    press, box = page.keyboard.press, page.locator("[data-part=box]")
    reach(page, page.get_by_role("button", name="Analyze the sample"))
    press("Enter")
    expect(box).to_have_attribute("data-frame", "0", timeout=ANALYSIS_MS)
    reach(page, box)
    press("ArrowRight")
    press("ArrowRight")
    expect(box).to_have_attribute("data-frame", "2")
    reach(page, page.get_by_role("tab", name="Moment by moment"), "Shift+Tab")
    for tab, heading in (("Heatmaps", "Where it looks"), ("Normalization", ""), ("Charts", ""), ("What if", ""),
                         ("Mark & export", "Export")):  # fmt: skip
        arrow_to(page, page.get_by_role("tab", name=tab, exact=True))
        if heading:
            expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=ANALYSIS_MS)
    reach(page, page.get_by_role("button", name="Everything as JSON"))
    with page.expect_download():
        press("Enter")
    reach(page, page.get_by_role("link", name="Evaluate", exact=True), "Shift+Tab")
    press("Enter")
    expect_title(page, "Evaluate")
    reach(page, page.get_by_role("button", name="Evaluate", exact=True))
    press("Enter")
    reach(page, page.get_by_role("combobox", name="Cell of the matrix"))
    press("ArrowDown")
    press("Enter")
    reach(page, page.get_by_role("button", name="Open in Analyze").first)
    press("Enter")
    expect_title(page, "Analyze a clip")
