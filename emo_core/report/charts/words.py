"""A chart in words, for whoever cannot see it: every line and bar with its values, long ones by their range."""

import html
import math
import re
from typing import Any

import plotly.graph_objects as go

_MOST_VALUES = 12
_MOST_CHARS = 1500


def describe(figure: go.Figure) -> str:
    """The values of a chart: few are told one by one, many by their range.

    Example:
        >>> describe(go.Figure(go.Bar(x=["Joy", "Fear"], y=[0.25, 0.5], name="Share")))
        'Share: Joy 0.25, Fear 0.5.'
    """
    shares = str(figure.layout.yaxis.tickformat or "").endswith("%")
    across = str(figure.layout.xaxis.tickformat or "").endswith("%")
    told = [_trace(trace, shares=shares, across=across) for trace in figure.data if trace.hoverinfo != "skip"]
    text = " ".join(part for part in told if part)
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS].rsplit(' ', 1)[0]} …"


def _trace(trace: Any, *, shares: bool, across: bool) -> str:
    """One line, bar or heatmap; empty where it holds no values."""
    name = _plain(trace.name or "")
    if trace.type == "heatmap":
        rows = zip(trace.y, trace.z, strict=True) if trace.y is not None else ()
        cells = [
            f"{_plain(row)} as {_plain(column)} {_number(value, share=True)}"
            for row, values in rows
            for column, value in zip(trace.x, values, strict=True)
        ]
        return f"{', '.join(cells)}." if cells else ""
    lying = trace.y is not None and len(trace.y) > 0 and isinstance(trace.y[0], str)  # names upright, values across
    places, values = (trace.y, trace.x) if lying else (trace.x, trace.y)
    if places is None or values is None:
        return ""
    pairs = [(place, float(value)) for place, value in zip(places, values, strict=False) if _is_known(value)]
    if not pairs:
        return ""
    share = across if lying else shares
    if len(pairs) <= _MOST_VALUES:
        words = ", ".join(f"{_place(place)} {_number(value, share=share)}" for place, value in pairs)
    else:
        least, most = min(pairs, key=lambda pair: pair[1]), max(pairs, key=lambda pair: pair[1])
        mean = math.fsum(value for _, value in pairs) / len(pairs)
        words = (
            f"from {_number(least[1], share=share)} at {_place(least[0])} to {_number(most[1], share=share)} at "
            f"{_place(most[0])}, mean {_number(mean, share=share)}"
        )
    return f"{name}: {words}." if name else f"{words}."


def _is_known(value: Any) -> bool:
    return value is not None and not isinstance(value, str) and math.isfinite(float(value))


def _number(value: float, *, share: bool) -> str:
    return f"{100 * float(value):.0f}%" if share else f"{float(value):.3g}"


def _place(place: Any) -> str:
    return _plain(place) if isinstance(place, str) else f"{float(place):.3g}"


def _plain(text: str) -> str:
    """Text without Plotly's markup."""
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).replace("  ", " ").strip()
