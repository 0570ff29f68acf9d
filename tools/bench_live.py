"""Measure recording and live view in headless Chromium, whose camera is a file with numbered frames.

    python tools/bench_live.py                        # ten recordings, one live session for a minute, three at once
    python tools/bench_live.py --only live --minutes 5

How long the overlay takes is read off the frame numbers: the bench makes the server stamp the number of the analysed
frame beside the frame's own, and the page compares both with the camera's own picture at the same moment. Figures,
never tests: they depend on the machine and on what else it does.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests import camera  # noqa: E402
from tests.e2e.conftest import FLAGS, NAMES, wait_until_healthy  # noqa: E402

FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
READ = """
([bits, side, height]) => {
  const remote = [...document.querySelectorAll("iframe")].map((frame) => frame.contentDocument?.querySelector("video"))
    .find(Boolean);
  const paper = new OffscreenCanvas(bits * side, 2 * side).getContext("2d", { willReadFrequently: true });
  const read = (video, row, mirrored) => {
    const scale = video.videoHeight / height, wide = bits * side * scale;
    paper.drawImage(video, mirrored ? video.videoWidth - wide : 0, video.videoHeight - 2 * side * scale, wide,
      2 * side * scale, 0, 0, bits * side, 2 * side);
    const line = paper.getImageData(0, row * side + side / 2, bits * side, 1).data;
    let number = 0;
    for (let bit = 0; bit < bits; bit++) {
      const place = mirrored ? bits - 1 - bit : bit;
      if (line[4 * Math.floor((place + 0.5) * side)] > 128) number += 2 ** bit;
    }
    return number;
  };
  const local = document.createElement("video");
  local.muted = true;
  window.seen = [];
  return navigator.mediaDevices
    .getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 30 } } })
    .then((stream) => { local.srcObject = stream; return local.play(); })
    .then(() => {
      const note = (now) => {
        window.seen.push([now, read(local, 1, false), read(remote, 1, true), read(remote, 0, true)]);
        remote.requestVideoFrameCallback(note);
      };
      remote.requestVideoFrameCallback(note);
    });
}
"""


def main() -> None:
    """Run the measurements asked for, or be the server of one."""
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("record", "live", "three"), help="one measurement alone")
    parser.add_argument("--recordings", type=int, default=10, help="recordings of three seconds in a row")
    parser.add_argument("--minutes", type=float, default=1.0, help="length of the live session")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processor cores, load {os.getloadavg()[0]:.1f} before the start")
    with tempfile.TemporaryDirectory() as folder:
        film = camera.write_camera(Path(folder) / "camera.mjpeg", [camera.DISTRESS, camera.LAUGHTER])
        with opened_browser(film) as browser:
            if options.only in (None, "record"):
                record(browser, options.recordings)
            if options.only in (None, "live"):
                watch(browser, options.minutes)
            if options.only in (None, "three"):
                share(browser, 3)


@contextmanager
def opened_browser(film: Path) -> Iterator[Browser]:
    """Chromium with `film` as its camera."""
    executable = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright:
        flags = [*FLAGS, *FAKE, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()


@contextmanager
def server(stamped: bool = False) -> Iterator[tuple[str, int]]:
    """The application on a free port, as it is or stamping numbers; its address and process."""
    import socket
    import subprocess

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    how = [str(ROOT / "tools" / "bench_live.py"), "--serve"] if stamped else ["-m", "streamlit"]
    command = [sys.executable, *how, "run", "streamlit_app.py", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_healthy(f"http://localhost:{port}", process)
        yield f"http://localhost:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def serve(words: list[str]) -> None:
    """Streamlit, with the number of the analysed frame stamped above that of the frame itself."""
    import pylibsrtp  # noqa: F401
    from streamlit.web.cli import main as streamlit_main

    from emo_core import live_analyzer
    from ui import live_overlay

    analyze, draw = live_analyzer.LiveAnalyzer.analyze, live_overlay.draw
    numbers: dict[float, int] = {}

    def analyze_and_note(self: Any, image: Any, time_s: float, smoothing_s: float) -> Any:
        result = analyze(self, image, time_s, smoothing_s)
        numbers[time_s] = camera.read_stamp(image)
        while len(numbers) > 500:
            numbers.pop(next(iter(numbers)))
        return result

    def draw_and_stamp(image: Any, result: Any) -> Any:
        picture = draw(image, result)
        number = numbers.get(result.time_s, 0) if result else 0
        camera.stamp(picture[:, ::-1], number, row=1)  # mirrored as the picture is
        return picture

    live_analyzer.LiveAnalyzer.analyze = analyze_and_note  # type: ignore[method-assign]
    live_overlay.draw = draw_and_stamp
    sys.argv = ["streamlit", *words]
    streamlit_main()


def agreed_page(browser: Browser, address: str) -> Page:
    """A page in a visit of its own, on which the visitor agreed."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_role("button", name="I have read this and agree").click()
    return page


