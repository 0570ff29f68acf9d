"""The model card of a bundle that was taught from a data set: its data, people, splits and figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from emo_core.records import Score
from emo_core.training.card.sections import class_table, table

_PROTOCOLS = {
    "subject": "**By person**: nobody is in two parts, so the figures below tell about people the model never saw.",
    "random": "**At random**, as in the paper: other clips of the same people, and of the same sessions, trained the "
    "model. The figures below flatter it; they do not tell how it works on anybody else.",
}

_TUNED = " Its last stage was tuned to this data set after that, held to the emotions that it saw before."

USE = """## Intended use
Research, teaching and demonstration with adults who agreed to be recorded: seeing whether the classes of one's own data
set can be told apart from the visible expression.

## Prohibited use
Inferring the emotions of people at work or in education is prohibited in the European Union (AI Act, Article 5(1)(f)).
Where emotion recognition is allowed, the people concerned must be told (Article 50(3)). Do not use the model to judge
honesty, health, fitness for a job or guilt. An expression is not a feeling: the model says what a face shows, in the
words of its data set.

## Known failures
- It knows the people, the room, the camera and the light of its data set; elsewhere expect less than is measured here.
- Everything that the classes have in common with them is learned too, such as who played which class, or talking.
- Hands, masks and strong turns of the head hide what the model needs; such frames count less, and without a usable
  face there is no verdict.
"""


def taught(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Data, split and figures of a taught bundle in Markdown.

    Args:
        manifest: entries of ``bundle.json``, ``taught`` among them.
        metrics: content of ``metrics.json``.
    """
    return "\n".join([_data(manifest["taught"]), _figures(metrics["taught_clips"])])


def _data(record: Mapping[str, Any]) -> str:
    labels = list(record["parts"]["train"]["by_class"])
    rows = [
        (part, row["num_clips"], len(row["people"]), *(row["by_class"][label] for label in labels))
        for part, row in record["parts"].items()
    ]
    lines = [
        "## Data",
        f"Data set `{record['data']}`: {record['num_clips']} clips; source: {', '.join(record['sources'])}. Frame CNN: "
        f"that of {record['base']}{_stills(record['base_stills'])}." + (_TUNED if record["tuned"] else ""),
        "",
        _PROTOCOLS[record["protocol"]],
        "",
        *table(("part", "clips", "people", *labels), rows),
    ]
    if record["left_out"]:
        names = ", ".join(f"`{name}`" for name in record["left_out"][:10])
        more = f" and {len(record['left_out']) - 10} more" if len(record["left_out"]) > 10 else ""
        lines += ["", f"Left out, no face that can be judged, {len(record['left_out'])} clips: {names}{more}."]
    if record["unknown_people"]:
        lines += [
            "",
            f"{record['unknown_people']} clips name no person and count as one unknown person each: the same face may "
            "then be on both sides of the split, and the figures may flatter.",
        ]
    return "\n".join([*lines, ""])


def _stills(stills: Mapping[str, Any]) -> str:
    if "accuracy" not in stills:
        return ""
    return f" ({stills['accuracy']:.1%} of {stills['num_images']} FER+ pictures, eight basic emotions)"


def _figures(row: Mapping[str, Any]) -> str:
    scores = row["scores"]
    lines = [
        "## Measured on the test part",
        f"n = {row['num_clips']} clips of {row['num_people']} people that neither trained nor chose anything, judged "
        "as the app does; in brackets 95 % intervals over people.",
        "",
        f"- accuracy {_share(scores['accuracy'])}, macro-F1 {_share(scores['f1'])}, macro-precision "
        f"{_share(scores['precision'])}, macro-recall {_share(scores['recall'])}",
        f"- gives a verdict on {_share(row['coverage'])}, right when it does {_share(row['accuracy_when_decided'])}",
        f"- calibration error {_share(row['calibration']['error'])}",
        "",
        class_table(row["per_class"]),
        "## Slices",
        "Share judged rightly; small counts say little. Of the people, those judged worst.",
        "",
        *table(
            ("slice", "value", "clips", "people", "right"),
            [
                (found["slice"], found["value"], found["num_clips"], found["num_people"], _share(found["accuracy"]))
                for found in _told(row["slices"])
            ],
        ),
    ]
    return "\n".join([*lines, ""])


def _share(figure: Mapping[str, Any]) -> str:
    return "–" if figure["value"] is None else msgspec.convert(figure, Score).text()


def _told(slices: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All rows, but of people only the five judged worst."""
    people = sorted(
        (row for row in slices if row["slice"] == "person"), key=lambda row: float(row["accuracy"]["value"])
    )
    return [*people[:5], *(row for row in slices if row["slice"] != "person")]
