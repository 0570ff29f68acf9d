"""The tab that puts two results of the visit side by side: verdicts, timelines on one scale, quality."""

from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import UNSURE, display_percent
from emo_core.model.presence import headline, verdict_changes
from ui.analyze import verdict
from ui.shell import errors
from ui.state import session
from ui.widgets import charts, tables

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from emo_core.analysis import Prediction


def render(result: session.Result) -> None:
    """The list of results, and two of them side by side."""
    found = session.results()
    numbers = {item.key: number for number, item in enumerate(reversed(found), start=1)}
    tables.render(
        ("No.", "Clip", "Length", "Model", "Verdict", "Probability", "Analyzed (UTC)"),
        [
            (
                f"**{numbers[item.key]}**" + (" (shown)" if item is result else ""),
                errors.plain(item.source.name),
                f"{item.analysis.video.duration_s:.1f} s",
                errors.plain(item.analysis.model.title),
                errors.plain(headline(item.analysis.prediction)),
                _sure(item.analysis.prediction),
                item.made_at.strftime("%H:%M:%S"),
            )
            for item in found
        ],
    )
    st.caption(
        f"The last {session.MOST_RESULTS} analyses of this visit are kept, the oldest make room for newer ones. "
        "Where the verdict is unsure, the probability is that of the most probable class."
    )
    if len(found) < 2:
        st.info("Only one analysis so far. Choose another clip above, and both can be put side by side here.")
        return
    names = {item.key: f"{numbers[item.key]}: {item.source.name}, model {item.analysis.model.title}" for item in found}
    other = next(item for item in found if item is not result)
    sides = st.columns(2, gap="large")
    pair = [_side(column, name, start, names) for column, name, start in zip(sides, "AB", (result, other), strict=True)]
    for column, name, item in zip(sides, "AB", pair, strict=True):
        with column:
            verdict.render(item.analysis, item.bundle)
            st.button(
                "This is the one on show" if item is result else "Show this one",
                key=f"compare-show-{name}", disabled=item is result, on_click=_show, args=[item.key], width="stretch",
            )  # fmt: skip
    if st.session_state.pop("_compare_shown", False):
        st.rerun()
    _charts(pair)


def _sure(found: "Prediction") -> str:
    """The probability of a verdict; a clip whose parts have different ones has no single one."""
    changes = found.label == UNSURE and verdict_changes(found)
    return "by part" if changes else display_percent(found.probability)


def _side(column: "DeltaGenerator", name: str, start: session.Result, names: dict[str, str]) -> session.Result:
    key = f"compare-{name}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = start.key
    chosen = column.selectbox(name, list(names), key=key, format_func=names.__getitem__)
    return next(item for item in session.results() if item.key == chosen)


def _show(key: str) -> None:
    session.show(key)
    st.session_state["_compare_shown"] = True


def _charts(pair: list[session.Result]) -> None:
    """Timelines under one another on one scale, then both qualities in one chart."""
    from emo_core.report.charts.analysis import timeline_figure
    from emo_core.report.charts.catalog import mark, quality_comparison

    videos = [item.analysis.video for item in pair]
    span_s = [min(video.start_s for video in videos), max(video.end_s for video in videos)]
    st.header("Over time, on one scale", anchor=False)
    for name, item in zip("AB", pair, strict=True):
        figure = timeline_figure(item.analysis)
        mark(figure, session.annotations(item.key))
        figure.update_xaxes(range=span_s)
        words = f"{item.source.name}, model {item.analysis.model.title}"
        st.markdown(f"**{name}** {errors.plain(words)}")
        charts.render(figure, f"compare-timeline-{name}", f"Class probabilities over clip {name}")
    st.header("Quality of the frames", anchor=False)
    figure = quality_comparison({name: item.analysis for name, item in zip("AB", pair, strict=True)})
    charts.render(figure, "compare-quality", "Overall quality of the frames of both clips")
