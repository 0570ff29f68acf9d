"""The model card, written with every bundle from its manifest and metrics; it holds no figure of its own.

Its words are in the Jinja templates beside this module: ``model_card.md``, and what that includes.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emo_core.measured import Measured, TaughtRecord
from emo_core.method_records import change_text, mean_text
from emo_core.model.limits import PUBLISHED, limits_of
from emo_core.records import bracketed, span
from emo_core.training.synthesis.composed_clips import LOOK_ALIKES

_WIDTH = 118


def model_card(manifest: Mapping[str, Any], metrics: Measured, history: Sequence[Mapping[str, Any]]) -> str:
    """Markdown of ``MODEL_CARD.md``.

    Args:
        manifest: entries of ``bundle.json``.
        metrics: what was measured; sections that are missing are left out.
        history: rows of ``history.csv``.
    """
    labels = [item["name"] for item in manifest.get("classes", [])]
    published = metrics.taught_clips is not None and metrics.taught_clips.recipe == PUBLISHED
    template = _templates().get_template("model_card.md")
    return template.render(
        manifest={"frame_training": {}, **manifest},
        metrics=metrics,
        labels=labels,
        published=published,
        limits=limits_of(labels) if published else "",
        taught=msgspec.convert(manifest.get("taught"), TaughtRecord | None),
        pipeline=manifest["pipeline"],
        normalized=_normalized(manifest, published=published),
        frames_weight=manifest.get("frame_evidence", {}).get("weight", 0),
        portraits=_of_portraits(manifest),
        steps=list(_all_steps(manifest, history)),
        look_alikes=sorted(LOOK_ALIKES),
    )


def _templates() -> Environment:
    """The words of the card; what a record lacks is an error, not a gap in a sentence."""
    words = Environment(
        loader=FileSystemLoader(Path(__file__).parent, "utf-8"), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip  # Markdown, not HTML: nothing is escaped
    words.filters |= {
        "f": lambda value, form: "–" if value is None else f"{value:{form}}",
        "tick": "`{}`".format,
        "wrap": lambda text: "\n".join(textwrap.wrap(" ".join(text.split()), _WIDTH)),
        "bracketed": bracketed,
        "span": span,
        "mean": mean_text,
        "change": change_text,
    }
    return words


def _normalized(manifest: Mapping[str, Any], *, published: bool) -> str:
    """What is normalized by quality."""
    if published:
        return "features (not of scores)"
    recipe = manifest.get("head_training", {}).get("recipe", {})
    return "features and scores" if recipe.get("q_features", True) else "scores (not of features)"


def _of_portraits(manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """How portraits were learned from; None where they were not."""
    frames = manifest.get("frame_training", {})
    recipe = frames.get("recipe", {})
    if not recipe.get("portraits_in_batch"):
        return None
    return {
        "num_runs": frames.get("num_runs", 1),
        "kept": recipe.get("kept", 0.0),
        "sadness": frames.get("sadness", 0.0),
        "head": "--portraits" in manifest.get("head_training", {}).get("command", ""),
    }


def _all_steps(manifest: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each command that the model was made by."""
    for key, stage in (("frame_training", "frames"), ("head_training", "head")):
        if record := manifest.get(key):
            yield from _steps(record, sum(row["stage"] == stage for row in history))
            if "started_from" in record:
                yield f"`{record['command']}`: calibrates and measures what came out"
    if fit := manifest.get("decision_fit"):
        yield f"`{fit['command']}`: {fit['num_tried']} ways to decide tried, {fit['minutes']:g} minutes"
    if fit := manifest.get("presence_fit"):
        yield f"`{fit['command']}`: when both emotions of a pair are there"


def _steps(record: Mapping[str, Any], epochs: int) -> Iterator[str]:
    """A line for the training of a network and, before it, for those that it started from."""
    if first := record.get("started_from"):
        yield from _steps(first, first["recipe"]["epochs"])
    command, seed = record.get("refine_command", record["command"]), record["recipe"]["seed"]
    yield f"`{command}`: seed {seed}, {epochs} epochs, {record['minutes']:g} minutes on 2 processor cores"
