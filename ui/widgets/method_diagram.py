"""The method drawn as a flow: each stage says what it does and leads to where it can be seen."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class Stage:
    """One box of the drawing: name, what it does, and the part of the Analyze page that shows it."""

    name: str
    text: str
    shown_in: str


STAGES: tuple[Stage, ...] = (
    Stage("Video", "A clip of one person's face.", "clip"),
    Stage("Frames", "Taken at a steady rate, by their time.", "frames"),
    Stage("Face and alignment", "Found, followed, turned so that the eyes lie level.", "frames"),
    Stage("Quality", "Sharpness, light, size, angle, confidence.", "quality"),
    Stage("Q-based normalization", "Features brought to one scale; poor frames count less.", "neighbourhoods"),
    Stage("CNN features", "A network trained on faces reads each frame.", "heatmaps"),
    Stage("LSTM", "A second network reads the frames in order.", "features"),
    Stage("Scores by quality", "Thresholds depend on the quality.", "thresholds"),
    Stage("Verdict", "A pair and its mix, other, or unsure.", "verdict"),
)
"""The paper's Fig. 1, with what this application adds to it."""

_SCROLL = """
(function look(left) {
  const part = document.getElementById('%s');
  if (part && part.offsetParent) part.scrollIntoView({behavior: 'smooth'});
  else if (left) setTimeout(look, 100, left - 1);
})(50)
"""  # a tab that was opened just now may still be empty


def render() -> None:
    """Draw the flow; every stage is a link."""
    with st.container(key="flow"):
        for number, stage in enumerate(STAGES, start=1):
            with st.container(key=f"flow-{number}"):
                st.page_link(
                    "pages/analyze.py",
                    label=f"**{number}. {stage.name}**",
                    width="stretch",
                    query_params={"see": stage.shown_in},
                )
                st.html(f'<div class="es-soft">{stage.text}</div>')


def take_wanted_part() -> str | None:
    """The part of the page that a stage's link asked for, once."""
    wanted = st.query_params.pop("see", None)
    return wanted if wanted in {stage.shown_in for stage in STAGES} else None


def scroll_to(part: str | None) -> None:
    """Scroll to an anchor of the page as soon as it is there; to nothing if None."""
    if part is not None:
        st.html(f"<script>{_SCROLL % part}</script>", unsafe_allow_javascript=True)
