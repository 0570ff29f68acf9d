"""A clip in, the verdict and the evidence for it out."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.analyze import people, verdict
from ui.analyze import tabs as inside
from ui.shell import announce, errors, links, navigation, preload
from ui.state import keeping, models, position, session, turns
from ui.widgets import clip_picker, method_diagram, model_picker, privacy, progress, tables

navigation.guard(__file__)


def run_job(source: session.Source) -> None:
    """Analyze the waiting clip; on success start over with the result, on failure say why and go on."""
    with errors.shown():
        with progress.shown(source.name) as report:
            preload.wait()
            from emo_core.inference.pipeline import analyze

            bundle = models.bundle()
            work = partial(analyze, source.data, bundle, name=source.name)
            analysis = turns.run(work, "analysis", report, report.waiting)
        session.keep(source, analysis, bundle)
        method_diagram.want("verdict")
        announce.say(verdict.spoken(analysis))
        st.rerun()
    session.drop_job()
    if (before := session.result()) is not None:
        st.caption(f"Below is still the result of the clip before, {errors.plain(before.source.name)}.")


def show(result: session.Result) -> DeltaGenerator:
    """One result but for its tabs; returns their place, for what takes long must not hold up the rest of the page."""
    preload.wait()
    analysis = result.analysis
    people.render(result)
    left, right = st.columns([11, 9], gap="medium")
    with left:
        st.header("Clip", anchor="clip")
        if result.source.is_kept:
            begin_s = position.beginning(result) if len(analysis.people) > 1 else 0
            st.video(result.source.data, format=result.source.mime, start_time=begin_s)
        else:
            st.info("The clip itself was dropped to make room for newer ones; what was found in it is still here.")
        if result.source.is_kept and not result.source.mime.endswith(("mp4", "webm")):
            st.caption("If your browser cannot play this format, the analysis below is not affected.")
    with right:
        st.header("Verdict", anchor="verdict")
        verdict.render(analysis, result.bundle)
        st.caption(errors.plain(models.trust_line(result.bundle.metrics)))
        st.page_link("pages/about.py", label="How reliable is this? →")

    place = st.container()
    with st.expander("How long it took"):
        tables.timings(analysis.timing_ms, analysis.video.duration_s)
    return place


st.title("Analyze a clip")
model_picker.render("analyze")
waiting = session.job()
clip_picker.render()
if (stopped := session.stopped()) is not None:
    st.info(f"The analysis of {errors.plain(stopped.name)} was stopped.")
    st.button("Start it again", key="start-again", on_click=session.start_again)
if waiting is not None:
    run_job(waiting)
found, tabs = session.result(), None
if found is not None:
    with errors.shown():
        tabs = show(found)
elif waiting is None:
    st.info("Nothing analyzed yet. Choose the sample, upload or record a clip, and the verdict appears here.")
privacy.keep_toggle()
if found is not None and keeping.key():
    with st.popover("Link to this result"):
        st.caption("Opens this result at the moment on show, in this browser, as long as it is kept.")
        st.code(links.to_moment(found), language=None, wrap_lines=True)
privacy.delete_button("analyze")
if found is not None and tabs is not None:
    with tabs, errors.shown():
        inside.render(found)
