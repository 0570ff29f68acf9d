"""The documentation is true: it builds without a warning, what it says to type runs or is marked, its notebook runs."""

import json
import os
import re
import shlex
import subprocess
import sys

import click
import pytest

from emo_core.cli.main import commands
from emo_core.files.folders import ROOT

PAGES = sorted(
    [*(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")), *(ROOT / "docs").rglob("*.md")]
)
NOTEBOOKS = sorted((ROOT / "docs").rglob("*.ipynb"))
FENCE = re.compile(r"(?P<mark><!--.*?-->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
OURS = ("hybrid-emotion ", ".venv/bin/python -m emo_core ", "python -m emo_core ")


def blocks(language):
    """(page and line, mark, code) of every block in a language; what is to be typed says so."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for fence in FENCE.finditer(text):
            if fence["language"] == language:
                where = f"{page.relative_to(ROOT)}:{text[: fence.start()].count(chr(10)) + 1}"
                found.append(pytest.param(fence["mark"] or "", fence["code"], id=where))
    return found


def lines_of(code):
    """Commands of a block, each as one line without its comment."""
    joined = code.replace("\\\n", " ").splitlines()
    return [re.sub(r"\s#\s.*", "", line).strip() for line in joined if line.strip() and not line.startswith("#")]


@pytest.fixture
def away(tmp_path, monkeypatch):
    """A folder with the assets, where the command of the package is the one of this checkout."""
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    (tmp_path / "models").symlink_to(ROOT / "models")
    command = tmp_path / "bin" / "hybrid-emotion"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m emo_core "$@"\n', "utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=":")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("EMO_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(("mark", "code"), blocks("bash"))
def test_what_is_to_be_typed_runs_or_says_why_it_is_not_run(away, mark, code):
    for line in lines_of(code):
        if line.startswith(OURS):
            parsed(shlex.split(line.split(" -m emo_core ", 1)[-1].removeprefix("hybrid-emotion ")))
    if reason := re.match(r"<!-- not run: (.{15,}) -->", mark):
        assert reason[1]
        return
    ended = subprocess.run(
        ["sh", "-eu"], input=code, cwd=away, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]


def parsed(words):
    """Fail unless the command line takes these words; nothing is done."""
    command = commands
    while isinstance(command, click.Group):
        name, *words = words
        command = command.commands[name]
    command.make_context(name, words)


def test_what_is_to_be_typed_stands_in_blocks_that_say_so():
    typed = re.compile(r"^(hybrid-emotion|make|pip|python|\S+/python|\S+/ruff) ", re.M)
    bare = [block for block in blocks("") if typed.search(block.values[1])]
    assert not [block.id for block in bare if "not run:" not in block.values[0]]


@pytest.mark.parametrize(("mark", "code"), [block for block in blocks("python") if "def spread" not in block.values[1]])
def test_python_on_the_pages_runs(mark, code, monkeypatch, capsys):
    del mark
    monkeypatch.chdir(ROOT)
    exec(compile(code, "page", "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_run_from_top_to_bottom_and_are_kept_without_output(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            exec(compile("".join(cell["source"]), path.name, "exec"), names)
    assert names["prediction"].segments


def test_the_site_builds_without_a_warning(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    ended = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")
    assert "hybrid-emotion model import" in (tmp_path / "site/reference/command-line/index.html").read_text("utf-8")
    assert "explain_verdict" in (tmp_path / "site/reference/python/index.html").read_text("utf-8")
    assert (tmp_path / "site/explanation/architecture/index.html").read_text("utf-8").count("<rect ") >= 13
    fetched = re.findall(r'(?:src|href)="(https?://[^"]+)"', (tmp_path / "site/index.html").read_text("utf-8"))
    assert not [address for address in fetched if re.search(r"\.(js|css|woff2?)($|\?)", address)]


def test_every_link_in_the_readme_leads_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "THIRD_PARTY.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (ROOT / target).exists(), f"{page.name}: {target}"


def test_the_readme_is_one_screen():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 50
