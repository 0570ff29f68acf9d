"""The tab in which the visitor speaks: marks in time, the right label, and every export.

Callbacks are told the key of a result, never the result: Streamlit keeps a callback, and all it holds, for ever.
"""

import streamlit as st

from emo_core.emotions import display_name
from emo_core.errors import DatasetError
from emo_core.report.annotations import MAX_LABEL_CHARS, MAX_MARKERS, MAX_NOTE_CHARS, Annotations, Marker
from ui.analyze import exports
from ui.shell import errors
from ui.state import position, session
from ui.widgets import charts

_OWN = "Another label …"
_RIGHT = "The verdict is right, or I do not know"


def render(result: session.Result) -> None:
    """Marks, correction, exports."""
    said = session.annotations(result.key)
    st.header("Mark moments", anchor="marks")
    _timeline(result, said)
    left, right = st.columns([5, 6], gap="large")
    with left:
        _add(result)
    with right:
        _marks(result, said)
    st.header("Is the verdict wrong?", anchor="correct")
    _correction(result, said)
    st.header("Export", anchor="exports")
    exports.render(result)


def _timeline(result: session.Result, said: Annotations) -> None:
    from emo_core.report.charts.analysis import timeline_figure
    from emo_core.report.charts.catalog import mark

    figure = timeline_figure(result.analysis)
    mark(figure, said)
    st.caption("Dotted lines: your marks. Click the chart to set the time of the next mark.")
    charts.render_timeline(figure, "marks-timeline", "Class probabilities over the clip, with your marks", result)
    charts.follow_clicks(("marks-timeline",), result)


def _add(result: session.Result) -> None:
    """The form for one mark; it begins at the moment that the other tabs show."""
    key, video = result.key, result.analysis.video
    with st.form(f"mark-{key}", clear_on_submit=False, border=False):
        now_s = round(position.get(result), 1)
        st.slider(
            "Time (s)",
            round(video.start_s, 1),
            round(video.end_s, 1),
            now_s,
            0.1,
            format="%.1f",
            key=f"mark-time-{key}-{now_s}",
        )
        st.text_input("Note", key=f"mark-note-{key}", max_chars=MAX_NOTE_CHARS, placeholder="starts to laugh")
        st.form_submit_button("Add the mark", on_click=_put, args=[key, f"mark-time-{key}-{now_s}", f"mark-note-{key}"])


def _put(key: str, time_key: str, note_key: str) -> None:
    state = st.session_state
    session.annotate(key, session.annotations(key).marked(state[time_key], state[note_key]))
    state[note_key] = ""


def _marks(result: session.Result, said: Annotations) -> None:
    """The marks, each with a way to go there and one to take it back."""
    if not said.markers:
        st.info("No marks yet. Choose a time, say what happens then, and add the mark: it goes into every export.")
        return
    if len(said.markers) >= MAX_MARKERS:
        st.warning(f"There are {MAX_MARKERS} marks, the most there can be: delete one to add another.")
    with st.container(height=260 if len(said.markers) > 4 else "content", border=False):
        for number, marker in enumerate(said.markers):
            text, go, away = st.columns([6, 2, 2], vertical_alignment="center")
            text.markdown(f"**{marker.time_s:.1f} s** {errors.plain(marker.note)}")
            go.button("Go there", key=f"mark-go-{number}", on_click=_go, args=[marker.time_s])
            away.button("Delete", key=f"mark-delete-{number}", on_click=_delete, args=[result.key, marker])


def _go(time_s: float) -> None:
    shown = session.result()
    if shown is not None:
        position.put(shown, time_s)


def _delete(key: str, marker: Marker) -> None:
    session.annotate(key, session.annotations(key).unmarked(marker))


def _correction(result: session.Result, said: Annotations) -> None:
    """The right label, and the clips of the visit that have one, as a data set."""
    labels = result.analysis.prediction.labels
    choices = [_RIGHT, *labels, _OWN]
    own = said.label is not None and said.label not in labels
    now = _OWN if own else said.label or _RIGHT
    left, right = st.columns(2, gap="large")
    with left:
        key = f"right-label-{result.key}"
        st.session_state.setdefault(key, now)
        chosen = st.selectbox(
            "What it really shows", choices, key=key, on_change=_choose, args=[result.key, key],
            format_func=lambda name: display_name(name) if name in labels else name,
        )  # fmt: skip
        if chosen == _OWN:
            words = f"own-label-{result.key}"
            st.session_state.setdefault(words, said.label if own else "")
            st.text_input(
                "Label in your words", key=words, max_chars=MAX_LABEL_CHARS, placeholder="relief_pride",
                on_change=_say, args=[result.key, words], help="Letters, digits, _, - and spaces: it can name a class.",
            )  # fmt: skip
            with errors.shown():
                from emo_core.datasets.names import check_label

                if st.session_state[words]:
                    check_label(session.annotations(result.key).label or st.session_state[words])
    with right:
        st.caption(
            "Your label is kept beside the verdict and never replaces it: every export tells what you say apart from "
            "what the model says."
        )
        exports.corrected(result)


def _choose(key: str, box: str) -> None:
    chosen = st.session_state[box]
    session.annotate(key, session.annotations(key).corrected(None if chosen in (_RIGHT, _OWN) else chosen))


def _say(key: str, box: str) -> None:
    from emo_core.datasets.names import check_label

    said = session.annotations(key).corrected(st.session_state[box])
    try:
        check_label(said.label or "")
    except DatasetError:  # the tab says so; what cannot name a class is not kept
        said = said.corrected(None)
    session.annotate(key, said)
