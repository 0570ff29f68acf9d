"""What the server knows of its visits beside their session state: who may upload, what they are to be told, their end.

A visit ends when its page is closed. Streamlit keeps it for a while, in case the page comes back, and then forgets it
only when something else happens to happen; the sweep here ends it for good, with its uploads and media addresses.
"""

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from emo_core.errors import EmoError

if TYPE_CHECKING:
    from emo_core.inference.pipeline import Progress

GRACE_S = 30.0
"""A page that comes back within this time, such as after a loss of the network, finds its visit as it was."""

PERIOD_S = 5.0

_lock = threading.Lock()
_runs: dict[str, object] = {}
_uploaders: dict[str, object] = {}
_notices: dict[str, str] = {}
_exporting: dict[str, tuple[str, float]] = {}
_stopping: set[str] = set()
_loops: list[asyncio.AbstractEventLoop] = []


class OverError(EmoError):
    """Work for a visit that is over, or that has enough under way."""


def own_id() -> str:
    """Identity of the visit that this page is run for; empty outside of one."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def num_open() -> int:
    """How many visits this process holds whose page is there."""
    return int(runtime.exists() and runtime.get_instance()._session_mgr.num_active_sessions())


def was_lost() -> bool:
    """Whether this visit takes the place of one that is gone: its page names that, and it is not this one.

    The process that held it ended, or its page was away for longer than :data:`GRACE_S`.
    """
    words = str(st.context.headers.get("Sec-Websocket-Protocol", "")).split(",")
    return len(words) > 2 and bool(words[2].strip()) and words[2].strip() != own_id()


def is_open(visit: str) -> bool:
    """Whether the page of a visit is still there; always where no server runs, such as in a test."""
    return not runtime.exists() or bool(runtime.get_instance().is_active_session(visit))


@contextmanager
def page_run() -> Iterator[None]:
    """Around the run of a page: unless :func:`allow_uploads` is called in it, the visit may not upload from then on."""
    visit, run = own_id(), object()
    with _lock:
        _runs[visit] = run
    yield
    with _lock:  # a run that was interrupted decides nothing, nor does one that another has overtaken
        if _runs.get(visit) is run and _uploaders.get(visit) is not run:
            _uploaders.pop(visit, None)


def allow_uploads() -> None:
    """Say that the page that is run has an uploader."""
    visit = own_id()
    with _lock:
        _uploaders[visit] = _runs.get(visit)


def may_upload(visit: str) -> bool:
    """Whether the page on show in a visit has an uploader."""
    with _lock:
        return visit in _uploaders


@contextmanager
def one_export(visit: str) -> Iterator["Progress"]:
    """Around making an export: the visit has no other under way, and what it yields is to be called on the way.

    Raises:
        OverError: another one is being made; from what it yields: the page of the visit was closed.
    """
    with _lock:
        if busy := visit in _exporting:
            _notices[visit] = "One export at a time: wait until the one under way is there, then ask again."
        else:
            _exporting[visit] = "Starting", 0.0
    if busy:
        _run_again(visit)
        raise OverError("Another export of this visit is under way; ask again when it is there.")

    def check(stage: str, share: float) -> None:
        if not is_open(visit):
            raise OverError("The page was closed, so its export was not finished.")
        with _lock:
            _exporting[visit] = stage, min(max(share, 0.0), 1.0)
            stopped = visit in _stopping
        if stopped:
            raise OverError("The export was stopped, as the visitor asked.")

    try:
        yield check
        check("Done", 1.0)
    finally:
        with _lock:
            _exporting.pop(visit, None)
            _stopping.discard(visit)


def export_under_way() -> tuple[str, float] | None:
    """What is being done for the export of this visit, and the share done in [0, 1]; None while there is none."""
    with _lock:
        return _exporting.get(own_id())


def stop_export() -> None:
    """Callback: end the export of this visit at its next step."""
    with _lock:
        if (visit := own_id()) in _exporting:
            _stopping.add(visit)


def tell(visit: str, sentence: str) -> None:
    """Have the page of a visit run again and say something."""
    with _lock:
        _notices[visit] = sentence
    _run_again(visit)


def _run_again(visit: str) -> None:
    def run() -> None:
        found = _sessions().get_session_info(visit)
        if found is not None:
            found.session.request_rerun(found.session._client_state)

    for loop in _loops:
        loop.call_soon_threadsafe(run)


def take_notice() -> str:
    """What this visit is to be told; once."""
    with _lock:
        return _notices.pop(own_id(), "")


def uploaded_bytes(visit: str | None = None) -> int:
    """Bytes of uploads that the server holds, of all visits or of one."""
    stored: dict[str, dict[str, Any]] = _uploads().file_storage
    visits = list(stored) if visit is None else [visit]
    return sum(len(file.data) for name in visits for file in list(stored.get(name, {}).values()))


async def sweep() -> None:
    """End visits whose page has been closed for :data:`GRACE_S`; runs as long as the server."""
    _loops[:] = [asyncio.get_running_loop()]
    closed_s: dict[str, float] = {}
    silent: set[str] = set()
    rounds_left = 0
    while True:
        await asyncio.sleep(PERIOD_S)
        try:
            silent = _wake(silent)
            ended = _end_closed(closed_s)
            rounds_left = 2 if ended else max(0, rounds_left - 1)
            if rounds_left:  # twice: a download is only marked the first time
                runtime.get_instance().media_file_mgr.remove_orphaned_files()
                await asyncio.to_thread(gc.collect)  # its results, and with them the files of their frames
        except Exception:  # one visit that cannot be ended must not keep all others
            logging.getLogger(__name__).exception("could not end a visit")


def _wake(before: set[str]) -> set[str]:
    """Run the pages that have been silent for two rounds; those that are silent now.

    A browser whose visit was lost comes back and waits for its visitor; it is to say at once what is gone.

    Args:
        before: visits that were silent at the last round.
    """
    with _lock:
        silent = {info.session.id for info in _sessions().list_active_sessions()} - set(_runs)
    for visit in silent & before:
        _run_again(visit)
    return silent - before


def _end_closed(closed_s: dict[str, float]) -> bool:
    """End visits that have been closed for long enough; whether there were any.

    Args:
        closed_s: since when each closed visit was seen to be so, kept from call to call.
    """
    server, now_s = runtime.get_instance(), time.monotonic()
    sessions = {info.session.id: info.session for info in _sessions().list_sessions()}
    known = set(sessions)
    closed = {visit for visit in known if not server.is_active_session(visit)}
    for visit in set(closed_s) - closed:
        del closed_s[visit]
    ended = {visit for visit in closed if now_s - closed_s.setdefault(visit, now_s) >= GRACE_S}
    for visit in ended:
        server.close_session(visit)
        sessions[visit].session_state.clear()  # the server's loop holds on to the last one until somebody else comes
        sessions[visit]._fragment_storage.clear()
    return _forget_all_but(known - ended) or bool(ended)


def _forget_all_but(known: set[str]) -> bool:
    """Drop what is kept of visits that the server has lost sight of; whether there was any."""
    with _lock:
        for table in (_runs, _uploaders, _notices):
            for visit in set(table) - known:
                table.pop(visit)
    media = runtime.get_instance().media_file_mgr
    lost = (set(_uploads().file_storage) | set(media._files_by_session_and_coord)) - known
    for visit in lost:
        _uploads().remove_session_files(visit)
        media.clear_session_refs(visit)
    return bool(lost)


def _sessions() -> Any:
    return runtime.get_instance()._session_mgr


def _uploads() -> Any:
    return runtime.get_instance().uploaded_file_mgr
