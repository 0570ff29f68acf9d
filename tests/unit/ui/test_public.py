"""A server that is open to everybody: no folders of the server, nothing kept or trained, less of all else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emo_core.errors import DatasetError, SettingError, StudyError
from emo_core.files import folders
from ui.state import datasets, trainings
from ui.state.datasets import KnownSet
from ui.study import server as studies
from ui.work import new_clips


@pytest.fixture(autouse=True)
def _public(monkeypatch, tmp_path):
    for name in ("EMO_DATA", "EMO_STUDIES", "EMO_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("EMO_ROOTS", str(tmp_path))
    (tmp_path / "EMO_DATA" / "mine" / "joy").mkdir(parents=True)
    (tmp_path / "EMO_STUDIES" / "mine").mkdir(parents=True)
    monkeypatch.setenv("EMO_PUBLIC", "1")


def test_no_folder_of_the_server_is_open(tmp_path):
    assert folders.roots() == ()
    for words in ("", "mine", str(tmp_path)):
        with pytest.raises(DatasetError):
            folders.visitors_folder(words)
        with pytest.raises(StudyError):
            folders.visitors_study(words)
    assert list(datasets.known()) == [datasets.DEMO_NAME]
    assert studies.known() == {}


def test_nothing_is_trained_or_kept(tmp_path):
    before = sorted(tmp_path.rglob("*"))
    study = studies.ServerStudy("mine", tmp_path / "EMO_STUDIES" / "mine")
    for ask in (
        lambda: trainings.submit("mine", KnownSet("mine", tmp_path), "subject", 1, 1),
        lambda: studies.make("new", [("a.mp4", Path("a.mp4"))], None),
        lambda: studies.submit(study, tmp_path),
    ):
        with pytest.raises(SettingError, match="open to everybody"):
            ask()
    told = new_clips.add(tmp_path / "EMO_DATA" / "mine", [], lambda stage, share: None)
    assert told[0][0] is False
    assert "keeps no clips" in told[0][1]
    assert sorted(tmp_path.rglob("*")) == before


def test_clips_may_cost_less():
    code = (
        "from emo_core.files import limits; from ui.shell import gate; print(limits.WORDS, gate.budget_bytes() >> 20)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, cwd=folders.ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "At most 100 MB, 5 minutes and 1920 × 1080 pixels. 400\n"
