"""An evaluation as text for a terminal and as tables for a spreadsheet."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import asdict, astuple

from emo_core import SOFTWARE
from emo_core.evaluation.results import Evaluation
from emo_core.files import csv_files
from emo_core.records import ClassCurves, ClassScores, ClipMetrics, Interval, Score

Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]
"""Header and rows."""


def to_text(evaluation: Evaluation, figures: ClipMetrics) -> str:
    """What was measured, for a terminal.

    Args:
        evaluation: the verdicts.
        figures: of :func:`emo_core.evaluation.clip_metrics.summarize`.
    """
    lines = [
        f"{evaluation.model} {evaluation.version} on {evaluation.data}: {figures.num_clips} clips of "
        f"{figures.num_people} people",
        evaluation.exposure,
        *(f"left out: {item.path}: {item.reason}" for item in evaluation.left_out),
        "forced to choose, 95% intervals over people:",
        *(f"  {name:<10} {score.text('.4f')}" for name, score in asdict(figures.scores).items()),
        "free to say unsure:",
        f"  gives a verdict   {figures.coverage.text('.4f')}",
        f"  is right then     {figures.accuracy_when_decided.text('.4f')}",
        f"calibration error   {figures.calibration.error.text('.4f')}",
    ]
    width = max(len(label) for label in figures.labels)
    lines.append(f"{'class':<{width}}  precision  recall  F1      AUC     n")
    for row, curve in zip(figures.per_class, figures.curves, strict=True):
        auc = f"{curve.roc_auc.value:.4f}" if curve.roc_auc else "     –"
        lines.append(
            f"{row.label:<{width}}  {row.precision:.4f}     {row.recall:.4f}  {row.f1:.4f}  {auc}  {row.support:d}"
        )
    lines.append("verdicts (rows true):")
    lines.append(f"  {'':<{width}}  " + "  ".join(figures.verdict_columns))
    for label, counts in zip(figures.labels, figures.verdicts, strict=True):
        cells = (f"{count:>{len(name)}d}" for count, name in zip(counts, figures.verdict_columns, strict=True))
        lines.append(f"  {label:<{width}}  " + "  ".join(cells))
    return "\n".join(line for line in lines if line)


def tables(evaluation: Evaluation, figures: ClipMetrics) -> dict[str, Table]:
    """Every table of an evaluation by its name, for export."""
    labels = figures.labels
    return {
        "clips": clip_table(evaluation),
        "scores": (
            ("figure", "value", "low", "high"),
            [
                (name, *_spread(score))
                for name, score in (
                    *asdict(figures.scores).items(),
                    ("coverage", figures.coverage),
                    ("accuracy_when_decided", figures.accuracy_when_decided),
                    ("calibration_error", figures.calibration.error),
                    *((f"roc_auc {row.label}", row.roc_auc) for row in figures.curves if row.roc_auc),
                )
            ],
        ),
        "per_class": _per_class(figures.per_class),
        "confusion": (("truth", *labels), [(n, *row) for n, row in zip(labels, figures.confusion, strict=True)]),
        "verdicts": (
            ("truth", *figures.verdict_columns),
            [(name, *row) for name, row in zip(labels, figures.verdicts, strict=True)],
        ),
        "calibration": (
            ("bin", "confidence", "accuracy", "num_clips"),
            [astuple(row) for row in figures.calibration.bins],
        ),
        "coverage": (("threshold", "coverage", "accuracy"), [astuple(row) for row in figures.coverage_curve]),
        "roc": (("class", "false_positive_rate", "true_positive_rate"), _points(figures.curves, "roc")),
        "precision_recall": (("class", "recall", "precision"), _points(figures.curves, "precision_recall")),
        "slices": (
            ("slice", "value", "num_clips", "num_people", "accuracy", "low", "high", "coverage"),
            [
                (row.slice, row.value, row.num_clips, row.num_people, *_spread(row.accuracy), row.coverage)
                for row in figures.slices
            ],
        ),
        "left_out": (("path", "reason"), [(item.path, item.reason) for item in evaluation.left_out]),
    }


def clip_table(evaluation: Evaluation) -> Table:
    """A row for every clip."""
    header = (
        "path", "label", "verdict", "most_probable", "person", "session", "source", "story", "degradation",
        "duration_s", "quality", "share_usable", "num_windows",
        *(f"probability {label}" for label in evaluation.labels), *(f"score {label}" for label in evaluation.labels),
    )  # fmt: skip
    rows = [
        (
            clip.path, clip.label, clip.verdict, evaluation.labels[int(guess)], clip.person, clip.session, clip.source,
            clip.story, clip.degradation, clip.duration_s, clip.quality, clip.share_usable, clip.num_windows,
            *clip.probabilities, *clip.scores,
        )
        for clip, guess in zip(evaluation.clips, evaluation.forced, strict=True)
    ]  # fmt: skip
    return header, rows


def made_by(evaluation: Evaluation) -> dict[str, str]:
    """What every row of its tables says of their origin: model, its version, and the software that measured it."""
    return {
        "model": evaluation.model,
        "model_version": evaluation.version,
        "software": evaluation.software or SOFTWARE,  # those of early versions do not say
    }


def to_csv(table: Table, origin: Mapping[str, str]) -> str:
    r"""CSV text of a table, numbers with six digits after the point.

    Args:
        table: header and rows.
        origin: further column → what it holds in every row, as :func:`made_by` gives it.

    Example:
        >>> to_csv((("name", "n"), [("=1+1", 0.5), ("joy", -2)]), {"software": "Studio 1"})
        "name,n,software\n'=1+1,0.5,Studio 1\njoy,-2,Studio 1\n"
    """
    header, rows = table
    cells = [[round(value, 6) if isinstance(value, float) else value for value in row] for row in rows]
    return csv_files.to_csv((*header, *origin), [[*row, *origin.values()] for row in cells])


def bounds(interval: Interval) -> tuple[Any, Any]:
    """Cells of both ends of an interval, empty where there is none."""
    return interval or ("", "")


def _spread(score: Score) -> tuple[Any, Any, Any]:
    return ("" if score.value is None else score.value), *bounds(score.interval)


def _points(curves: Sequence[ClassCurves], name: str) -> list[tuple[Any, ...]]:
    """Class and both coordinates of every point of a kind of curve."""
    drawn = [(row.label, getattr(row, name)) for row in curves]
    return [(label, *point) for label, curve in drawn if curve for point in zip(*astuple(curve), strict=True)]


def _per_class(rows: Sequence[ClassScores]) -> Table:
    names = ("precision", "recall", "f1")
    header = ("class", "support", *(f"{name}{end}" for name in names for end in ("", " low", " high")))
    return header, [
        (row.label, row.support, *(cell for score in row.scores.values() for cell in _spread(score))) for row in rows
    ]
