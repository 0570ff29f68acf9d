"""From a fresh server to a clip that a model gets wrong, or right: evaluate, click a cell, open its clip."""

import re

from playwright.sync_api import expect

from emo_core.evaluation.clip_metrics import summarize
from emo_core.evaluation.html_report import to_html
from tests.e2e.test_app import ANALYSIS_MS, expect_fits, expect_title, expect_whole_result
from tests.evaluations import make_evaluation

TABS = ("Scores", "Certainty", "Slices", "Two protocols", "Ablation", "Training", "Compare", "Export")

CHARTS_FIT = """() => [...document.querySelectorAll(".js-plotly-plot")].every((chart) => {
  const own = chart.querySelector(".main-svg").getBoundingClientRect();
  const room = chart.parentElement.getBoundingClientRect();
  return own.right <= room.right + 1 && own.left >= room.left - 1 && own.right <= innerWidth + 1;
})"""


def test_evaluate_then_a_cell_opens_its_clips_and_a_clip_opens_in_analyze(few_clips, visit):
    page = visit(f"{few_clips.address}/evaluate")
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(timeout=ANALYSIS_MS)
    expect(page.get_by_text(re.compile(r"6 clips of \d people \(rendered\)"))).to_be_visible()
    expect(page.get_by_text("Click a cell of the confusion matrix")).to_be_visible()
    cell = page.locator(".js-plotly-plot .scatterlayer .point").first
    cell.wait_for()
    box = cell.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opener = page.get_by_role("button", name="Open in Analyze").first
    expect(opener).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("A frame of .*mp4")).first).to_be_visible()
    opener.click()
    expect_title(page, "Analyze a clip")
    expect_whole_result(page)


def test_the_result_is_kept_and_every_part_of_it_fits_a_phone(few_clips, visit):
    page = visit(f"{few_clips.address}/evaluate", 390, 844)
    expect(page.get_by_role("button", name="Evaluate again")).to_be_visible(
        timeout=ANALYSIS_MS
    )  # kept from the visit before
    for tab in TABS:
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel").filter(visible=True).get_by_role("heading").first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect_fits(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    assert "6 clips of" in download.value.path().read_text("utf-8")


def test_the_report_draws_itself_alone_and_may_ask_nobody(browser, tmp_path):
    """As its receiver opens it: every chart drawn under its own content policy, nothing asked for, nothing wrong."""
    evaluation = make_evaluation(data="![x](http://elsewhere.example/x.png)<img src=http://elsewhere.example/y.png>")
    (tmp_path / "report.html").write_text(to_html(evaluation, summarize(evaluation)), "utf-8")
    page = browser.new_context().new_page()
    wrong, asked = [], []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    assert page.locator(".js-plotly-plot").count() == 6
    for width in (1280, 700, 390):  # no chart may lie over what stands beside it
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(CHARTS_FIT)
    picture = page.evaluate("Plotly.toImage(document.querySelector('.js-plotly-plot'), {format: 'png'})")
    assert picture.startswith("data:image/png")
    page.evaluate("fetch('http://elsewhere.example/').catch(() => 0)")
    assert [text for text in wrong if "Content Security Policy" not in text] == []
    assert wrong, "the policy lets nothing be fetched"
    assert [url for url in asked if not url.startswith(("data:", "blob:", "file:"))] == []
    page.context.close()
