"""Every page and tab for people who use keys, a screen reader, or see colors otherwise: axe-core finds nothing."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import running_server
from tests.e2e.test_app import ANALYSIS_MS, expect_title
from tests.evaluations import few_demo_clips
from ui.analyze.tabs import TABS as INSIDE

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STREAMLITS_OWN = {"presentation-role-conflict": "stFileUploaderDropzone"}
"""Rule → what of Streamlit itself breaks it, and cannot be mended here: a part of its uploader."""

EVALUATE = ("Verdicts", "Scores", "Certainty", "Slices", "Two protocols", "Ablation", "Training", "Compare", "Export")
ABOUT = ("Measured", "Against the paper", "Model card", "Limits, privacy and use", "Credits")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[str]:
    """A server whose demo data set is a few clips, with data sets and a cache of its own."""
    folder = tmp_path_factory.mktemp("accessible")
    demo = few_demo_clips(folder / "demo", 6)
    settings = {"EMO_DEMO": str(demo), "EMO_CACHE": str(folder / "cache"), "EMO_DATA": str(folder / "data")}
    with running_server(**settings) as address:
        yield address


def wait_until_drawn(page: Page) -> None:
    """Until nothing is faded or missing because the page is still being made, which axe would take for its look."""
    for _ in range(2):  # a change of theme, or of the page, makes a run of its own after a moment
        page.wait_for_timeout(400)
        expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=ANALYSIS_MS)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=ANALYSIS_MS)
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=ANALYSIS_MS)


def found_on(page: Page, view: str) -> list[str]:
    """What axe finds on the page as it is, in both themes, but for what is Streamlit's own."""
    told = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wait_until_drawn(page)
        found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
        told += [
            f"{view}, {scheme}: {rule['id']} {node['html'][:160]}"
            for rule in found
            for node in rule["nodes"]
            if STREAMLITS_OWN.get(rule["id"], "none of it") not in node["html"]
        ]
    return told


def tabs_of(page: Page, names: tuple[str, ...], view: str) -> list[str]:
    """The same of every tab."""
    told = []
    for name in names:
        tab = page.get_by_role("tab", name=name, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        panel = page.get_by_role("tabpanel").filter(visible=True).first
        expect(panel).to_contain_text(re.compile(r"\w"), timeout=ANALYSIS_MS)
        page.wait_for_timeout(700)
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
