"""What the server lets in and gives out, asked by a visitor who sends whatever he likes."""

import os
import re
import signal
import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from websockets.exceptions import InvalidStatus

from tests.e2e.conftest import running_server
from tests.e2e.visitor import Visitor, ask
from ui.state import visits

PATHS = ("/", "/analyze", "/_stcore/health", "/_stcore/host-config", "/media/a.mp4", "/component/x/index.html",
         "/_stcore/bidi-components/x/main.js", "/_stcore/stream", "/favicon.png")  # fmt: skip
STRANGERS = (
    {"Host": "evil.example"},
    {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"},  # a name that was pointed at this machine
    {"Host": "localhost.evil.example"},
    {"Host": "localhost@evil.example"},
    {"Host": ""},
    {"Origin": "http://localhost:3000"},  # another program of this machine
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
)
GONE_WITHIN_S = 60
GRACE_S = 3


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def address(place):
    settings = {name: str(place / name) for name in ("EMO_DATA", "EMO_CACHE", "EMO_MODELS")}
    with running_server(EMO_UPLOADS_MB="4", **settings) as found:
        yield found


def test_nobody_on_the_network_reaches_it(address):
    port = urlsplit(address).port
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    for other in ("127.0.0.2", socket.gethostname()):
        if socket.gethostbyname(other) != "127.0.0.1":
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((other, port), timeout=5)


@pytest.mark.parametrize("headers", STRANGERS, ids=lambda headers: " ".join(headers.values()) or "none")
def test_other_names_and_other_pages_are_refused_on_every_path(address, headers):
    for path in PATHS:
        assert ask(address, path, **headers)[0] == 403, path
    assert ask(address, "/_stcore/upload_file/a/b", "PUT", b"x", **headers)[0] == 403
    if "Host" not in headers:  # the client sets that one itself
        with pytest.raises(InvalidStatus, match="403"), Visitor(address, **headers):
            pass


def test_its_own_pages_and_links_to_it_are_answered(address):
    host = urlsplit(address).netloc
    for headers in (
        {},
        {"Host": host.replace("localhost", "127.0.0.1")},
        {"Origin": address, "Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},
    ):
        assert ask(address, "/", **headers)[0] == 200
    with Visitor(address, Origin=address) as visitor:
        assert "Analyze a clip" in visitor.open("analyze")


def test_every_answer_tells_the_browser_what_it_may_do(address):
    for path in ("/", "/_stcore/health", "/nothing", "/media/none.mp4", "/static/none.js"):
        headers = {name.lower(): value for name, value in ask(address, path)[2].items()}
        rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        assert (rules["default-src"], rules["frame-ancestors"]) == ("'self'", "'self'")
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & set(rules["script-src"].split())
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_figures_of_the_server_are_for_its_operator(address):
    for path in ("/_stcore/metrics", "/_stcore/metrics/", "/_stcore/metrics?families=active_sessions"):
        assert ask(address, path)[0] == 404
    with running_server(EMO_METRICS="1") as open_address:
        assert b"active_sessions" in ask(open_address, "/_stcore/metrics")[1]


def test_what_is_open_to_everybody_has_no_page_that_keeps_or_trains(browser, tmp_path):
    with running_server(EMO_PUBLIC="1", EMO_DATA=str(tmp_path / "data")) as open_address:
        for path in ("teach", "study"):
            page = browser.new_context().new_page()
            page.goto(f"{open_address}/{path}")  # Streamlit says that there is no such page
            expect(page.get_by_role("link", name="Evaluate", exact=True)).to_be_attached(timeout=60_000)
            expect(page.get_by_role("heading", level=1, include_hidden=True)).to_have_text("Hybrid Emotion Studio")
            expect(page.get_by_role("link", name=re.compile("Teach|Study"))).to_have_count(0)
            page.context.close()
        with Visitor(open_address) as visitor:
            shown = visitor.open("analyze")
            assert "At most 100 MB, 5 minutes and" in shown
    assert not (tmp_path / "data").exists()


class TestFolders:
    @pytest.fixture
    def private(self, place):
        folder = place / "private"
        (folder / "films").mkdir(parents=True, exist_ok=True)
        (folder / "films" / "holiday.mp4").write_bytes(b"film")
        return folder

    def test_a_typed_folder_of_the_server_stays_closed(self, address, private):
        before = sorted((path, path.stat().st_mtime_ns) for path in (private, *private.rglob("*")))
        with Visitor(address) as visitor:
            visitor.open("teach")
            for typed in (str(private), str(private.parent), "/", "../private", "/proc", "x" * 5000):
                shown = visitor.press("FormSubmitter:teach-elsewhere-Open the folder", teach_folder=typed)
                assert "EMO_ROOTS" in shown.replace("\\", "")
                assert "films" not in shown.replace(typed, "")
            for typed in (str(private / "films"), "../private/films"):
                shown = visitor.press("FormSubmitter:teach-new-Create", teach_new_name=typed, teach_new_classes="other")
                assert "Name the data set" in shown
        assert sorted((path, path.stat().st_mtime_ns) for path in (private, *private.rglob("*"))) == before

    def test_a_link_inside_the_data_sets_leads_nowhere(self, address, private, place):
        (place / "EMO_DATA").mkdir(exist_ok=True)
        (place / "EMO_DATA" / "link").symlink_to(private)
        with Visitor(address) as visitor:
            assert "link" not in visitor.open("teach").replace("links", "")
            shown = visitor.press("FormSubmitter:teach-elsewhere-Open the folder", teach_folder="link")
            assert "EMO_ROOTS" in shown.replace("\\", "")
        (place / "EMO_DATA" / "link").unlink()


class TestUploads:
    def test_only_a_page_with_an_uploader_takes_files(self, address):
        with Visitor(address) as visitor:
            visitor.open("")
            assert visitor.put(b"x") == (403, "The page on show takes no files: open one with an uploader and choose "
                                              "the file there.")  # fmt: skip
            visitor.open("analyze")
            assert visitor.put(b"x")[0] == 204
            visitor.open("about")
            assert visitor.put(b"x")[0] == 403

    def test_all_visits_share_what_the_server_can_hold_and_are_told(self, address):
        with ExitStack() as stack:
            visitors = [stack.enter_context(Visitor(address)) for _ in range(3)]
            for visitor in visitors:
                visitor.open("analyze")
            megabytes = b"x" * (15 * 2**17)
            assert visitors[0].put(megabytes)[0] == 204
            status, text = visitors[0].put(megabytes, "b.mp4")  # one visit has half the room
            assert (status, text[:22]) == (507, "The file was not taken")
            assert "The file was not taken" in visitors[0].again()
            assert visitors[1].put(megabytes)[0] == 204
            assert visitors[2].put(megabytes)[0] == 507

    def test_limits_are_told_before_and_are_those_of_the_reader(self, address):
        with Visitor(address) as visitor:
            shown = visitor.open("analyze")
            assert "At most 500 MB, 120 minutes and" in shown
            assert "max_upload_size_mb: 500" in shown


def test_nothing_of_a_visit_is_left_a_minute_after_its_page_was_closed():
    """A page may come back for a while, here a short one, so that nobody waits for the rest."""
    sooner_s = visits.GRACE_S - GRACE_S
    with running_server(EMO_UPLOADS_MB="4", STUDIO_GRACE_S=str(GRACE_S)) as address:  # nobody else has room in it
        with Visitor(address) as visitor:
            pictures = re.findall(r"/media/\w+\.jpg", visitor.open("analyze"))
            assert visitor.put(b"x" * (15 * 2**17))[0] == 204
            assert pictures
            assert {ask(address, path)[0] for path in pictures} == {200}
        closed_s = time.monotonic()
        while any(ask(address, path)[0] != 404 for path in pictures):
            assert time.monotonic() - closed_s < GONE_WITHIN_S - sooner_s
            time.sleep(1)
        with ExitStack() as stack:  # the room of its upload is free again
            visitors = [stack.enter_context(Visitor(address)) for _ in range(2)]
            for visitor in visitors:
                visitor.open("analyze")
                assert visitor.put(b"x" * (15 * 2**17))[0] == 204


class TestExports:
    @pytest.fixture
    def start(self, tmp_path):
        """Start servers that share their folder of temporary files; each with the number of its process."""
        (tmp_path / "tmp").mkdir()
        (tmp_path / "tmp" / "of-somebody-else").mkdir()
        settings = {"STUDIO_THREADS": str(tmp_path / "threads"), "TMPDIR": str(tmp_path / "tmp")}
        settings["STUDIO_GRACE_S"] = str(GRACE_S)
        with ExitStack() as stack:

            def start():
                address = stack.enter_context(running_server(**settings))
                return address, int((tmp_path / "threads.pid").read_text())

            yield start

    def ours(self, tmp_path):
        return [path for path in (tmp_path / "tmp").iterdir() if path.name.startswith("hybrid-emotion-")]

    def videos(self, tmp_path):
        """What is there of a video that is being written."""
        return [file for path in self.ours(tmp_path) for file in path.glob("*.mp4*")]

    def until(self, condition, limit_s):
        end_s = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < end_s
            time.sleep(0.05)

    def export(self, address):
        """A visitor whose video with verdicts is being written."""
        visitor = Visitor(address)
        visitor.__enter__()
        visitor.open("analyze")
        visitor.press("sample-0")
        visitor.press("open-recorder", inside="Mark & export")
        visitor.ask_for_export("export-annotated.mp4")
        return visitor

    def test_one_ends_with_its_page_and_a_killed_one_is_swept_at_the_next_start(self, start, tmp_path):
        address, process = start()
        visitor = self.export(address)
        self.until(lambda: self.videos(tmp_path), GONE_WITHIN_S)
        visitor.__exit__(None, None, None)
        self.until(lambda: not self.videos(tmp_path), GONE_WITHIN_S)
        self.until(lambda: not self.ours(tmp_path), GONE_WITHIN_S)  # the frames of the result go with the visit
        visitor = self.export(address)
        self.until(lambda: self.videos(tmp_path), GONE_WITHIN_S)
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        assert self.ours(tmp_path)
        start()
        assert [path.name for path in (tmp_path / "tmp").iterdir()] == ["of-somebody-else"]
