"""A real server, a real browser, the real model: what a visitor meets."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests import camera
from tests.e2e.camera_pages import threads
from tests.evaluations import few_demo_clips
from tools.serve.run import Proxy, free_port

ROOT = Path(__file__).resolve().parents[2]
FAILURES = Path(__file__).parent / "failures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--js-flags=--no-opt --no-maglev"]  # fmt: skip  # pages end before faster code would have paid for itself
NAMES = ("chromium", "chromium-browser", "google-chrome")
WITHOUT_WINDOWS = "chromium-headless-shell"

expect.set_options(timeout=20_000)  # other tests run beside these, and a busy machine is no failure


@contextmanager
def running_server(port: int = 0, /, *, root: Path = ROOT, **settings: str) -> Iterator[str]:
    """The application on a port, by default a free one, with `settings` in its environment; its address when healthy.

    Where ``EMO_TEST_BASE_URL`` names a server that runs already, such as that of ``tools/serve/run.py``, it is taken in
    the place of one without settings. Where ``EMO_TEST_PROCESSES`` is more than 1, so many processes behind nginx are
    started instead of one. `root` is where the application is checked out.
    """
    if (there := os.environ.get("EMO_TEST_BASE_URL")) and not settings and root == ROOT:
        yield there.rstrip("/")
        return
    processes = int(os.environ.get("EMO_TEST_PROCESSES", "1"))
    if processes > 1 and not port and root == ROOT:
        with ExitStack() as stack:
            ports = [free_port() for _ in range(processes)]
            proxy = Proxy(ports, free_port(), Path(stack.enter_context(TemporaryDirectory())))
            for own in ports:
                stack.enter_context(running_server(own, **settings))
            stack.callback(proxy.stop)
            proxy.start()
            yield proxy.address
        return
    port = port or free_port()
    command = [sys.executable, "-m", "tests.e2e.serve", "run", "streamlit_app.py", "--server.port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("STREAMLIT_", "EMO_"))}
    environment |= settings
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://localhost:{port}"
        wait_until_healthy(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_healthy(address: str, process: "subprocess.Popen[bytes]", limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.1)
    raise TimeoutError(f"no answer from {address} within {limit_s} s")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running_server() as address:
        yield address


@pytest.fixture
def fresh_server() -> Iterator[str]:
    """A server that nobody has visited yet; ask for it before `visit`, so that its pages close first."""
    with running_server() as address:
        yield address


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Start a browser with additional flags; the same flags give the same browser.

    Without any, it is the one that has no windows where that is installed: it takes a quarter less of the processor,
    but asks nobody for leave to use a camera.
    """
    whole = next(filter(None, map(shutil.which, NAMES)), None)
    if whole is None:
        pytest.fail(f"none of {', '.join(NAMES)} is installed; `make test` installs a browser")
    light = shutil.which(WITHOUT_WINDOWS) or whole
    with sync_playwright() as playwright:
        opened: dict[tuple[str, ...], Browser] = {}

        def launch(*flags: str) -> Browser:
            if flags not in opened:
                program = whole if flags else light
                opened[flags] = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])
            return opened[flags]

        yield launch
        for browser in opened.values():
            browser.close()


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Browser:
    return launch()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open pages; at the end the console must be free of errors, and a failed test leaves pictures.

    Whatever a page shows, the browser may ask nobody but the server that it came from.
    """
    pages: list[Page] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        address = message.location.get("url", "")
        # Streamlit looks for its own endpoints below the address first, and finds them at the root
        expected = "/_stcore/" in address and not address.split("/", 3)[3].startswith("_stcore")
        if message.type == "error" and not expected:
            complaints.append(f"{message.text} ({address})")

    def only_ours(url: str, own: str) -> None:
        host = urlsplit(url).hostname
        if host not in (None, "localhost", "127.0.0.1", urlsplit(own).hostname):
            complaints.append(f"another host was asked: {url}")

    def visit(
        address: str,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        *,
        other: Browser | None = None,
        script: str = "",
        permissions: Sequence[str] = (),
    ) -> Page:
        opened = (other or browser).new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        opened.grant_permissions(list(permissions))
        if script:
            opened.add_init_script(script)
        opened.on("request", lambda request: only_ours(request.url, address))
        page = opened.new_page()
        page.on("websocket", lambda socket: only_ours(socket.url, address))
        page.set_default_timeout(30_000)
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        pages.append(page)
        return page

    yield visit
    if getattr(request.node, "failed", False) or complaints:
        FAILURES.mkdir(exist_ok=True)
        for number, page in enumerate(page for page in pages if not page.is_closed()):
            page.screenshot(path=FAILURES / f"{request.node.name}-{number}.png", full_page=True)
    for page in pages:
        page.context.close()
    assert complaints == []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.failed


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="module")
def few_clips(tmp_path_factory):
    """A server with empty folders, whose demo data set is a few clips of people that the model has not seen."""
    folder = tmp_path_factory.mktemp("few")
    demo = few_demo_clips(folder / "demo", 6)
    places = {"EMO_CACHE": "cache", "EMO_DATA": "data", "EMO_STUDIES": "studies"}
    with running_server(EMO_DEMO=str(demo), **{name: str(folder / place) for name, place in places.items()}) as address:
        yield SimpleNamespace(address=address, folder=folder)
