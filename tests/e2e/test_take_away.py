"""What can be taken away of a result, opened as its receiver would: every export, and the tabs that make them."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_app import ANALYSIS_MS, CLIP
from ui.widgets import privacy

PLAYS = """
async (address) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = address;
  document.body.append(video);
  await video.play();
  await new Promise((done) => setTimeout(done, 700));
  return { ready: video.readyState, at: video.currentTime, width: video.videoWidth, length: video.duration };
}
"""
CUES = """
async (text) => {
  const track = document.createElement("track");
  track.src = URL.createObjectURL(new Blob([text], { type: "text/vtt" }));
  const video = document.createElement("video");
  video.append(track);
  document.body.append(video);
  track.track.mode = "showing";
  await new Promise((done, failed) => { track.onload = done; track.onerror = failed; });
  return [...track.track.cues].map((cue) => cue.getCueAsHTML().textContent);
}
"""

GLAD = "Amusement (of the pair amusement + surprise)"


def download(page: Page, label: str, folder: Path) -> Path:
    with page.expect_download(timeout=ANALYSIS_MS) as found:
        page.get_by_role("button", name=label).click()
    path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


def test_every_export_opens_where_it_is_meant_to(server, visit, browser, tmp_path):
    """One mark and one correction, then each file as its receiver would open it."""
    page = visit(server)
    page.get_by_role("button", name="Analyze the sample").click()
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
    page.get_by_role("tab", name="Mark & export").click()
    page.get_by_label("Note").fill("<b>looks</b> down")
    page.get_by_role("button", name="Add the mark").click()
    expect(page.get_by_role("button", name="Go there")).to_be_visible()
    page.get_by_label("What it really shows").click()
    page.get_by_role("option", name="Other", exact=True).click()
    expect(page.get_by_role("button", name="Clip labeled Other (ZIP)")).to_be_visible()

    check_tables_and_zips(page, tmp_path)
    with zipfile.ZipFile(download(page, "Everything (ZIP)", tmp_path)) as archive:
        archive.extractall(tmp_path / "all")
    folder = tmp_path / "all"
    with av.open(str(folder / "annotated.mp4")) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sum(1 for _ in video.decode(stream)) == 472
    reader = browser.new_context(offline=True).new_page()
    check_report(reader, (folder / "report.html").as_uri())
    (folder / "play.html").write_text("<!DOCTYPE html><title>play</title>")
    reader.goto((folder / "play.html").as_uri())
    played = reader.evaluate(PLAYS, (folder / "annotated.mp4").as_uri())
    assert played["ready"] >= 2
    assert played["at"] > 0
    assert played["width"] == 640
    assert played["length"] == pytest.approx(19.7, abs=0.1)
    cues = reader.evaluate(CUES, (folder / "segments.vtt").read_text("utf-8"))
    assert "Marked by a person: <b>looks</b> down" in cues
    assert any(cue.startswith("Sadness") for cue in cues)
    reader.context.close()
    check_deletion(page, tmp_path)


def check_deletion(page: Page, folder: Path) -> None:
    """Once everything is deleted, a file that was made is gone from the server too."""
    with page.expect_download(timeout=ANALYSIS_MS) as found:
        page.get_by_role("button", name="Every frame (CSV)").click()
    found.value.save_as(folder / "again.csv")
    address = found.value.url
    assert page.request.get(address).ok
    page.get_by_role("button", name=privacy.DELETE).click()
    page.get_by_role("button", name=privacy.CONFIRM).click()
    expect(page.get_by_text("Everything of this visit was deleted")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)
    assert page.request.get(address).status == 404


def check_tables_and_zips(page: Page, folder: Path) -> None:
    frames = list(csv.DictReader(io.StringIO(download(page, "Every frame (CSV)", folder).read_text("utf-8"))))
    assert len(frames) == 197
    assert (frames[0]["human_mark"], frames[0]["human_label"]) == ("<b>looks</b> down", "other")
    windows = list(csv.DictReader(io.StringIO(download(page, "Every window (CSV)", folder).read_text("utf-8"))))
    assert len(windows) == 22
    assert download(page, "Verdicts as subtitles (VTT)", folder).read_bytes().startswith(b"WEBVTT")
    data = json.loads(download(page, "Everything as JSON", folder).read_text("utf-8"))
    assert data["human_annotations"]["correct_label"] == "other"
    with zipfile.ZipFile(download(page, "Charts (PNG in a ZIP)", folder)) as archive:
        assert all(archive.read(name).startswith(b"\x89PNG") for name in archive.namelist())
    with zipfile.ZipFile(download(page, "Clip labeled Other (ZIP)", folder)) as archive:
        assert archive.read(archive.namelist()[0]) == CLIP.read_bytes()
        assert b"other" in archive.read("manifest.csv")


def check_report(reader: Page, address: str) -> None:
    """The report opened offline from a file: everything drawn, nothing asked for, nothing in the console."""
    wrong: list[str] = []
    asked: list[str] = []
    reader.on("console", lambda message: wrong.append(message.text))
    reader.on("pageerror", lambda error: wrong.append(str(error)))
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(address)
    for words in ("Said by a person, not by the model", "the right label is Other", "<b>looks</b> down"):
        expect(reader.get_by_text(words)).to_be_visible()
    assert reader.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    assert reader.evaluate("document.images.length") == 4 + 3 * 6
    assert wrong == []
    assert [url for url in asked if not url.startswith("data:")] == [address]


def test_a_change_is_tried_beside_the_clip_and_two_clips_stand_side_by_side(server, visit, laughing):
    page = visit(f"{server}/analyze")
    page.locator("input[type=file]").set_input_files(laughing)
    expect(page.get_by_test_id("verdict")).to_have_text(
        "Amusement (of the pair amusement + surprise)", timeout=ANALYSIS_MS
    )
    page.get_by_role("tab", name="What if").click()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text(re.compile(r"(tried flips|flip the verdict)"))).to_be_visible(timeout=ANALYSIS_MS)
    expect(page.get_by_role("cell", name="Darken (70%)")).to_be_visible()
    expect(page.get_by_role("button", name="Try it")).to_be_enabled()
    page.get_by_role("button", name="Try all").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Try all")).to_be_enabled(timeout=ANALYSIS_MS)

    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_text("Only one analysis so far")).to_be_visible()
    page.locator("input[type=file]").set_input_files(CLIP)
    expect(page.get_by_text("Verdict on pexels_distress_to_laughter.mp4").first).to_be_visible(timeout=ANALYSIS_MS)
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    page.locator(".js-plotly-plot").last.hover()
    with page.expect_download() as picture:
        page.locator(".modebar-btn").last.click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="Show this one").click()
    expect(page.get_by_test_id("verdict").first).to_have_text(GLAD)


@pytest.fixture
def laughing(laughter, tmp_path) -> Path:
    path = tmp_path / "laughing.mp4"
    path.write_bytes(laughter.read_bytes())
    return path
