"""The report of a study: one HTML file that fetches nothing, with every figure of the groups and every clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from emo_core import SOFTWARE
from emo_core.comparisons import PairedDifference, TimeShare
from emo_core.emotions import display_name
from emo_core.errors import StudyError
from emo_core.model.limits import LIMITS
from emo_core.records import points_span, span
from emo_core.report.charts.groups import curves_figure, differences_figure, shares_figure
from emo_core.report.pages import render_page
from emo_core.studies.groups import GROUPINGS, crowd_words, curves, paired_differences, seconds_by_verdict, time_shares
from emo_core.studies.tables import Study

if TYPE_CHECKING:
    from pandas import DataFrame

Table = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""Header and rows."""

_PAGE = Path(__file__).with_name("study_page.html")
_CLIP_COLUMNS = (
    "clip", "participant", "condition", "session", "person", "verdict", "probability", "quality", "judged_s",
    "warnings", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """One way to group the clips of a study: its tables and charts by name."""

    by: str
    tables: dict[str, Table]
    charts: dict[str, go.Figure]


def to_html(study: Study, *, everybody: bool = False) -> str:
    """The report as HTML text; every text from outside is escaped.

    Args:
        study: to tell of.
        everybody: whether the groups count people beyond the first of a clip, too.

    Raises:
        StudyError: the study has no tables yet.
    """
    clips = study.clips()
    return render_page(
        _PAGE,
        record=study.record,
        name=study.path.name,
        groupings=[
            {
                "by": found.by,
                "tables": found.tables,
                "charts": {name: _chart(item) for name, item in found.charts.items()},
            }
            for found in groupings_of(study, clips, everybody=everybody)
        ],
        crowd=crowd_words(clips, everybody=everybody),
        clip_columns=_CLIP_COLUMNS,
        clips=[
            ["" if value != value else value for value in row] for row in clips[list(_CLIP_COLUMNS)].to_numpy(object)
        ],
        plotly=Markup(get_plotlyjs()),
        software=SOFTWARE,
        limits=[sentence.replace("**", "") for sentence in LIMITS],
    )


def groupings_of(study: Study, clips: "DataFrame", *, everybody: bool) -> list[Grouping]:
    """Every way to group the clips that the study names more than one group of."""
    labels = study.record.model.labels
    seconds = seconds_by_verdict(clips, study.segments(), labels, everybody=everybody)
    found = []
    for by in GROUPINGS:
        if seconds[by].nunique() < 2:
            continue
        shares = time_shares(seconds, by, labels)
        tables, charts = {"Share of the time": shares_table(shares)}, {"shares": shares_figure(shares, labels)}
        if by != "participant":
            charts |= {f"curve {label}": _mean_curve(study, clips, label, by, everybody=everybody) for label in labels}
            try:
                rows = paired_differences(seconds, labels, by=by)
            except StudyError:
                rows = []  # nobody is in two of them: nothing can be compared within people
            if rows:
                tables["Differences within people"] = differences_table(rows)
            for first, second in dict.fromkeys((row.first, row.second) for row in rows):
                own = [row for row in rows if (row.first, row.second) == (first, second)]
                charts[f"{first} minus {second}"] = differences_figure(own, labels)
        found.append(Grouping(by, tables, charts))
    return found


def shares_table(rows: Sequence[TimeShare]) -> Table:
    """Shares of time as a table."""
    header = ("group", "verdict", "share", "95% over people", "people", "clips", "seconds judged")
    return header, [
        (row.group or "not named", display_name(row.verdict), f"{row.value:.1%}", span(row.interval) or "none",
         row.num_people, row.num_clips, f"{row.seconds:.1f}")
        for row in rows
    ]  # fmt: skip


def differences_table(rows: Sequence[PairedDifference]) -> Table:
    """Paired differences as a table; they are told in percentage points."""
    judged = ("points of difference", "95% over people", "p", "p adjusted (Holm)", "people")
    return ("first", "second", "verdict", *judged), [
        (row.first, row.second, display_name(row.verdict), f"{100 * row.value:+.1f}",
         points_span(row.interval) or "none", f"{row.p:.4f}", f"{row.adjusted_p:.4f}", row.num_people)
        for row in rows
    ]  # fmt: skip


def comparisons_words(rows: Sequence[PairedDifference]) -> str:
    """How many comparisons were made together and what was done about it, in a sentence or two."""
    count = rows[0].num_comparisons if rows else 0
    return (
        f"{count} comparisons were made together, and by chance alone one in twenty has a p below 0.05: read the p "
        "that is adjusted for all of them (Holm). Each p comes from a permutation test that flips the signs of whole "
        "people."
    )


def _mean_curve(study: Study, clips: "DataFrame", label: str, by: str, *, everybody: bool) -> go.Figure:
    column = f"probability_{label}"
    frames = study.frames(("clip", "person", "time_s", column))
    title = f"Probability of {display_name(label).lower()}"
    return curves_figure(curves(clips, frames, column, by, everybody=everybody), title, at_mark=False)


def _chart(figure: go.Figure) -> Markup:
    return Markup(figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False}))
