"""Whether a process can do its work, checked as an operator's monitor does."""

import json

import anyio
import pytest

from emo_core.errors import BundleError
from ui.shell import health


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Function that asks, with folders of its own; what was found before is forgotten."""
    for name in ("EMO_CACHE", "EMO_DATA", "EMO_MODELS", "EMO_STUDIES"):
        monkeypatch.setenv(name, str(tmp_path / name.lower() / "not" / "there" / "yet"))
    monkeypatch.setattr(health.models, "load", lambda folder: None)
    monkeypatch.setattr(health.trainings, "tend", lambda: None)
    monkeypatch.setattr(health.turns, "counts", lambda: {("visitors", "running"): 1})
    monkeypatch.setattr(health.trainings, "counts", lambda: {("trainings", "waiting"): 2})

    def ask():
        health._last.clear()
        answer = anyio.run(health.ROUTE.endpoint, None)
        return answer.status_code, json.loads(answer.body)

    return ask


def test_all_is_well(asked, tmp_path):
    status, found = asked()
    assert (status, found["status"], found["visits"]) == (200, "ok", 0)
    assert found["checks"] == dict.fromkeys(("model", "EMO_CACHE", "EMO_DATA", "EMO_MODELS", "EMO_STUDIES"), "ok")
    assert found["queue"] == {"visitors running": 1, "trainings waiting": 2}
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_does_not_load_and_a_full_disk_are_told_with_the_remedy(asked, monkeypatch, tmp_path):
    def refuse(folder):
        raise BundleError("A file of the model was changed: restore it.")

    def full(**words):
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(health.models, "load", refuse)
    monkeypatch.setattr(health.tempfile, "TemporaryFile", full)
    status, found = asked()
    assert (status, found["status"]) == (503, "failing")
    assert found["checks"]["model"] == "A file of the model was changed: restore it."
    assert found["checks"]["EMO_CACHE"] == (
        "It cannot be written (No space left on device). Free some space, then try again."
    )
    assert str(tmp_path) not in json.dumps(found)


def test_of_a_public_server_only_the_cache_is_written(asked, monkeypatch):
    monkeypatch.setenv("EMO_PUBLIC", "1")
    assert set(asked()[1]["checks"]) == {"model", "EMO_CACHE"}


def test_asked_often_it_looks_every_two_seconds(asked, monkeypatch):
    looked = []
    monkeypatch.setattr(health, "_look", lambda: looked.append(1) or {"status": "ok"})
    now = [100.0]
    monkeypatch.setattr(health.time, "monotonic", lambda: now[0])
    health._last.clear()
    health.look()
    health.look()
    now[0] += 2.1
    health.look()
    health._last.clear()
    assert len(looked) == 2
