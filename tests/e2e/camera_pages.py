"""What the browser tests of the recorder and of the live view have in common."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ui.widgets import privacy

FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
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


def threads(dump: Path) -> list[str]:
    """What each thread of the server is doing: one text for each."""
    dump.unlink(missing_ok=True)
    os.kill(int(Path(f"{dump}.pid").read_text()), signal.SIGUSR1)
    for _ in range(600):
        time.sleep(0.05)
        if dump.exists():
            return dump.read_text().split("\n\n")
    raise TimeoutError("the server does not tell what its threads do")


def analysing(server) -> int:
    """Threads of the server that analyse a live view."""
    return sum("emo_core/live/worker.py" in text for text in server.threads())


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


def until(page: Page, expression: str | Callable[[], object], limit_s: float = 30) -> None:
    """Wait for a value that counts as true, of the page or of the test itself.

    Playwright's own way evaluates in the page, which its policy forbids.
    """
    end_s = time.monotonic() + limit_s
    while not (expression() if callable(expression) else page.evaluate(expression)):
        assert time.monotonic() < end_s, expression
        page.wait_for_timeout(50)


def camera_is_off(page: Page) -> None:
    until(page, "tracks.length && tracks.every(track => track.readyState === 'ended')")
