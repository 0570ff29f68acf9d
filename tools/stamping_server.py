"""The application for a measurement of the live view: as it is, or stamping numbers into its frames."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import camera  # noqa: E402
from tests.e2e.conftest import wait_until_healthy  # noqa: E402


@contextmanager
def server(stamped: bool = False) -> Iterator[tuple[str, int]]:
    """The application on a free port, as it is or stamping numbers; its address and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    how = [str(Path(__file__))] if stamped else ["-m", "streamlit"]
    command = [sys.executable, *how, "run", "streamlit_app.py", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_healthy(f"http://localhost:{port}", process)
        yield f"http://localhost:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Streamlit with the words of this command, the number of the analysed frame stamped above the frame's own."""
    import pylibsrtp  # noqa: F401
    from streamlit.web.cli import main as streamlit_main

    from emo_core.live import analyzer, overlay

    analyze, draw = analyzer.LiveAnalyzer.analyze, overlay.draw
    numbers: dict[float, int] = {}

    def analyze_and_note(self: Any, image: Any, time_s: float, smoothing_s: float) -> Any:
        result = analyze(self, image, time_s, smoothing_s)
        numbers[time_s] = camera.read_stamp(image)
        while len(numbers) > 500:
            numbers.pop(next(iter(numbers)))
        return result

    def draw_and_stamp(image: Any, result: Any, *others: Any) -> Any:
        picture = draw(image, result, *others)
        number = numbers.get(result.time_s, 0) if result else 0
        camera.stamp(picture[:, ::-1], number, row=1)  # mirrored as the picture is
        return picture

    analyzer.LiveAnalyzer.analyze = analyze_and_note  # type: ignore[method-assign]
    overlay.draw = draw_and_stamp
    sys.argv[0] = "streamlit"
    streamlit_main()


if __name__ == "__main__":
    main()
