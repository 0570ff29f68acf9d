"""Charts on a page: the same settings for all of them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.shell import browser
from ui.state import position, session

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from streamlit.components.v2.types import ComponentRenderer

_CLICKS = "chart-clicks"


def render(figure: "go.Figure", key: str, alt: str, *, picture: str | None = None) -> None:
    """Show a chart; those who cannot see it are told `alt` and its values.

    Args:
        figure: chart.
        key: of the element, one of its own on the page.
        alt: what it shows.
        picture: name of the PNG file that its tool bar always offers; None offers one called `key` under the pointer,
            an empty name none.
    """
    from emo_core.report.charts.words import describe

    settings = config(key) | {"displayModeBar": "hover"} if picture is None else config(picture)
    st.plotly_chart(figure, config=settings, key=key, alt=f"{alt}. {describe(figure)}".strip())


def render_timeline(figure: "go.Figure", key: str, alt: str, result: session.Result) -> None:
    """Show a chart over the time of a clip with a cursor at the moment on show.

    Args:
        figure: chart, its x axis in seconds; the cursor is drawn into it.
        key: of the element.
        alt: what it shows.
        result: clip whose moment it is.
    """
    from emo_core.report.charts.analysis import add_cursor

    add_cursor(figure, position.get(result))
    render(figure, key, alt)


def follow_clicks(keys: Sequence[str], result: session.Result) -> None:
    """Let a click on one of the charts over time, told by their keys, move the moment on show."""
    position.look_at(result)
    video = result.analysis.video
    data = {"keys": list(keys), "start_s": video.start_s, "end_s": video.end_s}
    _clicks()(key=_CLICKS, data=data, on_position_change=_go_there)


def _go_there() -> None:
    """Callback."""
    moment = st.session_state[_CLICKS].position
    if isinstance(moment, (int, float)):
        position.move(float(moment))


@lru_cache
def _clicks() -> "ComponentRenderer":
    script = browser.read("chart_clicks.js")
    return st.components.v2.component("studio_chart_clicks", js=script)


def config(picture: str = "") -> dict[str, Any]:
    """Settings of plotly for a chart; with a tool bar that saves it as a file called `picture` if that is given."""
    if not picture:
        return {"displayModeBar": False}
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": picture, "scale": 2},
    }
