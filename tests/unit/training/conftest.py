"""What trainings of several tests share."""

import pytest

from tests.tiny import write_demo


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """A data set of eight people with every class; do not change it."""
    return write_demo(tmp_path_factory.mktemp("people"), 8).parent
