"""What stands between the network and the pages: who may ask, what an answer allows a browser to do, how much may come.

Streamlit checks the names by which it is called for its websocket alone, lets pages of every other local port in, and
takes files for any visit. So every request passes here first:

- It must call the server by a name of its own. A page of somebody else's name that was pointed at this address (DNS
  rebinding) is refused.
- It must not come from another page, on another host or another local port; following a link is no such thing.
- Uploads come only where the page on show has an uploader, within what the server can hold.
- The metrics address answers only where ``EMO_METRICS`` is set to 1.
"""

import base64
import hashlib
import ipaddress
import os
import re
import socket
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from streamlit import config
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from emo_core.config import ServerConfig
from emo_core.files import limits
from ui.serve import on_disk
from ui.shell.links import LOOPBACK
from ui.state import visits

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_UPLOAD = re.compile(r".*/_stcore/upload_file/([^/]+)/([^/]+)/?")
_MEDIA = re.compile(r".*/media/([^/]+)/?")
_METRICS = re.compile(r".*/_stcore/metrics/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FRAMING_BYTES = 2**20
"""What a form adds to the file that it carries, at most."""


class Refusal(NamedTuple):
    """Why a request is not answered: an HTTP status and a sentence with the remedy."""

    status: int
    sentence: str


class Gate:
    """ASGI middleware that refuses what has no business here and puts security headers on every answer.

    Args:
        app: what answers the rest.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self._policy = content_policy()
        self._arriving: dict[object, tuple[str, int]] = {}

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers, refusal = Headers(scope=scope), refusal_of(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal.sentence[:120]})
            return
        answer = self._with_headers(send)
        if refusal is None and scope["method"] == "PUT":
            await self._upload(headers, scope, receive, answer)
        elif refusal is None:
            place = _MEDIA.fullmatch(scope["path"]) if scope["method"] in ("GET", "HEAD") else None
            if place is None or not await on_disk.answer_media(place[1], scope, receive, answer):
                await self._app(scope, receive, answer)
        else:
            await PlainTextResponse(refusal.sentence, refusal.status)(scope, receive, answer)

    def _with_headers(self, send: "Send") -> "Send":
        async def answer(message: "Message") -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "SAMEORIGIN"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=()"
            await send(message)

        return answer

    async def _upload(self, headers: Headers, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Take an upload as long as there is room for what has come of it; nothing else is ever put here."""
        place = _UPLOAD.fullmatch(scope["path"])
        visit, number = (place[1], place[2]) if place else ("", "")
        refusal = self._no_upload(visit, headers.get("content-length", ""))
        ticket = object()
        self._arriving[ticket] = (visit, 0)

        async def counted() -> "Message":
            message = await receive()
            come = self._arriving[ticket][1] + len(message.get("body", b""))
            self._arriving[ticket] = (visit, come)
            if not self._has_room(visit, 0):
                raise _FullError
            return message

        answer: Response | None = None
        try:
            if refusal is None:
                answer = await on_disk.take_upload(Request(scope, counted), visit, number)
        except _FullError:
            refusal = _full()
        finally:
            del self._arriving[ticket]
        if answer is None:
            assert refusal is not None
            answer = PlainTextResponse(refusal.sentence, refusal.status)
        if answer.status_code == _full().status:
            visits.tell(visit, refusal.sentence if refusal else on_disk.FULL_DISK)
        await answer(scope, receive, send)

    def _no_upload(self, visit: str, length: str) -> Refusal | None:
        if not visits.may_upload(visit):
            return Refusal(403, "The page on show takes no files: open one with an uploader and choose the file there.")
        if not length.isdecimal():
            return Refusal(411, "An upload must say how long it is.")
        if int(length) > limits.MAX_MB * 2**20 + _FRAMING_BYTES:
            return Refusal(413, f"The file is too large. {limits.WORDS} Shorten or compress it.")
        return None if self._has_room(visit, int(length)) else _full()

    def _has_room(self, visit: str, more: int) -> bool:
        """Whether `more` bytes of a visit fit beside what is kept and what is arriving; one visit has half the room."""
        arriving = list(self._arriving.values())
        all_bytes = visits.uploaded_bytes() + sum(come for _, come in arriving) + more
        own_bytes = visits.uploaded_bytes(visit) + sum(come for who, come in arriving if who == visit) + more
        return all_bytes <= budget_bytes() and own_bytes <= max(budget_bytes() // 2, _FRAMING_BYTES)


class _FullError(Exception):
    """Raised out of an upload that there is no more room for."""


def budget_bytes() -> int:
    """Bytes of uploads that this process has on the disk at a time: ``EMO_UPLOADS_MB``, else four of the largest.

    Raises:
        SettingError: the setting is no whole number.
    """
    return (ServerConfig.from_environment().uploads_mb or 4 * limits.MAX_MB) * 2**20


def _full() -> Refusal:
    return Refusal(
        507,
        "The file was not taken: the server has no room for more uploads now. Press “Delete my clips "
        "and results” to free your own, or try again in some minutes.",
    )


def refusal_of(scope: "Scope") -> Refusal | None:
    """Why a request, HTTP or websocket, is not answered at all; None if it may pass."""
    headers = Headers(scope=scope)
    host, origin = headers.getlist("host"), headers.get("origin")
    if len(host) != 1 or not is_own_name(host[0]):
        return Refusal(
            403, "This server does not go by that name; whoever runs it can add the name to server.allowedHosts."
        )
    if origin is not None and origin in config.get_option("server.corsAllowedOrigins"):
        return None if not _is_hidden(scope) else _nothing()
    if origin is not None and not _same(origin, host[0]):
        return Refusal(403, "Pages of other addresses may not ask this server; open it in a tab of its own.")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _is_link(scope, headers):
        return Refusal(403, "Pages of other addresses may not ask this server; open it in a tab of its own.")
    return _nothing() if _is_hidden(scope) else None


def _nothing() -> Refusal:
    return Refusal(404, "Not found")


def _is_hidden(scope: "Scope") -> bool:
    return os.environ.get("EMO_METRICS") != "1" and _METRICS.fullmatch(scope["path"]) is not None


def _is_link(scope: "Scope", headers: Headers) -> bool:
    """Whether a tab is led here, such as by a link on another page."""
    how = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
    return scope["type"] == "http" and scope["method"] == "GET" and how == ("navigate", "document")


def is_own_name(host: str) -> bool:
    """Whether a ``Host`` header names this server.

    With ``server.allowedHosts`` these names alone do. Else a server that listens on this machine goes by ``localhost``
    and the addresses of that, and one that others reach by its address and the name of the machine as well: nobody can
    point an address elsewhere, and the name of the machine is not for others to give.
    """
    if config.get_option("server.allowedHosts"):
        return bool(is_host_allowed(host))
    try:
        parts = urlsplit(f"//{host}")
        name = (parts.hostname or "").rstrip(".")
        _ = parts.port  # raises if it is none
    except ValueError:
        return False
    if parts.netloc != host or parts.username is not None or not name:
        return False
    address = str(config.get_option("server.address") or "")
    if name in LOOPBACK or address in LOOPBACK:
        return name in LOOPBACK
    machine = socket.gethostname().lower()
    return _is_address(name) or name in {address.lower(), machine, machine.partition(".")[0], f"{machine}.local"}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(origin: str, host: str) -> bool:
    """Whether a page of `origin` came from the server called `host`; a proxy may have added TLS on the way."""
    try:
        page = urlsplit(origin)
        here = urlsplit(f"{page.scheme}://{host}")
        default = _DEFAULT_PORTS.get(page.scheme)
        same_port = (page.port or default) == (here.port or default)
        return default is not None and page.hostname == here.hostname and same_port
    except ValueError:
        return False


def content_policy() -> str:
    """What a page may load and do: nothing of another host, and no inline script but the one that starts Streamlit."""
    start = files("streamlit").joinpath("static", "index.html").read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", start, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", "'wasm-unsafe-eval'", *(f"'sha256-{item}'" for item in hashes)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
