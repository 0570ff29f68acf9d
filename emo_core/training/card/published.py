"""The sections of a model card on the published recipe: what it is, where it fails, and what shows it."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from emo_core.model.published import limits_of
from emo_core.training.card.sections import table

_WIDTH = 118


def what_it_is(labels: Sequence[str]) -> str:
    """The first section: before any figure."""
    lines = [
        "## What this model is, and where it fails",
        *textwrap.wrap(limits_of(labels), _WIDTH),
        *textwrap.wrap(
            "Features are normalized by quality in neighbourhoods of equal counts (eq. 1); the CNN is cut at its last "
            "pooling layer (eq. 2 – 3); the mean feature of the clip, pooled by quality, and an embedding of the step "
            "stand beside each feature at every step of the LSTM (eq. 4 – 9). Frames without a usable face are "
            "masked. It is here to be compared with, not to be believed.",
            _WIDTH,
        ),
    ]
    return "\n".join([*lines, ""])


def forced(record: Mapping[str, Any]) -> str:
    """Clips of a class that the model lacks."""
    return _section("Faces that it has no class for", record, "every verdict on them is wrong")


def real_clips(record: Mapping[str, Any]) -> str:
    """Real clips, which neither trained nor chose anything."""
    return _section("Real clips", record, "neither trained on nor chosen with")


def _section(title: str, record: Mapping[str, Any], words: str) -> str:
    rows = [
        (part["clips"], row["label"], sum(row["verdicts"]), *row["verdicts"])
        for part in record["parts"]
        for row in part["rows"]
    ]
    whole = record["parts"][0]
    own, everything = whole["of_its_classes"], whole["of_all"]
    lines = [
        f"## {title}",
        f"{record['num_clips']} clips of {record['num_people']} people of `{record['data']}`, {words}; "
        f"{record['num_left_out']} more without a usable face.",
        "",
        *table(("clips", "is", "n", *(f"called {name}" for name in record["verdict_columns"])), rows),
    ]
    if own["value"] is not None:
        lines += [
            "",
            f"Right: {_share(own)} of those of its classes, {_share(everything)} of all; in brackets 95 % intervals "
            "over people.",
        ]
    return "\n".join([*lines, ""])


def _share(figure: Mapping[str, Any]) -> str:
    interval = figure["interval"]
    return f"{figure['value']:.1%}" + (f" ({interval[0]:.1%} – {interval[1]:.1%})" if interval else "")
