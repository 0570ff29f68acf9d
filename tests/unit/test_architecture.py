"""The shape of the house: its rooms, which of them may import which, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import emo_core

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for top in ("emo_core", "ui", "pages")
    for path in sorted((ROOT / top).rglob("*.py"))
    if path.name != "__init__.py"
}
"""Dotted name → file of every module of the product."""

CORE_EDGES = {
    "files": set(),
    "jobs": set(),
    "video": set(),
    "faces": set(),
    "model": set(),
    "inference": {"video", "faces", "model"},
    "explain": {"inference", "model"},
    "live": {"faces", "model", "inference"},
    "report": {"video", "model", "inference", "explain"},
    "datasets": {"video", "faces", "model", "inference"},
    "evaluation": {"faces", "model", "inference", "explain", "report", "datasets"},
    "studies": {"video", "model", "inference", "report", "datasets", "evaluation"},
    "training": {"video", "faces", "model", "inference", "datasets", "evaluation"},
    "cli": {
        *("faces", "model", "jobs", "inference", "explain", "report", "datasets", "evaluation", "training"),
        "studies",
    },
}  # fmt: skip
"""Which room of `emo_core` may import which, beside the ground floor and `files`. A new edge is a decision."""

UI_EDGES = {
    "serve": set(),
    "state": {"serve"},
    "work": {"serve", "state"},
    "shell": {"serve", "state", "work"},
    "widgets": {"state", "work", "shell"},
    **{
        page: {"state", "work", "shell", "widgets"}
        for page in ("about", "analyze", "live", "shared", "study", "teach", "evaluate")
    },
}
"""The same for `ui`: no page's room knows another's."""

GROUND = {
    *("errors", "emotions", "types", "prediction", "columns", "analysis", "config", "extras", "measured"),
    *("method_records", "records", "comparisons"),
}  # fmt: skip
MOST_MODULES, MOST_LINES, MOST_FUNCTION_LINES = 14, 300, 50
SCREEN = {"streamlit", "ui", "pages", "streamlit_app"}
NEED_TENSORFLOW = {
    *(
        f"emo_core.training.{name}"
        for name in ("build", "checkpoint", "custom_model", "fine_tuning", "frame_cnn", "head", "head_thresholds")
    ),
    *(f"emo_core.training.{name}" for name in ("head_data", "measure", "networks")),
    *(f"emo_core.training.experiments.{name}" for name in ("ablation", "protocols", "published", "run")),
    *(f"emo_core.training.fitting.{name}" for name in ("decision", "decision_choice", "real_clips")),
}
"""Modules that load TensorFlow when they are imported; the others may do so inside a function."""

NEED_DASK = {"emo_core.studies.engine", "emo_core.studies.worker"}
"""Modules that load Dask when they are imported: those of a cluster."""

TABLES = {"dask", "distributed", "pandas", "pyarrow"}
"""What is loaded only by those who ask for a study or a data frame."""


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


def house_imports(name, **options):
    """Modules of the product that a module of it imports."""
    return (imported(SOURCES[name], **options) & set(SOURCES)) - {name}


def room(name):
    """("emo_core", "video") of `emo_core.video.reader`; what lies in no room has an empty second part."""
    package, *inner = name.split(".")
    return package, inner[0] if len(inner) > 1 else ""


def edges(package):
    """Room → rooms of the same package that it imports."""
    found = {}
    for name in SOURCES:
        if room(name)[0] == package:
            targets = {room(other)[1] for other in house_imports(name) if room(other)[0] == package}
            found.setdefault(room(name)[1], set()).update(targets - {room(name)[1], "", "files"})
    return found


def loaded_after(code):
    """Top-level packages in a fresh process after `code`."""
    command = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_the_package_alone_loads_nothing_heavy():
    heavy = {"tensorflow", "keras", "cv2", "numpy", "av", "ai_edge_litert", "sklearn", "streamlit", *TABLES}
    assert not loaded_after("import emo_core") & heavy


def test_the_command_line_says_its_help_without_loading_what_its_commands_need():
    assert not loaded_after("import emo_core.cli.main") & {"numpy", "av", "cv2", "ai_edge_litert", "sklearn", *TABLES}


def test_everything_that_serves_does_without_tensorflow_and_screen():
    core = {name for name in SOURCES if name.startswith("emo_core.")} - {"emo_core.__main__", *NEED_DASK}
    loaded = loaded_after("import " + ", ".join(sorted(core - NEED_TENSORFLOW)))
    assert {"cv2", "av", "ai_edge_litert"} <= loaded
    assert not loaded & {"tensorflow", "keras", "dask", "distributed", *SCREEN}


def test_one_clip_is_judged_and_told_of_without_tables():
    """Data frames and Dask are for studies; scikit-learn, of which evaluations make use, loads pandas by itself."""
    rooms = {"", "files", "jobs", "video", "faces", "model", "inference", "explain", "live", "report"}
    core = {name for name in SOURCES if name.startswith("emo_core.") and room(name)[1] in rooms}
    assert not loaded_after("import " + ", ".join(sorted(core - {"emo_core.__main__"}))) & TABLES


def test_the_product_knows_no_screen():
    for name, path in SOURCES.items():
        if name.startswith("emo_core."):
            assert not {dotted.partition(".")[0] for dotted in imported(path)} & SCREEN, name


def test_tensorflow_is_imported_exactly_where_it_is_said():
    """By the module itself or by one that it imports, when it is loaded."""
    tops = {name: imported(path, top_level_only=True) for name, path in SOURCES.items()}
    heavy = {name for name in SOURCES if {dotted.partition(".")[0] for dotted in tops[name]} & {"tensorflow", "keras"}}
    while more := {name for name in SOURCES if tops[name] & heavy} - heavy:
        heavy |= more
    assert heavy == NEED_TENSORFLOW


@pytest.mark.parametrize(("package", "allowed"), [("emo_core", CORE_EDGES), ("ui", UI_EDGES)])
def test_rooms_import_only_what_they_may(package, allowed):
    found = edges(package)
    found.pop("", None)
    assert set(found) == set(allowed)
    for name, targets in found.items():
        assert targets <= allowed[name], f"{package}.{name} imports {targets - allowed[name]}"
    assert not {name for name in SOURCES if room(name) == (package, "")} - {
        f"emo_core.{name}" for name in (*GROUND, "__main__")
    }


def test_the_ground_floor_stands_on_nothing():
    ground = {f"emo_core.{name}" for name in GROUND}
    for name in ground:
        assert house_imports(name) <= ground, name


@pytest.mark.parametrize("allowed", [CORE_EDGES, UI_EDGES])
def test_there_is_no_circle_between_rooms(allowed):
    open_rooms = dict(allowed)
    while free := {name for name, needs in open_rooms.items() if not needs & set(open_rooms)}:
        open_rooms = {name: needs for name, needs in open_rooms.items() if name not in free}
    assert not open_rooms


def test_no_module_imports_itself_through_others():
    open_modules = {name: house_imports(name) for name in SOURCES}
    while free := {name for name, needs in open_modules.items() if not needs & set(open_modules)}:
        open_modules = {name: needs for name, needs in open_modules.items() if name not in free}
    assert not open_modules


def test_nobody_imports_what_is_private_to_another_module():
    for name, path in SOURCES.items():
        private = {dotted for dotted in imported(path) if dotted.startswith(("emo_core", "ui")) and "._" in dotted}
        assert not {dotted for dotted in private if not dotted.endswith("__")}, name


def test_rooms_modules_and_functions_stay_small():
    modules = {}
    for name, path in SOURCES.items():
        modules.setdefault(path.parent, []).append(name)
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= MOST_LINES, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = node.end_lineno - body[0].lineno + 1 if body else 0
                assert lines <= MOST_FUNCTION_LINES, f"{name}.{node.name}"
    assert not {str(folder): len(names) for folder, names in modules.items() if len(names) > MOST_MODULES}


def test_every_public_name_is_there():
    assert emo_core.__all__ == sorted(set(emo_core.__all__))
    for name in emo_core.__all__:
        assert getattr(emo_core, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        emo_core.nothing  # noqa: B018


def test_every_room_and_module_says_what_it_is_for():
    rooms = [path / "__init__.py" for path in {path.parent for path in SOURCES.values()} if path.name != "pages"]
    for path in [*SOURCES.values(), *rooms]:
        if "pages" not in path.parts:
            assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path
