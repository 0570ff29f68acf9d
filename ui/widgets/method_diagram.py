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
    Stage("Frames", "Sampled 10 times a second.", "frames"),
    Stage("Face and alignment", "Found, tracked, and turned so that the eyes are level.", "frames"),
    Stage("Quality", "Sharpness, light, size, angle, confidence.", "quality"),
    Stage("CNN features", "A network trained on faces reads each frame.", "heatmaps"),
    Stage("Normalization", "Features brought to one scale; unusable frames left out.", "neighbourhoods"),
    Stage("LSTM", "A second network reads the frames in order.", "features"),
    Stage("Scores by quality", "Thresholds depend on the quality.", "thresholds"),
    Stage("Verdict", "A pair of emotions or one of them, other, or unsure.", "verdict"),
)
"""The paper's Fig. 1, with what this application adds to it."""

PARTS = frozenset(stage.shown_in for stage in STAGES)
"""Anchors of the Analyze page that the drawing leads to."""


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
