"""Recording in a browser whose camera is a file with a real face."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.camera_pages import (
    FAKE,
    WATCH_TRACKS,
    camera_is_off,
    needs_network,
    open_recorder,
    outside_address,
    record,
    verdict,
)
from tests.e2e.conftest import running_server
from ui.widgets import camera as words
from ui.widgets import privacy


@pytest.mark.camera
def test_a_recording_becomes_a_verdict_and_is_gone_when_deleted(watched, launch, visit, films):
    browser = launch(*FAKE, f"--use-file-for-fake-video-capture={films.laughter}")
    page = visit(f"{watched.address}/analyze", other=browser, script=WATCH_TRACKS)
    open_recorder(page)
    page.get_by_label("Length of the recording").select_option("3")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Use this clip").wait_for()
    camera_is_off(page)
    page.get_by_role("button", name="Record again").click()
    record(page, 3)
    assert verdict(page) == "Amusement (of the pair amusement + surprise)"
    camera_is_off(page)
    page.get_by_role("tab", name="Mark & export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything as JSON").click()
    video = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["clip"]
    assert video["num_frames_decoded"] >= 7 * 3  # a busy machine is no failure; tools/bench_live.py counts exactly
    assert video["duration_s"] == pytest.approx(3, abs=1)

    clip = page.locator("video").get_attribute("src")
    assert page.request.get(f"{watched.address}{clip[clip.index('/media') :]}").status == 200
    page.get_by_role("button", name=privacy.DELETE).click()
    page.get_by_role("button", name=privacy.CONFIRM).click()
    expect(page.get_by_text("Everything of this visit was deleted")).to_be_visible()
    expect(page.get_by_test_id("verdict")).to_have_count(0)
    assert page.request.get(f"{watched.address}{clip[clip.index('/media') :]}").status == 404
    assert list(watched.folder.rglob("*")) == []
    page.get_by_role("button", name="Record with the camera").click()
    expect(page.get_by_role("button", name=privacy.AGREE)).to_be_visible()


@pytest.mark.camera
def test_stopped_early_and_left_the_camera_goes_off(watched, launch, visit, films):
    browser = launch(*FAKE, f"--use-file-for-fake-video-capture={films.laughter}")
    page = visit(f"{watched.address}/analyze", other=browser, script=WATCH_TRACKS)
    open_recorder(page)
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("3", exact=True)).to_be_visible()
    page.get_by_role("button", name="Stop early").click()
    expect(page.get_by_role("button", name="Use this clip")).to_be_visible(timeout=3000)
    page.get_by_role("button", name="Record again").click()
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    page.get_by_role("link", name="About", exact=True).click()
    camera_is_off(page)
    assert page.evaluate("tracks.length") == 2


DENY = "--deny-permission-prompts"
BUSY = (
    """MediaDevices.prototype.getUserMedia = async () => { throw new DOMException("in use", "NotReadableError"); };"""
)
TROUBLE = {
    "denied": ((DENY,), (), ""),
    "missing": ((), ("camera",), ""),
    "busy": ((), (), BUSY),
    "unsupported": ((), (), "delete window.MediaRecorder; delete window.RTCPeerConnection;"),
}


@pytest.mark.parametrize("code", TROUBLE)
def test_a_camera_that_cannot_be_used_gets_one_sentence_and_the_upload_stays(server, launch, visit, code):
    flags, permissions, script = TROUBLE[code]
    if code in ("denied", "unsupported"):
        flags = (*flags, FAKE[0]) if code == "denied" else FAKE
    page = visit(f"{server}/analyze", other=launch(*flags), permissions=permissions, script=script)
    open_recorder(page)
    expect(page.get_by_role("alert").filter(has_text="upload a clip instead")).to_have_text(words.PROBLEMS[code])
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_attached()
    page.wait_for_load_state("networkidle")  # pictures of a page that was left may be gone when they are asked for
    page.get_by_role("link", name="Live", exact=True).click()
    page.get_by_role("button", name="Start the live view").click()
    expect(page.get_by_test_id("stAlert")).to_have_text(re.compile(re.escape(words.PROBLEMS[code])))


@needs_network
def test_an_insecure_address_is_named_as_the_reason(launch, visit):
    with running_server(STREAMLIT_SERVER_ADDRESS="0.0.0.0") as address:
        page = visit(f"{address.replace('localhost', outside_address())}/analyze", other=launch(*FAKE))
        open_recorder(page)
        expect(page.get_by_role("alert").filter(has_text="https")).to_have_text(words.PROBLEMS["insecure"])
        page.close()  # before the server that it asks
