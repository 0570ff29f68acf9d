"""Looking inside a result in a browser: the player's steps and the tabs."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.test_app import ANALYSIS_MS, expect_fits

STEP = """
async (box) => {
  const step = async () => {
    const start = performance.now();
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, composed: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
  };
  const spent = [];
  for (let count = 0; count < 21; count += 1) spent.push(await step());
  return spent.sort((a, b) => a - b)[10];
}
"""


def test_one_moment_everywhere_by_hand_while_it_plays_and_in_every_tab(server, visit):
    """On one result of the sample, for another one would only take longer."""
    page = visit(server)
    page.get_by_role("button", name="Analyze the sample").click()
    expect(page.locator("[data-part=box][data-frame]")).to_be_visible(timeout=ANALYSIS_MS)
    check_one_moment_everywhere(page)
    check_that_it_plays_and_every_tab_shows_the_same_moment(page)


def frame_of(page: Page) -> int:
    return int(page.locator("[data-part=box]").get_attribute("data-frame") or -1)


def check_one_moment_everywhere(result: Page) -> None:
    """Keys, slider and a click on a timeline move picture, crop, heatmap, bars and cursor together, and fast."""
    box = result.locator("[data-part=box]")
    expect(box).to_have_attribute("data-frame", "0")
    looks = {name: result.locator(f"[data-part={name}], [data-line={name}]") for name in
             ("scene", "crop", "heat", "verdict", "emotions", "quality")}  # fmt: skip

    def pictures() -> dict[str, str]:
        return {name: look.evaluate("canvas => canvas.toDataURL()") for name, look in looks.items()}

    expect(result.get_by_label("Class of the heatmap")).to_be_enabled(timeout=ANALYSIS_MS)
    before = pictures()
    assert result.locator("[data-part=axis] span").all_inner_texts()[:2] == ["0", "2"]
    result.keyboard.press("ArrowRight")
    expect(box).to_have_attribute("data-frame", "0")  # the keys are the page's own while the focus is elsewhere
    result.locator("[data-line=verdict]").click()
    expect(box).to_have_attribute("data-frame", re.compile(r"9\d"))
    after = pictures()
    assert [name for name in looks if before[name] == after[name]] == []
    middle = frame_of(result)
    result.keyboard.press("ArrowRight")
    result.keyboard.press("ArrowRight")
    result.keyboard.press("ArrowLeft")
    expect(box).to_have_attribute("data-frame", str(middle + 1))
    assert box.evaluate(STEP) < 150
    assert frame_of(result) == middle + 22
    result.get_by_label("Time in the clip").fill("3")
    expect(box).to_have_attribute("data-frame", "3")
    result.get_by_label("Class of the heatmap").select_option(label="Sadness + fear")
    assert looks["heat"].evaluate("canvas => canvas.toDataURL()") != after["heat"]


def check_that_it_plays_and_every_tab_shows_the_same_moment(result: Page) -> None:
    box = result.locator("[data-part=box]")
    result.get_by_role("button", name="Play").click()
    result.wait_for_timeout(2000)
    result.get_by_role("button", name="Pause").click()
    played = frame_of(result)
    assert played >= 12  # of 20 in two seconds, whatever else the machine does
    told = result.get_by_role("slider", name="Moment (s)")
    result.wait_for_timeout(1000)  # the player tells the server once it stands still
    open_tab(result, "Heatmaps", "What the LSTM remembers")
    expect(told).to_have_attribute("aria-valuetext", f"{played / 10:.1f}")
    expect(result.locator(".js-plotly-plot")).to_have_count(5, timeout=ANALYSIS_MS)
    pictures = result.locator(".es-faces img")
    assert pictures.count() >= 8
    assert result.locator(".es-channels img").count() == 22
    before = pictures.first.get_attribute("src") or ""
    result.get_by_role("radio", name="Amusement + surprise").click()
    expect(pictures.first).not_to_have_attribute("src", before, timeout=ANALYSIS_MS)
    expect_fits(result)
    open_tab(result, "Charts", "Quality of each frame")
    chart = result.locator(".st-key-emotions .js-plotly-plot .nsewdrag").first
    expect(chart).to_be_visible(timeout=ANALYSIS_MS)
    place = chart.bounding_box()
    chart.click(position={"x": place["width"] / 2, "y": place["height"] / 2})
    result.wait_for_timeout(1500)
    result.get_by_role("tab", name="Moment by moment").click()
    expect(box).to_have_attribute("data-frame", re.compile(r"9\d"), timeout=ANALYSIS_MS)
    open_tab(result, "Normalization", "The verdict with each part switched off")
    expect(result.locator(".js-plotly-plot")).to_have_count(6, timeout=ANALYSIS_MS)
    expect(result.get_by_text("One threshold for every quality")).to_be_visible()
    expect_fits(result)
    expect(result.get_by_test_id("stAlert")).to_have_count(0)


def open_tab(page: Page, name: str, heading: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=ANALYSIS_MS)
