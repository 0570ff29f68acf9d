"""An evaluation as one HTML file that fetches nothing: figures with intervals, charts, every clip."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from emo_core.emotions import display_name
from emo_core.evaluation.results import Evaluation
from emo_core.evaluation.text import Table, tables, with_interval
from emo_core.report.charts import evaluation as charts
from emo_core.report.charts.analysis import confusion_figure

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c2330;
  background: #fff; }
h1 { margin-bottom: .2rem; } h2 { margin-top: 2.2rem; } .soft { color: #5b6475; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #d8dce4; text-align: left; }
 td:not(:first-child) { font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem; }
"""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'"
)
"""Plotly runs from within the file, draws, and saves pictures of its charts; nothing is fetched."""

_SCORES = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "Macro-F1"}
_CLIP_COLUMNS = ("path", "label", "verdict", "most_probable", "person", "source", "duration_s", "quality")


def to_html(evaluation: Evaluation, figures: Mapping[str, Any], more: Mapping[str, Table] | None = None) -> str:
    """The report as HTML text; every text from outside is escaped.

    Args:
        evaluation: the verdicts.
        figures: of :func:`emo_core.evaluation.clip_metrics.summarize`.
        more: title → table to add, such as what the records of the model say.
    """
    title = f"{evaluation.model} {evaluation.version} on {evaluation.data}"
    exported = tables(evaluation, figures)
    confusion = confusion_figure(figures["labels"], figures["confusion"])
    coverage = charts.coverage_figure(
        figures["coverage_curve"], figures["coverage"]["value"], figures["accuracy_when_decided"]["value"]
    )
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{figures["num_clips"]} clips of {figures["num_people"]} people. '
        f"{escape(evaluation.exposure)} In brackets: 95 % intervals over people.</p>",
        _table(("Figure", "Value"), _headline(figures)),
        "<h2>Confusion</h2>", '<div class="pair">', _chart(confusion), _wide(_per_class(figures)), "</div>",
        "<h2>Verdicts as the app says them</h2>", _exported(exported["verdicts"]),
        "<h2>Scores</h2>", _chart(charts.scores_figure(figures["scores"], figures["per_class"])),
        "<h2>Each class against the rest</h2>", '<div class="pair">', _chart(charts.roc_figure(figures["curves"])),
        _chart(charts.precision_recall_figure(figures["curves"])), "</div>",
        "<h2>Certainty</h2>", '<div class="pair">', _chart(charts.calibration_figure(figures["calibration"])),
        _chart(coverage), "</div>",
        "<h2>Slices</h2>", _wide(_exported(exported["slices"])),
        *(f"<h2>{escape(title)}</h2>{_wide(_exported(table))}" for title, table in (more or {}).items() if table[1]),
        "<h2>Clips that could not be judged</h2>", _exported(exported["left_out"]) or "<p>None.</p>",
        "<h2>Every clip</h2>", _wide(_exported(_columns(exported["clips"], _CLIP_COLUMNS))),
        f'<p class="soft">{escape(evaluation.made_at)}, <code>{escape(evaluation.command)}</code></p>',
    ]  # fmt: skip
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n<script>{get_plotlyjs()}</script></head>\n<body>\n{body}\n</body></html>\n"
    )


def _headline(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [(title, with_interval(figures["scores"][name])) for name, title in _SCORES.items()]
    return [
        *rows,
        ("Gives a verdict", with_interval(figures["coverage"])),
        ("Right when it does", with_interval(figures["accuracy_when_decided"])),
        ("Calibration error", with_interval(figures["calibration"]["error"])),
    ]


def _per_class(figures: Mapping[str, Any]) -> str:
    rows = [
        (
            display_name(row["label"]),
            *(
                with_interval({"value": row[name], "interval": row[f"{name}_interval"]})
                for name in ("precision", "recall", "f1")
            ),
            row["support"],
        )
        for row in figures["per_class"]
    ]
    return _table(("Class", "Precision", "Recall", "F1", "n"), rows)


def _columns(table: Table, names: Sequence[str]) -> Table:
    header, rows = table
    kept = [header.index(name) for name in names]
    return tuple(names), [tuple(row[index] for index in kept) for row in rows]


def _exported(table: Table) -> str:
    header, rows = table
    return _table([name.replace("_", " ") for name in header], rows) if rows else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(_told(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _told(cell: Any) -> str:
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def _wide(html: str) -> str:
    return f'<div class="wide">{html}</div>'


def _chart(figure: go.Figure) -> str:
    html: str = figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False})
    return html
