"""The few styles that Streamlit's theme does not cover; all colours follow the text, so both themes work."""

import streamlit as st

_CSS = """
<style>
:root { --hair: color-mix(in srgb, currentColor 18%, transparent); }
.stMainBlockContainer { max-width: 1180px; padding-top: 4rem; padding-bottom: 3rem; }
[data-testid="stMarkdownContainer"] table { display: block; max-width: 100%; overflow-x: auto; }
[data-testid="stLayoutWrapper"]:has(> .st-key-above:empty) { display: none; }
.st-key-unseen { position: absolute; height: 0; overflow: hidden; }
.es-quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[data-testid="stCaptionContainer"] { color: inherit !important; opacity: .82; }
.js-plotly-plot .bars .errorbar path { stroke: currentColor !important; }
.js-plotly-plot :is(.xtick, .ytick, .cbaxis) text, .js-plotly-plot :is(.xtitle, .ytitle, .legendtext),
.js-plotly-plot .annotation-text:not([style*="255, 255, 255"]) { fill: currentColor !important; }
:is([data-testid="stButton"], [data-testid="stDownloadButton"], [data-testid="stPopover"], [data-testid="stCheckbox"])
  :is([data-testid="stMarkdownContainer"], [data-testid="stMarkdownContainer"] > p) {
  white-space: normal; overflow: visible; }
button[data-variant="segmented_control"], [data-testid="stSliderThumbValue"] { color: inherit !important; }
:is(a, button, summary, input, select, textarea, [role="tab"], [role="slider"], [tabindex="0"]):focus-visible {
  outline: 3px solid color-mix(in srgb, #5B69D6 75%, currentColor); outline-offset: 2px; }
/* About as high as what stands in its place until it is loaded: tabs below stay under a pointer. */
[data-testid="stPageLink-NavLink"] { min-height: 2.5rem; }
/* What is not chosen must be seen as well (WCAG 1.4.11: 3 to 1), where Streamlit draws a hairline. */
[data-testid="stRadioOption"]:not([data-selected="true"]) > div > div:first-child,
[data-testid="stCheckbox"] > label:not([data-selected="true"]) > span + div {
  box-shadow: inset 0 0 0 1.5px color-mix(in srgb, currentColor 60%, transparent); }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation-duration: .01ms !important; animation-iteration-count: 1 !important;
    transition-duration: .01ms !important; scroll-behavior: auto !important; }
}
.st-key-tour { background: light-dark(#FBFBFD, #12151C); border-left: 6px solid #5B69D6 !important; }
@media (min-height: 500px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-above .st-key-tour) { position: sticky; top: 3.75rem; z-index: 90; }
}
.es-lead { font-size: 1.12rem; line-height: 1.5; max-width: 46rem; margin: 0; opacity: .86; }
.es-soft { opacity: .82; font-size: .9rem; }
.es-step b { display: block; font-size: .98rem; margin: .1rem 0 .15rem; }
.es-card { border: 1px solid color-mix(in srgb, currentColor 16%, transparent); border-left: 6px solid var(--tone);
  border-radius: 12px; padding: 1rem 1.15rem; background: color-mix(in srgb, var(--tone) 9%, transparent); }
.es-card .es-kicker { font-size: .88rem; opacity: .75; overflow-wrap: anywhere; }
.es-card .es-verdict { font-size: 1.9rem; font-weight: 700; line-height: 1.15; margin: .15rem 0 .35rem; }
.es-card { text-wrap: pretty; }
.es-card p { margin: .35rem 0 0; line-height: 1.45; }
.es-meter { display: flex; height: 1.1rem; border-radius: 8px; overflow: hidden; margin: .8rem 0 .3rem; gap: 2px; }
.es-meter span { display: block; height: 100%; }
.es-ends { display: flex; justify-content: space-between; flex-wrap: wrap; gap: .2rem 1rem; font-size: .95rem; }
.es-parts { display: grid; gap: .75rem; margin-top: .8rem; }
.es-parts .es-meter { height: .6rem; margin: .35rem 0 .2rem; }
.es-more { margin-top: .7rem; }
.es-more summary { cursor: pointer; font-size: .95rem; }
.es-more .es-parts { max-height: 22rem; overflow-y: auto; }
.es-dot { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; }
.es-strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); gap: 10px 8px; }
.es-frame { text-align: center; font-size: .74rem; line-height: 1.2; }
.es-frame img, .es-frame .es-blank { width: 100%; aspect-ratio: 1; border-radius: 6px; display: block;
  image-rendering: auto; object-fit: cover; }
.es-frame .es-blank { display: flex; align-items: center; justify-content: center; opacity: .75;
  border: 1px dashed color-mix(in srgb, currentColor 45%, transparent);
  background: repeating-linear-gradient(45deg, transparent 0 6px,
  color-mix(in srgb, currentColor 9%, transparent) 6px 9px); }
.es-frame.es-out img { opacity: .4; }
.es-faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); gap: 8px; }
.es-faces .es-here { grid-area: span 2 / span 2; font-weight: 600; }
.es-person { display: flex; flex-direction: column; gap: .45rem; padding: .6rem; border-radius: 12px; font-size: .88rem;
  border: 1px solid color-mix(in srgb, currentColor 16%, transparent); line-height: 1.4; }
.es-person img { width: 100%; max-width: 96px; aspect-ratio: 1; border-radius: 8px; }
.es-person.es-shown { border-color: var(--tone); background: color-mix(in srgb, var(--tone) 9%, transparent); }
.es-who { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .35rem .8rem; align-items: center;
  font-size: .88rem; }
.es-track { position: relative; height: .8rem; border-radius: 4px; overflow: hidden;
  background: color-mix(in srgb, currentColor 10%, transparent); }
.es-band { margin-top: .8rem; }
.es-track span { position: absolute; top: 0; height: 100%; }
.es-tried { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .8rem; }
.es-tried figure { margin: 0; } .es-tried img { width: 100%; border-radius: 8px; display: block; }
.es-tried figcaption { font-size: .82rem; margin-top: .2rem; }
.st-key-gallery { display: grid !important; gap: .8rem;
  grid-template-columns: repeat(auto-fit, minmax(min(170px, 42%), 1fr)); }
.es-channels { display: grid; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); gap: 10px 8px; }
.es-frame .es-pixels { image-rendering: pixelated; }
.es-bar { height: 5px; border-radius: 3px; margin: 4px 0 3px; overflow: hidden;
  background: color-mix(in srgb, currentColor 15%, transparent); }
.es-bar span { display: block; height: 100%; border-radius: 3px; }
.st-key-flow { display: grid !important; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: .7rem 1.6rem; }
[class*="st-key-flow-"] { position: relative; border: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  border-radius: 10px; padding: .45rem .8rem .6rem; gap: .05rem !important; height: 100%; }
[class*="st-key-flow-"] a { padding-left: 0; }
[class*="st-key-flow-"]::after { content: "›"; position: absolute; right: -1.1rem; top: 50%;
  transform: translateY(-55%); font-size: 1.4rem; opacity: .55; }
.st-key-flow-3::after, .st-key-flow-6::after, .st-key-flow-9::after { content: ""; }
@media (max-width: 1000px) { [class*="st-key-stack-"] [data-testid="stColumn"] { min-width: 100%; } }
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  .st-key-flow { grid-template-columns: minmax(0, 1fr); gap: 1.1rem; }
  [class*="st-key-flow-"]:not(.st-key-flow-9)::after { content: "⌄"; right: 50%; top: auto; bottom: -1.25rem;
    transform: translateX(50%); line-height: 1; }
  .es-strip { grid-template-columns: repeat(auto-fill, minmax(56px, 1fr)); }
  [data-testid="stMarkdownContainer"] :is(th, td) { padding: .35rem .45rem; font-size: .85rem; }
}
</style>
"""


def apply() -> None:
    """Add the styles to the page."""
    st.html(_CSS)
