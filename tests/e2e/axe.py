"""Pages and tabs as axe-core sees them: for people who use keys, a screen reader, or see colors otherwise."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.test_app import ANALYSIS_MS, choose_tab

RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""All of them in one theme, and in the other those that ask for colors: nothing else changes with it."""

STREAMLITS_OWN = {"presentation-role-conflict": "stFileUploaderDropzone"}
"""Rule → what of Streamlit itself breaks it, and cannot be mended here: a part of its uploader."""

SETTLED_MS = 2000
SCRIPT = Axe().axe_script
RUN = "async (options) => (await axe.run(document, options)).violations"

CALM = """async (limit_ms) => {
  const made = "[data-stale=true], [data-testid=stSkeleton], [data-testid=stStatusWidget]";
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const inTheme = (element) => {
    const [red, green, blue] = getComputedStyle(element).color.match(/[0-9.]+/g).map(Number);
    return isDark === red + green + blue > 382;
  };
  const begin = performance.now();
  for (let since = begin; performance.now() - since < 700; ) {
    if (performance.now() - begin > limit_ms) return false;
    const isMade = !document.querySelector(made) && [...document.querySelectorAll("h1, h2")].every(inTheme);
    if (!isMade) since = performance.now();
    await new Promise((done) => setTimeout(done, 50));
  }
  return true;
}"""


def wait_until_drawn(page: Page) -> None:
    """Until nothing is faded or missing because the page is still being made, which axe would take for its look.

    For a while, since a change of theme, or of the page, makes a run of its own after a moment.
    """
    assert page.evaluate(CALM, ANALYSIS_MS), "the page is still being made"


def found_on(page: Page, view: str) -> list[str]:
    """What axe finds on the page as it is, in both themes, but for what is Streamlit's own.

    The theme on show comes first, so that the page is drawn anew once and not twice.
    """
    told = []
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for scheme in ("dark", "light") if is_dark else ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = violations(page, RULES[scheme])
        if found:  # a color on its way from one theme to the other is none of the page: what is one stays
            page.wait_for_timeout(SETTLED_MS)
            found = violations(page, RULES[scheme])
        told += [f"{view}, {scheme}: {line}" for line in found]
    return told


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """Rule and element of what axe finds once the page is drawn."""
    wait_until_drawn(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    found = page.evaluate(RUN, {"runOnly": rules, "resultTypes": ["violations"]})
    return [
        f"{rule['id']} {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
        if STREAMLITS_OWN.get(rule["id"], "none of it") not in node["html"]
    ]


def tabs_of(page: Page, names: tuple[str, ...], view: str) -> list[str]:
    """The same of every tab."""
    told = []
    for name in names:
        choose_tab(page, name)
        told += found_on(page, f"{view}, {name}")
        expect(page.get_by_text("Something went wrong")).to_have_count(0)
    return told
