"""Clips judged by the workers of a Dask cluster: one of this machine's own processes, or any scheduler by address.

Little is in flight at a time, so a thousand clips are never in memory at once. What a lost worker had in its hands is
done again elsewhere; a clip that ends its worker every time becomes a sentence.
"""

import json
import logging
import math
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.comm.core import CommClosedError

from emo_core.errors import UNEXPECTED, EmoError, StudyError
from emo_core.files import scratch
from emo_core.model.bundle import Bundle
from emo_core.model.bundle_files import MANIFEST, model_digest
from emo_core.studies.judged import Judged, Work
from emo_core.studies.worker import ModelOnWorker, Unseen, judge_here, receive, take

_AHEAD = 2  # clips of each worker that are on their way
_PIECE_BYTES = 4 * 2**20
_TRIES = 2  # of a clip that ends its workers, each of several workers
_MOST_TRIES = 20  # of a clip that a worker does not see, or whose result is lost on the way
_CONNECT_S, _JOIN_S = 20, 60
_TICK_S = 1.0
_PATIENCE_S = 300.0  # without any worker

logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # lost workers and schedulers are told in a sentence

_SETTINGS = {
    "distributed.scheduler.work-stealing": True,
    "distributed.scheduler.allowed-failures": 3,
    "distributed.admin.large-graph-warning-threshold": "100MB",
    "distributed.comm.timeouts.connect": f"{_CONNECT_S}s",
}


@contextmanager
def local_cluster(workers: int, memory_mb: int | None = None) -> Iterator[Client]:
    """A client of a cluster of this machine's own processes, each with one thread; they end with the block.

    Args:
        workers: how many.
        memory_mb: at which a process is ended and its clip done again; by default its share of the machine's memory.
    """
    limit = "auto" if memory_mb is None else memory_mb * 2**20
    with ExitStack() as opened:
        opened.enter_context(dask.config.set(_SETTINGS))
        folder = opened.enter_context(scratch.folder())
        cluster = opened.enter_context(
            LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, memory_limit=limit,
                dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
                local_directory=str(folder), host="127.0.0.1",
            )
        )  # fmt: skip
        yield opened.enter_context(Client(cluster))


@contextmanager
def scheduler(address: str) -> Iterator[Client]:
    """A client of the scheduler at an address such as ``tcp://10.0.0.1:8786``.

    Raises:
        StudyError: nobody answers there, or no worker has joined it.
    """
    with ExitStack() as opened:
        opened.enter_context(dask.config.set(_SETTINGS))
        try:
            client = opened.enter_context(Client(address, timeout=_CONNECT_S, set_as_default=False))
        except (OSError, ValueError, TimeoutError) as error:
            raise StudyError(
                f"No scheduler answers at {address}: start one with “python -m dask scheduler”, or correct the address."
            ) from error
        try:
            client.wait_for_workers(1, timeout=_JOIN_S)
        except TimeoutError as error:
            raise StudyError(
                f"No worker has joined the scheduler at {address}: start some with “python -m dask worker {address} "
                "--nthreads 1”."
            ) from error
        yield client


def bring_model(client: Client, bundle: Bundle) -> None:
    """Let every worker have a model, those that join later as well.

    Raises:
        StudyError: a worker runs another version of the program.
        BundleError: the model was changed after it was loaded.
    """
    if model_digest(bundle.path) != bundle.digest:
        raise StudyError(f"The model {bundle.path.name} was changed since it was loaded: start the study again.")
    listed = json.loads((bundle.path / MANIFEST).read_bytes())["files"]
    files = {name: (bundle.path / name).read_bytes() for name in (MANIFEST, *listed)}
    client.register_plugin(ModelOnWorker(files, bundle.digest, bundle.path.resolve().name))


def judge_on(client: Client, works: Iterator[Work], tick: Callable[[], None]) -> Iterator[tuple[Work, Judged]]:
    """Judge clips on a cluster, in the order in which they are done.

    Args:
        client: of the cluster; its workers have the model.
        works: taken as room for them appears.
        tick: called about once a second, whatever happens; an exception that it raises ends the work.

    Raises:
        StudyError: the scheduler was lost.
    """
    flight = _Flight(client)
    try:
        is_over = False
        while True:
            while not is_over and len(flight) < flight.room():
                work = next(works, None)
                is_over = work is None
                if work is not None:
                    flight.submit(work)
            if not len(flight):
                return
            landed = flight.land()
            tick()
            if landed is not None:
                yield landed
    finally:
        flight.cancel()


