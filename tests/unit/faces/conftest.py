"""The landmark model, and the one face of the sample as it is followed, once for all tests of faces."""

import pytest

from emo_core.faces.landmarks import FaceLandmarker
from emo_core.faces.tracking import FaceTracker
from tests import sample
from tests.unit.faces.pictures import SIDE


@pytest.fixture(scope="session")
def landmarker():
    return FaceLandmarker()


@pytest.fixture(scope="session")
def whole(landmarker):
    """The one track through the sample clip."""
    (track,) = FaceTracker(landmarker, SIDE).track(sample.clip()).values()
    return track
