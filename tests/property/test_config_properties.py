"""Settings survive their JSON form."""

import json

from hypothesis import given
from hypothesis import strategies as st

from emo_core.config import PipelineConfig

WINDOWS = st.integers(1, 64).flatmap(lambda steps: st.tuples(st.just(steps), st.integers(1, steps)))
CONFIGS = st.builds(
    lambda rate, side, window, face, blend, share: PipelineConfig(rate, side, *window, face, blend, share),
    st.floats(0.5, 60),
    st.integers(1, 256),
    WINDOWS,
    st.floats(0, 5),
    st.floats(0, 0.5),
    st.floats(0, 1),
)


@given(CONFIGS)
def test_json_round_trip(config):
    assert PipelineConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@given(CONFIGS)
def test_a_verdict_needs_at_least_one_frame(config):
    assert config.min_face_frames >= 1
    assert abs(config.min_face_frames - config.min_face_s * config.sample_rate_hz) <= 1
