"""What is installed works away from the checkout; what is declared, imported and pinned is one and the same."""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

import emo_core
from emo_core import extras
from emo_core.cli.main import main
from emo_core.errors import MissingPackageError
from emo_core.files.folders import ROOT
from tests import installed

OF_EXTRAS = ("tensorflow", "keras", "streamlit", "streamlit_webrtc", "dask", "distributed", "pandas", "pyarrow")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FIVE_LINES = """
from emo_core import analyze, load_bundle
analysis = analyze(CLIP, load_bundle())
for segment in analysis.prediction.segments:
    print(segment.label)
"""


@pytest.fixture(scope="module")
def site(built_once):
    return built_once("installed", installed.install) / "site"


@pytest.fixture
def run_away(site, tmp_path):
    """Function that runs the installed command line in a folder of its own, without the packages of the extras."""
    env = installed.environment(site, tmp_path / "home", OF_EXTRAS)
    script = str(site / "bin" / "hybrid-emotion")
    return lambda *words: installed.run(sys.executable, script, *words, cwd=tmp_path, env=env, check=False)


def test_a_clip_is_judged_where_neither_checkout_nor_tensorflow_nor_screen_is(run_away, laughter):
    ended = run_away("analyze", str(laughter), "--json", "-")
    assert (ended.returncode, ended.stderr) == (0, "")
    found = json.loads(ended.stdout)
    assert found["verdict"]["label"] == "amusement_surprise"
    assert found["software"] == f"Hybrid Emotion Studio {emo_core.__version__}"


def test_a_clip_is_judged_where_the_system_has_no_unix_modules(site, tmp_path, laughter):
    env = installed.environment(site, tmp_path / "home", ("fcntl", "resource", "pwd", "grp", "termios"))
    code = "import emo_core.files.scratch as s\nwith s.folder() as f: assert f.is_dir()\nassert not f.exists()"
    installed.run(sys.executable, "-c", code, cwd=tmp_path, env=env)
    words = ("-m", "emo_core", "analyze", str(laughter), "--out", str(tmp_path / "out"))
    assert "Amusement" in installed.run(sys.executable, *words, cwd=tmp_path, env=env).stdout
    assert (tmp_path / "out" / "report.html").exists()


def test_five_lines_of_python_judge_it_too(site, tmp_path, laughter):
    env = installed.environment(site, tmp_path / "home", OF_EXTRAS)
    code = FIVE_LINES.replace("CLIP", repr(str(laughter)))
    ended = installed.run(sys.executable, "-W", "error", "-c", code, cwd=tmp_path, env=env)
    assert "amusement_surprise" in ended.stdout.split()


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("train", "--data", "demo", "--out", "o"), "train"),
        (("app",), "app"),
        (("analyze", "a.mp4", "b.mp4", "--out", "o"), "study"),
    ],
)
def test_what_needs_an_extra_says_so_in_one_sentence(run_away, words, extra):
    ended = run_away(*words)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(
        rf"error: .* needs packages .*: run “pip install 'hybrid-emotion-studio\[{extra}\]'”\.\n", ended.stderr
    )


def test_what_is_kept_lies_with_the_user_and_not_in_the_package(site, tmp_path):
    env = installed.environment(site, tmp_path / "home")
    code = "from emo_core.files import folders as f; print(f.cache(), f.data(), f.models(), f.ROOT, f.demo())"
    cache, data, models, root, demo = installed.run(sys.executable, "-c", code, cwd=tmp_path, env=env).stdout.split()
    assert all(path.startswith(str(tmp_path / "home")) for path in (cache, data, models))
    assert len({cache, data, models}) == 3
    assert root.startswith(str(site))
    assert demo == f"{root}/assets/demo"


def test_there_is_one_version(run_away, capsys):
    assert PROJECT["dynamic"] == ["version"]
    told = f"Hybrid Emotion Studio {emo_core.__version__}\n"
    assert run_away("--version").stdout == told
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == told


def test_every_import_is_declared_and_every_declaration_imported():
    ended = subprocess.run([sys.executable, "-m", "deptry", "."], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]


def pins(name, *, of_any_python=False):
    """Package → pinned version, of a file of requirements; by default of those that this Python needs."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if "==" in line and not line.startswith("#")]
    return {
        plain(item.name): str(item.specifier).removeprefix("==")
        for item in pinned
        if of_any_python or item.marker is None or item.marker.evaluate()
    }


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_make_installs_what_is_declared():
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    wanted = {plain(requirement.name): requirement.specifier for requirement in map(Requirement, lines)}
    found = pins("requirements.txt")
    assert set(found) == set(wanted)
    for name, version in found.items():
        assert version in wanted[name], name


def test_pins_are_what_is_installed_and_what_they_bring_is_pinned_too():
    constraints = pins("constraints.txt")
    for name, version in {**pins("requirements.txt"), **pins("requirements-dev.txt")}.items():
        assert importlib.metadata.version(name) == version == constraints[name], name
    for name in constraints:
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert plain(needed.name) in {*constraints, "setuptools", "wheel"}, f"{name} brings {needed.name}"


def test_a_package_of_no_extra_is_told_as_well():
    extras.need("json")
    with pytest.raises(MissingPackageError, match="no_such_package is not installed: run “pip install"):
        extras.need("no_such_package")
