"""One look for every chart: transparent, compact, text in the colour of its surroundings."""

import html
import math
from collections.abc import Iterable

import plotly.graph_objects as go

NEUTRAL_INK = "#8A94A6"
"""Grey that reads on white and on near-black."""

_GRID = "rgba(138,148,166,0.25)"


def faded(colour: str, opacity: float) -> str:
    """Hex RGB → rgba()."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def verbatim(text: str) -> str:
    """A name that somebody gave, for a chart, which would take ``<b>`` or a link in it for markup.

    Example:
        >>> verbatim("a <b>bold</b> name")
        'a &lt;b&gt;bold&lt;/b&gt; name'
    """
    return html.escape(text, quote=False)


def percent_format(values: Iterable[float | None]) -> str:
    """Format of the ticks of an axis in percent that spans these values: fine enough that no two read alike.

    Example:
        >>> percent_format([0.2, 0.9]), percent_format([0.852, 0.861]), percent_format([0.85, 0.8503])
        ('.0%', '.1%', '.2%')
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    spread = max(known) - min(known) if known else 1.0
    return ".0%" if spread > 0.08 else ".1%" if spread > 0.008 else ".2%"


def layout(figure: go.Figure, height: int) -> None:
    """What every chart shares: transparent, compact, axes fixed so that a finger scrolls the page, not the chart.

    Above it is room for the tool bar and a line of legend, which plotly would else draw over the data now and then.
    """
    figure.update_layout(
        height=height, margin={"l": 8, "r": 12, "t": 34, "b": 8}, dragmode=False, hovermode="x unified",
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        legend={
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "title": {"text": ""},
            "font": {"size": 12}, "itemwidth": 30,
            "traceorder": "normal",
        },
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": NEUTRAL_INK, "activecolor": NEUTRAL_INK},
    )  # fmt: skip
    figure.update_xaxes(gridcolor=_GRID, zeroline=False, fixedrange=True, automargin=True)
    figure.update_yaxes(gridcolor=_GRID, zeroline=False, fixedrange=True, automargin=True)
