import importlib

import pytest

import emo_core
from emo_core import errors


@pytest.mark.parametrize("name", ["VideoError", "NoFaceError", "BundleError", "DatasetError"])
def test_every_error_for_the_user_is_one_kind(name):
    assert issubclass(getattr(errors, name), errors.EmoError)
    assert name in errors.__doc__


def test_the_public_names_are_what_they_say():
    assert emo_core.__all__ == sorted(emo_core.__all__)
    for name in emo_core.__all__:
        home = importlib.import_module(f"emo_core.{emo_core._HOMES.get(name, 'errors')}")
        assert getattr(emo_core, name) is getattr(home, name)


def test_a_name_that_is_not_public():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = emo_core.nothing
