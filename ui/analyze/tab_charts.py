"""The tab of charts over the whole clip: verdict, emotions, quality, normalized frames, parts."""

import streamlit as st

from ui.analyze import strip
from ui.state import session
from ui.widgets import charts, tables


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
    strip.render(analysis)
    parts, whole = st.columns(2, gap="large")
    with parts:
        st.header("Parts of the clip", anchor="parts")
        tables.segments(analysis.prediction.segments)
    with whole:
        st.header("The clip as a whole", anchor="whole")
        charts.render(figures.probabilities_figure(analysis.prediction), "probabilities", "Probability of each class")
