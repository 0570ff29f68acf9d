"""Several processes of the studio behind nginx on this machine, as on a server but without systemd: for a trial.

    python tools/serve/run.py --processes 2 --port 8080

Then http://localhost:8080 is the studio; Ctrl-C ends all. With ``EMO_TEST_PROCESSES=2`` the browser's tests start the
same.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tools.serve.site import site  # noqa: E402

NEEDED = "nginx is not installed: run “apt-get install nginx-light” as root, or “sh tools/ensure_servers.sh”."
_MAIN = """
{user}pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
worker_processes 1;
daemon off;
events {{ worker_connections 1024; }}
http {{
    {paths}
    {site}
}}
"""
_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_answered(address: str, process: "subprocess.Popen[bytes]", limit_s: float = 90.0) -> None:
    """Return once an address is answered.

    Raises:
        RuntimeError: the process ended instead.
        TimeoutError: there was no answer.
    """
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        if process.poll() is not None:
            raise RuntimeError(f"a process ended with status {process.returncode} before it answered")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no answer from {address} within {limit_s:.0f} s")


class Proxy:
    """nginx with a configuration of its own, as any account may run it.

    Args:
        ports: of the processes.
        listen: its port on 127.0.0.1.
        folder: for its configuration, logs and temporary files.

    Raises:
        FileNotFoundError: nginx is not installed.
    """

    def __init__(self, ports: Sequence[int], listen: int, folder: Path) -> None:
        self._program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if self._program is None:
            raise FileNotFoundError(NEEDED)
        self.address, self._folder = f"http://localhost:{listen}", folder
        self._process: subprocess.Popen[bytes] | None = None
        text = _MAIN.format(
            user="user root;\n" if os.geteuid() == 0 else "",
            folder=folder,
            paths=" ".join(f"{name}_temp_path {folder}/{name};" for name in _PATHS),
            site=site(ports, listen=f"127.0.0.1:{listen}", logs=str(folder)),
        )
        (folder / "nginx.conf").write_text(text, "utf-8")

    def start(self) -> None:
        """Start it, and return when it answers."""
        words = [str(self._program), "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_answered(f"{self.address}/_stcore/health", self._process)

    def stop(self) -> None:
        """End it and every connection through it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None


@contextmanager
def studio(port: int, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """One process of the studio."""
    words = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port", str(port)]
    with (folder / f"studio-{port}.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until_answered(f"http://localhost:{port}/_stcore/health", process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def main() -> int:
    """Run it until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--port", type=int, default=8080, help="that visitors reach, on this machine alone")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ports = [free_port() for _ in range(given.processes)]
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="studio-serve-") as name:
        try:
            proxy = Proxy(ports, given.port, Path(name))
            for port in ports:
                stack.enter_context(studio(port, Path(name)))
            proxy.start()
        except (FileNotFoundError, RuntimeError, TimeoutError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        stack.callback(proxy.stop)
        print(f"{proxy.address} is served by {given.processes} processes, on the ports {ports}; logs in {name}.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
