"""Recording and live view in a browser whose camera is a file with a real face."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from emo_core.emotions import class_colour
from tests import camera
from tests.e2e.conftest import ROOT, running_server
from ui import camera as words
from ui import live_status, privacy

FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
NO_UDP = tuple(f"--{name}=disable_non_proxied_udp" for name in (
    "webrtc-ip-handling-policy", "force-webrtc-ip-handling-policy",  # the name before Chromium 150 or so
))  # fmt: skip
WATCH_TRACKS = """
window.tracks ??= [];
if (window.MediaDevices) {
  const open = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (...wanted) {
    const stream = await open.apply(this, wanted);
    window.top.tracks.push(...stream.getTracks());
    return stream;
  };
}
"""
LIT = "tracks.filter(track => track.readyState === 'live').map(track => track.label)"
"""Names of the cameras that are on."""

LIVE_S = 40_000


def outside_address() -> str:
    """This machine's address on a network; empty where it has nothing but loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ""
        return "" if probe.getsockname()[0].startswith("127.") else str(probe.getsockname()[0])


needs_network = pytest.mark.skipif(
    not outside_address(), reason="this machine has nothing but loopback, over which browsers make no WebRTC connection"
)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cameras")
    return SimpleNamespace(
        laughter=camera.write_camera(folder / "laughter.mjpeg", [(13.0, 17.0)]),
        change=camera.write_camera(folder / "change.mjpeg", [camera.DISTRESS, camera.LAUGHTER]),
    )


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A server that tells what its threads do, and leaves temporary files where the test looks."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "tmp").mkdir()
    dump = folder / "threads.txt"
    with running_server(STUDIO_THREADS=str(dump), TMPDIR=str(folder / "tmp")) as address:
        yield SimpleNamespace(address=address, threads=lambda: threads(dump), folder=folder / "tmp")


def threads(dump: Path) -> list[str]:
    """What each thread of the server is doing: one text for each."""
    before = dump.stat().st_size
    os.kill(int(Path(f"{dump}.pid").read_text()), signal.SIGUSR1)
    for _ in range(100):
        time.sleep(0.05)
        if dump.stat().st_size > before and "most recent call first" in (text := dump.read_text()[before:]):
            return text.split("\n\n")
    raise TimeoutError("the server does not tell what its threads do")


def analysing(server) -> int:
    """Threads of the server that analyse a live view."""
    return sum("emo_core/live.py" in text for text in server.threads())


def agree(page: Page) -> None:
    page.get_by_role("button", name=privacy.AGREE).click()


def open_recorder(page: Page) -> None:
    page.get_by_role("button", name="Record with the camera").click()
    agree(page)
    page.get_by_role("button", name="Turn the camera on").click()


def record(page: Page, seconds: int) -> None:
    page.get_by_label("Length of the recording").select_option(str(seconds))
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Use this clip").click()


def verdict(page: Page) -> str:
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=30_000)
    return page.get_by_test_id("verdict").inner_text()


def camera_is_off(page: Page) -> None:
    page.wait_for_function("tracks.length && tracks.every(track => track.readyState === 'ended')")


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
    assert verdict(page) == "Amusement + surprise"
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
    expect(page.get_by_text("Everything of this visit was deleted")).to_be_visible()
    expect(page.get_by_test_id("verdict")).to_have_count(0)
    assert page.request.get(f"{watched.address}{clip[clip.index('/media') :]}").status == 404
    assert list(watched.folder.rglob("*")) == []
    page.get_by_role("button", name="Record with the camera").click()
    expect(page.get_by_role("button", name=privacy.AGREE)).to_be_visible()


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
def test_a_camera_that_cannot_be_used_gets_one_sentence_and_the_upload_stays(watched, launch, visit, code):
    flags, permissions, script = TROUBLE[code]
    if code in ("denied", "unsupported"):
        flags = (*flags, FAKE[0]) if code == "denied" else FAKE
    page = visit(f"{watched.address}/analyze", other=launch(*flags), permissions=permissions, script=script)
    open_recorder(page)
    expect(page.get_by_role("alert").filter(has_text="upload a clip instead")).to_have_text(words.PROBLEMS[code])
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    expect(page.locator("input[type=file]")).to_be_attached()
    page.get_by_role("link", name="Live", exact=True).click()
    page.get_by_role("button", name="Start the live view").click()
    expect(page.get_by_test_id("stAlert")).to_have_text(re.compile(re.escape(words.PROBLEMS[code])))


@needs_network
def test_an_insecure_address_is_named_as_the_reason(watched, launch, visit, films):
    address = watched.address.replace("localhost", outside_address())
    page = visit(f"{address}/analyze", other=launch(*FAKE, f"--use-file-for-fake-video-capture={films.laughter}"))
    open_recorder(page)
    expect(page.get_by_role("alert").filter(has_text="https")).to_have_text(words.PROBLEMS["insecure"])


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
    expect(page.get_by_test_id("live-verdict")).to_have_text(text, timeout=LIVE_S)


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
    expect(page.get_by_test_id("live-chain")).to_contain_text(re.compile(r"analyses \d+ a second"))
    assert analysing(watched) == 1
    page.get_by_role("button", name="Analyze the last ten seconds").click()
    assert verdict(page) in ("Amusement + surprise", "It changes on the way")
    camera_is_off(page)
    deadline = time.monotonic() + 10
    while analysing(watched):
        assert time.monotonic() < deadline, "the worker outlives its page"
    assert list(watched.folder.rglob("*.mp4")) == []


@needs_network
def test_of_two_cameras_the_live_view_shows_the_one_that_is_chosen(watched, launch, visit):
    browser = launch(f"{FAKE[0]}=device-count=2", FAKE[1])
    page = visit(f"{watched.address}/live", other=browser, script=WATCH_TRACKS)
    start_live(page)
    page.get_by_role("button", name="Stop", exact=True).click()
    choice = page.get_by_label("Camera", exact=True)
    expect(choice).to_be_visible()
    names = choice.locator("option").all_inner_texts()
    assert len(set(names)) == 2
    choice.select_option(names[1])
    page.get_by_role("button", name="Start the live view").click()
    page.wait_for_function("tracks.length === 4")  # twice each: tried, then shown
    assert page.evaluate(LIT) == [names[1]]  # a second of Chromium's invented cameras gives WebRTC no picture
    page.get_by_role("button", name="Stop", exact=True).click()
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
    page.get_by_role("button", name="Stop", exact=True).click()
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
    expect(page.get_by_test_id("stAlert")).to_have_text(re.compile(re.escape(live_status.NO_ADDRESS)))
    page.get_by_role("button", name="Record a clip instead").click()
    page.get_by_role("button", name="Turn the camera on").click()
    record(page, 2)
    assert verdict(page) == "Amusement + surprise"


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
