"""What the tab of heatmaps shows of one window of a clip, computed once and kept while the visitor looks at it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import streamlit as st

from emo_core.emotions import class_colour, display_name
from emo_core.types import Booleans, Doubles, Floats
from ui.state import session

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emo_core.explain.attribution import Evidence
    from emo_core.explain.numpy_lstm import Trace

_KEPT = "_inside_view"
_MOST_KEPT = 12

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One window of a clip from the inside.

    Attributes:
        chosen: place of the moment among the frames of the window.
        times_s: (n,) seconds of the frames.
        mask: (n,) bool, frames that count.
        faces: (n, S, S) normalized crops.
        evidence: what the frames hold for each class.
        heatmaps: (C, n, h, w) in [0, 1].
        trace: of the LSTM over the window.
    """

    chosen: int
    times_s: Doubles
    mask: Booleans
    faces: Floats
    evidence: "Evidence"
    heatmaps: Floats
    trace: "Trace"

    def spread(self, count: int) -> list[int]:
        """At most `count` places, evenly over the window."""
        return [int(place) for place in np.unique(np.linspace(0, len(self.times_s) - 1, count).round())]

    def overlay(self, label: int, place: int) -> str:
        """Picture of a frame under the heatmap of a class."""
        from emo_core.report.charts.pictures import data_url, overlay

        return data_url(overlay(self.faces[place], self.heatmaps[label, place]))

    def strongest(self, label: int, count: int) -> list[tuple[int, str, float]]:
        """The channels that fire most at the moment: number, picture, share of all evidence (below 0: against)."""
        from emo_core.report.charts.pictures import FROM_NOTHING, coloured, data_url

        here = self.evidence.activations[self.chosen]
        evidence = self.evidence.gradients[label, self.chosen] * self.evidence.maps[self.chosen].mean(axis=(0, 1))
        shares = evidence / max(float(np.abs(evidence).sum()), 1e-12)
        order = np.argsort(-here.mean(axis=(0, 1)))[:count]
        high = float(here[..., order].max())
        return [
            (int(channel), data_url(coloured(here[..., channel], 0, high, FROM_NOTHING)), float(shares[channel]))
            for channel in order
        ]


def look(result: session.Result, frame: int) -> View:
    """The window around a frame; its heatmaps of all classes are made once and kept while the clip is on show."""
    from emo_core.explain.attribution import find_evidence, trace_at
    from emo_core.explain.numpy_lstm import load_lstm
    from emo_core.inference.window_plan import NOTHING

    analysis = result.analysis
    bundle, head = result.bundle, load_lstm(result.bundle)
    window, trace = trace_at(bundle, head, analysis, frame)
    kept = _kept(result)
    key = "window", window.tobytes()
    if key not in kept:
        frames = window[window != NOTHING]
        (evidence,) = find_evidence(bundle, head, bundle.frame_network(2), analysis, frames, at_once=len(frames))
        kept[key] = frames, evidence, evidence.heatmaps
    frames, evidence, heatmaps = kept[key]
    return View(
        chosen=int(np.abs(frames - frame).argmin()),
        times_s=analysis.timestamps_s[frames],
        mask=analysis.normalized.mask[frames],
        faces=analysis.normalized.faces[frames],
        evidence=evidence,
        heatmaps=heatmaps,
        trace=trace,
    )


def importance(result: session.Result, label: str, colour: str, here_s: float) -> "go.Figure":
    """Chart of how much each frame counts for a class.

    Args:
        result: on show.
        label: class.
        colour: of the class, as CSS has it.
        here_s: moment on show, in seconds.
    """
    from emo_core.explain.importance import frame_importance
    from emo_core.explain.numpy_lstm import load_lstm
    from emo_core.report.charts.inside import importance_figure

    def make() -> Floats:
        with telling("Leaving out every frame in turn") as tell:
            return frame_importance(result.bundle, load_lstm(result.bundle), result.analysis, label, tell)

    values, video = keep(result, f"importance {label}", make), result.analysis.video
    return importance_figure(result.analysis.timestamps_s, values, colour, (video.start_s, video.end_s), here_s)


def feature_figures(result: session.Result, here_s: float) -> tuple["go.Figure", "go.Figure"]:
    """The features of all frames as they are and normalized, in one order in which alike stand together."""
    from emo_core.report.charts.inside import columns_of, picture_figure, similar_first

    analysis, kept = result.analysis, _kept(result)
    mask = analysis.normalized.mask
    if "features" not in kept:
        raw = analysis.features.features
        normalized = result.bundle.features.transform(raw, analysis.normalized.quality)
        some = np.flatnonzero(mask)[:: max(1, int(mask.sum()) // 600)]
        order = similar_first(normalized[some])
        kept["features"] = columns_of(raw[:, order], mask), columns_of(normalized[:, order], mask)
    span_s = analysis.video.start_s, analysis.video.end_s
    raw, normalized = kept["features"]
    counts = np.isfinite(raw).all(axis=1)
    return (
        picture_figure(raw, counts, span_s, "Features", around_zero=False, cursor_s=here_s),
        picture_figure(normalized, counts, span_s, "Features", around_zero=True, cursor_s=here_s),
    )


def state_figures(result: session.Result, view: View) -> tuple["go.Figure", "go.Figure"]:
    """The LSTM's hidden state over the window, and what it would say after each step."""
    from emo_core.model.calibration import calibrated
    from emo_core.report.charts.inside import picture_figure, similar_first, step_figure

    labels, count = result.analysis.prediction.labels, len(view.times_s)
    hidden = view.trace.hidden[0, :count]
    span_s = float(view.times_s[0]), float(view.times_s[-1] + (view.times_s[-1] - view.times_s[0]) / max(count - 1, 1))
    picture = picture_figure(
        hidden[:, similar_first(hidden)], np.ones(count, np.bool_), span_s, "Units", around_zero=True,
        cursor_s=float(view.times_s[view.chosen]),
    )  # fmt: skip
    said = calibrated(view.trace.logits[0, :count], result.bundle.temperature)
    names, colours = _named(labels)
    return picture, step_figure(view.times_s, said, names, colours)


@contextmanager
def telling(what: str) -> Iterator[Callable[[float], None]]:
    """Say how far a computation is; a click in the meantime takes over each time it is told."""
    place = st.empty()

    def tell(share: float) -> None:
        place.caption(f"{what}: {share:.0%} …")

    yield tell
    place.empty()


def keep(result: session.Result, name: str, make: Callable[[], _Made]) -> _Made:
    """What `make` gives, made once for a result and kept while it is on show."""
    kept = _kept(result)
    if name not in kept:
        kept[name] = make()
    made: _Made = kept[name]
    return made


def _named(labels: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(map(display_name, labels)), tuple(class_colour(label, tuple(labels)) for label in labels)


def _kept(result: session.Result) -> dict[Any, Any]:
    """What was computed of this result; the oldest goes when it is much, all of it with another result."""
    found = st.session_state.get(_KEPT)
    if found is None or found[0] is not result:
        found = st.session_state[_KEPT] = (result, {})
    kept: dict[Any, Any] = found[1]
    while len(kept) > _MOST_KEPT:
        kept.pop(next(iter(kept)))
    return kept
