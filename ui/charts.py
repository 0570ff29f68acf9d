"""Charts on a page: the same settings for all of them."""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go


def render(figure: "go.Figure", key: str, alt: str) -> None:
    """Show a chart without its tool bar; `alt` says what it shows to those who cannot see it."""
    st.plotly_chart(figure, config={"displayModeBar": False}, key=key, alt=alt)
