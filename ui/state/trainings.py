"""The trainings of this server, shared by all visitors."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emo_core import config
from emo_core.extras import need
from emo_core.files import folders
from emo_core.model.limits import PUBLISHED
from ui.serve import metrics
from ui.state import models
from ui.state.datasets import CACHE, KnownSet

if TYPE_CHECKING:
    from emo_core.jobs.queue import JobQueue

_QUEUES = ("trainings", "comparisons", "studies")
_queues: dict[str, "JobQueue"] = {}
_making = threading.Lock()
_asked: list[Callable[[], bool]] = []

HELD_BACK = "It starts as soon as the work of visitors leaves a core free; you may leave the page."
"""What is said of an order that waits although nothing of its kind is under way."""


def stand_back_while(is_full: Callable[[], bool]) -> None:
    """Start no order from now on while `is_full` says that visitors' work takes all cores."""
    _asked[:] = [is_full]


def _held_back() -> bool:
    return any(is_full() for is_full in _asked)


def queue(name: str) -> "JobQueue":
    """The queue of that name of this server, whoever asks and whatever is cleared: two would run two things at a time.

    Args:
        name: of its folder in the cache.
    """
    from emo_core.jobs.queue import JobQueue

    with _making:
        if name not in _queues:
            _queues[name] = JobQueue(CACHE / name, folders.ROOT, ended=metrics.job_ended, held_back=_held_back)
        return _queues[name]


def tend() -> None:
    """Start what waits in any queue of this server although nothing of its kind runs; called every few seconds."""
    for name in _QUEUES:
        queue(name).tend()


def counts() -> dict[tuple[str, str], int]:
    """(queue, ``running`` or ``waiting``) → orders of this server, whichever of its processes took them."""
    found = {(name, state): 0 for name in _QUEUES for state in ("running", "waiting")}
    for name in _QUEUES:
        for status in queue(name).active():
            found[name, status.state] += 1
    return found


def jobs() -> "JobQueue":
    """The trainings of this server."""
    return queue("trainings")


def out_of(name: str) -> Path:
    """Where the model of that name lies or will lie."""
    return folders.models() / name


def submit(
    name: str, chosen: KnownSet, protocol: str, seed: int, epochs: int, *, cnn: bool = False, recipe: str = "studio"
) -> None:
    """Ask for a training.

    Args:
        name: of the model to make.
        chosen: data set to learn from.
        protocol: of the split, one of :data:`emo_core.datasets.splits.PROTOCOLS`.
        seed: of every random choice.
        epochs: at most.
        cnn: whether the frame CNN is trained along.
        recipe: one of :data:`emo_core.model.limits.RECIPES`.

    Raises:
        DatasetError: the name, the data set or the protocol cannot be used.
        BundleError: another kind of model has that name.
        MissingPackageError: this installation cannot train.
        SettingError: the server is open to everybody.
    """
    from emo_core.datasets.clips import read_dataset
    from emo_core.datasets.names import check_name
    from emo_core.datasets.seen_by_model import without_unnamed
    from emo_core.datasets.splits import check_enough
    from emo_core.errors import BundleError
    from emo_core.jobs.queue import Order

    config.refuse_if_public("trains no models")
    need("tensorflow")
    out = out_of(check_name(name))
    if name in (models.MODEL_DIR.name, models.published_dir().name) or (
        out.exists() and "taught" not in models.manifest(out)
    ):
        raise BundleError(f"{name} is the name of a model that was not taught here: choose another name for yours.")
    clips = read_dataset(chosen.path)
    if recipe == PUBLISHED:
        clips = without_unnamed(clips, ()) or clips
    check_enough(clips, "random" if protocol == "random" else "subject")
    shown = folders.shown(out)
    jobs().submit(
        Order("train", name, chosen.shown_path, shown, str(CACHE), protocol, seed, epochs, cnn=cnn, recipe=recipe)
    )
