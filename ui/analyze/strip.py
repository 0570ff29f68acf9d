"""The normalized frames as a strip: what the network saw, and how good each frame was."""

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.types import Floats

MAX_FRAMES = 24
_GOOD, _FAIR, _POOR = "#3E9C6A", "#D9A441", "#C8553D"


def render(analysis: "Analysis") -> None:
    """Show at most :data:`MAX_FRAMES` evenly spaced frames with their quality."""
    st.html(strip_html(analysis))


def strip_html(analysis: "Analysis") -> str:
    """The strip as HTML: a face, its quality as a bar, its time; frames left out are marked."""
    picked = np.unique(np.linspace(0, len(analysis.timestamps_s) - 1, MAX_FRAMES).round().astype(int))
    return f'<div class="es-strip">{"".join(_frame_html(analysis, int(index)) for index in picked)}</div>'


def _frame_html(analysis: "Analysis", index: int) -> str:
    clip = analysis.normalized
    time_s, quality = float(analysis.timestamps_s[index]), float(clip.quality[index])
    details = ", ".join(f"{name.replace('_', ' ')} {values[index]:.0%}" for name, values in clip.components.items())
    if not analysis.track.detected[index]:
        picture, note, title = '<div class="es-blank">no face</div>', "", f"{time_s:.1f} s: no face found"
    else:
        picture = f'<img alt="Face at {time_s:.1f} s" src="data:image/png;base64,{_png(clip.faces[index])}">'
        note = "" if clip.mask[index] else " · left out"
        title = f"{time_s:.1f} s: quality {quality:.0%} ({details}){note}"
    colour = _GOOD if quality >= 0.6 else _FAIR if quality >= 0.3 else _POOR
    return (
        f'<div class="es-frame{"" if clip.mask[index] else " es-out"}" title="{title}">{picture}'
        f'<div class="es-bar"><span style="width:{quality:.0%};background:{colour}"></span></div>'
        f"{time_s:.1f} s{note}</div>"
    )


def _png(face: "Floats") -> str:
    """(S, S) float in [0, 1] → PNG, base64."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray((np.clip(face, 0, 1) * 255).round().astype(np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
