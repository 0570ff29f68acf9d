"""Bundles made by the training commands on tiny networks and made pictures, once for all processes that run tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from filelock import FileLock

from emo_core.config import PipelineConfig
from tests.tiny import (
    CONFIG,
    align_without_landmarks,
    run_command,
    watch_without_video,
    write_demo,
    write_ferplus,
)

FRAMES = {"batch_size": 32, "half_precision": False, "damage_share": 0.0}
HEAD = {"batch_size": 128, "clips_per_epoch": 64, "num_held_out": 60, "num_neighbourhoods": 2, "rendered_repeats": 1}


@contextmanager
def eager() -> Iterator[None]:
    """TensorFlow step by step: for a network that sees a handful of batches, tracing it takes longer than running it.

    The tests of one training each (`test_train_head`, `test_train_frames`) trace theirs as the commands do.
    """
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


@pytest.fixture(scope="module")
def eagerly():
    """As :func:`eager`, for the tests of a module."""
    with eager():
        yield


@contextmanager
def small() -> Iterator[None]:
    """The commands with small recipes, small windows, and no landmark model, step by step."""
    import emo_core.training.experiments.ablation  # noqa: F401  (has the recipe in its types: before it is another)
    from emo_core.training.frame_cnn import FrameTraining
    from emo_core.training.head import HeadTraining

    with pytest.MonkeyPatch.context() as patch, eager():
        patch.setattr("emo_core.training.frame_cnn.FrameTraining", partial(FrameTraining, **FRAMES))
        patch.setattr("emo_core.training.head.HeadTraining", partial(HeadTraining, **HEAD))
        patch.setattr("emo_core.training.build.PipelineConfig", partial(PipelineConfig, **CONFIG.to_dict()))
        patch.setattr("emo_core.datasets.pictures.ferplus.align_stills", align_without_landmarks)
        patch.setattr("emo_core.datasets.feature_cache.extract_clip_features", watch_without_video)
        yield


@pytest.fixture(scope="module")
def small_recipes():
    """As :func:`small`, for the tests of a module."""
    with small():
        yield


@pytest.fixture(scope="session")
def built_once(tmp_path_factory):
    """Function that gives the folder of a name, built by the process that asks first; the others wait for it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def built_once(name, build):
        folder, part = shared / name, shared / f"{name}.part"
        with FileLock(shared / f"{name}.lock"):
            if not folder.exists():
                shutil.rmtree(part, ignore_errors=True)  # of a process in which it failed
                part.mkdir()
                build(part)
                part.rename(folder)
        return folder

    return built_once


@pytest.fixture(scope="session")
def data(built_once):
    """Pictures with votes and a manifest of stand-in clips; do not change them."""

    def build(folder):
        write_demo(write_ferplus(folder) / "demo")

    return built_once("ferplus", build)


@pytest.fixture(scope="session")
def frames_only(data, built_once):
    """A bundle after ``train-frames``; do not change it."""

    def build(folder):
        with small():
            assert run_command("train-frames", data, folder / "studio", "--epochs", "2", "--seed", "3") == 0

    return built_once("frames", build) / "studio"


@pytest.fixture(scope="session")
def whole(data, frames_only, built_once):
    """A bundle after ``train-frames`` and ``train``; do not change it."""

    def build(folder):
        shutil.copytree(frames_only, folder / "studio")
        with small():
            assert run_command("train", data, folder / "studio", "--epochs", "2", "--seed", "4") == 0

    return built_once("whole", build) / "studio"