def record(browser: Browser, count: int) -> None:
    """Recordings of three seconds in a row, each by a visitor of its own: frames that came, time to the verdict."""
    rows = []
    with server() as (address, _):
        for number in range(count):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.set_default_timeout(60_000)
            page.goto(f"{address}/analyze")
            page.get_by_role("button", name="Record with the camera").click()
            page.get_by_role("button", name="I have read this and agree").click()
            page.get_by_role("button", name="Turn the camera on").click()
            page.get_by_label("Length of the recording").select_option("3")
            page.get_by_role("button", name="Record", exact=True).click()
            page.get_by_role("button", name="Use this clip").wait_for()
            ended = time.perf_counter()
            page.get_by_role("button", name="Use this clip").click()
            page.get_by_test_id("verdict").wait_for()
            waited_s = time.perf_counter() - ended
            with page.expect_download() as download:
                page.get_by_role("button", name="Download everything as JSON").click()
            found = json.loads(Path(download.value.path()).read_text("utf-8"))
            frames, label = found["clip"]["num_frames_decoded"], found["verdict"]["label"]
            rows.append((frames, waited_s))
            print(f"  recording {number + 1:2}: {frames} frames of about 90, verdict {label} after {waited_s:.2f} s")
            page.context.close()
    least, longest = min(frames for frames, _ in rows), max(waited for _, waited in rows)
    print(
        f"{count} recordings, all decode: at least {least} frames each (wanted 72), verdict within {longest:.2f} s "
        "(wanted 2)"
    )


def watch(browser: Browser, minutes: float) -> None:
    """One live session: frame rates, age of what is seen, memory of the server over time."""
    with server(stamped=True) as (address, pid):
        page = agreed_page(browser, f"{address}/live")
        page.get_by_role("button", name="Start the live view").click()
        page.get_by_test_id("live-hint").first.wait_for()
        page.evaluate(READ, [camera.NUM_BITS, camera.SIDE_PX, camera.HEIGHT])
        page.wait_for_timeout(5000)
        page.evaluate("window.seen.length = 0")
        memory, rows, begun = [], [], time.monotonic()
        while (passed := time.monotonic() - begun) < 60 * minutes:
            memory.append((passed, resident_mb(pid)))
            page.wait_for_timeout(min(10_000, 1000 * (60 * minutes - passed) + 10))
            part = page.evaluate("window.seen.splice(0)")
            rows += part
            print(f"  {time.monotonic() - begun:5.0f} s: {speed_text(part)}; server {memory[-1][1]:.0f} MB")
        page.context.close()
    settled = [size for passed, size in memory if passed >= min(60.0, 20 * minutes)]
    spread = (max(settled) - min(settled)) / statistics.median(settled)
    print(f"{minutes:g} minutes live: {speed_text(rows)}")
    print(f"memory of the server after the first minute: {min(settled):.0f} – {max(settled):.0f} MB ({spread:.1%})")
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def speed_text(rows: Sequence[Sequence[float]]) -> str:
    """Rates and delays of a run of displayed frames: (now in ms, camera's number, shown number, analysed number)."""
    span_s = (rows[-1][0] - rows[0][0]) / 1000 if len(rows) > 1 else 1.0
    total = round((camera.DISTRESS[1] - camera.DISTRESS[0] + camera.LAUGHTER[1] - camera.LAUGHTER[0]) * camera.FPS) + 1
    delays, ages, last = [], [], None
    for _, here, _, analysed in rows:
        age_ms = 1000 * ((int(here) - int(analysed)) % total) / camera.FPS
        if age_ms > 5000:
            continue  # a square was read wrongly, or the film began anew between two readings
        ages.append(age_ms)
        if analysed != last:
            delays.append(age_ms)
        last = analysed
    shown = sum(1 for first, second in pairwise(rows) if first[2] != second[2])
    p50, p95 = percentiles(delays)
    age50, age95 = percentiles(ages)
    return (
        f"shown {shown / span_s:.1f}/s, analysed {len(delays) / span_s:.1f}/s, camera to overlay p50 {p50:.0f} ms, "
        f"p95 {p95:.0f} ms (age of the overlay at any frame {age50:.0f}/{age95:.0f} ms, n = {len(ages)})"
    )


def share(browser: Browser, count: int) -> None:
    """Several live sessions at once: what each of them gets, and how many threads analyse."""
    with server() as (address, pid):
        pages = [agreed_page(browser, f"{address}/live") for _ in range(count)]
        for page in pages:
            page.get_by_role("button", name="Start the live view").click()
        for page in pages:
            page.get_by_test_id("live-hint").first.wait_for()
        pages[0].wait_for_timeout(20_000)
        chains = [page.get_by_test_id("live-chain").inner_text() for page in pages]
        analysed = [int(text.split("analyses ")[1].split()[0]) for text in chains]
        for number, text in enumerate(chains):
            part = analysed[number] / max(sum(analysed), 1)
            print(f"  session {number + 1}: {' · '.join(text.splitlines())} ({part:.0%} of all that is analysed)")
        print(f"{count} sessions at once: server {resident_mb(pid):.0f} MB, load {os.getloadavg()[0]:.1f}")
        for page in pages:
            page.context.close()


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile; NaN of nothing."""
    if not values:
        return float("nan"), float("nan")
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


if __name__ == "__main__":
    main()
