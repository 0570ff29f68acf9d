"""Every page and tab for people who use keys, a screen reader, or see colors otherwise: axe-core finds nothing."""

from playwright.sync_api import expect

from tests.e2e.axe import found_on, tabs_of
from tests.e2e.test_app import ANALYSIS_MS, expect_title
from ui.analyze.tabs import TABS as INSIDE

EVALUATE = ("Verdicts", "Scores", "Certainty", "Slices", "Two protocols", "Ablation", "Training", "Compare", "Export")
ABOUT = ("Measured", "Against the paper", "Model card", "Limits, privacy and use", "Credits")


def test_axe_finds_nothing_on_any_page_or_tab_in_either_theme(few_clips, visit):
    page = visit(few_clips.address)
    told = found_on(page, "Home")
    for path, title in (("live", "Watch it live"), ("teach", "Teach"), ("analyze", "Analyze a clip")):
        page.goto(f"{few_clips.address}/{path}")
        expect_title(page, title)
        expect(page).to_have_title(f"{path.capitalize()} · Hybrid Emotion Studio")
        told += found_on(page, title)
    page.get_by_role("button", name="Analyze this sample").click()
    expect(page.locator("[data-part=box][data-frame]")).to_be_visible(timeout=2 * ANALYSIS_MS)
    expect(page.locator("#studio-announcer")).to_contain_text("Verdict on pexels_distress_to_laughter.mp4")
    told += tabs_of(page, tuple(tab.name for tab in INSIDE), "Analyze")
    page.goto(f"{few_clips.address}/evaluate")
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=ANALYSIS_MS)
    told += tabs_of(page, EVALUATE, "Evaluate")
    page.goto(f"{few_clips.address}/about")
    expect(page.get_by_role("tab", name="Credits")).to_be_visible(timeout=ANALYSIS_MS)
    told += tabs_of(page, ABOUT, "About")
    assert told == []
