"""Everybody in the clip as a row of faces, and when each is in view; choosing one shows everything for them."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import class_colour, display_percent
from emo_core.model.presence import headline
from ui.state import session

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.report.people import PersonOverview


def render(result: session.Result, choose: Callable[[int], None]) -> None:
    """Show the row and the timeline; nothing where one person was judged.

    Args:
        result: about one of them.
        choose: callback with the number of another one.
    """
    analysis = result.analysis
    if len(analysis.people) < 2:
        return
    from emo_core.report.people import people_of

    found = people_of(analysis)
    st.header("People", anchor="people")
    with st.container(key="people", horizontal=True):
        for person in found:
            with st.container(key=f"person-{person.number}", width=168):
                _face(person, analysis, choose)
    st.html(timeline_html(found, analysis))


def _face(person: "PersonOverview", analysis: "Analysis", choose: Callable[[int], None]) -> None:
    is_shown = person.number == analysis.person
    st.html(face_html(person, analysis))
    st.button(
        "Shown below" if is_shown else f"Show {person.name}",
        key=f"show-person-{person.number}",
        type="primary" if is_shown else "secondary",
        disabled=is_shown,
        width="stretch",
        on_click=choose,
        args=[person.number],
    )


def face_html(person: "PersonOverview", analysis: "Analysis") -> str:
    """A face with name, time on screen and verdict."""
    from emo_core.report.charts.pictures import data_url

    prediction = person.prediction
    tone = class_colour(prediction.label, prediction.labels)
    sure = display_percent(prediction.probability)
    here = " es-shown" if person.number == analysis.person else ""
    return (
        f'<div class="es-person{here}" style="--tone:{tone}">'
        f'<img alt="Face of {person.name}" src="{data_url(person.face)}">'
        f"<div><b>{person.name}</b><br>{person.on_screen_s:.1f} s on screen<br>"
        f'<i class="es-dot" style="background:{tone}"></i>{escape(headline(prediction))}'
        f"{f', {sure}' if prediction.label in prediction.labels else ''}</div></div>"
    )


def timeline_html(found: tuple["PersonOverview", ...], analysis: "Analysis") -> str:
    """Who is in view when: a bar for each person, coloured by the verdict of the moment."""
    video = analysis.video
    length_s = max(video.end_s - video.start_s, 1e-6)

    def block(start_s: float, end_s: float, colour: str) -> str:
        left, width = (start_s - video.start_s) / length_s, (end_s - start_s) / length_s
        return f'<span style="left:{left:.2%};width:{max(width, 0.004):.2%};background:{colour}"></span>'

    rows = []
    for person in found:
        spans = ", ".join(f"{start_s:.1f} to {end_s:.1f} s" for start_s, end_s in person.spans_s)
        blocks = ""
        for segment in person.prediction.segments:
            colour = class_colour(segment.label, person.prediction.labels)
            for start_s, end_s in person.spans_s:
                first_s, last_s = max(start_s, segment.start_s), min(end_s, segment.end_s)
                if last_s > first_s:
                    blocks += block(first_s, last_s, colour)
        rows.append(
            f'<div>{person.name}</div><div class="es-track" role="img" title="In view {spans}" '
            f'aria-label="{person.name} is in view {spans}">{blocks}</div>'
        )
    ends = f'<div></div><div class="es-ends es-soft"><span>{video.start_s:.1f} s</span>'
    ends += f"<span>{video.end_s:.1f} s</span></div>"
    return f'<div class="es-who" data-testid="who-when">{"".join(rows)}{ends}</div>'
