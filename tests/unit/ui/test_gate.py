"""Names by which the server goes, pages that may ask it, room for uploads, and the settings that belong together."""

import os
import subprocess
import sys
import tomllib

import anyio
import pytest
from streamlit import config

from emo_core.files import folders, limits
from emo_core.video.source import DEFAULT_LIMITS
from ui.shell import gate

SETTINGS = tomllib.loads((folders.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["server"]


@pytest.fixture
def settings(monkeypatch):
    values = {"server.address": "127.0.0.1", "server.allowedHosts": [], "server.corsAllowedOrigins": []}
    monkeypatch.setattr(config, "get_option", values.__getitem__)
    monkeypatch.setattr(gate.socket, "gethostname", lambda: "Desk.example.org")
    return values


def asked(kind="http", path="/", method="GET", **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": kind, "path": path, "method": method, "headers": pairs}


@pytest.mark.parametrize(
    ("address", "good", "bad"),
    [
        ("127.0.0.1", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST", "localhost."],
         ["192.168.1.20", "desk.example.org", "example.org"]),
        ("0.0.0.0", ["192.168.1.20:8501", "[fe80::1]:8501", "desk.example.org", "desk", "desk.example.org.local",
                     "localhost:8501"],
         ["example.org", "desk.evil.org", "evil.desk"]),
        ("studio.example.org", ["studio.example.org:8501", "10.0.0.1"], ["www.studio.example.org"]),
        (None, ["10.0.0.1:8501"], ["evil.org"]),
    ],
)  # fmt: skip
def test_names_of_the_server_follow_from_where_it_listens(settings, address, good, bad):
    settings["server.address"] = address
    wrong = [
        "",
        "localhost:x",
        "localhost:99999",
        "a@localhost",
        "localhost/a",
        "[::1",
        "localhost#",
        ".",
        "localhost b",
    ]
    assert [host for host in good if not gate.is_own_name(host)] == []
    assert [host for host in (*bad, *wrong) if gate.is_own_name(host)] == []


def test_a_list_of_names_is_the_whole_list(settings):
    settings["server.allowedHosts"] = ["studio.example.org", "*.faces.org"]
    assert gate.is_own_name("studio.example.org:443")
    assert gate.is_own_name("a.faces.org")
    assert not any(gate.is_own_name(host) for host in ("localhost", "127.0.0.1", "example.org", "faces.org.evil.org"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        ({"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}, None),
        ({"origin": "http://LOCALHOST:8501"}, None),
        ({"origin": "https://studio.example.org"}, None),  # chosen by the operator
        ({"origin": "http://localhost:8502"}, 403),
        ({"origin": "http://localhost"}, 403),
        ({"origin": "http://127.0.0.1:8501"}, 403),
        ({"origin": "file://"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://["}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, None),
        ({"sec_fetch_site": "none", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, None),
        ({"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "video"}, 403),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_only_pages_of_its_own_ask(settings, headers, status, kind):
    settings["server.corsAllowedOrigins"] = ["https://studio.example.org"]
    refusal = gate.refusal_of(asked(kind, host="localhost:8501", **headers))
    link = headers.get("sec_fetch_dest") == "document" and headers["sec_fetch_site"] != "none"
    assert (refusal and refusal.status) == (403 if link and kind == "websocket" else status)


def test_a_page_behind_a_proxy_that_encrypts_is_its_own(settings):
    settings["server.allowedHosts"] = ["studio.example.org"]
    for host in ("studio.example.org", "studio.example.org:443"):
        assert gate.refusal_of(asked(host=host, origin="https://studio.example.org")) is None
    assert gate.refusal_of(asked(host="studio.example.org", origin="http://studio.example.org:8080")).status == 403


def test_two_names_at_once_are_none(settings):
    request = asked(host="localhost")
    request["headers"].append((b"host", b"evil.example"))
    assert gate.refusal_of(request).status == 403
    assert gate.refusal_of(asked()).status == 403


def test_an_upload_that_lies_about_its_length_is_cut_off(settings, monkeypatch):
    """What has come is counted, whatever was announced."""
    monkeypatch.setenv("EMO_UPLOADS_MB", "4")
    monkeypatch.setattr(gate.visits, "may_upload", lambda visit: True)
    monkeypatch.setattr(gate.visits, "uploaded_bytes", lambda visit=None: 0)
    monkeypatch.setattr(gate.visits, "tell", lambda visit, sentence: told.append(visit))
    told, sent, taken = [], [], []

    head = b'--e\r\nContent-Disposition: form-data; name="f"; filename="a.mp4"\r\n\r\n'

    async def receive():
        taken.append(2**19)
        return {"type": "http.request", "body": head if len(taken) == 1 else bytes(2**19), "more_body": True}

    async def send(message):
        sent.append(message)

    monkeypatch.setattr(gate.on_disk, "is_xsrf_enabled", lambda: False)
    request = asked(path="/_stcore/upload_file/anna/1", method="PUT", host="localhost", content_length="10",
                    content_type="multipart/form-data; boundary=e")  # fmt: skip
    door = gate.Gate(None)
    anyio.run(door, request, receive, send)
    assert (sent[0]["status"], told, sum(taken) <= 2**21 + 2**20) == (507, ["anna"], True)
    assert door._arriving == {}


@pytest.mark.parametrize("path", ["/", "/media/a.mp4", "/_stcore/upload_file/a/b/c", "/_stcore/upload_file/a", "/a\nb"])
def test_nothing_is_put_elsewhere(settings, path):
    sent = []

    async def send(message):
        sent.append(message)

    anyio.run(gate.Gate(None), asked(path=path, method="PUT", host="localhost", content_length="1"), None, send)
    assert sent[0]["status"] == 403


def test_a_setting_that_is_none_ends_the_start_in_one_sentence():
    environment = {**os.environ, "EMO_UPLOADS_MB": "2 GB"}
    ended = subprocess.run(
        [sys.executable, "-c", "import ui.shell.server"],
        env=environment,
        cwd=folders.ROOT,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr[:40]) == (1, "error: EMO_UPLOADS_MB is no whole number")
    assert ended.stderr.count("\n") == 1


def test_limits_are_the_same_everywhere():
    assert SETTINGS["maxUploadSize"] == limits.MAX_MB
    assert DEFAULT_LIMITS.max_bytes == limits.MAX_MB * 2**20
    assert f"{limits.MAX_MB} MB" in limits.WORDS
    assert f"{DEFAULT_LIMITS.max_duration_s / 60:g} minutes" in limits.WORDS
    assert DEFAULT_LIMITS.max_pixels == limits.MAX_WIDTH_PX * limits.MAX_HEIGHT_PX


def test_the_settings_listen_on_this_machine_and_the_make_file_does():
    assert SETTINGS["address"] == "127.0.0.1"
    make = (folders.ROOT / "Makefile").read_text("utf-8")
    assert "\nHOST = 127.0.0.1\n" in make
    assert "--server.address $(HOST)" in make
