"""The live view in a browser whose camera is a file with a real face."""

import re
import subprocess
import time
from contextlib import ExitStack, suppress

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from emo_core.emotions import class_colour
from tests.e2e.camera_pages import (
    FAKE,
    LIT,
    WATCH_TRACKS,
    agree,
    analysing,
    camera_is_off,
    needs_network,
    outside_address,
    record,
    until,
    verdict,
)
from tests.e2e.conftest import ROOT, running_server
from ui.live import status

pytestmark = pytest.mark.camera

NO_UDP = tuple(f"--{name}=disable_non_proxied_udp" for name in (
    "webrtc-ip-handling-policy", "force-webrtc-ip-handling-policy",  # the name before Chromium 150 or so
))  # fmt: skip
LIVE_S = 40_000


def start_live(page: Page) -> None:
    agree(page)
    page.get_by_role("button", name="Start the live view").click()


def band_colour(page: Page) -> list[int]:
    """Colour of the mark at the left of the overlay's band, as the visitor sees it."""
    frame = next(frame for frame in page.frames if "streamlit_webrtc" in frame.url)
    return frame.evaluate("""() => {
        const video = document.querySelector("video"), canvas = document.createElement("canvas");
        canvas.width = video.videoWidth; canvas.height = video.videoHeight;
        canvas.getContext("2d").drawImage(video, 0, 0);
        return [...canvas.getContext("2d").getImageData(2, Math.round(canvas.height * 0.05), 1, 1).data].slice(0, 3);
    }""")


def expect_overlay(page: Page, label: str) -> None:
    """The picture, too, says what the card beside it says, within a moment."""
    wanted = [int(class_colour(label)[start : start + 2], 16) for start in (1, 3, 5)]
    deadline = time.monotonic() + 10
    while max(abs(seen - due) for seen, due in zip(band_colour(page), wanted, strict=True)) > 40:
        assert time.monotonic() < deadline, f"the mark has the colour {band_colour(page)}, not that of {label}"
        page.wait_for_timeout(100)


def expect_live(page: Page, text: str) -> None:
    words = re.compile(re.escape(text), re.IGNORECASE)  # with what of the pair is there
    expect(page.get_by_test_id("live-verdict")).to_have_text(words, timeout=LIVE_S)


@needs_network
def test_live_follows_the_face_survives_reruns_and_ends_with_the_page(watched, launch, visit, films):
    browser = launch(*FAKE, f"--use-file-for-fake-video-capture={films.change}")
    page = visit(f"{watched.address}/live", other=browser, script=WATCH_TRACKS)
    start_live(page)
    expect_live(page, "Sadness + fear")
    expect_overlay(page, "sadness_fear")
    expect_live(page, "Amusement + surprise")
    expect_overlay(page, "amusement_surprise")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    expect(page.get_by_test_id("live-chain")).to_contain_text(re.compile(r"brings \d+ pictures a second"))
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_role("button", name="Snapshot").click()
    expect(page.get_by_role("button", name="Download it")).to_be_visible()
    expect(page.get_by_test_id("live-chain")).to_contain_text(re.compile(r"analyzes \d+ a second"))
    assert analysing(watched) == 1
    page.get_by_role("button", name="Analyze the last ten seconds").click()
    assert verdict(page).startswith(("Amusement", "Changes during the clip", "Sadness"))
    camera_is_off(page)
    deadline = time.monotonic() + 10
    while analysing(watched):
        assert time.monotonic() < deadline, "the worker outlives its page"
    assert list(watched.folder.rglob("*.mp4")) == []


def expect_lit(page: Page) -> None:
    """Past the trial of the camera, the connection has it on."""
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible(timeout=LIVE_S)
    until(page, f"{LIT}.length === 1")


def stop_live(page: Page) -> None:
    """Press Stop, and again if the page moved under the pointer, as it does when the first picture comes."""
    button = page.get_by_role("button", name="Stop", exact=True)
    for _ in range(3):
        button.click()
        with suppress(PlaywrightTimeoutError):
            button.wait_for(state="detached", timeout=10_000)
            return
    raise AssertionError("Stop does not stop")


