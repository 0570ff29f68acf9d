"""What the published recipe hides, measured beside its own figures: people it saw, and faces that it has no class for.

Loads TensorFlow.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from emo_core.datasets.clips import DatasetClip, read_dataset
from emo_core.datasets.feature_cache import content_key
from emo_core.datasets.seen_by_model import without_unnamed
from emo_core.datasets.splits import LEAST_PEOPLE
from emo_core.emotions import OTHER, UNSURE
from emo_core.errors import DatasetError
from emo_core.evaluation.people_intervals import People
from emo_core.evaluation.results import EvaluatedClip
from emo_core.evaluation.run import Progress, folder_of, judge_clips
from emo_core.evaluation.store import load_protocols, store_protocols
from emo_core.files.kept import drop
from emo_core.measured import VerdictCounts, VerdictPart, VerdictRow
from emo_core.model import bundle as bundles
from emo_core.records import Protocols
from emo_core.training.custom_model import Lesson, Told
from emo_core.training.experiments.run import measure_protocols
from emo_core.training.records import write_with_records

FORCED, REAL = "forced_clips", "untouched_real_clips"
"""Sections of ``metrics.json``: clips of *other* in the data set, and real clips that chose nothing."""


def measure_published(lesson: Lesson, real: Path | None, cache: Path, told: Told) -> None:
    """Measure a finished model of the published recipe further, and put what comes out into its records.

    That is the same recipe cross-validated at random and by person, if there are enough people, and verdicts on clips
    of *other* and on real clips, as far as there are any.

    Args:
        lesson: that it was taught by.
        real: data set of real clips; None measures none.
        cache: folder for what is seen of clips.
        told: told how the work goes on.

    Raises:
        DatasetError: `real` cannot be read, or holds other classes than the model and *other*.
    """
    bundle, clips = bundles.load_bundle(lesson.out), read_dataset(lesson.data)
    found: dict[str, VerdictCounts] = {}

    def tell(what: str, share: float) -> None:
        told.progress(what.partition(":")[0], round(100 * share), 100)

    if unnamed := [clip for clip in clips if clip not in set(without_unnamed(clips, bundle.info.labels))]:
        told.say(f"Judging {len(unnamed)} clips of other, which the model can only get wrong")
        found[FORCED] = verdicts_on(bundle, unnamed, lesson.data, cache, tell)
    if real is not None:
        told.say("Judging real clips")
        found[REAL] = verdicts_on(bundle, read_dataset(real), real, cache, tell)
    write_with_records(lesson.out, {}, found, (), {}, {})
    named = without_unnamed(clips, bundle.info.labels)
    if len({clip.person for clip in named}) < LEAST_PEOPLE:
        return
    path = protocols_file(lesson, named, cache)
    table = _stored(path)
    if table is None:
        table = measure_protocols(
            lesson.data, lesson.out, cache, lesson.head, lesson.command, told.say, progress=told.progress
        )
        store_protocols(path, table)
    protocols = {"protocols": msgspec.structs.replace(table, command=lesson.command)}
    write_with_records(lesson.out, {}, protocols, (), {}, {})


def protocols_file(lesson: Lesson, clips: Sequence[DatasetClip], cache: Path) -> Path:
    """Where the comparison of a recipe is kept: by all that decides it, whatever else of the model is made again."""
    digest = hashlib.sha256(repr((lesson.head, bundles.load_frame_network(lesson.out)[0].digest)).encode())
    for clip in clips:
        told = (content_key(clip.path), clip.label, clip.person, clip.source, clip.start_s, clip.end_s)
        digest.update(f"{told}\n".encode())
    return cache / "protocols" / f"published-{digest.hexdigest()[:24]}.json"


def _stored(path: Path) -> Protocols | None:
    try:
        return load_protocols(path)
    except DatasetError:
        drop(path)
        return None


def verdicts_on(
    bundle: bundles.Bundle, clips: Sequence[DatasetClip], data: Path, cache: Path, progress: Progress
) -> VerdictCounts:
    """What a model says of clips of its classes and of *other*, as counts; no clip is named.

    Args:
        bundle: the model.
        clips: that it was not trained on.
        data: the data set.
        cache: folder for what is seen of clips.
        progress: called as the work goes on.

    Raises:
        DatasetError: a clip has another class, or none of them can be judged.
    """
    known = {*bundle.info.labels, OTHER}
    if strange := {clip.label for clip in clips} - known:
        raise DatasetError(f"Clips are labelled {', '.join(sorted(strange))}: use clips of {', '.join(sorted(known))}.")
    judged, left_out = judge_clips(bundle, clips, data, cache, progress)
    if not judged:
        raise DatasetError(f"None of the clips shows a face that can be judged: use other clips. {left_out[0].reason}")
    sources = sorted({clip.source or "not stated" for clip in judged})
    parts = {"all": judged}
    if len(sources) > 1:
        parts |= {name: [clip for clip in judged if (clip.source or "not stated") == name] for name in sources}
    return VerdictCounts(
        data=folder_of(data).resolve().name,
        num_clips=len(judged),
        num_people=len({clip.person for clip in judged}),
        num_left_out=len(left_out),
        verdict_columns=(*bundle.info.labels, UNSURE),
        parts=tuple(_part(name, own, bundle.info.labels) for name, own in parts.items()),
    )


def _part(name: str, clips: Sequence[EvaluatedClip], labels: Sequence[str]) -> VerdictPart:
    """Verdicts by true class, and the share that is right: of the model's own classes, and with *other* all wrong."""
    columns = [*labels, UNSURE]
    own = np.array([clip.label in labels for clip in clips])
    right = np.array([clip.verdict == clip.label for clip in clips])
    people = People(np.array([clip.person for clip in clips]))
    rows = tuple(
        VerdictRow(label, tuple(sum(clip.verdict == column for clip in members) for column in columns))
        for label in (*labels, *({OTHER} - set(labels)))
        if (members := [clip for clip in clips if clip.label == label])
    )
    of_all = people.share(right, np.ones(len(clips), bool))
    return VerdictPart(name, len(clips), rows, people.share(right & own, own), of_all)
