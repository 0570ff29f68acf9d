"""What a visitor does while the server is still answering is not lost: a press, a choice of page, an upload.

A browser learns only with the server's answer that another page is on show. What a component of the old page sends
until then would lead back to it, and Streamlit drops an answer about an upload, or a run that was asked for and has
not begun, as soon as the next run is asked for.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from streamlit import runtime
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequestType,
    _coalesce_widget_states,
)

_ANSWERS = ("file_urls_response", "backend_operation_response", "heartbeat_ack")
_bound_for: "WeakKeyDictionary[PagesManager, str]" = WeakKeyDictionary()
"""By visit, the page that its visitor chose, as Streamlit hashes it, until a run has begun with it."""

_connections: "WeakKeyDictionary[AppSession, int]" = WeakKeyDictionary()
"""By visit, the connection that its browser last asked through."""


def keep() -> None:
    """Have Streamlit keep all of it, from now on and in every visit."""
    AppSession._handle_rerun_script_request = _keeping_what_waits(  # type: ignore[method-assign]
        AppSession._handle_rerun_script_request
    )
    PagesManager.set_current_page_script_hash = _telling_arrival(  # type: ignore[method-assign]
        PagesManager.set_current_page_script_hash
    )
    ForwardMsgQueue.clear = _keeping_answers(ForwardMsgQueue.clear)  # type: ignore[method-assign]


def _keeping_what_waits(handle: Callable[..., None]) -> Callable[..., None]:
    """Handle what a browser asks for: nothing of a page that was left, and what waits for its run together with it."""

    def handle_and_keep(visit: AppSession, asked: ClientState | None = None) -> None:
        if asked is not None:
            if _is_of_a_page_left(visit, asked):
                return
            waiting = None if asked.fragment_id else _take_waiting(visit)
            if waiting is not None and (states := _coalesce_widget_states(waiting.widget_states, asked.widget_states)):
                asked.widget_states.CopyFrom(states)
        handle(visit, asked)

    return handle_and_keep


def _is_of_a_page_left(visit: AppSession, asked: ClientState) -> bool:
    """Whether a component asks that stood on a page which the visitor has left; a link comes without values of any."""
    pages, page = visit._pages_manager, asked.page_script_hash
    wanted = _bound_for.get(pages, pages.current_page_script_hash)
    if _has_come_back(visit) or not wanted or page in ("", wanted, pages.main_script_hash):
        return False
    if asked.fragment_id or asked.widget_states.widgets:
        return True
    _bound_for[pages] = page
    return False


def _telling_arrival(show: Callable[..., None]) -> Callable[..., None]:
    """Note which page a run shows: its visitor is there, and bound for no other."""

    def show_and_tell(pages: PagesManager, page: str) -> None:
        show(pages, page)
        _bound_for.pop(pages, None)

    return show_and_tell


def _has_come_back(visit: AppSession) -> bool:
    """Whether it asks through another connection than before: the browser may never have heard of the page on show."""
    found = runtime.get_instance()._session_mgr.get_active_session_info(visit.id) if runtime.exists() else None
    before, now = _connections.get(visit), id(found and found.client)
    _connections[visit] = now
    return before is not None and before != now


def _take_waiting(visit: AppSession) -> RerunData | None:
    """What the visitor asked for before and no run has begun with; no run does any more."""
    runner: Any = visit._scriptrunner
    if runner is None:
        return None
    requests = runner._requests
    with requests._lock:
        if requests._state is not ScriptRequestType.RERUN:
            return None
        requests._state = ScriptRequestType.STOP
        taken: RerunData = requests._rerun_data
        return taken


def _keeping_answers(clear: Callable[..., None]) -> Callable[..., None]:
    """Empty what waits to be sent to a browser, except answers to what its uploaders and downloads asked for."""

    def clear_and_keep(queue: ForwardMsgQueue, *args: Any, retain_lifecycle_msgs: bool = False, **rest: Any) -> None:
        before = queue._queue
        clear(queue, *args, retain_lifecycle_msgs=retain_lifecycle_msgs, **rest)
        if retain_lifecycle_msgs:
            kept = {id(message) for message in queue._queue}
            answers = [message for message in before if message.WhichOneof("type") in _ANSWERS]
            queue._queue.extend(message for message in answers if id(message) not in kept)

    return clear_and_keep
