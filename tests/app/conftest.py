"""The application without a browser, with the analysis stubbed at its one boundary."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest

import emo_core.inference.pipeline
from emo_core.analysis import Analysis
from emo_core.model.bundle import Bundle
from tests.app.teaching import Jobs
from tests.factories import make_analysis
from ui.analyze import tabs
from ui.state import models, trainings
from ui.teach import clips as teach_clips
from ui.work import new_clips

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session", autouse=True)
def quick_runs() -> Iterator[None]:
    """What every application under test does anew, and always alike, is done once: half the time of these tests.

    A run compiles the scripts, and a first run reads what each installed package says of components; none brings any.
    """
    compiled = ScriptCache()
    with pytest.MonkeyPatch.context() as patch:
        for place in ("app_test", "local_script_runner"):
            patch.setattr(f"streamlit.testing.v1.{place}.ScriptCache", lambda: compiled)
        patch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)
        yield


class Studio:
    """The application under test: what `analyze` answers, how often it was asked, and the pages."""

    def __init__(self) -> None:
        self.answer: Callable[[], Analysis] = make_analysis
        self.names: list[str | None] = []
        self.app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()

    def analyze(self, source, bundle, *, name=None, progress=None, folder=None):
        self.names.append(name)
        progress("Reading frames and finding the face", 0.3)
        progress("Judging windows", 1.0)
        return self.answer()

    def open(self, page: str) -> AppTest:
        return self.app.switch_page(f"pages/{page}.py").run()

    def upload(self, name: str = "clip.mp4", content: bytes = b"video", mime: str = "video/mp4") -> AppTest:
        return self.app.file_uploader(key="upload").set_value((name, content, mime)).run()

    def tab(self, name: str) -> AppTest:
        """Open a tab below the verdict."""
        self.app.session_state[tabs.KEY] = name
        return self.app.run()

    def result_in(self, name: str) -> AppTest:
        """Analyze a clip with a tab open from the start."""
        self.open("analyze")
        self.app.session_state[tabs.KEY] = name
        return self.upload()

    def fail(self, error: Exception) -> None:
        def raise_it() -> Analysis:
            raise error

        self.answer = raise_it

    @property
    def text(self) -> str:
        """Everything written on the page, as one text, with common blanks."""
        kinds = ("title", "header", "subheader", "markdown", "caption", "info", "error", "html", "text")
        told = (str(element.value or element.proto.body) for kind in kinds for element in self.app.get(kind))
        return "\n".join(told).replace("\u00a0", " ")


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hybrid: Bundle) -> Studio:
    monkeypatch.setattr(models, "bundle", lambda: hybrid)
    monkeypatch.setattr(models, "MODEL_DIR", tmp_path)
    monkeypatch.setenv("EMO_MODELS", str(tmp_path.parent))
    opened = Studio()
    monkeypatch.setattr(emo_core.inference.pipeline, "analyze", opened.analyze)
    return opened


@pytest.fixture
def queue(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """The Teach page with data, cache and queue of its own; what it asks for."""
    made = Jobs()
    monkeypatch.setattr(trainings, "jobs", lambda: made)
    monkeypatch.setenv("EMO_DATA", str(tmp_path / "data"))
    for module in (teach_clips, new_clips):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    monkeypatch.setattr("ui.teach.checks.CACHE", tmp_path / "cache")
    return made
