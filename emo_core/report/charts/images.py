"""Charts as pictures, PNG or SVG, without a browser: the plotly figures of this package drawn by matplotlib.

Plotly's own way to pictures needs an installed Chrome. What is drawn here is what those figures use: lines with their
fills and stacks, bars, heatmaps, rectangles and lines, notes, and axes in percent; anything else raises, so that no
exported chart lacks in silence what the page shows.
"""

import base64
import html
import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import plotly.graph_objects as go
from matplotlib import colormaps, rcParams
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator

from emo_core import SOFTWARE

rcParams["svg.hashsalt"] = "studio"  # names inside an SVG follow from its content alone

_WIDTH_PX = 960
_DPI = 100
_INK, _GRID = "#39404D", "#DDE1E8"
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}

_Colour = tuple[float, float, float, float]


def to_png(figure: go.Figure, title: str) -> bytes:
    """A chart on white as PNG, 1920 pixels wide, `title` above it.

    Raises:
        ValueError: the figure holds a kind of trace or shape that cannot be drawn here.
    """
    return _render(figure, title, "png", dpi=2 * _DPI, metadata={"Software": SOFTWARE})


def to_svg(figure: go.Figure) -> bytes:
    """A chart on white as SVG that stands alone; the same figure gives the same bytes.

    Raises:
        ValueError: as :func:`to_png`.
    """
    return _render(figure, "", "svg", metadata={"Date": None, "Creator": None})


def _render(figure: go.Figure, title: str, kind: str, **options: Any) -> bytes:
    parts = figure.to_plotly_json()
    layout = parts["layout"]
    height = (layout.get("height") or 400) + (30 if title else 0)
    drawing = Figure(figsize=(_WIDTH_PX / _DPI, height / _DPI), dpi=_DPI, layout="constrained", facecolor="white")
    axes = drawing.add_subplot()
    if title:
        axes.set_title(title, loc="left", fontsize=11, color=_INK, fontweight="bold", pad=26)
    _draw_traces(axes, [_plain(trace) for trace in parts["data"]])
    for shape in layout.get("shapes", ()):
        _draw_shape(axes, _plain(shape))
    for note in layout.get("annotations", ()):
        _draw_note(axes, _plain(note))
    for name in ("x", "y"):
        _set_axis(axes, name, _plain(layout.get(f"{name}axis", {})))
    _finish(axes, legend=layout.get("showlegend") is not False)
    buffer = io.BytesIO()
    with _missing_letters_allowed():
        drawing.savefig(buffer, format=kind, **options)
    return buffer.getvalue()


def _draw_traces(axes: Axes, traces: Sequence[Mapping[str, Any]]) -> None:
    floor: np.ndarray[Any, Any] | None = None
    for trace in traces:
        if trace["type"] == "scatter":
            floor = _draw_scatter(axes, trace, floor)
        elif trace["type"] == "bar":
            _draw_bars(axes, trace)
        elif trace["type"] == "heatmap":
            _draw_heatmap(axes, trace)
        else:
            raise ValueError(f"a trace of type {trace['type']!r} cannot be drawn")


def _draw_scatter(
    axes: Axes, trace: Mapping[str, Any], floor: "np.ndarray[Any, Any] | None"
) -> "np.ndarray[Any, Any] | None":
    """Draw lines or markers; returns where the next trace of the same stack begins."""
    x, y = np.asarray(trace["x"]), np.asarray(trace["y"], dtype=float)
    mode, line = trace.get("mode", "lines"), trace.get("line", {})
    shown = trace.get("showlegend") is not False
    look: dict[str, Any] = {"label": trace.get("name") if shown else None, "zorder": 2}
    if trace.get("stackgroup"):
        base = np.zeros_like(y) if floor is None else floor
        axes.fill_between(x, base, base + y, color=_colour(trace.get("fillcolor")), linewidth=0, **look)
        return np.asarray(base + y)
    if trace.get("fill") == "tozeroy":
        axes.fill_between(x, 0, y, color=_colour(trace.get("fillcolor")), linewidth=0, zorder=1)
    if "lines" in mode:
        style = _DASHES[line.get("dash", "solid")]
        axes.plot(
            x, y, color=_colour(line.get("color")), linewidth=0.75 * line.get("width", 2), linestyle=style, **look
        )
    elif shown or np.ndim(trace.get("marker", {}).get("size", 6)) or trace.get("marker", {}).get("size", 6) > 2:
        axes.scatter(x, y, s=18, color=_colours(trace.get("marker", {}).get("color"), len(x)), **look)
    return floor


