"""Every page and tab for people who use keys, a screen reader, or see colors otherwise: axe-core finds nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import running_server
from tests.e2e.test_app import ANALYSIS_MS, CLIP, expect_title
from tests.e2e.test_showing import drawn, share
from tests.evaluations import few_demo_clips
from tests.studies import ROWS, judged_study
from ui.analyze.tabs import READERS
from ui.analyze.tabs import TABS as INSIDE
from ui.shell.tour import STOPS

RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""All of them in one theme, and in the other those that ask for colors: nothing else changes with it."""

STREAMLITS_OWN = {"presentation-role-conflict": "stFileUploaderDropzone"}
"""Rule → what of Streamlit itself breaks it, and cannot be mended here: a part of its uploader."""

EVALUATE = ("Verdicts", "Scores", "Certainty", "Slices", "Two protocols", "Ablation", "Training", "Compare", "Export")
SETTLED_MS = 2000
NUM_LONG = 60  # clips: they take longer than axe to look at a run under way
ABOUT = ("Measured", "Against the paper", "Model card", "Limits, privacy and use", "Credits")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """What the server keeps."""
    return tmp_path_factory.mktemp("accessible")


@pytest.fixture(scope="module")
def place(folder) -> Iterator[str]:
    """A server whose demo data set is a few clips, with data sets, studies and a cache of its own."""
    demo = few_demo_clips(folder / "demo", 6)
    places = {"EMO_CACHE": "cache", "EMO_DATA": "data", "EMO_STUDIES": "studies"}
    with running_server(EMO_DEMO=str(demo), **{name: str(folder / place) for name, place in places.items()}) as address:
        yield address


CALM = """async (limit_ms) => {
  const made = "[data-stale=true], [data-testid=stSkeleton], [data-testid=stStatusWidget]";
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const inTheme = (element) => {
    const [red, green, blue] = getComputedStyle(element).color.match(/[0-9.]+/g).map(Number);
    return isDark === red + green + blue > 382;
  };
  const begin = performance.now();
  for (let since = begin; performance.now() - since < 700; ) {
    if (performance.now() - begin > limit_ms) return false;
    const isMade = !document.querySelector(made) && [...document.querySelectorAll("h1, h2")].every(inTheme);
    if (!isMade) since = performance.now();
    await new Promise((done) => setTimeout(done, 50));
  }
  return true;
}"""


def wait_until_drawn(page: Page) -> None:
    """Until nothing is faded or missing because the page is still being made, which axe would take for its look.

    For a while, since a change of theme, or of the page, makes a run of its own after a moment.
    """
    assert page.evaluate(CALM, ANALYSIS_MS), "the page is still being made"


def found_on(page: Page, view: str) -> list[str]:
    """What axe finds on the page as it is, in both themes, but for what is Streamlit's own."""
    told = []
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = violations(page, rules)
        if found:  # a color on its way from one theme to the other is none of the page: what is one stays
            page.wait_for_timeout(SETTLED_MS)
            found = violations(page, rules)
        told += [f"{view}, {scheme}: {line}" for line in found]
    return told


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """Rule and element of what axe finds once the page is drawn."""
    wait_until_drawn(page)
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']} {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
        if STREAMLITS_OWN.get(rule["id"], "none of it") not in node["html"]
    ]


def tabs_of(page: Page, names: tuple[str, ...], view: str) -> list[str]:
    """The same of every tab."""
    told = []
    for name in names:
        tab = page.get_by_role("tab", name=name, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        panel = page.get_by_role("tabpanel").filter(visible=True).first
        expect(panel).to_contain_text(re.compile(r"\w"), timeout=ANALYSIS_MS)
        wait_until_drawn(page)
        expect(page.get_by_text("Something went wrong")).to_have_count(0)
        told += found_on(page, f"{view}, {name}")
    return told


def test_axe_finds_nothing_on_any_page_or_tab_in_either_theme(place, visit):
    page = visit(place)
    told = found_on(page, "Home")
    for path, title in (("live", "Watch it live"), ("teach", "Teach"), ("analyze", "Analyze a clip")):
        page.goto(f"{place}/{path}")
        expect_title(page, title)
        expect(page).to_have_title(f"{path.capitalize()} · Hybrid Emotion Studio")
        told += found_on(page, title)
    page.get_by_role("button", name="Analyze this sample").click()
    expect(page.locator("[data-part=box][data-frame]")).to_be_visible(timeout=2 * ANALYSIS_MS)
    expect(page.locator("#studio-announcer")).to_contain_text("Verdict on pexels_distress_to_laughter.mp4")
    told += tabs_of(page, tuple(tab.name for tab in INSIDE), "Analyze")
    page.goto(f"{place}/evaluate")
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=ANALYSIS_MS)
    told += tabs_of(page, EVALUATE, "Evaluate")
    page.goto(f"{place}/about")
    expect(page.get_by_role("tab", name="Credits")).to_be_visible(timeout=ANALYSIS_MS)
    told += tabs_of(page, ABOUT, "About")
    assert told == []


def test_axe_finds_nothing_on_the_tour_while_presenting_and_on_a_shared_result(place, visit):
    page = visit(place)
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
    page.goto(f"{place}/shared?key=nothing")
    expect(page.get_by_role("alert")).to_contain_text("This link no longer works", timeout=ANALYSIS_MS)
    told += found_on(page, "Shared, a link that opens nothing")
    page.goto(address)
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
    told += tabs_of(page, tuple(tab.name for tab in READERS), "Shared")
    assert told == []


def test_axe_finds_nothing_on_a_study_without_one_running_and_with_results(place, folder, visit, hybrid, laughter):
    page = visit(f"{place}/study")
    expect_title(page, "Study")
    told = found_on(page, "Study, none")
    clip = laughter.read_bytes()
    judged_study(folder / "studies" / "people", hybrid, dict.fromkeys((name for name, *_ in ROWS), clip))
    long = folder / "studies" / "long"
    long.mkdir()
    for number in range(NUM_LONG):
        box = b"\x00\x00\x00\x0afree" + number.to_bytes(2)  # what is the same in every byte is judged once
        (long / f"{number}.mp4").write_bytes(CLIP.read_bytes() + box)
    page.reload()
    choose(page, "people")
    told += tabs_of(page, ("Clips", "Groups", "Export"), "Study")
    choose(page, "long")
    expect(page.get_by_text("Not run yet")).to_be_visible()  # else it would be the run of the one before
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(re.compile(rf"of {NUM_LONG} clips"))).to_be_visible(timeout=4 * ANALYSIS_MS)
    told += found_on(page, "Study, running")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=2 * ANALYSIS_MS)
    told += found_on(page, "Study, stopped")
    assert told == []


def choose(page: Page, name: str) -> None:
    """Choose a study."""
    page.get_by_role("combobox", name="Study", exact=True).click()
    page.get_by_role("option", name=name).click()
