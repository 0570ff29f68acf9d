"""The tab that looks into the networks: class heatmaps, channels, feature sequence, LSTM state, frame importance."""

from typing import TYPE_CHECKING

import msgspec
import streamlit as st

from emo_core.emotions import class_colour, display_name
from emo_core.method_records import HeatmapChecks
from ui.analyze import heatmap_view as inside_view
from ui.shell import errors
from ui.state import position, session
from ui.widgets import charts

if TYPE_CHECKING:
    from ui.analyze.heatmap_view import View

_CLASS, _MOMENT = "heatmap_class", "heatmap_moment"
_STRIP, _CHANNELS = 16, 22


def render(result: session.Result) -> None:
    """Everything about one class and one moment."""
    analysis = result.analysis
    labels = analysis.prediction.labels
    chosen, moment = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with chosen:
        label = st.segmented_control(
            "Evidence for",
            labels,
            format_func=lambda name: errors.plain_name(name),
            default=position.class_here(result),
            key=f"{_CLASS}-{result.key}",
            required=True,
        )
    with moment:
        _moment(result)
    view = inside_view.look(result, position.frame(result))
    here_s = position.get(result)
    tone = class_colour(label, labels)
    st.header("Where it looks", anchor="heatmaps")
    _strip(view, labels.index(label))
    _read(
        "Yellow to red: where in the face the evidence for this class comes from, as CNN and LSTM use it. Every frame "
        "has its own scale.",
        "It shows what the networks use, which a person may not. How much a frame counts is shown further down."
        + _checked(result),
    )
    st.header("Strongest channels of this frame", anchor="channels")
    _channels(view, labels.index(label))
    _read(
        "Each square is one channel of the CNN's feature map, bright where it is active. Below it: its number, its "
        "share of all evidence in the frame, and whether it counts for or against the class.",
        "A channel has no name: what activates it was learned, and need not be one thing.",
    )
    st.header("Which frames count", anchor="importance")
    figure = inside_view.importance(result, label, tone, here_s)
    charts.render(figure, "importance", f"How far the margin of {display_name(label)} falls without each frame")
    _read(
        "How much the lead of this class over the next best one falls, in the windows that hold the frame, when that "
        "frame is left out.",
        "Similar frames can replace one another: each alone then looks unimportant, though together they are not.",
    )
    st.header("What the LSTM reads", anchor="features")
    _features(result, here_s)
    st.header("What the LSTM remembers", anchor="state")
    _state(result, view)


def _moment(result: session.Result) -> None:
    """The slider of the moment; it follows the other tabs, and they follow it."""
    position.look_at(result)
    if _MOMENT not in st.session_state or abs(st.session_state[_MOMENT] - position.get(result)) > 0.051:
        st.session_state[_MOMENT] = round(position.get(result), 1)
    video = result.analysis.video
    st.slider(
        "Moment (s)", round(video.start_s, 1), round(video.end_s, 1), step=0.1, format="%.1f", key=_MOMENT,
        on_change=_go_there,
    )  # fmt: skip


def _go_there() -> None:
    """Callback of the slider."""
    position.move(st.session_state[_MOMENT])


def _strip(view: "View", label: int) -> None:
    """The moment large, then frames of the window around it."""
    parts = [_face(view, view.chosen, label, "es-here")]
    parts += [_face(view, place, label) for place in view.spread(_STRIP)]
    st.html(f'<div class="es-faces">{"".join(parts)}</div>')


def _face(view: "View", place: int, label: int, kind: str = "") -> str:
    time_s = view.times_s[place]
    if not view.mask[place]:
        return f'<div class="es-frame {kind}"><div class="es-blank">left out</div>{time_s:.1f} s</div>'
    nothing = "" if view.heatmaps[label, place].any() else " · nothing"
    image = f'<img alt="Heatmap at {time_s:.1f} s" src="{view.overlay(label, place)}">'
    return f'<div class="es-frame {kind}">{image}{time_s:.1f} s{nothing}</div>'


def _channels(view: "View", label: int) -> None:
    if not view.mask[view.chosen]:
        st.info("This frame does not count, so no channel is active. Move to a moment with a face.")
        return
    cells = []
    for channel, picture, share in view.strongest(label, _CHANNELS):
        word = "for" if share > 0 else "against"
        cells.append(
            f'<div class="es-frame"><img class="es-pixels" alt="Channel {channel}" src="{picture}">'
            f"{channel}: {abs(share):.1%} {word}</div>"
        )
    st.html(f'<div class="es-channels">{"".join(cells)}</div>')


def _features(result: session.Result, here_s: float) -> None:
    raw, normalized = inside_view.feature_figures(result, here_s)
    left, right = st.columns(2, gap="medium")
    with left:
        st.caption("As the CNN gives them")
        charts.render(raw, "features-raw", "Frame features over time")
    with right:
        st.caption("After normalization")
        charts.render(normalized, "features-normalized", "Normalized frame features over time")
    _read(
        "Each row is a feature, each column a frame; similar rows stand together, in the same order in both charts. "
        "After normalization, blue is below what is usual for such quality, red above.",
        "A pattern shows that something in the face or in the picture changes; not all of that is emotion.",
    )


def _state(result: session.Result, view: "View") -> None:
    hidden, said = inside_view.state_figures(result, view)
    left, right = st.columns(2, gap="medium")
    with left:
        charts.render(hidden, "state", "Hidden state of the LSTM over the window")
    with right:
        charts.render(said, "state-said", "What the LSTM would say after each step")
    _read(
        f"The window around the moment, {view.times_s[0]:.1f} – {view.times_s[-1]:.1f} s. Left: the units of the LSTM "
        "after each frame, similar ones together. Right: what it would say if the clip ended there.",
        "A single unit has no meaning that can be named. Frames that are left out leave the state as it was.",
    )


def _read(how: str, not_proof: str) -> None:
    st.caption(f"**How to read it.** {how} **Caution.** {not_proof}")


def _checked(result: session.Result) -> str:
    """What the deletion test found, if it was run on the model of this result."""
    try:
        checks = msgspec.convert(result.bundle.metrics.get("heatmap_checks"), HeatmapChecks | None)
    except ValueError:
        return ""
    if checks is None:
        return ""
    found = checks.deletion
    return (
        f" Tested on {found.num_images} photos: hiding the brightest fifth lowers the score of the class by "
        f"{found.fall_top:.2f} log-odds, hiding a random fifth by {found.fall_random:.2f}."
    )