def _draw_bars(axes: Axes, trace: Mapping[str, Any]) -> None:
    across = trace.get("orientation") == "h"
    names, values = (trace["y"], trace["x"]) if across else (trace["x"], trace["y"])
    places = np.arange(len(names))
    colours = _colours(trace.get("marker", {}).get("color"), len(names))
    draw = axes.barh if across else axes.bar
    bars = draw(places, values, 0.65, color=colours, label=trace.get("name"), zorder=2)
    (axes.set_yticks if across else axes.set_xticks)(places, [_words(str(name)) for name in names])
    if trace.get("text") is not None:
        axes.bar_label(bars, [_words(str(text)) for text in trace["text"]], padding=4, color=_INK, fontsize=9)


def _draw_heatmap(axes: Axes, trace: Mapping[str, Any]) -> None:
    z = np.asarray(trace["z"], dtype=float)
    x = trace["x"] if trace.get("x") is not None else np.arange(z.shape[1])
    y = trace["y"] if trace.get("y") is not None else np.arange(z.shape[0])
    low = trace["zmin"] if trace.get("zmin") is not None else np.nanmin(z)
    high = trace["zmax"] if trace.get("zmax") is not None else np.nanmax(z)
    centres = []
    for axis, values in ((axes.xaxis, x), (axes.yaxis, y)):
        if np.asarray(values).dtype.kind in "OUS":
            centres.append(np.arange(len(values), dtype=float))
            axis.set_ticks(np.arange(len(values)), [_words(str(value)) for value in values])
        else:
            centres.append(np.asarray(values, dtype=float))
    drawn = axes.pcolormesh(*centres, z, cmap=_scale(trace.get("colorscale")), vmin=low, vmax=high, shading="nearest")
    drawn.set_rasterized(True)  # thousands of cells would be thousands of paths
    if trace.get("showscale") is not False and axes.figure is not None:
        axes.figure.colorbar(drawn, ax=axes, fraction=0.03, pad=0.01)


def _draw_shape(axes: Axes, shape: Mapping[str, Any]) -> None:
    x0, x1, y0, y1 = (shape[name] for name in ("x0", "x1", "y0", "y1"))
    across = str(shape.get("xref", "x")).endswith("domain") or shape.get("xref") == "paper"
    upright = str(shape.get("yref", "y")).endswith("domain") or shape.get("yref") == "paper"
    where = {
        (False, False): axes.transData,
        (False, True): axes.get_xaxis_transform(),
        (True, False): axes.get_yaxis_transform(),
        (True, True): axes.transAxes,
    }[across, upright]
    line = shape.get("line", {})
    order = 0.5 if shape.get("layer") == "below" else 3
    if shape["type"] == "rect":
        patch = Rectangle(
            (x0, y0), x1 - x0, y1 - y0, facecolor=_colour(shape.get("fillcolor")), alpha=None, linewidth=0,
            zorder=order, transform=where,
        )  # fmt: skip
        if shape.get("opacity") is not None:
            patch.set_alpha(shape["opacity"])
        axes.add_patch(patch)
    elif shape["type"] == "line":
        style = _DASHES[line.get("dash", "solid")]
        axes.plot(
            [x0, x1], [y0, y1], color=_colour(line.get("color")), linewidth=0.75 * line.get("width", 2),
            linestyle=style, zorder=order, transform=where, scalex=False, scaley=False,
        )  # fmt: skip
    else:
        raise ValueError(f"a shape of type {shape['type']!r} cannot be drawn")


