"""Live video by way of a TURN server alone, as across a firewall, to one of two processes behind nginx."""

import json
import shutil
import subprocess

import pytest
from playwright.sync_api import expect

from tests.e2e.camera_pages import FAKE, agree, needs_network, outside_address
from tests.e2e.conftest import ROOT
from tests.e2e.several import two_processes
from tools.serve.run import free_port

pytestmark = pytest.mark.camera


@pytest.fixture
def turn():
    """Settings of a server whose live video goes through a TURN server of its own."""
    if shutil.which("turnserver") is None:
        pytest.skip("coturn is not installed: run “apt-get install coturn” as root, or “sh tools/turn.sh”.")
    address, port = outside_address(), free_port()
    words = ["sh", str(ROOT / "tools" / "turn.sh"), address, str(port), "studio", "word"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    name, _, value = process.stdout.readline().decode().strip().partition("=")
    assert json.loads(value)[0]["urls"].startswith(f"turn:{address}:{port}")
    yield {name: value, "EMO_ICE_POLICY": "relay"}
    process.terminate()
    process.wait(timeout=20)
    process.stdout.close()


@needs_network
def test_live_video_through_a_relay(turn, tmp_path, launch, visit, films):
    with two_processes(tmp_path, **turn) as several:
        browser = launch(*FAKE, f"--use-file-for-fake-video-capture={films.laughter}")
        page = visit(f"{several.address}/live", other=browser)
        agree(page)
        page.get_by_role("button", name="Start the live view").click()
        expect(page.get_by_test_id("live-verdict")).to_be_visible(timeout=60_000)
        page.goto("about:blank")  # before its server goes
