"""A visitor without a browser: HTTP and the websocket of a real server, so that anything can be sent."""

import http.client
import json
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect


def ask(address, path="/", method="GET", body=None, **headers):
    """Status and content of one answer; `headers` with _ for -, and `Host` as given."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content, dict(answer.getheaders())


class Visitor:
    """One visit: pages are run, fields filled in and buttons pressed by the messages that a browser would send."""

    def __init__(self, address, **headers):
        self.address, self.visit, self.shown = address, "", {}
        self._xsrf = ask(address, "/_stcore/health")[2]["set-cookie"].split(";")[0].partition("=")[2]
        self._widgets, self._values, self._files = {}, {}, {}
        url = f"ws://{urlsplit(address).netloc}/_stcore/stream"
        self._connection = connect(
            url, additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
            subprotocols=["streamlit", self._xsrf], max_size=2**28, proxy=None,
        )  # fmt: skip

    def __enter__(self):
        self._socket = self._connection.__enter__()
        return self

    def __exit__(self, *error):
        self._connection.__exit__(*error)

    def open(self, page):
        self._values, self._page = {}, page
        return self._run()

    def press(self, button, **fields):
        """Fill in fields by their key, with _ for -, and press a button by its key."""
        for key, value in fields.items():
            self._values[key.replace("_", "-")] = value
        return self._run(pressed=button)

    def ask_for_export(self, key):
        """Click on a download that is made when it is asked for, and do not wait for it."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = key, self.visit
        request.deferred_file.file_id = self._files[key]
        self._socket.send(message.SerializeToString())

    def again(self):
        """What the server sends of its own accord, to the end of the run."""
        return self._read()

    def put(self, content, name="a.mp4"):
        """Status and text of an upload."""
        edge = "edge"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        status, text, _ = ask(
            self.address, f"/_stcore/upload_file/{self.visit}/{len(content)}-{name}", "PUT", body,
            Content_Type=f"multipart/form-data; boundary={edge}", X_Xsrftoken=self._xsrf,
            Cookie=f"_streamlit_xsrf={self._xsrf}",
        )  # fmt: skip
        return status, text.decode()

    def _run(self, pressed=None):
        message = BackMsg()
        state = message.rerun_script
        state.page_name = self._page
        for key, value in self._values.items():
            state.widget_states.widgets.append(WidgetState(id=self._widgets[key], string_value=value))
        if pressed is not None:
            state.widget_states.widgets.append(WidgetState(id=self._widgets[pressed], trigger_value=True))
        self._socket.send(message.SerializeToString())
        return self._read()

    def _read(self):
        """All elements of a run as one text."""
        text = []
        while True:
            message = ForwardMsg.FromString(self._socket.recv(timeout=60))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.visit = message.new_session.initialize.session_id or self.visit
                text.clear()
            elif kind == "delta" and message.delta.WhichOneof("type") == "add_block":
                if identity := message.delta.add_block.id:
                    self._widgets[identity.split("-", 2)[-1]] = identity
            elif kind == "delta":
                element = message.delta.new_element
                part = getattr(element, element.WhichOneof("type") or "empty")
                if identity := getattr(part, "id", ""):
                    self._widgets[identity.split("-", 2)[-1]] = identity  # $$ID-<digest>-<key>
                    self._files[identity.split("-", 2)[-1]] = getattr(part, "deferred_file_id", "")
                text.append(str(part))
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return json.dumps(text)
