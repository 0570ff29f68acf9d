"""Twenty-odd names that somebody meant ill, on every page that shows names and in every file that is taken away.

Clips, people, sources, participants and notes are called by HTML, Markdown, LaTeX, formulas and links. They have to be
read as they are written: nothing of them may become an element, run, be fetched, or be a formula of a spreadsheet.
"""

import csv
import io
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from emo_core.datasets.clips import read_dataset
from emo_core.errors import printable
from emo_core.evaluation.results import LeftOut, store
from emo_core.evaluation.store import evaluation_path
from emo_core.files.csv_files import to_csv
from tests.conftest import MODEL
from tests.e2e.conftest import ROOT, running_server
from tests.e2e.test_app import ANALYSIS_MS, choose_tab, expect_title
from tests.e2e.test_take_away import CUES, download
from tests.evaluations import DEMO, make_evaluation

SIGN = "evil"
"""Stands in every name, so that a page that shows one can be told from a page that shows none."""

NAMES = (
    "<img src=evil.png onerror=alert(1)>", "<script>alert('evil')", '"><svg onload=alert(`evil`)>', "'-alert(1)-'evil",
    '<a href="javascript:alert(1)">evil', "<iframe srcdoc=evil>", "<b>evil<b>", "<!-- evil", "&lt;i&gt;evil&amp;",
    "![evil](evil.png)", "[evil](javascript:alert(1))", "**evil** _evil_ `evil`", "# evil", "- evil", "> evil",
    "$evil^2$", "$$\\href{javascript:alert(1)}{evil}$$", ":red[evil] :material-home: :smile:", "=1+1evil", "+evil",
    "-1+evil", "@SUM(evil)", "{{7*7}}${7*7}evil", "%s%n evil", "evil --> 00", "two\nlines evil", "\u202egpm evil",
)  # fmt: skip
"""None holds a slash, so that files can be called so."""

BECAME = """() => [...document.querySelectorAll(
  "[data-testid=stMain] :is([onerror], [onload], iframe[srcdoc], script, a[href^=javascript], img[src*=evil], .katex),"
  + "[data-testid=stMain] :is(strong, em, code, b, i, h1, h2, h3, li, blockquote, a):not([data-testid])"
)].filter((item) => item.matches("[onerror], [onload], iframe, script, .katex, img, a[href^=javascript]")
  || /^\\s*evil\\s*$/.test(item.textContent)).map((item) => item.outerHTML.slice(0, 200))"""
"""Elements of a page that a name has become."""

