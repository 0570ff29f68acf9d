"""What contributors and users read about the project is true: licences, versions, hooks, hosted checks."""

import re
import tomllib

import pytest
import yaml

import emo_core
from emo_core.files.folders import ROOT
from tests.unit.test_distribution import pins
from tools import licences

LOOKED_AT = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0",
    "PSF-2.0", "Zlib",
}  # fmt: skip
"""Licences under which a package may be installed beside the product; another one is a decision."""

UNSAID = {"namex"}
"""Packages whose metadata name no licence; THIRD_PARTY.md says what was found."""


def text(name):
    return (ROOT / name).read_text("utf-8")


def test_every_package_is_named_with_its_licence():
    rows = set(re.findall(r"^\| ([\w-]+) \| ([^|]+) \|$", text("THIRD_PARTY.md"), re.M)) - {("package", "licence")}
    of_other_pythons = pins("constraints.txt", of_any_python=True).keys() - pins("constraints.txt")
    here = {row for row in rows if row[0] not in of_other_pythons}
    assert here == set(re.findall(r"^\| ([\w-]+) \| ([^|]+) \|$", licences.table(), re.M))
    for name, expression in rows:
        parts = set(re.split(r" AND | OR |[()]", expression)) - {""}
        assert parts <= LOOKED_AT or (name in UNSAID and expression == "?"), f"{name}: {expression}"


@pytest.mark.parametrize("folder", ["assets", "models", "ui/browser"])
def test_every_part_that_is_shipped_is_named(folder):
    told = text("THIRD_PARTY.md")
    for path in (ROOT / folder).iterdir():
        generated = path.suffix in {".json", ".md"} or path.name == "screenshot.png"
        named = f"{folder}/{path.name}" in told or f"{folder}/*" in told or f"{folder}/{path.stem}.*" in told
        assert named or generated or not is_tracked(path), path


def is_tracked(path):
    return path.parent.name != "models" or path.name in {"hybrid", "published", "face_landmarker"}


def test_the_version_is_the_same_everywhere():
    assert re.search(rf"^version: {re.escape(emo_core.__version__)}$", text("CITATION.cff"), re.M)
    assert f"## [{emo_core.__version__}]" in text("CHANGELOG.md")
    assert "## [Unreleased]" in text("CHANGELOG.md")


def test_hooks_run_the_versions_that_the_checks_run():
    hooks = {repo["repo"].rpartition("/")[2]: repo for repo in yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]}
    assert hooks["ruff-pre-commit"]["rev"] == f"v{pins('requirements-dev.txt')['ruff']}"
    assert {"nbstripout", "pre-commit-hooks", "local"} <= set(hooks)


def test_the_hosted_checks_run_the_two_commands_on_every_python_that_is_promised():
    jobs = yaml.safe_load(text(".github/workflows/tests.yml"))["jobs"]
    promised = re.findall(r"Python :: (3\.\d+)", text("pyproject.toml"))
    assert jobs["test"]["strategy"]["matrix"]["python"] == promised
    assert any(step.get("run", "").startswith("make test") for step in jobs["test"]["steps"])
    assert any(step.get("run", "").startswith("make coverage") for step in jobs["coverage"]["steps"])
    assert tomllib.loads(text("pyproject.toml"))["tool"]["coverage"]["report"]["fail_under"] >= 92
    assert re.search(r"^coverage:", text("Makefile"), re.M)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")))
def test_forms_can_be_read(name):
    found = yaml.safe_load(text(f".github/ISSUE_TEMPLATE/{name}"))
    if name != "config.yml":
        assert {"name", "description", "body"} <= set(found)
        assert all(item["type"] == "markdown" or item["attributes"]["label"] for item in found["body"])


def test_the_citation_names_the_paper_and_the_software():
    found = yaml.safe_load(text("CITATION.cff"))
    assert found["type"] == "software"
    assert found["references"][0]["doi"] == "10.53759/7669/jmc202505155"
