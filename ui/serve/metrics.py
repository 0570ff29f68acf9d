"""Figures of this process in the text format of Prometheus, at a port of their own on this machine.

Off unless ``EMO_METRICS_PORT`` names the port. Nothing here tells visitors, clips or addresses apart.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

from emo_core.errors import EmoError, SettingError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS = (0.5, 1, 2, 5, 10, 20, 60, 300, 1800, 7200, 36000)
_ENDED_AS_ASKED = ("done", "stopped")

REGISTRY = CollectorRegistry()
"""All figures; the memory and the processor time of this process among them."""

ProcessCollector(registry=REGISTRY)
_visits = Counter("studio_visits", "Visits that began.", registry=REGISTRY)
_open = Gauge("studio_open_visits", "Visits that the process holds.", registry=REGISTRY)
_lost = Counter("studio_lost_visits", "Visits that had to begin anew.", registry=REGISTRY)
_requests = Counter("studio_requests", "Answers to requests.", ["method", "status"], registry=REGISTRY)
_queue = Gauge("studio_queue_jobs", "Work under way or waiting.", ["queue", "state"], registry=REGISTRY)
_job_s = Histogram(
    "studio_job_seconds", "Seconds that work took, its wait included.", ["kind"], buckets=_SECONDS, registry=REGISTRY
)
_failures = Counter("studio_job_failures", "Work that failed.", ["kind", "error"], registry=REGISTRY)


def listen(port: int) -> Callable[[], None]:
    """Answer at a port of this machine; what is returned ends that.

    Raises:
        SettingError: the port is taken.
    """
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=REGISTRY)
    except OSError as error:
        raise SettingError(f"EMO_METRICS_PORT {port} cannot be used ({error.strerror}): choose another port.") from None

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def look_at(open_visits: Callable[[], int], queues: Callable[[], dict[tuple[str, str], int]]) -> None:
    """Where the figures of what there is now come from, asked whenever somebody reads them.

    Args:
        open_visits: how many visits there are.
        queues: (queue, state) → how much work is in that state; the keys are always the same.
    """
    _open.set_function(open_visits)
    for queue, state in queues():
        _queue.labels(queue, state).set_function(_count_of(queues, (queue, state)))


def _count_of(queues: Callable[[], dict[tuple[str, str], int]], key: tuple[str, str]) -> Callable[[], float]:
    return lambda: queues()[key]


def visit_began(*, lost: bool) -> None:
    """Count a visit; `lost` if it takes the place of one that is gone."""
    _visits.inc()
    if lost:
        _lost.inc()


def job_ended(kind: str, outcome: str, seconds: float) -> None:
    """Count work.

    Args:
        kind: of the work, one of a few words.
        outcome: ``done``, ``stopped``, or the kind of error.
        seconds: that it took.
    """
    _job_s.labels(kind).observe(seconds)
    if outcome not in _ENDED_AS_ASKED:
        _failures.labels(kind, outcome).inc()


@contextmanager
def job(kind: str) -> Iterator[None]:
    """Around work: its seconds, and how it ended, are counted."""
    begun_s, outcome = time.monotonic(), "stopped"  # a click on Stop ends a run by what is no Exception
    try:
        yield
        outcome = "done"
    except Exception as error:
        outcome = type(error).__name__ if isinstance(error, EmoError | OSError) else "unexpected"
        raise
    finally:
        job_ended(kind, outcome, time.monotonic() - begun_s)


class Counted:
    """ASGI middleware that counts what is answered.

    Args:
        app: what answers.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass one request on."""

        async def answer(message: "Message") -> None:
            if message["type"] == "http.response.start":
                _requests.labels(scope["method"], message["status"]).inc()
            await send(message)

        await self._app(scope, receive, answer if scope["type"] == "http" else send)
