"""What a training on this server may be called, and what an installation without TensorFlow says instead of failing."""

import pytest

from emo_core.errors import BundleError, MissingPackageError
from ui.state import trainings
from ui.state.datasets import KnownSet


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