class _Flight:
    """The clips that are on their way."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._landed: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._works: dict[str, tuple[Work, Future[Any], int]] = {}  # by key of the future; last: vain tries
        self._count = 0
        self._looked_s, self._room = -math.inf, 0
        self._manned_s = time.monotonic()  # when a worker was last there

    def __len__(self) -> int:
        return len(self._works)

    def room(self) -> int:
        """How many clips may be on their way."""
        now_s = time.monotonic()
        if now_s - self._looked_s > _TICK_S:
            try:
                threads = sum(self._client.nthreads().values())
            except (OSError, RuntimeError, TimeoutError) as error:
                raise _lost() from error
            self._looked_s, self._room = now_s, max(1, _AHEAD * threads)
            self._manned_s = now_s if threads else self._manned_s
            if now_s - self._manned_s > _PATIENCE_S:
                raise StudyError(
                    "No worker is left at the scheduler: what was done is kept; start some, then run the same command "
                    "to go on."
                )
        return self._room

    def submit(self, work: Work, tries: int = 0, address: str = "") -> None:
        """Send a clip out; with `address`, to the worker there for as long as it is there."""
        self._count += 1
        where = {"workers": [address], "allow_other_workers": True} if address else {}
        future = self._client.submit(judge_here, work, key=f"clip-{work.key[:24]}-{self._count}", pure=False, **where)
        self._works[str(future.key)] = (work, future, tries)
        future.add_done_callback(self._landed.put)

    def land(self) -> tuple[Work, Judged] | None:
        """The next clip that is done; None if there is none within a second, or if one has to be sent out again."""
        try:
            future = self._landed.get(timeout=_TICK_S)
        except queue.Empty:
            if self._client.status not in ("running", "connecting"):
                raise _lost() from None
            return None
        work, future, tries = self._works.pop(str(future.key), (None, future, 0))
        if work is None:  # told of twice
            return None
        try:
            found = future.result(timeout=_JOIN_S)
        except KilledWorker:
            if tries < _TRIES - 1:
                self.submit(work, tries + 1)
                return None
            words = f"“{work.name}” ended every worker that judged it, as too long or too damaged a video may: cut it."
            return work, Judged(work.name, error=words, is_final=False)
        except EmoError as error:
            return work, Judged(work.name, error=str(error), is_final=False)
        except (CancelledError, CommClosedError, TimeoutError) as error:
            if self._client.status != "running" or tries >= _MOST_TRIES:
                raise _lost() from error
            self.submit(work, tries + 1)  # the worker that had the result is lost, not the scheduler
            return None
        except Exception:
            logging.getLogger(__name__).exception("unexpected error on a worker")
            return work, Judged(work.name, error=UNEXPECTED, is_final=False)
        finally:
            future.release()
        return (work, found) if isinstance(found, Judged) else self._send(work, found, tries)

    def _send(self, work: Work, unseen: Unseen, tries: int) -> tuple[Work, Judged] | None:
        """Bring a clip to a worker that does not see it, and ask it again."""
        address = unseen.address
        try:
            with Path(work.path).open("rb") as file:
                offset = 0
                while content := file.read(_PIECE_BYTES):
                    self._client.run(receive, work.digest, offset, content, workers=[address])
                    offset += len(content)
            self._client.run(take, work.digest, workers=[address])
        except (CommClosedError, TimeoutError, KeyError, ValueError):  # the worker is lost: another one is asked
            address = ""
        except OSError:
            words = f"“{work.name}” cannot be read any more; check that it is there and run the study again."
            return work, Judged(work.name, error=words, is_final=False)
        if tries >= _MOST_TRIES:
            words = f"“{work.name}” could not be brought to a worker as it was read; run the study again."
            return work, Judged(work.name, error=words, is_final=False)
        self.submit(work, tries + 1, address)
        return None

    def cancel(self) -> None:
        """Give up what is on its way."""
        for _, future, _ in self._works.values():
            future.release()
        self._works.clear()


def _lost() -> StudyError:
    return StudyError(
        "The scheduler was lost: what was done is kept; start it again, then run the same command to go on."
    )
