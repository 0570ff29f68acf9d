"""Two processes of the application behind nginx, each of which can be killed, started again and told apart."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import running_server
from tools.serve.run import NEEDED, Proxy, free_port

COOKIE = "studio_process"


@dataclass(eq=False)
class Several:
    """The processes and what is in front of them.

    Attributes:
        address: of nginx.
        own: addresses of the processes, in the order of their numbers.
    """

    folder: Path
    settings: dict[str, str]
    stack: ExitStack
    proxy: Proxy
    ports: list[int]
    own: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.proxy.address

    def start(self, number: int) -> None:
        """Start a process, or start it again on its port."""
        dump = self.folder / f"threads-{number}"
        settings = {**self.settings, "STUDIO_THREADS": str(dump)}
        self.stack.enter_context(running_server(self.ports[number - 1], **settings))

    def process(self, number: int) -> psutil.Process:
        return psutil.Process(int((self.folder / f"threads-{number}.pid").read_text()))

    def kill(self, number: int) -> None:
        os.kill(self.process(number).pid, signal.SIGKILL)

    def number_of(self, page) -> int:
        """Which process holds the visit of a page."""
        return int(next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE))


@contextmanager
def two_processes(folder: Path, **settings: str) -> Iterator[Several]:
    """Two processes that share their folders, behind nginx; the test is skipped where there is none."""
    places = {name: str(folder / name) for name in ("EMO_DATA", "EMO_CACHE", "EMO_MODELS", "EMO_STUDIES")}
    ports = [free_port(), free_port()]
    try:
        proxy = Proxy(ports, free_port(), folder)
    except FileNotFoundError:
        pytest.skip(NEEDED)
    with ExitStack() as stack:
        found = Several(folder, {**places, **settings}, stack, proxy, ports)
        for number, port in enumerate(ports, 1):
            found.start(number)
            found.own.append(f"http://localhost:{port}")
        stack.callback(proxy.stop)
        proxy.start()
        yield found
