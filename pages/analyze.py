"""A clip in, the verdict and the evidence for it out."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emo_core.files import scratch
from ui.analyze import people, verdict
from ui.analyze import tabs as inside
from ui.shared import link
from ui.shell import browser, errors, navigation, parts, preload
from ui.state import keeping, models, session, sources
from ui.widgets import clip_picker, model_picker, privacy, progress, tables
from ui.work import turns

navigation.guard(__file__)


PROBLEM = "_analysis_problem"


def run_job(source: sources.Source) -> None:
    """Analyze the waiting clip; start over with the result, or with why there is none and the choice of another."""
    inside.stop()  # what is made for the result before must not hold this one up
    st.session_state.pop(PROBLEM, None)
    with errors.shown(partial(st.session_state.__setitem__, PROBLEM)):
        with progress.shown(source.name) as report:
            preload.wait()
            from emo_core.inference.pipeline import analyze

            bundle, place = models.bundle(), scratch.Lasting()
            work = partial(analyze, source.path, bundle, name=source.name, folder=place.path)
            analysis = turns.run(work, "analysis", report, report.waiting)
        session.keep(source, analysis, bundle)
        parts.want("verdict")
        browser.say(verdict.spoken(analysis))
        st.rerun()
    session.drop_job()
    clip_picker.unfold()
    st.rerun()


def tell_problem() -> None:
    """Why the last analysis failed, until another one is asked for, and whose result is below."""
    if problem := st.session_state.get(PROBLEM):
        errors.tell(problem)
        if (before := session.result()) is not None:
            st.caption(f"Below is still the result of the clip before, {errors.plain(before.source.name)}.")


def show(result: session.Result) -> DeltaGenerator:
    """One result but for its tabs; returns their place, for what takes long must not hold up the rest of the page."""
    preload.wait()
    analysis = result.analysis
    people.render(result, session.show_person)
    verdict.made_room()
    verdict.beside_clip(result)
    place = st.container()
    with st.expander("How long it took"):
        tables.timings(analysis.timing_ms, analysis.video.duration_s)
    return place


st.title("Analyze a clip")
model_picker.render("analyze")
waiting = session.job()
if waiting is None:
    tell_problem()
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
    link.render(found)
privacy.delete_button("analyze")
if found is not None and tabs is not None:
    with tabs, errors.shown():
        inside.render(found)