def _draw_note(axes: Axes, note: Mapping[str, Any]) -> None:
    """A text at a place of the chart; places of bars and cells are counted by their names."""
    place = []
    for axis, value in ((axes.xaxis, note["x"]), (axes.yaxis, note["y"])):
        names = [label.get_text() for label in axis.get_ticklabels()]
        place.append(names.index(_words(str(value))) if isinstance(value, str) else value)
    colour = _colour((note.get("font") or {}).get("color") or _INK)
    axes.text(
        place[0], place[1], _words(note.get("text", "")), ha="center", va="center", color=colour, fontsize=9, zorder=4
    )


def _set_axis(axes: Axes, name: str, settings: Mapping[str, Any]) -> None:
    axis = axes.xaxis if name == "x" else axes.yaxis
    title = settings.get("title", {})
    axis.set_label_text(_words(title.get("text") or "") if isinstance(title, Mapping) else "", color=_INK, fontsize=9)
    if settings.get("range") is not None:
        (axes.set_xlim if name == "x" else axes.set_ylim)(*settings["range"])
    if settings.get("tickvals") is not None:
        axis.set_major_locator(FixedLocator(list(settings["tickvals"])))
    elif isinstance(settings.get("dtick"), (int, float)):
        axis.set_major_locator(MultipleLocator(settings["dtick"]))
    if settings.get("ticktext") is not None:
        axis.set_ticklabels([_words(str(text)) for text in settings["ticktext"]])
    elif str(settings.get("tickformat", "")).endswith("%"):
        shown = str(settings["tickformat"])
        axis.set_major_formatter(FuncFormatter(lambda value, _: format(value, shown)))
    if settings.get("autorange") == "reversed":
        axis.set_inverted(True)
    if settings.get("showgrid") is not False:
        axis.grid(True, color=_GRID, linewidth=0.6, zorder=0)


def _finish(axes: Axes, *, legend: bool) -> None:
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, labelsize=8.5, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    handles, names = axes.get_legend_handles_labels()
    if legend and len(names) > 1:
        axes.legend(
            handles, [_words(name) for name in names], loc="lower left", bbox_to_anchor=(0, 1), ncols=8,
            columnspacing=1.2, frameon=False, fontsize=8.5, labelcolor=_INK, borderaxespad=0.3, handlelength=1.4,
        )  # fmt: skip


def _plain(value: Any) -> Any:
    """Plotly's JSON with its base64 arrays decoded."""
    if not isinstance(value, Mapping):
        return value
    if "bdata" in value:
        array = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return array.reshape([int(side) for side in str(value["shape"]).split(",")]) if "shape" in value else array
    return {key: _plain(item) for key, item in value.items()}


def _words(text: str) -> str:
    """Plotly's markup without its tags; a dollar sign is no formula."""
    return html.unescape(re.sub(r"<[^>]+>", "", text.replace("<br>", "\n"))).replace("$", r"\$")


def _colours(value: Any, count: int) -> list[_Colour]:
    return [_colour(value)] * count if isinstance(value, str) or value is None else [_colour(item) for item in value]


def _colour(value: str | None) -> _Colour:
    """Hex RGB or rgb()/rgba() → four shares."""
    text = value or "#5468C4"
    if text.startswith("#"):
        red, green, blue = (int(text[start : start + 2], 16) / 255 for start in (1, 3, 5))
        return red, green, blue, 1.0
    numbers = [float(number) for number in re.findall(r"[\d.]+", text)]
    if len(numbers) not in (3, 4):
        raise ValueError(f"a colour {text!r} cannot be drawn")
    red, green, blue = (number / 255 for number in numbers[:3])
    return red, green, blue, (numbers[3] if len(numbers) == 4 else 1.0)


def _scale(value: Any) -> Colormap:
    """Colours of a heatmap: pairs of place and colour, or the name of a scale that matplotlib knows too."""
    if value is None or isinstance(value, str):
        return colormaps[str(value or "viridis").lower()]
    return LinearSegmentedColormap.from_list("scale", [(place, _colour(colour)) for place, colour in value])


@contextmanager
def _missing_letters_allowed() -> Iterator[None]:
    """A letter that the font lacks is drawn as a box; the chart is still worth having."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield
