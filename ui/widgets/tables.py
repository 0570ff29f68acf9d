"""Small tables as Markdown: they follow the theme, fit a phone and need no data-frame library."""

import re
from collections.abc import Iterable, Sequence

import streamlit as st

from emo_core.analysis import Segment, StageTimings
from emo_core.emotions import display_percent
from emo_core.model.presence import verdict_words
from ui.shell import errors


def render(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table of short texts; intervals, and seconds with their unit, stay on one line however narrow it gets."""
    lines = ["| " + " | ".join(line) + " |" for line in (header, ["---"] * len(header), *rows)]
    ranges = "\n".join(lines).replace(" – ", "\u00a0–\u2060\u00a0")
    st.markdown(re.sub(r"(?<=\d) (?=s\b)", "\u00a0", ranges))


def count(number: int, noun: str) -> str:
    """So many of something.

    Example:
        >>> count(1, "clip"), count(1200, "clip")
        ('1 clip', '1,200 clips')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def segments(items: Sequence[Segment]) -> None:
    """When the clip shows what; long lists scroll."""
    rows = [
        (
            f"{item.start_s:.1f}",
            f"{item.end_s:.1f}",
            errors.plain(verdict_words(item)),
            display_percent(item.probability),
        )
        for item in items
    ]
    with st.container(height=320 if len(rows) > 8 else "content", border=False):
        render(("From (s)", "To (s)", "Verdict", "Probability"), rows)


def timings(timing_ms: StageTimings, duration_s: float) -> None:
    """Where the time went."""
    names = {
        "decode": "Reading frames",
        "faces": "Face and alignment",
        "cnn": "CNN features",
        "head": "LSTM and scores",
    }
    render(("Stage", "Time (ms)"), [(text, f"{getattr(timing_ms, name):,.0f}") for name, text in names.items()])
    st.caption(f"In all {timing_ms.total / 1000:.1f} s for a clip of {duration_s:.1f} s.")
