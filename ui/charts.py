"""Charts on a page: the same settings for all of them."""

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go


def render(figure: "go.Figure", key: str, alt: str, *, picture: str = "") -> None:
    """Show a chart; `alt` says what it shows to those who cannot see it.

    Its tool bar is hidden, or offers it as a PNG file called `picture` if that is given.
    """
    st.plotly_chart(figure, config=config(picture), key=key, alt=alt)


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
