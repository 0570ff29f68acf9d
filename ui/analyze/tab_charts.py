"""The tab of charts over the whole clip: verdict, emotions, quality, normalized frames, parts."""

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ui.state import session
from ui.widgets import charts, tables

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.types import Floats


MAX_FRAMES = 24
_GOOD, _FAIR, _POOR = "#3E9C6A", "#D9A441", "#C8553D"


def render(result: session.Result) -> None:
    """Every chart that spans the clip, the strip of frames and the table of parts."""
    from emo_core.report.charts import analysis as figures
    from emo_core.report.charts.catalog import mark

    analysis = result.analysis
    st.header("Over time", anchor="timeline")
    st.caption(
        "The probability of each class over the clip. The bar at the bottom is the verdict; shaded: no usable face. "
        "Click a chart to move to that moment in every tab."
    )
    timeline = figures.timeline_figure(analysis)
    mark(timeline, session.annotations(result.key))
    charts.render_timeline(timeline, "timeline", "Class probabilities over the clip", result)
    st.header("Emotions in each frame", anchor="emotions")
    st.caption("The eight basic emotions that the frame network sees, before the second network reads the sequence.")
    charts.render_timeline(figures.emotions_figure(analysis), "emotions", "Eight basic emotions over the clip", result)
    st.header("Quality of each frame", anchor="quality")
    st.caption("Frames of low quality count for less; frames without a usable face do not count.")
    charts.render_timeline(figures.quality_figure(analysis), "quality", "Quality of the frames over the clip", result)
    charts.follow_clicks(("timeline", "emotions", "quality"), result)
    st.header("Normalized frames", anchor="frames")
    st.caption("What the network sees: the face cut out, leveled and evenly lit. The bar below it is its quality.")
    st.html(strip_html(analysis))
    parts, whole = st.columns(2, gap="large")
    with parts:
        st.header("Parts of the clip", anchor="parts")
        tables.segments(analysis.prediction.segments)
    with whole:
        st.header("The clip as a whole", anchor="whole")
        charts.render(figures.probabilities_figure(analysis.prediction), "probabilities", "Probability of each class")


def strip_html(analysis: "Analysis") -> str:
    """At most :data:`MAX_FRAMES` evenly spaced frames as HTML: face, quality and time; what is left out is marked."""
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
