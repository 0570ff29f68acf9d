"""What a training on this server may be called, and what an installation without TensorFlow says instead of failing."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from emo_core.errors import BundleError, MissingPackageError
from emo_core.jobs.queue import Order
from ui.state import trainings
from ui.state.datasets import KnownSet
from ui.work import turns


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Function that asks for a training of that name, where taught models lie away from the shipped ones."""
    monkeypatch.setenv("EMO_MODELS", str(tmp_path / "models"))
    return lambda name: trainings.submit(name, KnownSet("mine", tmp_path), "subject", 1, 1)


@pytest.mark.parametrize("name", ["hybrid", "published"])
def test_the_name_of_a_shipped_model_is_taken_wherever_taught_ones_lie(asked, name):
    with pytest.raises(BundleError, match=f"{name} is the name of a model that was not taught here"):
        asked(name)


def test_without_tensorflow_the_way_to_it_is_told(asked, monkeypatch):
    monkeypatch.setattr("emo_core.extras.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'hybrid-emotion-studio\[train\]'"):
        asked("mine")


def test_an_order_starts_while_a_worker_is_free_and_only_then(monkeypatch, tmp_path):
    monkeypatch.setattr(trainings, "CACHE", tmp_path)
    monkeypatch.setattr(trainings, "_queues", {})
    monkeypatch.setattr(trainings, "_asked", [])
    trainings.stand_back_while(turns.are_full)
    started = []
    monkeypatch.setattr("emo_core.jobs.processes.start", lambda *_: started.append(1) or 1 / 0)
    order = Order("study", "mine", "data/x", "studies/mine", ".cache")
    for working, workers, starts in ((2, 2, False), (0, 0, True), (1, 2, True)):
        monkeypatch.setattr(turns, "_turns", [SimpleNamespace(num_workers=workers, num_running=working)])
        before = len(started)
        with nullcontext() if not starts else pytest.raises(ZeroDivisionError):
            trainings.queue("studies").submit(order)
        assert len(started) - before == starts
