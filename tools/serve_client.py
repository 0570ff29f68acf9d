"""A visitor of a running server without a browser: opens pages, presses buttons, uploads, reads what comes back."""

import http.client
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

VERDICT = 'data-testid="verdict"'


class Visitor:
    """One visit.

    Attributes:
        verdicts: cards that were shown, as HTML.
        errors: sentences of error messages.
        told: texts of progress bars, in order.
        num_runs: runs of a page that came to their end.
    """

    def __init__(self, address: str) -> None:
        self._host, self._page = urlsplit(address).netloc, ""
        self._token = _token(self._host)
        self._socket = connect(
            f"ws://{self._host}/_stcore/stream", subprotocols=["streamlit", self._token], origin=address,  # type: ignore[list-item, arg-type]
            max_size=2**28, proxy=None, open_timeout=120, ping_interval=None,
        )  # fmt: skip
        self._widgets: dict[str, str] = {}
        self._answers: dict[str, Any] = {}
        self._visit = ""
        self.verdicts: list[str] = []
        self.errors: list[str] = []
        self.told: list[str] = []
        self.num_runs = 0

    def close(self) -> None:
        """Close the tab."""
        self._socket.close()

    def open(self, page: str, limit_s: float) -> None:
        """Open a page and wait until all of it is there."""
        self._page, runs = page, self.num_runs
        self._run()
        self.wait(lambda: self.num_runs > runs, limit_s)

    def press(self, key: str) -> None:
        """Press the button of that key, and do not wait."""
        self._run(WidgetState(id=self._widgets[key], trigger_value=True))

    def upload(self, key: str, name: str, content: bytes, limit_s: float) -> None:
        """Give a file to the uploader of that key; returns when the server has it."""
        request = uuid.uuid4().hex
        message = BackMsg()
        message.file_urls_request.request_id = request
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self._visit
        self._socket.send(message.SerializeToString())
        self.wait(lambda: request in self._answers, limit_s)
        place = self._answers[request].file_urls[0]
        self._put(place.upload_url, name, content, limit_s)
        state = WidgetState(id=self._widgets[key])
        file = state.file_uploader_state_value.uploaded_file_info.add()
        file.name, file.size, file.file_id = name, len(content), place.file_id
        file.file_urls.CopyFrom(place)
        self._run(state)

    def wait(self, condition: Callable[[], Any], limit_s: float) -> None:
        """Read what the server sends until `condition` holds.

        Raises:
            TimeoutError: it does not within the limit.
        """
        end_s = time.monotonic() + limit_s
        while not condition():
            self._take(ForwardMsg.FromString(self._socket.recv(timeout=max(end_s - time.monotonic(), 0))))  # type: ignore[arg-type]

    def _put(self, path: str, name: str, content: bytes, limit_s: float) -> None:
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "X-Xsrftoken": self._token,
                   "Cookie": f"_streamlit_xsrf={self._token}"}  # fmt: skip
        connection = http.client.HTTPConnection(self._host, timeout=limit_s)
        connection.request("PUT", path, body, headers)
        answer = connection.getresponse()
        if answer.status not in (200, 204):
            raise RuntimeError(answer.read().decode(errors="replace"))
        connection.close()

    def _run(self, *widgets: WidgetState) -> None:
        message = BackMsg()
        message.rerun_script.page_name = self._page
        message.rerun_script.widget_states.widgets.extend(widgets)
        self._socket.send(message.SerializeToString())

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._visit = message.new_session.initialize.session_id or self._visit
        elif kind == "file_urls_response":
            self._answers[message.file_urls_response.response_id] = message.file_urls_response
        elif kind == "script_finished":
            self.num_runs += message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            part = getattr(element, element.WhichOneof("type") or "empty")
            if identity := getattr(part, "id", ""):
                self._widgets[identity.split("-", 2)[-1]] = identity
            if element.WhichOneof("type") == "html" and VERDICT in part.body:
                self.verdicts.append(part.body)
            elif element.WhichOneof("type") == "progress":
                self.told.append(part.text)
            elif element.WhichOneof("type") == "alert" and part.format == part.ERROR:
                self.errors.append(part.body)


def _token(host: str) -> str:
    connection = http.client.HTTPConnection(host, timeout=120)
    connection.request("GET", "/_stcore/health")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return (answer.getheader("set-cookie") or "").split(";")[0].partition("=")[2]
