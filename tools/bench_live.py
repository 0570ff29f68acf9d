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
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests import camera  # noqa: E402
from tests.e2e.conftest import FLAGS, NAMES  # noqa: E402
from tools.stamping_server import server  # noqa: E402

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
      let last = 0;
      const note = (now, { presentedFrames }) => {
        if (now - last >= 100) {  // reading every frame would slow down what is measured
          last = now;
          window.seen.push([now, presentedFrames, read(local, 1, false), read(remote, 0, true)]);
        }
        remote.requestVideoFrameCallback(note);
      };
      remote.requestVideoFrameCallback(note);
    });
}
"""


TIMES = """
window.times = {};
const stop = MediaRecorder.prototype.stop;
MediaRecorder.prototype.stop = function () {
  window.times.ended = performance.now();
  return stop.call(this);
};
window.done = () =>
  window.times.stands < Infinity || document.querySelector("[data-testid=stAlertContentError]") !== null;
addEventListener("click", () => (window.times.clicked = performance.now()), true);
new MutationObserver(() => {
  if (window.times.stands || !document.querySelector("[data-testid=verdict]")) return;
  window.times.stands = Infinity;
  requestAnimationFrame(() => setTimeout(() => (window.times.stands = performance.now())));  // it is painted
}).observe(document, { childList: true, subtree: true });
"""


def main() -> None:
    """Run the measurements asked for."""
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


def agreed_page(browser: Browser, address: str) -> Page:
    """A page in a visit of its own, on which the visitor agreed."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.get_by_role("button", name="I have read this and agree").click()
    return page


def record(browser: Browser, count: int) -> None:
    """Recordings of three seconds in a row, each by a visitor of its own: frames that came, time to the verdict.

    The page itself notes when the recording ended, when the clip was sent and when the verdict was painted: a look from
    here may come half a second later, and waits while the page draws its charts.
    """
    rows = []
    with server() as (address, _):
        for number in range(count):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.set_default_timeout(60_000)
            page.add_init_script(TIMES)
            page.goto(f"{address}/analyze")
            page.get_by_role("button", name="Record with the camera").click()
            page.get_by_role("button", name="I have read this and agree").click()
            page.get_by_role("button", name="Turn the camera on").click()
            page.get_by_label("Length of the recording").select_option("3")
            page.get_by_role("button", name="Record", exact=True).click()
            page.get_by_role("button", name="Use this clip").click()
            refused = page.get_by_test_id("stAlertContentError")
            page.wait_for_function("window.done()")
            if refused.count():
                print(f"  recording {number + 1:2}: {refused.inner_text()}")
                page.context.close()
                continue
            times = page.evaluate("window.times")
            waited_s, sent_s = (1e-3 * (times["stands"] - times[begun]) for begun in ("ended", "clicked"))
            page.get_by_role("tab", name="Mark & export").click()
            with page.expect_download() as download:
                page.get_by_role("button", name="Everything as JSON").click()
            found = json.loads(Path(download.value.path()).read_text("utf-8"))
            frames, label = found["clip"]["num_frames_decoded"], found["verdict"]["label"]
            rows.append((frames, waited_s))
            print(
                f"  recording {number + 1:2}: {frames} frames of about 90, verdict {label} {waited_s:.2f} s after the "
                f"end, {sent_s:.2f} s after it was sent"
            )
            page.context.close()
    least = min((frames for frames, _ in rows), default=0)
    longest = max((waited for _, waited in rows), default=float("nan"))
    print(
        f"{len(rows)} of {count} recordings decode: at least {least} frames each (wanted 72), verdict within "
        f"{longest:.2f} s of the end (wanted 2); load {os.getloadavg()[0]:.1f}"
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
        memory, speeds, rows, begun = [], [], [], time.monotonic()
        while (passed := time.monotonic() - begun) < 60 * minutes:
            memory.append((passed, resident_mb(pid)))
            page.wait_for_timeout(min(10_000, 1000 * (60 * minutes - passed) + 10))
            part = page.evaluate("window.seen.splice(0)")
            rows += part
            speeds.append(rates(page))
            told = "received {}/s, analysed {}/s".format(*speeds[-1])
            print(f"  {time.monotonic() - begun:5.0f} s: {told}, {speed_text(part)}; server {memory[-1][1]:.0f} MB")
        page.context.close()
    settled = [size for passed, size in memory if passed >= min(60.0, 20 * minutes)]
    change = settled[-1] / settled[0] - 1
    received, analysed = (statistics.mean(column) for column in zip(*speeds, strict=True))
    print(f"{minutes:g} minutes live: received {received:.1f}/s, analysed {analysed:.1f}/s, {speed_text(rows)}")
    print(
        f"memory of the server from the first minute on: {settled[0]:.0f} → {settled[-1]:.0f} MB ({change:+.1%}), "
        f"between {min(settled):.0f} and {max(settled):.0f} MB"
    )
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def speed_text(rows: Sequence[Sequence[float]]) -> str:
    """Rate and delay in looks at the picture: now in ms, frames shown so far, the camera's number, the analysed one."""
    span_s = (rows[-1][0] - rows[0][0]) / 1000 if len(rows) > 1 else 1.0
    shown_hz = (rows[-1][1] - rows[0][1]) / span_s if rows else 0.0
    total = round((camera.DISTRESS[1] - camera.DISTRESS[0] + camera.LAUGHTER[1] - camera.LAUGHTER[0]) * camera.FPS) + 1
    ages = [1000 * ((int(here) - int(analysed)) % total) / camera.FPS for _, _, here, analysed in rows]
    known = sorted(age for age in ages if age < 5000)  # else a square was misread or the film began anew
    p50, p95 = (known[int(share * (len(known) - 1))] if known else float("nan") for share in (0.5, 0.95))
    return f"shown {shown_hz:.1f}/s, camera to overlay p50 {p50:.0f} ms, p95 {p95:.0f} ms (n = {len(known)})"


def rates(page: Page) -> tuple[int, int]:
    """Frames a second that reach the server and that it analyses, as the page tells them."""
    if page.get_by_role("button", name="Start the live view").is_visible():
        sys.exit(f"a live session ended: {page.get_by_test_id('stAlert').all_inner_texts()}")
    text = page.get_by_test_id("live-chain").inner_text()
    found = [re.search(pattern, text) for pattern in (r"brings (\d+)", r"analyses (\d+)")]
    received, analysed = (int(match[1]) if match else 0 for match in found)
    return received, analysed


def share(browser: Browser, count: int) -> None:
    """Several live sessions at once: what each of them gets, and how many threads analyse."""
    with server() as (address, pid):
        pages = [agreed_page(browser, f"{address}/live") for _ in range(count)]
        for page in pages:
            page.get_by_role("button", name="Start the live view").click()
        for page in pages:
            page.get_by_test_id("live-hint").first.wait_for()
        pages[0].wait_for_timeout(5000)
        samples = []
        for _ in range(10):
            pages[0].wait_for_timeout(2000)
            samples.append([rates(page) for page in pages])
        means = [[statistics.mean(run[number][kind] for run in samples) for kind in (0, 1)] for number in range(count)]
        for number, (received, analysed) in enumerate(means):
            part = analysed / max(sum(mean[1] for mean in means), 1)
            print(
                f"  session {number + 1}: received {received:.1f}/s, analysed {analysed:.1f}/s, {part:.0%} of the work"
            )
        print(f"{count} sessions at once: server {resident_mb(pid):.0f} MB, load {os.getloadavg()[0]:.1f}")
        for page in pages:
            page.context.close()


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
