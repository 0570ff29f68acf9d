"""What the tab of heatmaps shows of one window of a clip, computed once and kept while the visitor looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from emo_core.emotions import class_colour, display_name
from emo_core.types import Booleans, Doubles, Floats
from ui.shell import waiting
from ui.state import session
from ui.work import turns

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from emo_core.explain.attribution import Evidence
    from emo_core.explain.numpy_lstm import Trace

_KEPT = "_inside_view"
_TASKS = "tasks"
_MOST_KEPT = 8  # what is kept of a window takes 2 MB


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

    Raises:
        WorkError: it could not be computed.
    """
    from emo_core.report.charts.inside import importance_figure

    values = of_whole_clip(result, "importance", label)
    video = result.analysis.video
    return importance_figure(result.analysis.timestamps_s, values, colour, (video.start_s, video.end_s), here_s)


def feature_figures(result: session.Result, here_s: float) -> tuple["go.Figure", "go.Figure"]:
    """The features of all frames as they are and normalized, in one order in which alike stand together.

    Raises:
        WorkError: they could not be computed.
    """
    from emo_core.report.charts.inside import picture_figure

    raw, normalized = of_whole_clip(result, "feature_columns")
    span_s = result.analysis.video.start_s, result.analysis.video.end_s
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


def of_whole_clip(result: session.Result, name: str, *what: Any) -> Any:
    """What is computed of the whole clip of a result, of a long one by a worker; once, and kept while it is on show.

    Args:
        result: on show.
        name: of a function of :mod:`ui.work.inside_data`, called with model, analysis and `what`.
        what: it is for; another one is other work.

    Raises:
        WorkError: it could not be computed.
    """
    from ui.work import inside_data

    kept = _kept(result)
    if (name, *what) not in kept:
        work = partial(getattr(inside_data, name), result.bundle, result.analysis, *what)
        is_short = len(result.analysis.timestamps_s) <= turns.AT_ONCE_FRAMES
        kept[name, *what] = waiting.at_once(work) if is_short else waiting.made(kept[_TASKS], name, what, work)
    return kept[name, *what]


def stop() -> None:
    """Make nothing for the result on show any more."""
    if (found := st.session_state.get(_KEPT)) is not None:
        waiting.stop(found[1].get(_TASKS, {}))


def _named(labels: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(map(display_name, labels)), tuple(class_colour(label, tuple(labels)) for label in labels)


def _kept(result: session.Result) -> dict[Any, Any]:
    """What was computed of this result; the oldest goes when it is much, all of it with another result."""
    found = st.session_state.get(_KEPT)
    if found is None or found[0] is not result:
        stop()
        found = st.session_state[_KEPT] = (result, {_TASKS: {}})
    kept: dict[Any, Any] = found[1]
    while len(kept) > _MOST_KEPT:
        kept.pop(next(key for key in kept if key != _TASKS))
    return kept
