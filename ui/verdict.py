"""The verdict card: what was found, how sure, in which mix, or why the model will not say."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import EMOTION_COLOURS, OTHER, UNSURE, HybridClass, class_colour, display_name

if TYPE_CHECKING:
    from emo_core.types import Analysis, Prediction


def render(analysis: "Analysis", classes: Sequence[HybridClass]) -> None:
    """Show the card of one analysis; `classes` are the model's, which know each component's emotion and colour."""
    st.html(card_html(analysis, classes))


def card_html(analysis: "Analysis", classes: Sequence[HybridClass]) -> str:
    """The card as HTML; every text from outside is escaped."""
    prediction = analysis.prediction
    unsure = prediction.label == UNSURE
    tone = class_colour(prediction.label, prediction.labels)
    head = "Not sure" if unsure else display_name(prediction.label)
    parts = [
        f'<div class="es-kicker">Verdict on {escape(analysis.video.name)}</div>',
        f'<div class="es-verdict" data-testid="verdict">{escape(head)}</div>',
        f"<div>{escape(_sureness(prediction))}</div>",
        _salience_html(prediction, classes),
        _parts_html(prediction),
        *(f'<p class="es-soft">⚠️ {escape(warning)}</p>' for warning in analysis.warnings),
    ]
    return f'<div class="es-card" style="--tone:{tone}">{"".join(parts)}</div>'


def mix_words(prediction: "Prediction") -> str:
    """What the salience means in words: ``true blend`` or ``mostly amusement``.

    Empty unless the verdict is a pair.
    """
    if not prediction.salience:
        return ""
    if prediction.is_blend:
        return "true blend"
    return f"mostly {max(prediction.salience, key=lambda name: prediction.salience[name])}"


def _sureness(prediction: "Prediction") -> str:
    if prediction.label == OTHER:
        return f"Neutral, or an emotion of none of the pairs. Probability {prediction.probability:.0%}"
    if prediction.label != UNSURE:
        return f"Probability {prediction.probability:.0%}"
    best = prediction.labels[int(prediction.probabilities.argmax())]
    return f"{prediction.reason} Closest: {display_name(best)} ({prediction.probability:.0%})."


def _salience_html(prediction: "Prediction", classes: Sequence[HybridClass]) -> str:
    """The mix as a bar: amusement 62 : surprise 38."""
    if not prediction.salience:
        return ""
    bases = next((item.components for item in classes if item.name == prediction.label), {})
    colours = {name: EMOTION_COLOURS.get(bases.get(name, ""), "#8A94A6") for name in prediction.salience}
    first, second = prediction.salience
    percents = {first: round(100 * prediction.salience[first])}
    percents[second] = 100 - percents[first]
    bar = "".join(
        f'<span style="width:{percents[name]}%;background:{colours[name]}"></span>' for name in prediction.salience
    )
    ends = "".join(
        f'<span><i class="es-dot" style="background:{colours[name]}"></i>{escape(name)} {percents[name]}</span>'
        for name in prediction.salience
    )
    words = " : ".join(f"{name} {percent}" for name, percent in percents.items())
    return (
        f'<div class="es-meter" role="img" aria-label="{escape(words)}">{bar}</div><div class="es-ends">{ends}</div>'
        f"<p>Mix: <b>{escape(mix_words(prediction))}</b></p>"
    )


def _parts_html(prediction: "Prediction") -> str:
    """A sentence for clips whose verdict changes on the way."""
    segments = prediction.segments
    if len({item.label for item in segments}) < 2:
        return ""
    shown = [f"{item.start_s:.0f}–{item.end_s:.0f} s {display_name(item.label).lower()}" for item in segments[:4]]
    more = f" and {len(segments) - 4} more" if len(segments) > 4 else ""
    return f"<p>It changes: {escape(', '.join(shown))}{more}.</p>"
