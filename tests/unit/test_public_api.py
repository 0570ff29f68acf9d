"""What others may rely on: curated names with real types, an example each, and no change that nobody decided."""

import ast
import tomllib
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


def test_a_strict_type_checker_looks_at_a_program_of_somebody_else():
    """`make check` runs it; a type that is not what the program says, and an unused ignore, are errors there."""
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert checked["strict"] is True
    assert "tests/data/client.py" in checked["files"]
    used = {node.name for item in ast.walk(ast.parse((DATA / "client.py").read_text("utf-8")))
            if isinstance(item, ast.ImportFrom) for node in item.names}  # fmt: skip
    functions = {name for name in emo_core.__all__ if not isinstance(getattr(emo_core, name), type)}
    assert functions <= used
    assert (ROOT / "emo_core" / "py.typed").exists()
