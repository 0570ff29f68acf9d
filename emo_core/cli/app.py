"""``app``: the pages, served on this machine."""

import signal
import subprocess
import sys

import click

from emo_core import extras
from emo_core.files import folders


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True, metavar="N", help="Port.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="0.0.0.0 lets others in.")
def app(port: int, host: str) -> None:
    """Start the app in a server on this machine; Ctrl-C ends it.

    Whoever reaches the port is a visitor: read SECURITY.md before you listen on another address.
    """
    extras.need("streamlit")
    extras.need("streamlit_webrtc")
    words = ("run", str(folders.ROOT / "streamlit_app.py"), "--server.port", str(port), "--server.address", host)
    server = subprocess.Popen([sys.executable, "-m", "streamlit", *words])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.terminate())
    raise click.exceptions.Exit(max(server.wait(), 0))  # below 0: ended by a signal, as it was asked to
