"""What others may rely on: curated names with real types, an example each, and no change that nobody decided."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import emo_core
from emo_core.files.folders import ROOT
from tests import public_api

DATA = Path(__file__).parents[1] / "data"


def test_no_public_name_changed_unnoticed():
    kept = (DATA / "public_api.txt").read_text("utf-8")
    assert public_api.described() == kept, "decide, then run tools/write_api.py and say it in CHANGELOG.md"


@pytest.mark.parametrize("name", emo_core.__all__)
def test_every_public_name_has_an_example_that_runs(name):
    assert ">>> " in getattr(emo_core, name).__doc__


def test_names_are_the_same_whatever_was_imported_before():
    rooms = [f"emo_core.{path.name}" for path in (ROOT / "emo_core").iterdir() if (path / "__init__.py").exists()]
    for name in [*rooms, "emo_core.explain.clip", "emo_core.evaluation.run"]:
        import_module(name)
    assert all(
        isinstance(getattr(emo_core, name), type) or callable(getattr(emo_core, name)) for name in emo_core.__all__
    )
    assert set(emo_core.__all__) <= set(dir(emo_core))


def test_a_strict_type_checker_knows_them():
    cache = str(ROOT / ".mypy_cache" / "client")
    words = [
        "--strict",
        "--config-file",
        "",
        "--follow-imports",
        "silent",
        "--cache-dir",
        cache,
        "tests/data/client.py",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "mypy", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert (ROOT / "emo_core" / "py.typed").exists()
