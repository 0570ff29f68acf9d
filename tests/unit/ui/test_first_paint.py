"""What may be imported before a page is painted: the rest is loaded while the visitor reads."""

import subprocess
import sys

import pytest

from emo_core.files.folders import ROOT

HEAVY = {
    "ai_edge_litert", "av", "cv2", "h5py", "keras", "matplotlib", "scipy", "sklearn", "tensorflow",
}  # fmt: skip
"""Modules that no page needs before its first paint; plotly comes with Streamlit."""

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_the_imports_of_a_page_load_nothing_heavy(page):
    """Those of the page and all it imports from `ui`, each in a fresh process."""
    code = (
        "import ast, importlib, sys\n"
        f"tree = ast.parse(open('pages/{page}.py', encoding='utf-8').read())\n"
        "names = [(node.module, alias.name) for node in tree.body if isinstance(node, ast.ImportFrom)"
        " for alias in node.names]\n"
        "for module, name in names:\n"
        "    found = importlib.import_module(module)\n"
        "    if not hasattr(found, name): importlib.import_module(f'{module}.{name}')\n"
        "print(*sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(ended.stdout.split("\n")[-2].split())
    assert "streamlit" in loaded
    assert not loaded & HEAVY
