"""What the records of a taught bundle say of its data: who trained, who chose, who was only measured on, how well."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from emo_core.config import PipelineConfig
from emo_core.datasets.clips import DatasetClip
from emo_core.datasets.feature_cache import content_key
from emo_core.datasets.splits import PARTS, Split
from emo_core.emotions import class_named
from emo_core.evaluation.clip_metrics import summarize
from emo_core.evaluation.results import Evaluation
from emo_core.evaluation.run import Choice, evaluate_dataset, folder_of
from emo_core.measured import BaseStills, TaughtClips, TaughtPart, TaughtRecord
from emo_core.model import bundle as bundles
from emo_core.model.bundle_files import converted
from emo_core.model.limits import RecipeName
from emo_core.training.records import read_json

VERSION = "1.0"


def taught_manifest(
    name: str, base: Path, labels: Sequence[str], config: PipelineConfig, temperature: float
) -> dict[str, Any]:
    """Entries of ``bundle.json`` but for its records; a pair that the base knows keeps its presence and salience.

    Args:
        name: of the model.
        base: bundle whose frame CNN is used.
        labels: classes in label order.
        config: of the pipeline.
        temperature: divisor of the logits.
    """
    known = read_json(base / bundles.MANIFEST)
    curves = known.get("salience", {})
    return {
        "name": name,
        "version": VERSION,
        "classes": [class_named(label).to_dict() for label in labels],
        "pipeline": config.to_dict(),
        "temperature": temperature,
        "salience": {label: curves[label] for label in labels if label in curves},
        "blend_thresholds": {
            label: least for label, least in known.get("blend_thresholds", {}).items() if label in labels
        },
    }


def taught_record(
    data: Path, base: Path, clips: Sequence[DatasetClip], left_out: Sequence[DatasetClip], split: Split,
    method: RecipeName, *, tuned: bool,
) -> TaughtRecord:  # fmt: skip
    """Entry ``taught`` of ``bundle.json``.

    Args:
        data: the data set.
        base: bundle whose frame CNN is used.
        clips: those that can be judged.
        left_out: the others.
        split: of `clips`.
        method: recipe.
        tuned: whether the last stage of the frame CNN was tuned to them.
    """
    manifest = read_json(base / bundles.MANIFEST)
    stills = read_json(base / bundles.METRICS).get("real_stills", {})
    seen = sorted(content_key(clips[index].path) for part in PARTS[:2] for index in split.members(part))
    return TaughtRecord(
        data=folder_of(data).resolve().name,
        recipe=method,
        protocol=split.protocol,
        base=f"{manifest.get('name', base.name)} {manifest.get('version', '')}".strip(),
        base_stills=converted(base, stills, BaseStills),
        tuned=tuned,
        num_clips=len(clips),
        left_out=tuple(clip.short_name for clip in left_out),
        parts={part: _part(clips, split, part) for part in PARTS},
        seen=tuple(seen),
        unknown_people=sum(not clip.person_known for clip in clips),
        sources=tuple(sorted({clip.source or "not stated" for clip in clips})),
    )


def measure_taught(
    manifest: Mapping[str, Any], files: Mapping[str, bytes], clips: Sequence[DatasetClip], data: Path, cache: Path,
    command: str,
) -> Evaluation:  # fmt: skip
    """The test clips as the app will judge them, with the networks as they will be written.

    Args:
        manifest: entries of ``bundle.json``.
        files: file name → content.
        clips: the test part.
        data: the data set.
        cache: folder for what is seen of clips.
        command: the command line, for the records.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / manifest["name"]
        bundles.write_bundle(path, manifest, files)
        choice = Choice(tuple(clips), 0, 0, "The model neither was trained on these clips nor chose anything on them.")
        name = folder_of(data).resolve().name
        return evaluate_dataset(bundles.load_bundle(path), choice, data, cache, name=name, command=command)


def taught_figures(evaluation: Evaluation, record: TaughtRecord) -> TaughtClips:
    """Figures for ``metrics.json`` with the recipe and the split behind them, as the `record` of the training says.

    Curves are drawn from the evaluation itself, which is a file of its own.
    """
    figures = msgspec.structs.asdict(summarize(evaluation)) | {"curves": (), "coverage_curve": ()}
    return TaughtClips(recipe=record.recipe, protocol=record.protocol, **figures)


def _part(clips: Sequence[DatasetClip], split: Split, part: str) -> TaughtPart:
    members = [clips[index] for index in split.members(part)]
    labels = sorted({clip.label for clip in clips})
    return TaughtPart(
        num_clips=len(members),
        people=tuple(sorted({clip.person for clip in members})),
        by_class={label: sum(clip.label == label for clip in members) for label in labels},
        clips=tuple(sorted(clip.short_name for clip in members)),
    )
