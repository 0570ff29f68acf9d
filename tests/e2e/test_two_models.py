"""Two models of other classes in one visit, one of them with names that would fetch pictures: each tells its own."""

import csv
import io
import json
import zipfile

import pytest
from playwright.sync_api import Page, expect

from emo_core.emotions import HybridClass, class_named
from tests.e2e.conftest import running_server
from tests.e2e.test_app import ANALYSIS_MS
from tests.e2e.test_take_away import download
from tests.factories import MODEL
from tests.other_model import CARD, NAME, VERSION, write_other_model

PICTURE = "![x](http://elsewhere.example/pixel.png)"
CLASSES = (class_named("joy_fear"), HybridClass(f"calm{PICTURE}"))
HEADINGS = {
    "Heatmaps": "What the LSTM remembers", "Normalization": "The verdict with each part switched off",
    "Charts": "Quality of each frame", "Mark & export": "Export", "Compare": "Quality of the frames",
}  # fmt: skip


@pytest.fixture(scope="module")
def with_another(tmp_path_factory):
    """A server that has a second model."""
    models = tmp_path_factory.mktemp("models")
    card = f"{CARD}\n{PICTURE}\n\n[![x][far]](http://elsewhere.example)\n\n[far]: http://elsewhere.example/far.png\n"
    write_other_model(models / NAME, CLASSES, card)
    with running_server(EMO_MODELS=str(models)) as address:
        yield address


def open_all(page: Page, words: str) -> None:
    """Open every tab below the verdict; none may complain, and the card names the model of the result."""
    expect(page.get_by_test_id("model").first).to_have_text(words)
    page.get_by_role("tab", name="Moment by moment").click()
    expect(page.get_by_label("Class of the heatmap")).to_have_count(1, timeout=ANALYSIS_MS)  # the last one is gone
    expect(page.get_by_label("Class of the heatmap")).to_be_enabled(timeout=ANALYSIS_MS)
    for name, heading in HEADINGS.items():
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=ANALYSIS_MS)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    page.get_by_role("tab", name="What if").click()
    expect(page.get_by_role("button", name="Try it")).to_be_enabled(timeout=ANALYSIS_MS)


def check_exports(page: Page, folder, name: str, version: str, others: str) -> None:
    """Every export tells the model of the result on show, and nothing of the other one."""
    page.get_by_role("tab", name="Mark & export").click()
    data = json.loads(download(page, "Everything as JSON", folder).read_text("utf-8"))
    assert (data["model"]["name"], data["model"]["version"]) == (name, version)
    assert set(data["verdict"]["probabilities"]) == set(data["model"]["labels"])
    for label in ("Every frame (CSV)", "Every window (CSV)"):
        rows = list(csv.DictReader(io.StringIO(download(page, label, folder).read_text("utf-8"))))
        assert {(row["model"], row["model_version"]) for row in rows} == {(name, version)}
        assert not [column for column in rows[0] if others in column]
    assert f"model {name} {version}" in download(page, "Verdicts as subtitles (VTT)", folder).read_text("utf-8")
    assert f"model {name} {version}" in download(page, "Report (one HTML file)", folder).read_text("utf-8")
    with zipfile.ZipFile(download(page, "Charts (PNG in a ZIP)", folder)) as archive:
        assert len(archive.namelist()) == 4


def test_each_result_tells_its_own_model(with_another, visit, laughter, tmp_path):
    page = visit(f"{with_another}/analyze")
    page.locator("input[type=file]").set_input_files(laughter)
    expect(page.get_by_test_id("verdict")).to_have_text(
        "Amusement (of the pair amusement + surprise)", timeout=ANALYSIS_MS
    )
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name=NAME).click()
    expect(page.get_by_test_id("model")).to_have_text(f"Model {NAME} {VERSION}", timeout=ANALYSIS_MS)
    open_all(page, f"Model {NAME} {VERSION}")
    check_exports(page, tmp_path, NAME, VERSION, "amusement_surprise")

    page.get_by_role("tab", name="Compare").click()
    cells = page.get_by_role("cell")
    expect(cells.filter(has_text=f"{NAME} {VERSION}")).to_have_count(1)
    expect(cells.filter(has_text=f"{MODEL.name} {MODEL.version}")).to_have_count(1)
    told = page.get_by_test_id("model")
    expect(told).to_have_text([f"Model {NAME} {VERSION}"] * 2 + [f"Model {MODEL.name} {MODEL.version}"])
    page.get_by_role("button", name="Show this one").click()
    expect(told.first).to_have_text(f"Model {MODEL.name} {MODEL.version}", timeout=ANALYSIS_MS)
    expect(page.get_by_text("On 68 real clips of 58 people")).to_be_visible()
    open_all(page, f"Model {MODEL.name} {MODEL.version}")
    check_exports(page, tmp_path, MODEL.name, MODEL.version, "joy_fear")


def test_nothing_that_a_model_says_is_fetched_from_elsewhere(with_another, visit):
    """Its card and the names of its classes; whatever a page asks of another host fails the visit."""
    page = visit(f"{with_another}/about")
    page.get_by_label("Model", exact=True).click()
    page.get_by_role("option", name=NAME).click()
    expect(page.get_by_text(f"Model in use: {NAME}, version {VERSION}")).to_be_visible()
    page.get_by_role("tab", name="Model card").click()
    expect(page.get_by_text("It says nothing of worth")).to_be_visible()
    expect(page.get_by_text("![x]").first).to_be_visible()
    page.wait_for_load_state("networkidle")
