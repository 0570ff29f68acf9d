"""The shape of the house: what an import costs, and that dependencies point down only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import emo_core

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {path.stem: path for path in sorted((ROOT / "emo_core").glob("*.py"))}
MODULES = sorted(set(SOURCES) - {"__init__", "__main__"})
NEED_TENSORFLOW = {
    "ablation", "build", "head_data", "measure", "networks", "protocols", "studies", "teach",
    "train_frames", "train_head", "tune_frames",
}  # fmt: skip
"""Modules that load TensorFlow when they are imported; the others may do so inside a function."""

STAGES = {"video", "faces", "quality", "normalize"}
"""Each knows nothing of the others; the pipeline composes them."""

FLOORS = (
    {"errors", "emotions"},
    {"types", "config", "networks"},
    {"labelled", "landmarker", "salience", "videofile", "videowriter", "neighbourhoods"},
    {"blendshapes", *STAGES},
    {"bundle", "stills"},
    {"augment", "evaluation", "judge"},
    {"bank", "compose", "salience_fit"},
)
"""From the ground up: a module imports from lower floors, or from its own where no rule below forbids it."""

SCREEN = {"streamlit", "ui", "pages", "streamlit_app"}


def imported(path, *, top_level_only=False):
    """Dotted names a module imports, anywhere in it or only when it is loaded itself."""
    tree = ast.parse(path.read_text("utf-8"))
    deferred = set()
    if top_level_only:
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        deferred = {id(node) for function in functions for node in ast.walk(function)}
    names = set()
    for node in ast.walk(tree):
        if id(node) in deferred:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def house_imports(name):
    """Modules of emo_core that a module of it imports."""
    parts = [dotted.split(".") for dotted in imported(SOURCES[name])]
    return {part[1] for part in parts if part[0] == "emo_core" and len(part) > 1 and part[1] in SOURCES} - {name}


def loaded_after(code):
    """Top-level packages in a fresh process after `code`."""
    command = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_the_package_alone_loads_nothing_heavy():
    heavy = {"tensorflow", "keras", "cv2", "numpy", "av", "ai_edge_litert", "sklearn", "streamlit"}
    assert not loaded_after("import emo_core") & heavy


def test_everything_that_serves_does_without_tensorflow_and_screen():
    names = [f"emo_core.{name}" for name in MODULES if name not in NEED_TENSORFLOW]
    loaded = loaded_after("import " + ", ".join(names))
    assert {"cv2", "av", "ai_edge_litert"} <= loaded
    assert not loaded & {"tensorflow", "keras", *SCREEN}


@pytest.mark.parametrize("name", SOURCES)
def test_the_product_knows_no_screen(name):
    assert not {dotted.partition(".")[0] for dotted in imported(SOURCES[name])} & SCREEN


def test_tensorflow_is_imported_exactly_where_it_is_said():
    """By the module itself or by one that it imports, when it is loaded."""
    tops = {name: imported(SOURCES[name], top_level_only=True) for name in MODULES}
    heavy = {name for name in MODULES if {dotted.partition(".")[0] for dotted in tops[name]} & {"tensorflow", "keras"}}
    while more := {name for name in MODULES if tops[name] & {f"emo_core.{other}" for other in heavy}} - heavy:
        heavy |= more
    assert heavy == NEED_TENSORFLOW


@pytest.mark.parametrize("name", sorted(STAGES))
def test_stages_do_not_import_one_another(name):
    assert not house_imports(name) & STAGES


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name):
    floor = next((level for level, names in enumerate(FLOORS) if name in names), len(FLOORS))
    allowed = set().union(*FLOORS[: floor + 1]) if floor < len(FLOORS) else set(MODULES)
    assert house_imports(name) <= allowed


def test_no_module_imports_itself_through_others():
    open_modules = {name: house_imports(name) for name in MODULES}
    while free := {name for name, needs in open_modules.items() if not needs & set(open_modules)}:
        open_modules = {name: needs for name, needs in open_modules.items() if name not in free}
    assert not open_modules


def test_every_public_name_is_there():
    assert emo_core.__all__ == sorted(set(emo_core.__all__))
    for name in emo_core.__all__:
        assert getattr(emo_core, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        emo_core.nothing  # noqa: B018


@pytest.mark.parametrize("name", SOURCES)
def test_every_module_says_what_it_is_for(name):
    assert ast.get_docstring(ast.parse(SOURCES[name].read_text("utf-8")))
