"""What a model's records say of its method, as tables for export: two protocols, ablation, training."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import astuple

from emo_core.evaluation.model_comparison import Comparison
from emo_core.evaluation.text import Table, bounds
from emo_core.method_records import Ablation
from emo_core.records import Protocols

_SETS = ("clean", "degraded", "rendered")
_NONE = ("", "", "")
_PARTS = ("reader", "mean_input", "q_features", "blendshapes")


def protocol_table(record: Protocols) -> Table:
    """One recipe under each way to split the same clips, and the leakage."""
    header = ("protocol", "accuracy", "low", "high", "macro_f1", "macro_f1 low", "macro_f1 high")
    rows: list[tuple[Any, ...]] = [
        (
            name,
            row.accuracy,
            *bounds(row.interval_over_people),
            row.macro_f1,
            *bounds(row.macro_f1_interval_over_people),
        )
        for name, row in record.splits.items()
    ]
    if record.leakage is not None:
        rows.append(("leakage", record.leakage, *bounds(record.leakage_interval), "", "", ""))
    return header, rows


def effect_table(record: Ablation) -> Table:
    """What switching each part of the method on changes, with its interval, by kind of clips."""
    header = ("part", "figure", "num_pairs", *(f"{name}{end}" for name in _SETS for end in ("", " low", " high")))
    return header, [
        (row.part, row.figure, row.num_pairs, *(value for name in _SETS for value in getattr(row, name) or _NONE))
        for row in record.effects
    ]


def variant_table(record: Ablation) -> Table:
    """Macro-F1 of every head of an ablation, mean of its seeds with the interval, by kind of clips."""
    header = (*_PARTS, "num_seeds", *(f"{name}{end}" for name in _SETS for end in ("", " low", " high")))
    return header, [
        (
            *(getattr(row, part) for part in _PARTS),
            row.num_seeds,
            *(value for name in _SETS for value in getattr(row, f"{name}_macro_f1")),
        )
        for row in record.variants
    ]


def history_table(stages: Mapping[str, Sequence[Mapping[str, float]]]) -> Table:
    """Loss and accuracy of every epoch of every stage."""
    names = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")
    rows = [(stage, *(row.get(name, "") for name in names)) for stage, told in stages.items() for row in told]
    return ("stage", *names), rows


def comparison_table(found: Comparison, first: str, second: str) -> Table:
    """The clips on which two models differ.

    Args:
        found: of :func:`emo_core.evaluation.model_comparison.compare`.
        first: name of the first model.
        second: of the other one.
    """
    return ("path", "label", first, second), [astuple(row) for row in found.differing]
