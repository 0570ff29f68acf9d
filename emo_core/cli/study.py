"""The part of ``analyze`` that judges many clips."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emo_core import extras
from emo_core.cli.terminal import PROGRAM, progress_line, recorded_command, say
from emo_core.files import folders
from emo_core.files.quiet import native_messages_dropped

if TYPE_CHECKING:
    from distributed import Client

    from emo_core.jobs.progress import ProgressWriter
    from emo_core.jobs.queue import Order
    from emo_core.studies.run import Pace
    from emo_core.studies.store import StudyRecord

_LINE_PERIOD_S = 60.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Who judges: so many processes of this machine, each with so many MB, or the workers of a scheduler."""

    workers: int | None = None
    memory_mb: int | None = None
    scheduler: str = ""


def study(places: tuple[Path, ...], model: Path, out: Path, cluster: Cluster, *, reports: bool, quiet: bool) -> None:
    """Judge the clips at `places` and keep what is found in `out`.

    Args:
        places: files, folders, patterns or a manifest.
        model: folder of the bundle.
        out: folder of the study.
        cluster: who judges.
        reports: whether the files of one clip are made for each, too.
        quiet: whether to show no progress.

    Raises:
        MissingPackageError: this installation cannot make studies.
    """
    extras.need("distributed")
    from emo_core.model.bundle import load_bundle
    from emo_core.studies.clips import find_clips
    from emo_core.studies.run import run_study

    clips = find_clips(places, leave_out=out)
    with native_messages_dropped():
        bundle = load_bundle(model)
        bundle.head_network()
    command = recorded_command()
    with client_of(cluster) as client, progress_line(quiet=quiet) as tell:
        record = run_study(
            clips, bundle, out, client, command=command, reports=reports, tell=_teller(tell, quiet=quiet)
        )
    print(summary(record, out))


def study_of_order(order: "Order", writer: "ProgressWriter") -> str:
    """Judge the clips of an order for a server, which keeps a core for its visitors.

    Args:
        order: its `data` are the clips, `out` is the folder of the results, `base` the model.
        writer: told how far it is.

    Returns:
        What came out, in a line.
    """
    from emo_core.model.bundle import load_bundle
    from emo_core.studies.clips import check_inside, find_clips
    from emo_core.studies.run import run_study

    place, out = Path(order.data), Path(order.out)
    clips = find_clips([place], leave_out=out)
    check_inside(clips, place)
    bundle = load_bundle(order.base or folders.SHIPPED_MODEL)
    words = [*PROGRAM.split(), "analyze", order.data, "--out", order.out, "--model", order.base]
    with client_of(Cluster(max(1, len(os.sched_getaffinity(0)) - 1))) as client:
        record = run_study(
            clips, bundle, out, client, command=shlex.join(words),
            tell=lambda pace: writer.work(pace.words(), pace.done, pace.total),
        )  # fmt: skip
    return f"{record.num_done} of {len(record.clips)} clips, {record.num_failed} failed."


@contextmanager
def client_of(cluster: Cluster) -> Iterator["Client"]:
    """A client of what is to judge."""
    from emo_core.studies.engine import local_cluster, scheduler

    if cluster.scheduler:
        with scheduler(cluster.scheduler) as client:
            yield client
        return
    workers = cluster.workers or len(os.sched_getaffinity(0))
    with local_cluster(workers, cluster.memory_mb) as client:
        yield client


def summary(record: "StudyRecord", out: Path) -> str:
    """What came out, in a line or two."""
    words = f"{record.num_done} of {len(record.clips)} clips, {record.num_failed} failed; tables in {out}"
    return words if record.num_done == len(record.clips) else f"{words}; run the same command again to go on"


def _teller(tell: Callable[[str, float], None], *, quiet: bool) -> Callable[["Pace"], None]:
    """A line that is redrawn on a terminal, else a line a minute."""
    said_s = time.monotonic()

    def told(pace: "Pace") -> None:
        nonlocal said_s
        tell(pace.words(), pace.done / pace.total)
        if not quiet and not sys.stderr.isatty() and time.monotonic() - said_s > _LINE_PERIOD_S:
            said_s = time.monotonic()
            say(pace.words())

    return told
