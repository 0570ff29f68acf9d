"""The server around the pages: its gate, and what begins and ends with it."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.middleware import Middleware

from emo_core.config import ServerConfig
from emo_core.errors import SettingError
from emo_core.files import scratch
from ui.serve import in_flight, logs, metrics, on_disk
from ui.shell import gate, health
from ui.state import keeping, trainings, visits
from ui.work import turns

_KEPT_PERIOD_S = 600.0
_QUEUES_PERIOD_S = 3.0

MIDDLEWARE = (Middleware(metrics.Counted), Middleware(gate.Gate))
ROUTES = (health.ROUTE,)


def _begin() -> None:
    """What is needed before the first request; one sentence and no traceback where a setting is wrong."""
    try:
        config = ServerConfig.from_environment()
        if config.json_logs:
            logs.use_json()
        if config.metrics_port:
            metrics.listen(config.metrics_port)
    except SettingError as error:
        raise SystemExit(f"error: {error}") from None
    metrics.look_at(visits.num_open, health.queues)
    trainings.stand_back_while(turns.are_full)


_begin()


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Clear away what an earlier server was killed over, and end visits as long as the server runs."""
    scratch.sweep()
    on_disk.hold_shown()
    on_disk.hold_downloads()
    in_flight.keep()
    sweeping = [
        asyncio.create_task(visits.sweep(), name="sweep of ended visits"),
        asyncio.create_task(_sweep_kept(), name="sweep of kept results"),
        asyncio.create_task(_tend_queues(), name="what waits for a process that is gone"),
    ]
    yield {}
    for task in sweeping:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sweep_kept() -> None:
    """Remove kept results that are a day old, as long as the server runs."""
    while True:
        await asyncio.to_thread(keeping.sweep)
        await asyncio.sleep(_KEPT_PERIOD_S)


async def _tend_queues() -> None:
    """Start what waits for a process of this server that was killed, as long as the server runs."""
    while True:
        await asyncio.sleep(_QUEUES_PERIOD_S)
        try:
            await asyncio.to_thread(trainings.tend)
        except OSError as error:  # the disk; it may be well again the next time
            logging.getLogger(__name__).warning("the queues cannot be looked after: %s", error.strerror or error)
