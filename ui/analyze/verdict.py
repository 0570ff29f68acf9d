"""The verdict card: what was found, how sure, in which mix and when, or why the model will not say."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import EMOTION_COLOURS, OTHER, UNSURE, class_colour, display_percent
from emo_core.model.limits import trust_line, warning_of
from emo_core.model.presence import emotion_words, headline, verdict_changes, verdict_words
from ui.shell import errors
from ui.state import position, session

if TYPE_CHECKING:
    from emo_core.analysis import Analysis, Prediction, Segment
    from emo_core.model.bundle import Bundle

_MOST_FOLDED = 60


def render(analysis: "Analysis", bundle: "Bundle") -> None:
    """Show the card of one analysis; the model knows the emotion, and so the colour, of each component of a pair."""
    st.html(card_html(analysis, bundle))


def beside_clip(result: session.Result) -> None:
    """The clip, and beside it the card with what the model is worth."""
    left, right = st.columns([11, 9], gap="medium")
    with left:
        st.header("Clip", anchor="clip")
        if result.source.is_kept:
            begin_s = position.beginning(result) if len(result.analysis.people) > 1 else 0
            st.video(result.source.content, format=result.source.mime, start_time=begin_s)
        else:
            st.info("The clip itself was dropped to make room for newer ones; what was found in it is still here.")
        if result.source.is_kept and not result.source.mime.endswith(("mp4", "webm")):
            st.caption("If your browser cannot play this format, the analysis below is not affected.")
    with right:
        st.header("Verdict", anchor="verdict")
        render(result.analysis, result.bundle)
        st.caption(errors.plain(trust_line(result.bundle.metrics)))
        st.page_link("pages/about.py", label="How reliable is this? →")


def made_room() -> None:
    """Say which earlier results, or clips of them, made room for the newest one."""
    gone, clips = ([errors.plain(name) for name in names] for names in session.made_room())
    if gone:
        st.info(f"To make room for this result, the oldest ones were dropped: {', '.join(gone)}.")
    if clips:
        st.info(f"To make room, these clips were dropped; what was found in them is still here: {', '.join(clips)}.")


def spoken(analysis: "Analysis") -> str:
    """The verdict in a sentence, for whoever hears the page."""
    prediction = analysis.prediction
    return f"Verdict on {_whom(analysis)}{analysis.video.name}: {headline(prediction)}. {_sureness(prediction)}"


def card_html(analysis: "Analysis", bundle: "Bundle") -> str:
    """The card as HTML; every text from outside is escaped."""
    prediction = analysis.prediction
    tone = class_colour(prediction.label, prediction.labels)
    limits = warning_of(bundle.metrics, bundle.info.labels)
    changes = prediction.label == UNSURE and verdict_changes(prediction)  # then a mean over all of it says nothing
    parts = [
        f'<div class="es-kicker">Verdict on {_whom(analysis)}{escape(analysis.video.name)}</div>',
        f'<div class="es-verdict" data-testid="verdict">{escape(headline(prediction))}</div>',
        f"<div>{escape(_sureness(prediction))}</div>",
        "" if changes else _mix_html(prediction, bundle),
        _parts_html(analysis, bundle),
        *(f'<p class="es-soft">⚠️ {escape(warning)}</p>' for warning in analysis.warnings),
        f'<p class="es-soft" data-testid="limits">⚠️ {escape(limits)}</p>' if limits else "",
        f'<p class="es-soft" data-testid="model">Model {escape(analysis.model.title)}</p>',
    ]
    return f'<div class="es-card" style="--tone:{tone}">{"".join(parts)}</div>'


def _whom(analysis: "Analysis") -> str:
    return f"Person {analysis.person} in " if len(analysis.people) > 1 else ""


def _sureness(prediction: "Prediction") -> str:
    if prediction.label == OTHER:
        return f"Neutral, or an emotion of none of the pairs. Probability {display_percent(prediction.probability)}"
    if prediction.label != UNSURE:
        return f"Probability {display_percent(prediction.probability)}"
    if verdict_changes(prediction):
        return "The verdict changes during the clip, so each part has its own."
    return prediction.reason


def _mix_html(found: "Prediction | Segment", bundle: "Bundle") -> str:
    """The mean frame emotions in words; above them, where both of a pair are present, their mix as a bar."""
    words = emotion_words(found.emotions)
    seen = f'<div class="es-soft">Average frame: {escape(words)}</div>' if words else ""
    salience = found.salience
    if not salience or not found.is_blend:
        return seen
    bases = next((item.components for item in bundle.classes if item.name == found.label), {})
    colours = {name: EMOTION_COLOURS.get(bases.get(name, ""), "#8A94A6") for name in salience}
    first, second = salience
    percents = {first: round(100 * salience[first])}
    percents[second] = 100 - percents[first]
    bar = "".join(f'<span style="width:{percents[name]}%;background:{colours[name]}"></span>' for name in percents)
    ends = "".join(
        f'<span><i class="es-dot" style="background:{colours[name]}"></i>{escape(name)} {percents[name]}</span>'
        for name in percents
    )
    mix = " : ".join(f"{name} {percent}" for name, percent in percents.items())
    return (
        f'<div class="es-meter" role="img" aria-label="{escape(mix)}">{bar}</div>'
        f'<div class="es-ends">{ends}<b>a blend</b></div>{seen}'
    )


def _parts_html(analysis: "Analysis", bundle: "Bundle") -> str:
    """Where the verdict changes during the clip: the longest part of each class, in order of time; the rest folded."""
    segments = analysis.prediction.segments
    longest = {item.label: item for item in sorted(segments, key=lambda item: item.end_s - item.start_s)}
    if len(longest) < 2:
        return ""
    first = [item for item in segments if item is longest[item.label]]
    rest = [item for item in segments if item is not longest[item.label]]
    rows = "".join(_part_html(analysis, item, bundle) for item in first)
    return f'{_band_html(analysis.prediction)}<div class="es-parts">{rows}</div>{_folded_html(analysis, rest, bundle)}'


def _band_html(prediction: "Prediction") -> str:
    """The whole clip as one bar from left to right, each part in the color of its verdict."""
    segments = prediction.segments
    begin_s, length_s = segments[0].start_s, max(segments[-1].end_s - segments[0].start_s, 1e-6)
    blocks = "".join(
        f'<span style="left:{(item.start_s - begin_s) / length_s:.2%};'
        f'width:{(item.end_s - item.start_s) / length_s:.2%};background:{class_colour(item.label, prediction.labels)}">'
        "</span>"
        for item in segments
    )
    return f'<div class="es-track es-band" aria-hidden="true">{blocks}</div>'


def _folded_html(analysis: "Analysis", rest: "list[Segment]", bundle: "Bundle") -> str:
    """The parts that are not the longest of their class, behind a line that says how many there are."""
    if not rest:
        return ""
    rows = "".join(_part_html(analysis, item, bundle) for item in rest[:_MOST_FOLDED])
    left = len(rest) - _MOST_FOLDED
    more = f'<p class="es-soft">and {left} more, listed under Charts</p>' if left > 0 else ""
    title = f"{len(rest)} shorter part{'' if len(rest) == 1 else 's'}"
    return f'<details class="es-more"><summary>{title}</summary><div class="es-parts">{rows}</div>{more}</details>'


def _part_html(analysis: "Analysis", segment: "Segment", bundle: "Bundle") -> str:
    colour = class_colour(segment.label, analysis.prediction.labels)
    name = f"<b>{escape(verdict_words(segment))}</b>"
    sure = "" if segment.label == UNSURE else f", probability {display_percent(segment.probability)}"
    return (
        f'<div><i class="es-dot" style="background:{colour}"></i>{segment.start_s:.0f}–{segment.end_s:.0f} s: '
        f"{name}{sure}{_mix_html(segment, bundle)}</div>"
    )
