"""What to judge and who judges it: a clip as work with a key of its own, and the engine that a client stands for."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from emo_core.model.bundle import Bundle
from emo_core.studies.clips import StudyClip
from emo_core.studies.judge import judge_clip
from emo_core.studies.judged import Judged, Work
from emo_core.studies.store import ModelRecord

if TYPE_CHECKING:
    from distributed import Client

_VERSION = 2  # raise when what is found in a clip changes

Engine = Callable[[Iterator[Work], Callable[[], None]], Iterator[tuple[Work, Judged]]]
"""Judges clips in whatever order; calls its second argument about once a second."""


def model_record(bundle: Bundle) -> ModelRecord:
    """What a study says of its model."""
    return ModelRecord(bundle.info.name, bundle.info.version, bundle.digest, bundle.info.labels)


def engine_of(bundle: Bundle, client: "Client | None") -> Engine:
    """The engine that a client stands for; without one, this process."""
    if client is None:
        return lambda works, tick: _judge_in_turn(works, bundle, tick)
    from emo_core.studies.engine import bring_model, judge_on

    bring_model(client, bundle)
    return lambda works, tick: judge_on(client, works, tick)


def _judge_in_turn(
    works: Iterator[Work], bundle: Bundle, tick: Callable[[], None]
) -> Iterator[tuple[Work, Judged]]:  # fmt: skip
    for work in works:
        tick()
        yield work, judge_clip(work, Path(work.path), bundle)


def work_on(clip: StudyClip, digest: str, bundle: Bundle, *, reports: bool) -> Work:
    """A clip as work for a worker.

    Args:
        clip: as the study was asked for it.
        digest: SHA-256 of its content.
        bundle: the model.
        reports: whether the files that ``analyze --out`` makes of one clip are made, too.
    """
    path = os.path.abspath(clip.path)  # noqa: PTH100 (links keep their names)
    return Work(key_of(clip, digest, bundle), path, clip.path.name, digest, bundle.digest, clip.part, reports)


def key_of(clip: StudyClip, digest: str, bundle: Bundle) -> str:
    """Stands for content, part, model and what the program finds in a clip."""
    told = f"{_VERSION}\n{digest}\n{clip.part}\n{bundle.digest}"
    return hashlib.sha256(told.encode()).hexdigest()
