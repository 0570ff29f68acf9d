"""Uploads, clips on show and downloads on the disk: Streamlit would hold each of them in the memory of the pages.

Streamlit passes such content on as ``bytes``, of which it asks the length and a few parts to tell files apart. So it is
given :class:`OnDisk`, and whatever asks the server for the content itself is answered from the file.
"""

import shutil
import time
from pathlib import Path
from typing import Any, SupportsIndex, cast, overload

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server.server_util import is_xsrf_enabled
from streamlit.web.server.starlette.starlette_app_utils import validate_xsrf_token
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from emo_core.files import scratch

FULL_DISK = "The file was not taken, for the disk of this server is full: try again later, or bring a smaller file."
HELD_S = 20.0
"""How long after it was shown a picture or clip can still be had."""

_SMALL_BYTES = 2**20  # from here on Streamlit tells files apart by parts of them, and below by all of their content


class OnDisk(bytes):
    """Content of a file as Streamlit wants it: it has the length and any slice, and takes no memory.

    It holds on to the temporary folder that the file lies in, if that is one of
    :class:`~emo_core.files.scratch.Lasting`. Code in C that looks into ``bytes`` itself finds nothing in it.

    Attributes:
        path: of the file.
    """

    path: Path
    _size: int
    _held: object

    def __new__(cls, path: Path) -> "OnDisk":
        """Content of the file at `path`."""
        made = super().__new__(cls)
        made.path, made._size, made._held = path, path.stat().st_size, scratch.lasting_around(path)
        return made

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> bytes: ...
    def __getitem__(self, index: SupportsIndex | slice) -> int | bytes:
        if not isinstance(index, slice):
            return self.path.read_bytes()[index]
        start, stop, step = index.indices(self._size)
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(max(0, stop - start))[::step]


def media(path: Path) -> bytes:
    """Content of a file for a player or a download of Streamlit.

    Raises:
        OSError: it cannot be read.
    """
    return OnDisk(path) if path.stat().st_size > _SMALL_BYTES else path.read_bytes()


def uploads() -> MemoryUploadedFileManager:
    """What Streamlit knows of the uploads of all visits."""
    return cast(MemoryUploadedFileManager, runtime.get_instance().uploaded_file_mgr)


async def take_upload(request: Request, visit: str, number: str) -> Response:
    """Answer an upload: its file goes to the disk as it comes, and Streamlit is told of it.

    Args:
        request: with one file in a form.
        visit: whose it is.
        number: that Streamlit gave the file.
    """
    if is_xsrf_enabled() and not validate_xsrf_token(
        request.headers.get("X-Xsrftoken"), request.cookies.get(XSRF_COOKIE_NAME)
    ):
        return PlainTextResponse("This upload is not from a page of this server: load the page again.", 403)
    try:
        async with request.form() as form:
            files = [item for item in form.values() if isinstance(item, UploadFile)]
            if len(files) != 1:
                return PlainTextResponse("An upload is one file.", 400)
            content = await run_in_threadpool(_kept, files[0])
    except (HTTPException, MultiPartException, ClientDisconnect):
        return PlainTextResponse("This is no whole upload: send the file again.", 400)
    except OSError:
        return PlainTextResponse(FULL_DISK, 507)
    kind = files[0].content_type or "application/octet-stream"
    uploads().add_file(visit, UploadedFileRec(number, files[0].filename or "", kind, content))
    return Response(status_code=204)


def _kept(file: UploadFile) -> OnDisk:
    place = scratch.Lasting()
    path = place.path / "upload"
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target, 2**20)
    return OnDisk(path)


async def answer_media(name: str, scope: Scope, receive: Receive, send: Send) -> bool:
    """Answer a request for a file behind a media address, in parts if asked; False where Streamlit has the content.

    Args:
        name: last part of the address.
        scope: of the request.
        receive: of the request.
        send: of the request.
    """
    storage: Any = runtime.get_instance().media_file_mgr._storage
    found = storage._files_by_id.get(Path(name).stem)
    if found is None or not isinstance(found.content, OnDisk):
        return False
    is_download = found.kind == MediaFileKind.DOWNLOADABLE
    answer = FileResponse(
        found.content.path, media_type=found.mimetype, filename=(found.filename or "download") if is_download else None
    )
    await answer(scope, receive, send)  # `found` holds on to the file meanwhile
    return True


def hold_shown() -> None:
    """Have what a page showed stay for :data:`HELD_S` after that, or until its visit ends: its browser may still ask.

    Streamlit lets go of it when the page begins to be made anew, and the end of a run of any page of the server removes
    it: a picture that was slow to come would be missing for good.
    """
    manager = runtime.get_instance().media_file_mgr
    clear, find = manager.clear_session_refs, manager._get_inactive_file_ids
    shown: dict[str, dict[str, float]] = {}  # by visit and file, until when

    def clear_and_hold(session_id: str | None = None) -> None:
        with manager._lock:
            if session_id is None:  # a run begins
                visit = media_file_manager._get_session_id()
                files = manager._files_by_session_and_coord.get(visit, {})
                shown.setdefault(visit, {}).update(dict.fromkeys(files.values(), time.monotonic() + HELD_S))
            else:
                shown.pop(session_id, None)
        clear(session_id)

    def find_what_is_not_held() -> set[str]:
        now_s = time.monotonic()
        for visit, files in list(shown.items()):
            shown[visit] = {number: until_s for number, until_s in files.items() if until_s > now_s}
            if not shown[visit]:
                del shown[visit]
        return find() - {number for files in shown.values() for number in files}

    manager.clear_session_refs = clear_and_hold  # type: ignore[method-assign]
    manager._get_inactive_file_ids = find_what_is_not_held  # type: ignore[method-assign]


def hold_downloads() -> None:
    """Have what was made for a download stay until its visit runs the whole page anew, or ends.

    Streamlit removes it at the second run of any page of the server, and each of them may run every second: a browser
    that is slow to ask would find nothing.
    """
    manager = runtime.get_instance().media_file_mgr
    make = manager.execute_deferred

    def make_and_hold(file_id: str) -> str:
        asked = manager._deferred_callables.get(file_id)
        address = make(file_id)
        if asked is not None:
            with manager._lock:
                manager._files_by_session_and_coord[asked["session_id"]][f"made for {file_id}"] = Path(address).stem
        return address

    manager.execute_deferred = make_and_hold  # type: ignore[method-assign]
