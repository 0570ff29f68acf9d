import dataclasses

import pytest

from emo_core.config import PipelineConfig


def test_the_defaults_are_those_of_the_method():
    config = PipelineConfig()
    assert (config.sample_rate_hz, config.crop_side_px, config.window_steps) == (10.0, 48, 32)
    assert (config.min_face_s, config.min_face_frames, config.blend_share) == (0.5, 5, 0.25)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PipelineConfig().hop_steps = 3


@pytest.mark.parametrize(
    "wrong",
    [{"hop_steps": 0}, {"hop_steps": 33}, {"hop_steps": -1}, {"sample_rate_hz": 0}, {"crop_side_px": 0}],
    ids=str,
)
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PipelineConfig(**wrong)


def test_an_unknown_setting_names_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown settings \['hop'\]; known are .*hop_steps"):
        PipelineConfig.from_dict({"hop": 3})
