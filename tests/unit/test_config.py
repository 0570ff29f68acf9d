import dataclasses

import pytest

from emo_core.config import PipelineConfig, ServerConfig
from emo_core.errors import SettingError


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


class TestServer:
    @pytest.fixture(autouse=True)
    def _unset(self, monkeypatch):
        for name in ("EMO_JOBS", "EMO_JOB_MINUTES", "EMO_JOB_MB", "EMO_LIVE_VIEWS"):
            monkeypatch.delenv(name, raising=False)

    def test_says_what_a_server_may_do_at_a_time(self, monkeypatch):
        monkeypatch.setattr("os.cpu_count", lambda: 6)
        assert ServerConfig.from_environment() == ServerConfig(6, 60, 2048, 12)
        monkeypatch.setenv("EMO_JOBS", "0")
        monkeypatch.setenv("EMO_JOB_MB", " 512 ")
        assert ServerConfig.from_environment() == ServerConfig(0, 60, 512, 12)

    @pytest.mark.parametrize("text", ["-1", "two", "1.5", "0", "²", "9" * 12])
    def test_refuses_what_is_no_number(self, monkeypatch, text):
        monkeypatch.setenv("EMO_JOB_MINUTES", text)
        with pytest.raises(SettingError, match="EMO_JOB_MINUTES is no whole number from 1 to"):
            ServerConfig.from_environment()

    def test_what_is_public_gets_less_of_the_server(self, monkeypatch):
        monkeypatch.setattr("os.cpu_count", lambda: 6)
        monkeypatch.setenv("EMO_PUBLIC", "1")
        found = ServerConfig.from_environment()
        assert (found.public, found.job_minutes, found.live_views) == (True, 10, 6)
        monkeypatch.setenv("EMO_PUBLIC", "yes")
        with pytest.raises(SettingError, match="EMO_PUBLIC is neither 0 nor 1"):
            ServerConfig.from_environment()
