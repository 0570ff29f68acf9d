"""The groups of a study compared: shares of time, mean curves, differences within people."""

from typing import TYPE_CHECKING

import streamlit as st

from emo_core.emotions import EMOTIONS, display_name
from ui.shell import errors
from ui.widgets import charts, tables

if TYPE_CHECKING:
    from pandas import DataFrame

    from emo_core.studies.tables import Study


_EVERYBODY = "study-everybody"


def render(found: "Study") -> None:
    """A choice of grouping, and its figures."""
    from emo_core.studies.groups import GROUPINGS, seconds_by_verdict, time_shares
    from emo_core.studies.report import shares_table

    clips, labels = found.clips(), found.record.model.labels
    everybody = _choose_people(clips)
    seconds = seconds_by_verdict(clips, found.segments(), labels, everybody=everybody)
    if not len(seconds):
        st.info("No clip was judged yet.")
        return
    by = st.segmented_control(
        "Group by", GROUPINGS, default=GROUPINGS[0], key="study-by", required=True, format_func=str.capitalize
    )
    if set(seconds[by]) == {""}:
        st.info(f"No clip names a {by}: give a manifest.csv with a column {by}, and all clips are one group below.")
    st.header("Share of the time by verdict", anchor=False)
    st.caption(
        "Whiskers: 95% interval over people (cluster bootstrap); none for a single one. Clips that name no "
        "participant count as one unknown person each."
    )
    rows = time_shares(seconds, by, labels)
    from emo_core.report.charts.groups import shares_figure

    charts.render(
        shares_figure(rows, labels), f"study-shares-{by}", f"Share of the time by {by}", picture=f"shares_{by}"
    )
    with st.expander("As a table"):
        header, cells = shares_table(rows)
        tables.render(header, [[errors.plain(str(cell)) for cell in row] for row in cells])
    _curves(found, clips, by, everybody=everybody)
    if by != "participant":
        _differences(seconds, labels, by)


def counts_everybody() -> bool:
    """Whether people beyond the first of a clip count: the choice on the page, which the report follows."""
    return bool(st.session_state.get(_EVERYBODY, False))


def _choose_people(clips: "DataFrame") -> bool:
    """A switch where a clip shows several people, and what it does; the choice outlives the switch on another tab."""
    from emo_core.studies.groups import crowd_words

    if not crowd_words(clips, everybody=False):
        return False
    chosen = st.toggle("Count everybody in a clip", counts_everybody(), key=f"{_EVERYBODY}-switch")
    st.session_state[_EVERYBODY] = chosen
    st.caption(crowd_words(clips, everybody=chosen))
    return chosen


def _curves(found: "Study", clips: "DataFrame", by: str, *, everybody: bool) -> None:
    from emo_core.report.charts.groups import curves_figure
    from emo_core.studies.groups import MARK, START, curves

    labels = found.record.model.labels
    values = {f"probability_{name}": display_name(name) for name in labels}
    values |= {f"emotion_{name}": f"Frames: {name}" for name in EMOTIONS} | {"quality": "Quality"}
    st.header("Mean over time", anchor=False)
    left, right = st.columns(2)
    value = left.selectbox("What", list(values), key="study-value", format_func=values.__getitem__)
    has_marks = bool(clips["mark_s"].notna().any())
    at = right.segmented_control(
        "Lined up at", (START, MARK) if has_marks else (START,), default=START, key="study-at", required=True,
        format_func=str.capitalize, help="The first frame of each clip, or the moment mark_s of the manifest.",
    )  # fmt: skip
    frames = found.frames(("clip", "person", "time_s", value))
    with errors.shown():
        means = curves(clips, frames, value, by, at, everybody=everybody)
        drawn = curves_figure(means, values[value], at_mark=at == MARK)
        st.caption(
            "Each person's own mean, averaged over people; band: 95% interval over people, where there are two or more."
        )
        charts.render(drawn, f"study-curve-{by}-{value}-{at}", f"{values[value]} over time by {by}", picture="curves")


def _differences(seconds: "DataFrame", labels: tuple[str, ...], by: str) -> None:
    from emo_core.report.charts.groups import differences_figure
    from emo_core.studies.groups import paired_differences
    from emo_core.studies.report import comparisons_words, differences_table

    names = sorted(name for name in set(seconds[by]) if name)
    st.header(f"Two {by}s within the same people", anchor=False)
    if len(names) < 2:
        st.info(f"This needs two {by}s with clips of the same participants.")
        return
    left, right = st.columns(2)
    first = left.selectbox("First", names, 0, key=f"study-first-{by}")
    second = right.selectbox("Second", names, 1, key=f"study-second-{by}")
    if first == second:
        st.info("Choose two that differ.")
        return
    with errors.shown():
        rows = paired_differences(seconds, labels, [(first, second)], by)
        st.caption(comparisons_words(rows))
        charts.render(differences_figure(rows, labels), f"study-differences-{by}-{first}-{second}",
                      f"Differences between {first} and {second}", picture="differences")  # fmt: skip
        header, cells = differences_table(rows)
        own = [[errors.plain(str(cell)) for cell in row[2:]] for row in cells]  # all of these two
        tables.render([name if name.startswith("p ") or name == "p" else name.capitalize() for name in header[2:]], own)
