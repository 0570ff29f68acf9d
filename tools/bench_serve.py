"""Measure a server that many open at once: time to the verdict, who had to wait, failures, memory, an idle visitor.

    python tools/bench_serve.py                          # 1, 5, 10 and 20 visitors, the sample and an upload of 60 MB
    python tools/bench_serve.py --beside FOLDER          # the same of another version, checked out in FOLDER, in turns
    python tools/bench_serve.py --visitors 10 --only sample

Each round has a server of its own on loopback, a visitor who has waited for a verdict before it begins, so that all is
loaded, and visitors without a browser, who all press the button in the same moment. The upload is the sample, made
larger by bytes that no decoder reads. Figures, never tests: they depend on the machine and on what else it does.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.bench import SAMPLE  # noqa: E402  (needs the path)
from tools.serve_client import Visitor  # noqa: E402

HEAD = """| clip | visitors | version | verdict first, median, p95 (s) | waited in line | failed \
| idle Home median, most (s) | page MB before, peak, after | workers MB peak |
|---|---|---|---|---|---|---|---|---|"""
LIMIT_S = 600.0
UPLOAD_MB = 60
_LOOK_S = 0.2
_IDLE_EVERY_S = 2.0


def main() -> None:
    """Run the rounds that are asked for and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 5, 10, 20], metavar="N")
    parser.add_argument("--only", choices=["sample", "upload"], help="one kind of clip")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="another version, checked out")
    options = parser.parse_args()
    versions = {"this": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    kinds = [options.only] if options.only else ["sample", "upload"]
    content = {"sample": b"", "upload": larger(SAMPLE.read_bytes(), UPLOAD_MB * 2**20)}
    print(HEAD)
    for kind in kinds:
        for number in options.visitors:
            for name, folder in versions.items():
                print(f"| {kind} | {number} | {name} | {measure(folder, number, content[kind])} |", flush=True)


def larger(video: bytes, num_bytes: int) -> bytes:
    """An mp4 with a box behind it that says of itself that it is free."""
    rest = num_bytes - len(video)
    return video + rest.to_bytes(4, "big") + b"free" + bytes(rest - 8)


@dataclass
class Outcome:
    """What became of one visitor: seconds to the verdict, whether the page named a place in line, what went wrong."""

    seconds: float = 0.0
    has_waited: bool = False
    problem: str = ""


def measure(folder: Path, number: int, content: bytes) -> str:
    """One round with so many visitors on a new server; cells of its row."""
    with running(folder) as (address, process):
        first = Visitor(address)
        ask(first, b"", threading.Barrier(1))
        first.close()
        memory = Memory(process)
        before = memory.page_bytes
        with ThreadPoolExecutor(number + 1) as pool, memory.watched():
            visitors = [Visitor(address) for _ in range(number)]
            idle, over = pool.submit(come_and_go, address, done := threading.Event()), done
            gate = threading.Barrier(number)
            outcomes = list(pool.map(lambda visitor: ask(visitor, content, gate), visitors))
            over.set()
            homes = idle.result()
        after = memory.page_bytes
        for visitor in visitors:
            visitor.close()
    times = sorted(item.seconds for item in outcomes if not item.problem)
    for problem in {item.problem for item in outcomes if item.problem}:
        print(f"    failed: {problem}", file=sys.stderr)
    speed = "–"
    if times:
        late = times[min(len(times) - 1, round(0.95 * (len(times) - 1)))]
        speed = f"{times[0]:.1f}, {statistics.median(times):.1f}, {late:.1f}"
    waited, failed = sum(item.has_waited for item in outcomes), number - len(times)
    page = ", ".join(f"{size / 2**20:.0f}" for size in (before, memory.page_peak, after))
    home = f"{statistics.median(homes):.1f}, {max(homes):.1f}" if homes else "–"
    return f"{speed} | {waited} | {failed} | {home} | {page} | {memory.workers_peak / 2**20:.0f}"


def ask(visitor: Visitor, content: bytes, gate: threading.Barrier) -> Outcome:
    """Open the Analyze page, wait for the others, ask for the analysis of an upload or of the sample, wait for it."""
    found = Outcome()
    try:
        visitor.open("analyze", LIMIT_S)
        gate.wait(LIMIT_S)
        started_s = time.perf_counter()
        if content:
            visitor.upload("upload", "clip.mp4", content, LIMIT_S)
        else:
            visitor.press("sample-0")
        visitor.wait(lambda: visitor.verdicts or visitor.errors, LIMIT_S)
        found.seconds = time.perf_counter() - started_s
        found.problem = "; ".join(visitor.errors)
    except Exception as error:  # one that fails is counted, whatever the reason
        gate.abort()
        found.problem = f"{type(error).__name__}: {error}"
    found.has_waited = any("in line" in words for words in visitor.told)
    return found


def come_and_go(address: str, done: threading.Event) -> list[float]:
    """Open Home again and again as somebody new; seconds until all of it was there."""
    seconds: list[float] = []
    while not done.wait(_IDLE_EVERY_S if seconds else 0.5):
        started_s = time.perf_counter()
        visitor = Visitor(address)
        visitor.open("", LIMIT_S)
        seconds.append(time.perf_counter() - started_s)
        visitor.close()
    return seconds


class Memory:
    """Resident memory of a server: of the process of the pages, and of all processes that it started."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.page_peak = self.workers_peak = 0

    @property
    def page_bytes(self) -> int:
        """Now, of the pages."""
        return int(self._process.memory_info().rss)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the peaks inside the block."""
        done = threading.Event()

        def look() -> None:
            while not done.wait(_LOOK_S):
                self.page_peak = max(self.page_peak, self.page_bytes)
                others = 0
                for child in self._process.children(recursive=True):
                    with suppress(psutil.Error):
                        others += child.memory_info().rss
                self.workers_peak = max(self.workers_peak, others)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The application of a checkout on a free port, with a cache of its own: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STREAMLIT_", "EMO_"))}
    with tempfile.TemporaryDirectory() as cache:
        process = subprocess.Popen(
            command, cwd=folder, env={**kept, "EMO_CACHE": cache}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_healthy(address)
            yield address, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)


def wait_until_healthy(address: str) -> None:
    """Return once the server answers."""
    end_s = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
