"""The main ways through the application, in a browser."""

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT
from ui.widgets import privacy

CLIP = ROOT / "assets" / "pexels_distress_to_laughter.mp4"
PAGES = {
    "": "Hybrid Emotion Studio",
    "analyze": "Analyze a clip",
    "live": "Watch it live",
    "teach": "Teach",
    "evaluate": "Evaluate",
    "about": "About",
}
ANALYSIS_MS = 120_000  # a busy machine is no failure
PAIRS = ("amusement + surprise", "sadness + fear")
VERDICTS = {
    "Other", "Unsure", "Changes during the clip",
    *(f"{name.capitalize()} (of the pair {pair})" for pair in PAIRS for name in pair.split(" + ")),
}  # fmt: skip
"""What the card can say of a clip that shows no blend."""

BLEND = re.compile(rf"({'|'.join(re.escape(pair.capitalize()) for pair in PAIRS)}), a blend: \d+% : \d+%")
TURNS = re.compile(r"[A-Z][a-z+ ]+(, then [a-z+ ]+){1,2}")


def expect_title(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def expect_whole_result(page: Page) -> None:
    verdict = page.get_by_test_id("verdict")
    expect(verdict).to_be_visible(timeout=ANALYSIS_MS)
    told = verdict.inner_text()
    assert told in VERDICTS or BLEND.fullmatch(told) or TURNS.fullmatch(told), told
    expect(page.get_by_text("How long it took")).to_be_visible()
    page.get_by_role("tab", name="Charts").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(4, timeout=ANALYSIS_MS)
    assert 1 <= page.locator(".es-frame").count() <= 24
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def expect_fits(page: Page) -> None:
    wide = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain], html')]"
        ".filter(element => element.scrollWidth > element.clientWidth + 1).length"
    )
    assert wide == 0


def choose_tab(page: Page, name: str) -> None:
    """Open a tab and wait for what is in it; Streamlit goes back to it if another is clicked before it has answered."""
    tab = page.get_by_role("tab", name=name, exact=True)
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    panel = page.get_by_role("tabpanel").filter(visible=True).first
    expect(panel).to_contain_text(re.compile(r"\w"), timeout=ANALYSIS_MS)


@pytest.mark.parametrize(("path", "title"), PAGES.items())
def test_every_page_as_the_first_of_a_server_and_in_both_themes_and_widths(fresh_server, visit, path, title):
    page = visit(f"{fresh_server}/{path}")
    for width, height, scheme in ((1280, 900, "light"), (390, 844, "dark")):
        if width < height:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.reload()
        expect_title(page, title)
        if width > height:  # a phone has it at the side
            expect(page.get_by_role("link", name="About", exact=True)).to_be_visible()
            expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        assert page.url.rstrip("/").endswith(path)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=ANALYSIS_MS)
        expect_fits(page)


def test_one_click_from_home_to_the_verdict_on_the_sample_and_one_to_each_part_of_it(server, visit):
    page = visit(server)
    page.get_by_role("button", name="Analyze the sample").click()
    expect_whole_result(page)
    expect(page.locator("video")).to_be_visible()
    page.get_by_role("tab", name="Mark & export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything as JSON").click()
    assert '"verdict"' in Path(download.value.path()).read_text(encoding="utf-8")
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("link", name="4. Quality").click()
    expect(page.get_by_role("heading", name="Quality of each frame")).to_be_in_viewport(timeout=ANALYSIS_MS)


def test_a_link_leads_on_though_the_page_reports_something_before_the_answer(server, visit):
    page = visit(f"{server}/live")
    expect(page.get_by_role("button", name=privacy.AGREE)).to_be_visible()
    page.evaluate(
        """agree => {
          const called = (kind, name) => [...document.querySelectorAll(kind)].find(one => one.textContent === name);
          called("a", "About").click();
          called("button", agree).click();
        }""",
        privacy.AGREE,
    )
    expect_title(page, "About")
    expect(page).to_have_url(f"{server}/about")


def test_upload_then_bad_file_keeps_the_result(server, visit, tmp_path):
    page = visit(f"{server}/analyze")
    page.locator("input[type=file]").set_input_files(CLIP)
    expect_whole_result(page)
    bad = tmp_path / "notes.mp4"
    bad.write_text("this is no video")
    page.locator("input[type=file]").set_input_files(bad)
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text("notes.mp4")
    expect(alert).not_to_contain_text("Traceback")
    expect(page.get_by_test_id("verdict")).to_be_visible()


def repeated_clip(path: Path, times: int) -> Path:
    """The sample several times in a row, its packets copied: long enough that no machine is done before the click."""
    with av.open(str(path), "w") as target:
        stream, offset = None, 0
        for _ in range(times):
            with av.open(str(CLIP)) as source:
                video = source.streams.video[0]
                if stream is None:
                    stream = target.add_stream_from_template(video)
                for packet in source.demux(video):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = stream
                    target.mux(packet)
                offset += video.duration
    return path


def test_analysis_can_be_stopped(server, visit, tmp_path):
    page = visit(f"{server}/analyze")
    page.locator("input[type=file]").set_input_files(repeated_clip(tmp_path / "long.mp4", 20))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The analysis of long.mp4 was stopped.")).to_be_visible()
    expect(page.get_by_test_id("verdict")).to_have_count(0)
    page.get_by_role("button", name="Start it again").click()
    expect(page.get_by_text("Analyzing long.mp4")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Start it again")).to_be_visible()


def test_result_on_a_phone_fits_survives_another_page_and_the_next_one_is_scrolled_to(server, visit, laughter):
    page = visit(server, 390, 844)
    page.get_by_role("button", name="Analyze the sample").click()
    expect_whole_result(page)
    expect_fits(page)
    page.get_by_role("link", name="How reliable is this?").click()
    expect_title(page, "About")
    expect_fits(page)
    page.go_back()
    expect_whole_result(page)
    page.locator("input[type=file]").set_input_files(laughter)
    card = page.locator(".es-card").first
    expect(card).to_contain_text("Verdict on laughter.mp4", timeout=ANALYSIS_MS)
    expect(page.get_by_test_id("verdict")).to_be_in_viewport(timeout=ANALYSIS_MS)
