"""The method drawn as a flow: each stage says what it does and leads to where it can be seen."""

import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from ui.shell import browser

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


_WANTED = "_wanted_part"


@dataclass(frozen=True, slots=True)
class Stage:
    """One box of the drawing: name, what it does, and the part of the Analyze page that shows it."""

    name: str
    text: str
    shown_in: str


STAGES: tuple[Stage, ...] = (
    Stage("Video", "A clip of one person's face.", "clip"),
    Stage("Frames", "Sampled 10 times a second.", "frames"),
    Stage("Face and alignment", "Found, followed, turned so that the eyes lie level.", "frames"),
    Stage("Quality", "Sharpness, light, size, angle, confidence.", "quality"),
    Stage("CNN features", "A network trained on faces reads each frame.", "heatmaps"),
    Stage("Normalization", "Features brought to one scale; unusable frames left out.", "neighbourhoods"),
    Stage("LSTM", "A second network reads the frames in order.", "features"),
    Stage("Scores by quality", "Thresholds depend on the quality.", "thresholds"),
    Stage("Verdict", "A pair and what of it is there, other, or unsure.", "verdict"),
)
"""The paper's Fig. 1, with what this application adds to it."""


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


def want(part: str) -> None:
    """Have the next run of the page show one of its parts, such as the verdict that has just come."""
    st.session_state[_WANTED] = part


def take_wanted_part() -> str | None:
    """The part of the page that a stage's link, or :func:`want`, asked for, once."""
    wanted = st.query_params.pop("see", None) or st.session_state.pop(_WANTED, None)
    return wanted if wanted in {stage.shown_in for stage in STAGES} else None


def scroll_to(part: str | None) -> None:
    """Scroll to an anchor of the page as soon as it is there, unless it is in sight; to nothing if None."""
    if part is not None:
        _scroll()(key="scroll-to-part", data={"part": part, "wish": uuid.uuid4().hex})


@lru_cache
def _scroll() -> "ComponentRenderer":
    script = browser.read("scroll.js")
    return st.components.v2.component("studio_scroll", js=script)
