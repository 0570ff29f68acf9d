"""The app as ``hybrid-emotion app`` serves it, installed and away from the checkout."""

import socket
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests import installed
from tests.e2e.conftest import wait_until_healthy


@pytest.fixture
def served(tmp_path):
    site = installed.install(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = installed.environment(site, tmp_path / "home")
    words = [sys.executable, str(site / "bin" / "hybrid-emotion"), "app", "--port", str(port)]
    server = subprocess.Popen(
        words, cwd=tmp_path / "home", env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://localhost:{port}"
        wait_until_healthy(address, server)
        yield address
    finally:
        server.terminate()
        assert server.wait(timeout=20) == 0


def test_the_sample_is_judged_by_the_installed_app(served, visit):
    page = visit(served)
    expect(page.get_by_role("heading", name="Hybrid Emotion Studio")).to_be_visible()
    page.get_by_role("button", name="Analyze the sample").click()
    expect(page.get_by_role("heading", name="Verdict")).to_be_visible(timeout=60_000)
