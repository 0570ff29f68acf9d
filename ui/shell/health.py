"""``/healthz``: whether this process can do its work: the model loads, the disk takes files, the queues move on."""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from emo_core import config
from emo_core.errors import EmoError, os_remedy
from emo_core.files import folders
from ui.state import models, trainings, visits
from ui.work import turns

PATH = "/healthz"
_FOR_S = 2.0
_BLOCK = bytes(4096)

_lock = threading.Lock()
_last: list[tuple[float, dict[str, object]]] = []


def queues() -> dict[tuple[str, str], int]:
    """(queue, ``running`` or ``waiting``) → works: of this process's visitors, and the long orders of the server."""
    return turns.counts() | trainings.counts()


def look() -> dict[str, object]:
    """What was found: ``status`` is ``ok`` or ``failing``; each check is ``ok`` or a sentence with the remedy.

    Asked often, it looks every two seconds.
    """
    with _lock:
        if not _last or time.monotonic() > _last[0][0] + _FOR_S:
            _last[:] = [(time.monotonic(), _look())]
        return _last[0][1]


async def _answer(_request: Request) -> JSONResponse:
    found = await asyncio.to_thread(look)
    return JSONResponse(found, 200 if found["status"] == "ok" else 503, {"Cache-Control": "no-store"})


ROUTE = Route(PATH, _answer, methods=["GET"])


def _look() -> dict[str, object]:
    written = {"EMO_CACHE": folders.cache()}
    if not config.is_public():
        written |= {"EMO_DATA": folders.data(), "EMO_MODELS": folders.models(), "EMO_STUDIES": folders.studies()}
    checks = {
        "model": _said(_load),
        **{name: _said(partial(_write, place)) for name, place in written.items()},
    }
    with suppress(OSError):
        trainings.tend()
    return {
        "status": "ok" if set(checks.values()) == {"ok"} else "failing",
        "checks": checks,
        "visits": visits.num_open(),
        "queue": {f"{queue} {state}": number for (queue, state), number in queues().items()},
    }


def _said(check: Callable[[], None]) -> str:
    try:
        check()
    except EmoError as error:
        return str(error)
    except OSError as error:
        return f"It cannot be written ({error.strerror or 'refused'}). {os_remedy(error)}"
    return "ok"


def _load() -> None:
    models.load(models.MODEL_DIR)


def _write(place: Path) -> None:
    """Write a block below a folder, or below the nearest one that is there, to the disk and remove it."""
    while not place.is_dir():
        place = place.parent
    with tempfile.TemporaryFile(dir=place) as file:
        file.write(_BLOCK)
        file.flush()
        os.fsync(file.fileno())
