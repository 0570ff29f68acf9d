"""The server around the pages: its gate, and what begins and ends with it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.middleware import Middleware

from emo_core.config import ServerConfig
from emo_core.errors import SettingError
from emo_core.files import scratch
from ui.shell import gate
from ui.state import keeping, visits

_KEPT_PERIOD_S = 600.0

MIDDLEWARE = (Middleware(gate.Gate),)

try:
    gate.budget_bytes()
    ServerConfig.from_environment()
except SettingError as error:  # before the server starts: one sentence, no traceback
    raise SystemExit(f"error: {error}") from None


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncGenerator[dict[str, Any], None]:
    """Clear away what an earlier server was killed over, and end visits as long as the server runs."""
    scratch.sweep()
    sweeping = [
        asyncio.create_task(visits.sweep(), name="sweep of ended visits"),
        asyncio.create_task(_sweep_kept(), name="sweep of kept results"),
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
