"""Measure how long a visitor waits for the first page and for the next ones, alone or in turns with another version.

    python tools/bench_paint.py                   # of a server that nobody has visited, with the test requirements
    python tools/bench_paint.py --beside FOLDER   # in turns with another version, checked out in FOLDER

Figures, never tests: they depend on the machine and on what else it does.
"""

import argparse
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.e2e.conftest import FLAGS, NAMES, running_server  # noqa: E402

LOADING_MS = 6000
PAGES = (("Analyze", "Analyze a clip"), ("Home", "Hybrid Emotion Studio"))
TURNS = 4


def main() -> None:
    """Run the measurement asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each version")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="another version, checked out")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processor cores, load {os.getloadavg()[0]:.1f}, medians of {options.runs} runs")
    first_paint(options.runs, options.beside and options.beside.resolve())


def first_paint(runs: int, beside: Path | None) -> None:
    """From opening the address on a started server that nobody has visited to the home page's title, in Chromium.

    Then from there to other pages.

    Args:
        runs: of each version.
        beside: where another version is checked out; the two take turns, and the least of each tells most on a
            machine that does other things.
    """
    executable = next(filter(None, map(shutil.which, NAMES)))
    times: dict[Path, list[tuple[float, float]]] = {root: [] for root in (ROOT, beside) if root is not None}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for root in [*times] * runs:
            with running_server(root=root) as address:
                page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
                started = time.perf_counter()
                page.goto(address, wait_until="commit")
                page.get_by_role("heading", level=1).first.wait_for()
                first_s = time.perf_counter() - started
                times[root].append((first_s, next_page(page)))
                page.context.close()
        browser.close()
    for root, taken in times.items():
        where = "on a new server    " if root == ROOT else f"in {root.name}"
        for name, seconds in zip(("first paint", "next page"), zip(*taken, strict=True), strict=True):
            print(f"{name:12}{where:20}{statistics.median(seconds):6.2f} s   at best {min(seconds):.2f} s")


def next_page(page: Page) -> float:
    """Seconds from a click on another page to its title, the median of several, once the server has loaded all."""
    page.wait_for_timeout(LOADING_MS)
    taken = []
    for name, title in PAGES * TURNS:
        started = time.perf_counter()
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", level=1, name=title).wait_for()
        taken.append(time.perf_counter() - started)
        page.wait_for_timeout(500)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
