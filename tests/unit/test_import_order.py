"""TensorFlow before the connection's libraries ends the process without a word, so those come first everywhere."""

import ast
import subprocess
import sys

import pytest

from emo_core.files.folders import ROOT

ENTRY_POINTS = ("streamlit_app.py", "tests/conftest.py")


@pytest.mark.parametrize("path", ENTRY_POINTS)
def test_every_entry_point_imports_pylibsrtp_first(path):
    imports = [
        node
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    first = min(imports, key=lambda node: node.lineno)
    assert isinstance(first, ast.Import)
    assert [alias.name for alias in first.names] == ["pylibsrtp"]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)


def test_in_the_order_of_the_entry_points_all_of_them_live_in_one_process():
    ended = run("import pylibsrtp, tensorflow, streamlit_webrtc, emo_core.live.worker; print('alive')")
    assert (ended.returncode, ended.stdout.split()[-1:]) == (0, ["alive"]), ended.stderr[-500:]


def test_the_live_page_and_the_recorder_serve_without_tensorflow():
    ended = run(
        "import pylibsrtp, streamlit_webrtc, emo_core.live.worker;"
        "import ui.live.view, ui.live.card, ui.live.chart, ui.widgets.recorder;"
        "import sys; print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    assert ended.stdout.split("\n")[-2] == "set()", ended.stderr[-500:]
