"""A clip in, the verdict and the evidence for it out."""

import streamlit as st

from ui import charts, choose, entry, errors, flow, model, preload, privacy, progress, session, strip, tables, verdict

entry.guard(__file__)


def run_job(source: session.Source) -> None:
    """Analyze the waiting clip; on success start over with the result, on failure say why and go on."""
    report = progress.reporter(source.name)
    with errors.shown():
        preload.wait()
        from emo_core.pipeline import analyze

        session.keep(source, analyze(source.data, model.bundle(), name=source.name, progress=report))
        st.rerun()
    session.drop_job()


def show(result: session.Result) -> None:
    """Everything about one result, from the verdict down to the frames."""
    preload.wait()
    from emo_core import figures
    from emo_core.report import to_json

    analysis = result.analysis
    left, right = st.columns([11, 9], gap="medium")
    with left:
        st.subheader("Clip", anchor="clip")
        st.video(result.source.data, format=result.source.mime)
        if not result.source.mime.endswith(("mp4", "webm")):
            st.caption("If your browser cannot play this format, the analysis below is not affected.")
    with right:
        st.subheader("Verdict", anchor="verdict")
        verdict.render(analysis, model.bundle())
        st.caption(model.trust_line())
        st.page_link("pages/about.py", label="How far to trust it →")

    st.subheader("Over time", anchor="timeline")
    st.caption("What the model says as the clip goes on. The band at the foot is the verdict; shaded: no usable face.")
    charts.render(figures.timeline_figure(analysis), "timeline", "Class probabilities over the clip")
    st.subheader("Emotions in each frame", anchor="emotions")
    st.caption("The eight basic emotions that the frame network sees, before the second network reads the sequence.")
    charts.render(figures.emotions_figure(analysis), "emotions", "Eight basic emotions over the clip")
    st.subheader("Quality of each frame", anchor="quality")
    st.caption("Frames of low quality count for less; frames without a usable face do not count.")
    charts.render(figures.quality_figure(analysis), "quality", "Quality of the frames over the clip")
    st.subheader("Normalized frames", anchor="frames")
    st.caption("What the network is given: the face, turned level, cut out, evened in light. The bar is the quality.")
    strip.render(analysis)
    parts, whole = st.columns(2, gap="large")
    with parts:
        st.subheader("Parts of the clip", anchor="parts")
        tables.segments(analysis.prediction.segments)
    with whole:
        st.subheader("The clip as a whole", anchor="whole")
        charts.render(figures.probabilities_figure(analysis.prediction), "probabilities", "Probability of each class")
    st.download_button(
        "Download everything as JSON",
        data=lambda: to_json(analysis),
        file_name=f"{analysis.video.name}.json",
        mime="application/json",
        on_click="ignore",
    )
    with st.expander("How long it took"):
        tables.timings(analysis.timing_ms, analysis.video.duration_s)
    flow.go_to_wanted_part()


st.title("Analyze a clip")
waiting = session.job()
choose.render(expanded=waiting is None and session.result() is None)
if session.was_stopped():
    st.info("Stopped. Choose a clip to start again.")
if waiting is not None:
    run_job(waiting)
found = session.result()
if found is not None:
    with errors.shown():
        show(found)
elif waiting is None:
    st.info("Nothing analyzed yet. Choose the sample, upload or record a clip, and the verdict appears here.")
privacy.delete_button("analyze")
