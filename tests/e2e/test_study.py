"""A study in a browser: twelve clips uploaded, judged, stopped, gone on with, grouped, opened, taken away."""

import csv
import re

from playwright.sync_api import expect

from tests.e2e.conftest import ROOT, running_server
from tests.e2e.test_app import expect_fits
from tests.e2e.test_take_away import download

DEMO = ROOT / "assets" / "demo"
LONG_MS = 240_000


def expect_heading(page, title):
    """As long as everything else here may take beside a running study."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=60_000)


def chosen_clips(folder):
    """Two clips of each of six people, of two conditions, and the table that says so."""
    with (DEMO / "manifest.csv").open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["degradation"] == "none"]
    people = list(dict.fromkeys(row["person"] for row in rows))
    found, lines = [], ["path,participant,condition"]
    for person in people:
        own = {row["label"]: row for row in rows if row["person"] == person}
        if {"amusement_surprise", "other"} <= set(own) and len(found) < 12:
            for label in ("amusement_surprise", "other"):
                path = DEMO / own[label]["path"]
                copy = folder / f"{person}_{path.name}"
                copy.write_bytes(path.read_bytes())
                found.append(copy)
                lines.append(f"{copy.name},{person},{'film' if label == 'other' else 'joke'}")
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines))
    return found, table


def test_from_twelve_clips_to_a_report(visit, tmp_path):
    clips, table = chosen_clips(tmp_path)
    assert len(clips) == 12
    with running_server(EMO_STUDIES=str(tmp_path / "studies"), EMO_CACHE=str(tmp_path / "cache")) as address:
        page = visit(f"{address}/study")
        expect_heading(page, "Study")
        page.get_by_role("textbox", name="Name", exact=True).fill("jokes")
        page.get_by_text("Everyone shown agreed").click()
        uploads = page.get_by_test_id("stFileUploader")
        for number, files in ((1, table), (0, clips)):
            expect(page.get_by_test_id("stApp")).to_have_attribute(
                "data-test-script-state", "notRunning", timeout=60_000
            )
            with page.expect_response(re.compile("upload_file"), timeout=60_000):  # or Create comes before the table
                uploads.nth(number).locator("input[type=file]").first.set_input_files(files)
            expect(uploads.nth(number).get_by_text(re.compile(r"\.(mp4|csv)$")).first).to_be_visible(timeout=60_000)
        create = page.get_by_role("button", name="Create")
        expect(create).to_be_enabled(timeout=60_000)
        create.click()
        page.get_by_role("button", name="Run", exact=True).click(timeout=60_000)
        expect(page.get_by_text(re.compile(r"^[1-9] of 12 clips"))).to_be_visible(timeout=LONG_MS)
        page.get_by_role("link", name="About").click()
        expect_heading(page, "About")  # the app stays usable
        page.get_by_role("link", name="Study").click()
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Resume").click(timeout=LONG_MS)
        expect(page.get_by_text("12 of 12 clips, 0 failed; model")).to_be_visible(timeout=LONG_MS)
        expect(page.get_by_role("button", name="Open in Analyze")).to_have_count(12, timeout=60_000)
        page.get_by_role("tab", name="Groups").click()
        expect(page.locator(".js-plotly-plot")).to_have_count(3, timeout=60_000)
        expect(page.get_by_text("4 comparisons were made together")).to_be_visible(timeout=60_000)
        expect_fits(page)
        page.get_by_role("tab", name="Export").click()
        report = download(page, "Report (HTML)", tmp_path)
        assert "By condition" in report.read_text("utf-8")
        page.get_by_role("tab", name="Clips").click()
        page.get_by_role("button", name="Open in Analyze").first.click()
        expect_heading(page, "Analyze a clip")
        expect(page.get_by_test_id("verdict")).to_be_visible(timeout=60_000)
        alone = page.context.browser.new_context().new_page()
        wrong: list[str] = []
        alone.on("pageerror", lambda error: wrong.append(str(error)))
        alone.goto(report.as_uri())
        expect(alone.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        assert wrong == []
        alone.context.close()
        page.goto("about:blank")  # it asks a server that ends until it is closed
