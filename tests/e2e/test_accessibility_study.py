"""A study before, while and after it runs, for people who use keys, a screen reader, or see colors otherwise."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect

from tests.e2e.axe import found_on, tabs_of
from tests.e2e.test_app import ANALYSIS_MS, CLIP, expect_title
from tests.studies import ROWS, judged_study

NUM_LONG = 12  # clips: they take longer than a page needs to tell the first


def test_axe_finds_nothing_on_a_study_without_one_running_and_with_results(few_clips, visit, hybrid, laughter):
    page = visit(f"{few_clips.address}/study")
    expect_title(page, "Study")
    told = found_on(page, "Study, none")
    clip = laughter.read_bytes()
    judged_study(few_clips.folder / "studies" / "people", hybrid, dict.fromkeys((name for name, *_ in ROWS), clip))
    long = few_clips.folder / "studies" / "long"
    long.mkdir()
    for number in range(NUM_LONG):
        box = b"\x00\x00\x00\x0afree" + number.to_bytes(2)  # what is the same in every byte is judged once
        (long / f"{number}.mp4").write_bytes(CLIP.read_bytes() + box)
    page.reload()
    choose(page, "people")
    told += tabs_of(page, ("Clips", "Groups", "Export"), "Study")
    choose(page, "long")
    expect(page.get_by_text("Not run yet")).to_be_visible()  # else it would be the run of the one before
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(re.compile(rf"of {NUM_LONG} clips"))).to_be_visible(timeout=4 * ANALYSIS_MS)
    with standing_still(few_clips.folder):
        told += found_on(page, "Study, running")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=2 * ANALYSIS_MS)
    told += found_on(page, "Study, stopped")
    assert told == []


@contextmanager
def standing_still(folder: Path) -> Iterator[None]:
    """The processes of a study do nothing, so that it lasts as long as somebody looks at it and takes no processor."""
    (study,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "run-order" in (words := process.info["cmdline"] or []) and any(str(folder) in word for word in words)
    ]
    found = [study, *study.children(recursive=True)]
    for process in found:
        process.suspend()
    try:
        yield
    finally:
        for process in found:
            process.resume()


def choose(page: Page, name: str) -> None:
    """Choose a study."""
    page.get_by_role("combobox", name="Study", exact=True).click()
    page.get_by_role("option", name=name).click()
