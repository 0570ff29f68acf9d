"""Pictures of every page and tab, at three sizes and in both themes, to be looked at before a change is done.

    python tools/look.py                          # all into build/look, some minutes
    python tools/look.py --only Study --only About

Each view becomes a sheet for each theme: three pictures side by side, each as tall as the page is. What a test does
not see is looked for by eye: an overlap, a line of one word, what is cut off, two buttons that shout.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emo_core.model.bundle import load_bundle  # noqa: E402
from tests.e2e.axe import wait_until_drawn  # noqa: E402
from tests.e2e.conftest import FLAGS, NAMES, running_server  # noqa: E402
from tests.e2e.test_accessibility import ABOUT, EVALUATE  # noqa: E402
from tests.e2e.test_accessibility_study import choose  # noqa: E402
from tests.e2e.test_app import ANALYSIS_MS  # noqa: E402
from tests.e2e.test_showing import drawn, share  # noqa: E402
from tests.evaluations import DEMO, few_demo_clips  # noqa: E402
from tests.studies import ROWS, judged_study  # noqa: E402
from ui.analyze.tabs import READERS, TABS  # noqa: E402
from ui.shell.tour import STOPS  # noqa: E402

SIZES = ((1280, 900), (768, 1024), (390, 844))
THEMES = ("light", "dark")
MOST_PX = 4000
LOOK_MS = 3000

View = tuple[str, Page]


def main() -> None:
    """Take the pictures of the pages asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    pages = {call.__name__.capitalize(): call for call in (home, analyze, live, study, teach, evaluate, about)}
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "look", help="folder of the sheets")
    parser.add_argument("--only", action="append", choices=pages, help="one page, again for another")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as (page, address):
        for name in options.only or pages:
            for view, shown in pages[name](page, address):
                take(shown, options.out, view)
                print(view)


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Page, str]]:
    """A browser at a server with a little of everything."""
    demo = few_demo_clips(folder / "demo", 6)
    clip = (DEMO / "clips" / "person_01" / "other_4.mp4").read_bytes()
    judged_study(folder / "studies" / "people", load_bundle(), dict.fromkeys((name for name, *_ in ROWS), clip))
    places = {f"EMO_{name.upper()}": str(folder / name) for name in ("cache", "data", "studies")}
    executable = next(filter(None, map(shutil.which, NAMES)))
    with running_server(EMO_DEMO=str(demo), **places) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce").new_page()
        page.set_default_timeout(ANALYSIS_MS)
        page.goto(address)
        yield page, address
        browser.close()


def take(page: Page, folder: Path, view: str) -> None:
    """All sizes of what is on show side by side, in a file for each theme."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        path, pictures = folder / f"{view}, {theme}.png", []
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            wait_until_drawn(page)
            tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": width, "height": min(max(height, tall), MOST_PX)})
            wait_until_drawn(page)
            page.screenshot(path=path)
            with Image.open(path) as picture:
                pictures.append(picture.convert("RGB"))
        side_by_side(pictures).save(path)
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    page.emulate_media(color_scheme=THEMES[0])


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """One picture of several, from left to right."""
    sheet = Image.new("RGB", (sum(item.width + 10 for item in pictures), max(item.height for item in pictures)), "gray")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + 10
    return sheet


def tabs(page: Page, names: tuple[str, ...], of: str) -> Iterator[View]:
    """Every tab in turn."""
    for name in names:
        page.get_by_role("tab", name=name, exact=True).click()
        yield f"{of} - {name}", page


def home(page: Page, address: str) -> Iterator[View]:
    """The first page, the stops of the tour, and presenting."""
    page.goto(address)
    yield "Home", page
    page.get_by_role("button", name="Take the tour").click()
    for number, stop in enumerate(STOPS, start=1):
        expect(page.get_by_text(f"{number} of {len(STOPS)}: {stop.title}.")).to_be_visible()
        page.wait_for_timeout(LOOK_MS)
        yield f"Tour {number}", page
        page.get_by_role("button", name="Next:" if number < len(STOPS) else "Finish the tour").click()
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("button", name="Presenting mode").click()
    yield "Presenting - Home", page
    page.get_by_role("link", name="Analyze", exact=True).click()
    drawn(page)
    yield "Presenting - Analyze", page
    page.get_by_role("button", name="Leave presenting mode").click()


def analyze(page: Page, address: str) -> Iterator[View]:
    """Before an analysis, after one that failed, every tab of one, and the result as it is shared."""
    page.goto(f"{address}/analyze")
    yield "Analyze", page
    file = {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"no video"}
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)
    expect(page.get_by_role("alert").first).to_be_visible()
    yield "Analyze - failed", page
    page.get_by_role("button", name="Analyze this sample").click()
    drawn(page)
    yield from tabs(page, tuple(tab.name for tab in TABS), "Analyze")
    page.get_by_role("tab", name=TABS[0].name).click()
    drawn(page)
    page.get_by_text("Keep my results for this browser").click()
    link = share(page, "1 hour")
    page.goto(f"{address}/shared?key=nothing")
    yield "Shared - nothing", page
    page.goto(link)
    drawn(page)
    yield from tabs(page, tuple(tab.name for tab in READERS), "Shared")


def live(page: Page, address: str) -> Iterator[View]:
    """Before the camera is used."""
    page.goto(f"{address}/live")
    yield "Live", page


def study(page: Page, address: str) -> Iterator[View]:
    """Before one is chosen, and all of one."""
    page.goto(f"{address}/study")
    yield "Study", page
    choose(page, "people")
    expect(page.get_by_role("tab", name="Groups")).to_be_visible()
    yield from tabs(page, ("Clips", "Groups", "Export"), "Study")


def teach(page: Page, address: str) -> Iterator[View]:
    """Without a data set, and with that of the demo."""
    page.goto(f"{address}/teach")
    yield "Teach", page
    page.get_by_role("button", name="Open the demo data set").click()
    expect(page.get_by_text("2. Checks")).to_be_visible()
    yield "Teach - demo", page


def evaluate(page: Page, address: str) -> Iterator[View]:
    """Before an evaluation, and every tab of one."""
    page.goto(f"{address}/evaluate")
    yield "Evaluate", page
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=2 * ANALYSIS_MS)
    yield from tabs(page, EVALUATE, "Evaluate")


def about(page: Page, address: str) -> Iterator[View]:
    """Every tab."""
    page.goto(f"{address}/about")
    yield from tabs(page, ABOUT, "About")


if __name__ == "__main__":
    main()