@needs_network
def test_of_two_cameras_the_live_view_shows_the_one_that_is_chosen(watched, launch, visit):
    browser = launch(f"{FAKE[0]}=device-count=2", FAKE[1])
    page = visit(f"{watched.address}/live", other=browser, script=WATCH_TRACKS)
    start_live(page)
    expect_lit(page)
    stop_live(page)
    choice = page.get_by_label("Camera", exact=True)
    expect(choice).to_be_visible()
    names = choice.locator("option").all_inner_texts()
    assert len(set(names)) == 2
    choice.select_option(names[1])
    page.get_by_role("button", name="Start the live view").click()
    expect_lit(page)  # a second of Chromium's invented cameras gives WebRTC no picture
    assert page.evaluate(LIT) == [names[1]]
    stop_live(page)
    camera_is_off(page)


HANG_ONCE = """
const accept = RTCPeerConnection.prototype.setRemoteDescription;
RTCPeerConnection.prototype.setRemoteDescription = function (answer) {
  if (window.top.hung) return accept.call(this, answer);
  window.top.hung = true;
  return new Promise(() => {});
};
"""


@needs_network
def test_a_connection_that_hangs_is_made_anew_and_no_camera_stays_on(watched, launch, visit, films):
    browser = launch(*FAKE, f"--use-file-for-fake-video-capture={films.laughter}")
    page = visit(f"{watched.address}/live", other=browser, script=WATCH_TRACKS + HANG_ONCE)
    start_live(page)
    expect(page.get_by_test_id("live-chain")).to_contain_text(re.compile(r"brings \d+ pictures"), timeout=LIVE_S)
    assert page.evaluate("hung")
    assert len(page.evaluate(LIT)) == 1
    stop_live(page)
    camera_is_off(page)


@needs_network
def test_closing_the_tab_ends_the_worker(watched, launch, visit, films):
    browser = launch(*FAKE, f"--use-file-for-fake-video-capture={films.laughter}")
    page = visit(f"{watched.address}/live", other=browser)
    start_live(page)
    expect_live(page, "Amusement + surprise")
    assert analysing(watched) == 1
    page.close()
    deadline = time.monotonic() + 20
    while analysing(watched):
        assert time.monotonic() < deadline, "the worker outlives its tab"


@needs_network
def test_where_udp_is_blocked_the_reason_is_told_and_recording_works(watched, launch, visit, films):
    browser = launch(*FAKE, *NO_UDP, f"--use-file-for-fake-video-capture={films.laughter}")
    page = visit(f"{watched.address}/live", other=browser)
    start_live(page)
    expect(page.get_by_test_id("stAlert")).to_have_text(re.compile(re.escape(status.NO_ADDRESS)))
    page.get_by_role("button", name="Record a clip instead").click()
    page.get_by_role("button", name="Turn the camera on").click()
    record(page, 2)
    assert verdict(page) == "Amusement (of the pair amusement + surprise)"


@needs_network
def test_a_turn_server_relays_the_live_view(launch, visit, films):
    with ExitStack() as stack:
        command = ["sh", str(ROOT / "tools" / "turn.sh"), outside_address()]
        piped = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        turn = stack.enter_context(piped)
        stack.callback(turn.terminate)
        line = turn.stdout.readline()
        if not line.startswith("EMO_ICE_SERVERS="):
            pytest.skip(f"no TURN server can be had here: {line.strip() or 'the script ended'}")
        servers = line.partition("=")[2].strip()
        address = stack.enter_context(running_server(EMO_ICE_SERVERS=servers, EMO_ICE_POLICY="relay"))
        browser = launch(*FAKE, f"--use-file-for-fake-video-capture={films.laughter}")
        page = visit(f"{address}/live", other=browser)
        start_live(page)
        expect_live(page, "Amusement + surprise")
        page.close()
