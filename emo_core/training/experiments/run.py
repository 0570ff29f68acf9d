"""Commands that measure the method itself: what each part is worth, what a random split hides. Loads TensorFlow.

Their figures become part of the bundle's records; the bundle judges clips as before.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from emo_core.datasets.clips import read_dataset
from emo_core.datasets.feature_cache import ClipReader
from emo_core.datasets.seen_by_model import without_unnamed
from emo_core.datasets.splits import check_enough
from emo_core.datasets.windows import see_clips
from emo_core.emotions import PAPER_CLASSES
from emo_core.evaluation.run import folder_of
from emo_core.files.kept import kept_lines
from emo_core.method_records import Ablation, HeadRow
from emo_core.model import bundle as bundles
from emo_core.model.bundle_files import converted, read_entries
from emo_core.records import Protocols
from emo_core.training.experiments.ablation import PARTS, ablate, kind_of, name_of, recipes_of, summarize
from emo_core.training.experiments.protocols import PROTOCOLS as PROTOCOL_NAMES
from emo_core.training.experiments.protocols import Progress, compare_protocols, join_people
from emo_core.training.head import HeadTraining
from emo_core.training.head_data import gather
from emo_core.training.records import write_with_records

Say = Callable[[str], None]

ABLATION = HeadTraining(
    epochs=8, patience=3, batch_size=256, learning_rate=1e-3, noise=0.5, clips_per_epoch=3000, num_held_out=3000,
    rendered_repeats=3, mixed_share=0.0,
)  # fmt: skip
"""Recipe of the ablation, shorter than the shipped one: there are a hundred heads to train."""

PROTOCOLS = HeadTraining(epochs=40, patience=8, batch_size=16, learning_rate=1.2e-3, noise=0.5)
"""Recipe of the protocols: a few hundred rendered clips and nothing else."""


def run_ablation(
    data: Path, demo: Path, out: Path, cache: Path, recipe: HeadTraining, num_seeds: int, num_jobs: int,
    command: str, say: Say,
) -> Ablation:  # fmt: skip
    """Train every variant of the head with every seed and put the table into the records of `out`; resumable.

    Args:
        data: folder in FER+ layout.
        demo: ``manifest.csv`` of the rendered clips.
        out: bundle directory.
        cache: folder for what was seen and for the heads measured so far.
        recipe: what the variants share.
        num_seeds: heads per variant.
        num_jobs: processes.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.

    Returns:
        The table, as :func:`emo_core.training.experiments.ablation.summarize` gives it.

    Raises:
        BundleError: `out` holds no frame CNN.
        DatasetError: the pictures or clips cannot be read or are too few.
    """
    started = time.monotonic()
    gathered = gather(data, demo, out, [item.name for item in PAPER_CLASSES], cache, say)
    digest = bundles.load_frame_network(out)[0].digest
    path = cache / f"ablation-{hashlib.sha256(f'{recipe} {digest} {demo.read_text()}'.encode()).hexdigest()[:12]}.jsonl"
    done = kept_lines(path, HeadRow)
    measured = [(row.seed, kind_of(row)) for row in done]
    recipes = [item for item in recipes_of(recipe, num_seeds) if (item.seed, kind_of(item)) not in measured]
    say(f"{len(recipes)} heads to train, {len(done)} already measured")
    with path.open("ab") as file:
        for row in ablate(gathered, recipes, num_jobs):
            done.append(row)
            file.write(msgspec.json.encode(row) + b"\n")
            file.flush()
            say(f"{len(done)}: {name_of(row)}: {row.clean_macro_f1:.4f}, {row.degraded_macro_f1:.4f}")
    minutes = round((time.monotonic() - started) / 60, 1)
    table = msgspec.structs.replace(summarize(done), command=command, recipe=asdict(recipe), minutes=minutes)
    write_with_records(out, {}, {"ablation": table}, (), {}, {})
    return table


def run_protocols(
    demo: Path, out: Path, cache: Path, recipe: HeadTraining, command: str, say: Say, num_folds: int = 5
) -> Protocols:
    """Compare a random split with one by person on the rendered clips and put both into the records of `out`.

    Args:
        demo: ``manifest.csv`` of the clips.
        out: bundle directory.
        cache: folder for what was seen.
        recipe: of the heads.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.
        num_folds: of the cross-validation.

    Raises:
        BundleError: `out` holds no frame CNN.
        DatasetError: the clips cannot be read.
    """
    table = measure_protocols(demo, out, cache, recipe, command, say, num_folds=num_folds)
    write_with_records(out, {}, {"protocols": table}, (), {}, {})
    return table


def measure_protocols(
    data: Path, model: Path, cache: Path, recipe: HeadTraining, command: str, say: Say, *, num_folds: int = 5,
    protocols: Sequence[str] = PROTOCOL_NAMES[:2], progress: Progress = lambda what, done, total: None,
) -> Protocols:  # fmt: skip
    """Train heads on a data set, split at random and by person, on the frame CNN of a model.

    Args:
        data: data set, as :func:`emo_core.datasets.clips.read_dataset` reads it; without the clips of *other* where the
            model has no such class.
        model: bundle directory; its own head is not used.
        cache: folder for what is seen of clips.
        recipe: of the heads.
        command: the command line, for the records.
        say: called with a line of text as the work goes on.
        num_folds: of the cross-validation; fewer where there are fewer people.
        protocols: which, of :data:`emo_core.training.experiments.protocols.PROTOCOLS`.
        progress: called as the work goes on.

    Returns:
        The figures of :func:`emo_core.training.experiments.protocols.compare_protocols` with what they were made of.

    Raises:
        BundleError: `model` holds no frame CNN.
        DatasetError: the clips cannot be read, or are too few to hold some out.
    """
    order = bundles.class_names(model)
    clips = read_dataset(data)
    if order:
        clips = without_unnamed(clips, order) or clips
    check_enough(clips, "subject" if "subject" in protocols else "random")
    cnn, config = bundles.load_frame_network(model)
    labels = sorted({clip.label for clip in clips}, key=lambda name: (order.index(name) if name in order else 99, name))
    windows = see_clips(
        clips, labels, cnn, config, cache, say, lambda done, total: progress("Seeing clips", done, total)
    )
    reader = ClipReader(cnn, config, cache)
    members = sorted(set(windows.clips.tolist()))
    prints = {
        index: reader.read(clips[index].path).within(clips[index].start_s, clips[index].end_s).prints
        for index in members
    }
    nothing = np.zeros((0, 4), np.uint64)
    joined = join_people(windows.people, windows.clips.tolist(), [prints.get(k, nothing) for k in range(len(clips))])
    folds = max(2, min(num_folds, len(set(joined or windows.people)), int(np.bincount(windows.labels).min())))
    say(f"Cross-validating on {len(windows.labels)} windows, split {' and '.join(protocols)}")
    table = compare_protocols(
        windows, recipe, cnn.num_features, labels, folds, protocols=protocols, joined=joined, progress=progress
    )
    return msgspec.structs.replace(
        table,
        command=command,
        recipe=asdict(recipe),
        num_folds=folds,
        num_clips=len(members),
        data=folder_of(data).resolve().name,
        sources=tuple(sorted({clip.source or "not stated" for clip in clips})),
        same_people=tuple(sorted({name for name in joined if " = " in name})),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def recipe_of(model: Path) -> HeadTraining:
    """The recipe of the protocols with those parts of the method switched on that the head of a model has."""
    told = converted(model, read_entries(model).get("head_training", {}), dict[str, Any])
    own = converted(model, told.get("recipe", {}), dict[str, Any])
    parts = {name: own[name] for name in ("reader", *PARTS) if name in own}
    return converted(model, asdict(PROTOCOLS) | parts, HeadTraining)
