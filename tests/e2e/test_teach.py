"""From a data set to a model of one's own and back to a clip, through a killed server, in a browser."""

import csv
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT, running_server
from tests.e2e.test_app import expect_fits, expect_title

DEMO = ROOT / "assets" / "demo"
PEOPLE = ("person_01", "person_02", "person_03", "person_04")
LONG_MS = 240_000


@pytest.fixture
def settings(tmp_path) -> dict[str, str]:
    """A server's folders, and the clips of a few people in the place of the whole demo data set."""
    folder = tmp_path / "demo"
    folder.mkdir()
    with (DEMO / "manifest.csv").open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["person"] in PEOPLE and row["degradation"] == "none"]
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, ["path", "label", "person", "source"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        (folder / row["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEMO / row["path"], folder / row["path"])
    places = {"EMO_DATA": "data", "EMO_MODELS": "models", "EMO_CACHE": "cache", "STUDIO_THREADS": "threads"}
    return {"EMO_DEMO": str(folder)} | {name: str(tmp_path / place) for name, place in places.items()}


def click_a_cell_with_clips(page: Page) -> None:
    """Cells of the confusion matrix in turn, until one holds clips."""
    opener = page.get_by_role("button", name="Open in Analyze")
    cells = page.locator(".js-plotly-plot .scatterlayer path.point")
    expect(cells.first).to_be_attached()
    for number in range(cells.count()):
        if opener.count():
            return
        box = cells.nth(number).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(700)  # a cell without clips changes nothing that could be waited for
    expect(opener.first).to_be_visible()


def test_open_train_through_a_killed_server_evaluate_and_open_a_clip_of_a_cell(visit, settings, tmp_path):
    with running_server(**settings) as address:
        page = visit(f"{address}/teach")
        page.get_by_role("button", name="Open the demo data set").click()
        expect(page.get_by_text("of 4 people")).to_be_visible()
        page.get_by_text("More", exact=True).click()
        epochs = page.get_by_role("spinbutton", name="Epochs at most")
        epochs.fill("20")  # enough that it is still training when the page has told the second
        epochs.press("Enter")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text(re.compile(r"Epoch ([2-9]|\d\d) of 20"))).to_be_visible(timeout=LONG_MS)
        expect(page.locator(".js-plotly-plot")).to_have_count(2)
        page.goto("about:blank")
        os.kill(int((tmp_path / "threads.pid").read_text()), signal.SIGKILL)
    assert not (Path(settings["EMO_MODELS"]) / "demo").exists()
    with running_server(**settings) as address:
        page = visit(f"{address}/teach")
        page.get_by_role("button", name="Resume").click()
        page.get_by_role("button", name="Evaluate it").click(timeout=LONG_MS)
        expect_title(page, "Evaluate")
        page.get_by_role("button", name="Evaluate", exact=True).click()
        expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=LONG_MS)
        click_a_cell_with_clips(page)
        page.get_by_role("button", name="Open in Analyze").first.click()
        expect_title(page, "Analyze a clip")
        expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^demo: "))
        expect(page.get_by_test_id("verdict")).to_be_visible(timeout=60_000)
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{address}/teach")
        expect(page.get_by_role("button", name="Evaluate it")).to_be_visible()
        expect_fits(page)
        page.goto("about:blank")


def test_a_folder_of_clips_chosen_in_the_browser_becomes_a_data_set(visit, settings, tmp_path):
    """As people have them: a folder for each class, and something in between that is no clip."""
    chosen = tmp_path / "my clips"
    with (DEMO / "manifest.csv").open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["person"] in PEOPLE[:2] and row["degradation"] == "none"]
    for person in PEOPLE[:2]:
        for label in ("amusement_surprise", "other"):
            row = next(row for row in rows if (row["person"], row["label"]) == (person, label))
            (chosen / label).mkdir(parents=True, exist_ok=True)
            shutil.copy(DEMO / row["path"], chosen / label / f"{person}__{Path(row['path']).name}")
    (chosen / "notes.txt").write_text("filmed on monday")
    with running_server(**settings) as address:
        page = visit(f"{address}/teach")
        page.get_by_role("button", name="New data set").click()
        page.get_by_role("textbox", name="Name", exact=True).fill("few")
        page.get_by_role("textbox", name="Classes, one in each line").fill("amusement_surprise\nother")
        page.get_by_role("button", name="Create", exact=True).click()
        page.get_by_text("Everyone shown agreed").click()
        page.get_by_role("tab", name="Folder or ZIP").click()
        page.locator("input[type=file][webkitdirectory]").set_input_files(chosen)
        page.get_by_role("button", name="Add its clips").click()
        expect(page.get_by_text("Added 4 clips of 2 people to 2 classes.")).to_be_visible(timeout=LONG_MS)
        assert len(list((tmp_path / "data" / "few").rglob("*.mp4"))) == 4
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
        page.goto("about:blank")