IN_REPORT = BECAME.replace("[data-testid=stMain] ", "body ").replace(" script,", "").replace(", script", "")
"""The same of a report, which has scripts of its own."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A server whose demo data set, own data set, evaluation and study are of clips and people with such names."""
    folder = tmp_path_factory.mktemp("hostile")
    demo = write_data_set(folder / "demo")
    write_data_set(folder / "data" / "<b>evil<b>")
    clips = make_evaluation(num_people=9, clips_each=6).clips
    cycle = [(*NAMES, *NAMES)[number] for number in range(len(clips))]
    evaluation = make_evaluation(
        clips=tuple(
            replace(clip, path=f"{name}.mp4", person=name, source=name, story=name)
            for clip, name in zip(clips, cycle, strict=True)
        ),
        left_out=tuple(LeftOut(f"{name}.mp4", name) for name in NAMES),
        data=NAMES[0], exposure=NAMES[9], command=NAMES[1],
    )  # fmt: skip
    store(evaluation, evaluation_path(folder / "cache", MODEL, read_dataset(demo), everyone=False))
    study = folder / "studies" / "<b>evil<b>"
    write_data_set(study / "clips", "participant", "condition")
    words = ("analyze", str(study / "clips"), "--out", str(study / "results"), "--quiet")
    done = subprocess.run(
        [sys.executable, "-m", "emo_core", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    places = {"EMO_DEMO": "demo", "EMO_DATA": "data", "EMO_CACHE": "cache", "EMO_STUDIES": "studies"}
    with running_server(**{name: str(folder / place) for name, place in places.items()}) as address:
        yield address


def write_data_set(folder, person="person", group="source"):
    """A clip for each name, of two classes, and the table that says so."""
    folder.mkdir(parents=True)
    clip = DEMO / "clips" / "person_01" / "other_4.mp4"
    rows = []
    for number, name in enumerate(NAMES):
        one_line = " ".join(name.split())
        shutil.copy(clip, folder / f"{one_line}.mp4")
        label = ["other" if number % 2 else "sadness_fear"] if person == "person" else []
        rows.append([f"{one_line}.mp4", *label, name, NAMES[number % 3]])
    columns = ["path", *(["label"] if person == "person" else []), person, group]
    (folder / "manifest.csv").write_text(to_csv(columns, rows), "utf-8")
    return folder


def check_page(page, *, shows=True):
    """Names are there, and none has become anything."""
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=ANALYSIS_MS)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    if shows:
        expect(page.get_by_test_id("stMain").get_by_text(SIGN).first).to_be_visible(timeout=ANALYSIS_MS)
    assert page.evaluate(BECAME) == []


def check_tabs(page, names, showing):
    for name in names:
        choose_tab(page, name)
        check_page(page, shows=name in showing)


def check_report(page, path):
    """Opened alone, without the server's policy: nothing runs, and nothing becomes an element."""
    alone = page.context.browser.new_context(offline=True).new_page()
    wrong = []
    alone.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    alone.on("pageerror", lambda error: wrong.append(str(error)))
    alone.on("request", lambda request: wrong.append(request.url) if SIGN in request.url.rsplit("/", 1)[-1] else None)
    alone.goto((path.rename(path.with_name("report.html"))).as_uri())
    expect(alone.get_by_text(SIGN).first).to_be_attached()
    assert alone.evaluate(IN_REPORT) == []
    assert wrong == []
    alone.context.close()


def check_table(text):
    """No cell would be run by a spreadsheet, and the names are there."""
    assert SIGN in text
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not re.match(r"[=+\-@\t\r]", cell) or re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", cell), cell


def listening(page):
    page.on("dialog", lambda dialog: pytest.fail(f"a name has run: {dialog.message}"))
    return page


def test_a_clip_its_notes_and_all_that_is_taken_away_of_it(hostile, visit, tmp_path):
    clip = tmp_path / f"{NAMES[0]}.mp4"
    shutil.copy(DEMO / "clips" / "person_01" / "other_4.mp4", clip)
    page = listening(visit(f"{hostile}/analyze"))
    expect_title(page, "Analyze a clip")
    page.locator("input[type=file]").first.set_input_files(clip)
    expect(page.get_by_test_id("verdict")).to_be_visible(timeout=ANALYSIS_MS)
    page.get_by_role("tab", name="Mark & export").click()
    lines = [" ".join(printable(name).split()) for name in NAMES]
    for start in range(0, len(lines), 5):
        page.get_by_label("Note").fill(" ".join(lines[start : start + 5]))
        page.get_by_role("button", name="Add the mark").click()
        expect(page.get_by_role("button", name="Go there")).to_have_count(start // 5 + 1, timeout=ANALYSIS_MS)
    tabs = ("Moment by moment", "Heatmaps", "Charts", "What if", "Compare", "Mark & export")
    check_tabs(page, tabs, {"Mark & export"})
    with zipfile.ZipFile(download(page, "Everything (ZIP)", tmp_path)) as archive:
        archive.extractall(tmp_path / "all")
    check_table((tmp_path / "all" / "frames.csv").read_text("utf-8"))
    subtitles = (tmp_path / "all" / "segments.vtt").read_text("utf-8")
    cues = page.context.browser.new_context(offline=True).new_page()
    told = " ".join(cues.evaluate(CUES, subtitles))
    cues.context.close()
    assert [line for line in lines if line not in told] == []
    assert SIGN in (tmp_path / "all" / "analysis.json").read_text("utf-8")
    check_report(page, tmp_path / "all" / "report.html")


def test_an_evaluation_and_all_that_is_taken_away_of_it(hostile, visit, tmp_path):
    page = listening(visit(f"{hostile}/evaluate"))
    expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=ANALYSIS_MS)
    check_page(page)
    tabs = ("Verdicts", "Scores", "Certainty", "Slices", "Two protocols", "Ablation", "Training", "Compare", "Export")
    check_tabs(page, tabs, {"Slices", "Export"})
    check_table(download(page, "Every clip and its verdict", tmp_path).read_text("utf-8"))
    check_table(download(page, "Clips left out", tmp_path).read_text("utf-8"))
    check_report(page, download(page, "Report (HTML)", tmp_path))


def test_data_sets_to_teach_with(hostile, visit):
    page = listening(visit(f"{hostile}/teach"))
    expect_title(page, "Teach")
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name="<b>evil<b>").click()
    expect(page.get_by_text(f"{len(NAMES)} clips").first).to_be_visible(timeout=ANALYSIS_MS)
    check_page(page)


def test_a_study_and_all_that_is_taken_away_of_it(hostile, visit, tmp_path):
    page = listening(visit(f"{hostile}/study"))
    page.get_by_role("combobox", name="Study").click()
    page.get_by_role("option", name="<b>evil<b>").click()
    expect(page.get_by_role("tab", name="Clips")).to_be_visible(timeout=ANALYSIS_MS)
    check_tabs(page, ("Clips", "Groups", "Export"), {"Clips"})
    check_table(download(page, "clips.csv", tmp_path).read_text("utf-8"))
    check_table(download(page, "segments.csv", tmp_path).read_text("utf-8"))
    check_report(page, download(page, "Report (HTML)", tmp_path))
