"""The product as somebody has it who installed it: built from a source distribution, away from the checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from emo_core.files.folders import ROOT

BUILD = (sys.executable, "-m", "hatchling", "build")
_ABSENT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
"""What Python runs first, to lack packages that this environment has."""


def install(folder: Path) -> Path:
    """Build a source distribution, a wheel from it, and install that into a folder, which is returned.

    The packages that it needs are those of this environment.
    """
    run(*BUILD, "-t", "sdist", "-d", str(folder), cwd=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    source = archive.with_name(archive.name.removesuffix(".tar.gz"))
    run(*BUILD, "-t", "wheel", "-d", str(folder), cwd=source)
    shutil.rmtree(source)
    (wheel,) = folder.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile")
    run(*pip, "--target", str(folder / "site"), str(wheel), cwd=folder)
    return folder / "site"


def environment(site: Path, home: Path, absent: tuple[str, ...] = ()) -> dict[str, str]:
    """That of a process which finds the installed product, keeps its files in `home` and lacks some packages."""
    home.mkdir(exist_ok=True)
    (home / "sitecustomize.py").write_text(_ABSENT.format(absent=set(absent)) if absent else "", "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EMO_", "STREAMLIT_", "XDG_"))}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(home), str(site))), "HOME": str(home)}


def run(*words: str, cwd: Path, env: dict[str, str] | None = None, check: bool = True) -> subprocess.CompletedProcess:
    """Run a command; what it says is in the answer."""
    ended = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert not check or ended.returncode == 0, ended.stderr[-2000:]
    return ended
