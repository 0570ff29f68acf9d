"""An evaluation as one HTML file that fetches nothing: figures with intervals, charts, every clip."""

from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

import emo_core
from emo_core.emotions import display_name
from emo_core.evaluation.results import Evaluation
from emo_core.evaluation.text import Table, tables
from emo_core.model.limits import LIMITS
from emo_core.records import ClipMetrics
from emo_core.report.charts import evaluation as charts
from emo_core.report.charts.analysis import confusion_figure
from emo_core.report.pages import render_page

_PAGE = Path(__file__).with_name("evaluation_page.html")
"""Its policy lets Plotly run from within the file, draw, and save pictures of its charts; nothing is fetched."""

_FIGURES_LIMITS = (
    "These figures are of these clips, these people and this way of filming; elsewhere others hold.",
    "An interval over few people is wide, and a difference within it may be chance.",
)

_CLIP_COLUMNS = ("path", "label", "verdict", "most_probable", "person", "source", "duration_s", "quality")


def to_html(evaluation: Evaluation, figures: ClipMetrics, more: Mapping[str, Table] | None = None) -> str:
    """The report as HTML text; every text from outside is escaped.

    Args:
        evaluation: the verdicts.
        figures: of :func:`emo_core.evaluation.clip_metrics.summarize`.
        more: title → table to add, such as what the records of the model say.
    """
    exported = tables(evaluation, figures)
    header, rows = exported["clips"]
    kept = [header.index(name) for name in _CLIP_COLUMNS]
    drawn = {
        "confusion": confusion_figure(figures.labels, figures.confusion),
        "scores": charts.scores_figure(figures.scores, figures.per_class),
        "roc": charts.roc_figure(figures.curves),
        "precision_recall": charts.precision_recall_figure(figures.curves),
        "calibration": charts.calibration_figure(figures.calibration),
        "coverage": charts.coverage_figure(figures),
    }
    return render_page(
        _PAGE,
        title=f"{evaluation.model} {evaluation.version} on {evaluation.data}",
        evaluation=evaluation,
        figures=figures,
        app_version=emo_core.__version__,
        limits=[sentence.replace("**", "") for sentence in (*_FIGURES_LIMITS, *LIMITS)],
        headline=figures.headline | {"Calibration error": figures.calibration.error},
        tables=exported,
        more=more or {},
        clip_columns=_CLIP_COLUMNS,
        clips=[[row[index] for index in kept] for row in rows],
        charts={name: _chart(figure) for name, figure in drawn.items()},
        plotly=Markup(get_plotlyjs()),
        display=display_name,
    )


def _chart(figure: go.Figure) -> Markup:
    config = {"displaylogo": False, "responsive": True}
    return Markup(figure.to_html(full_html=False, include_plotlyjs=False, config=config))
