"""What tests of several modules share: the shipped bundle, and short clips cut from the sample."""

import pylibsrtp  # noqa: F401, I001  (before everything that may load TensorFlow: the other order ends the process)
import os

# Tests run side by side, a core each: threads of their libraries would only wait for one another
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1")

import gc
import hashlib
import shutil
from dataclasses import replace

import pytest
from hypothesis import settings

from emo_core.faces.landmarks import FaceLandmarker
from emo_core.inference.pipeline import analyze
from emo_core.model.bundle import load_bundle
from emo_core.video.reader import open_video
from emo_core.video.writer import write_video
from tests import sample

MODEL = sample.PATH.parent.parent / "models" / "hybrid"


os.environ["EMO_JOBS"] = "0"  # work of visitors is done here, where tests stub it; a server of a test has workers

_LONGEST_FIRST = (
    "test_teach.py", "test_several.py", "test_accessibility.py", "test_take_away.py", "test_turns.py", "test_study.py",
    "test_showing.py", "test_server.py", "test_app.py", "test_hostile_names.py", "test_accessibility_study.py",
    "test_accessibility_showing.py", "test_two_models.py", "training", "test_heatmap_checks.py", "test_teach_models.py",
)  # fmt: skip
"""Files, and a folder of them. Each process is given two at a time, so short ones stand behind the three longest."""


def pytest_collection_modifyitems(items):
    """The files that take longest come first, so that no process is left alone with one at the end."""
    places = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: min(places.get(part, len(places)) for part in item.path.parts))


settings.register_profile("studio", deadline=None)  # a busy machine is no failure
settings.load_profile("studio")


@pytest.fixture(scope="module", autouse=True)
def out_of_the_way():
    """What is there already is not looked through by garbage collections, of which Streamlit makes one for every run.

    TensorFlow alone brings so many objects that each would take half a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def hybrid():
    """The shipped bundle."""
    return load_bundle(MODEL)


@pytest.fixture(scope="session")
def laughter_frames():
    """(40, 360, 640, 3) frames of 13–17 s of the sample at 10 Hz: one laughing face in each."""
    with open_video(sample.PATH) as reader:
        kept = [
            frame.copy()
            for clip in reader.clips(10.0)
            for frame, time_s in zip(clip.frames, clip.timestamps_s, strict=True)
            if 13 <= time_s < 17
        ]
    return kept[:40]


@pytest.fixture(scope="session")
def laughter(tmp_path_factory, laughter_frames):
    """Path of a clip of four seconds of laughter; do not change it."""
    path = tmp_path_factory.mktemp("clips") / "laughter.mp4"
    write_video(path, laughter_frames, 10.0)
    return path


@pytest.fixture(scope="session")
def laughter_analysis(hybrid, laughter):
    """What the shipped model finds in the clip of laughter; do not change it."""
    return analyze(laughter, hybrid)


@pytest.fixture(scope="session")
def sample_analysis(hybrid):
    """What it finds in the whole sample: distress until 9 s, a hand before the face at 3–6.5 s, laughter from 11 s."""
    return analyze(sample.PATH, hybrid)


@pytest.fixture
def short_laughter(tmp_path, laughter_frames):
    """Function that puts a clip of a little more than a second under a name of one's own."""
    made = tmp_path / "made.mp4"
    write_video(made, laughter_frames[:12], 10.0)

    def place(name):
        return shutil.copy(made, tmp_path / name)

    return place


@pytest.fixture(scope="module")
def frames_known_again():
    """What the landmark model finds in a frame is not found again: for tests that judge the same frames many times."""
    meshes, regions = {}, {}
    fit, detect = FaceLandmarker.fit, FaceLandmarker.detect

    def fit_once(self, image, region):
        key = hashlib.sha1(image, usedforsecurity=False).digest(), image.shape, region
        if key not in meshes:
            meshes[key] = fit(self, image, region)
        return replace(meshes[key], landmarks=meshes[key].landmarks.copy())

    def detect_once(self, image, *, thorough=True):
        key = hashlib.sha1(image, usedforsecurity=False).digest(), image.shape, thorough
        if key not in regions:
            regions[key] = detect(self, image, thorough=thorough)
        return list(regions[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FaceLandmarker, "fit", fit_once)
        patch.setattr(FaceLandmarker, "detect", detect_once)
        yield
