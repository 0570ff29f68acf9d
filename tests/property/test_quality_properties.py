"""What holds of quality whatever the frames."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_core.faces.quality import measure_quality, overall_quality, usable
from emo_core.types import QUALITY_COMPONENTS, FaceTrack

UNIT = st.floats(0, 1, width=32)
ANYTHING = st.floats(width=32, allow_nan=True, allow_infinity=True)
NAMES = st.sampled_from(QUALITY_COMPONENTS)


@st.composite
def tracks(draw):
    frames = draw(st.integers(0, 3))
    return FaceTrack(
        crops=draw(arrays(np.uint8, (frames, 12, 12))),
        boxes_xyxy=np.zeros((frames, 4), np.float32),
        landmarks=np.zeros((frames, 1, 3), np.float32),
        pose_deg=draw(arrays(np.float32, (frames, 3), elements=ANYTHING)),
        confidence=draw(arrays(np.float32, frames, elements=ANYTHING)),
        eye_distance_px=draw(arrays(np.float32, frames, elements=ANYTHING)),
        detected=draw(arrays(np.bool_, frames)),
    )


@given(tracks())
def test_quality_is_in_range_and_zero_without_a_face(track):
    components = measure_quality(track)
    quality = overall_quality(components)  # refuses components that are NaN or outside [0, 1]
    for values in (*components.values(), quality):
        assert values.dtype == np.float32
        assert values.shape == track.detected.shape
        assert np.all((values >= 0) & (values <= 1))
        assert not values[~track.detected].any()
    assert not usable(track.detected, quality)[~track.detected].any()


def column(values: dict[str, float]) -> dict[str, np.ndarray]:
    return {name: np.array([value], np.float32) for name, value in values.items()}


@given(st.fixed_dictionaries(dict.fromkeys(QUALITY_COMPONENTS, UNIT)), NAMES, UNIT)
@settings(max_examples=200)
def test_overall_quality_never_falls_when_a_component_rises(values, name, other):
    low, high = sorted((values[name], other))
    worse = overall_quality(column(values | {name: low}))[0]
    better = overall_quality(column(values | {name: high}))[0]
    assert worse <= better + 1e-6


@given(st.fixed_dictionaries(dict.fromkeys(QUALITY_COMPONENTS, UNIT)))
def test_overall_quality_lies_between_the_worst_component_and_the_geometric_mean(values):
    quality = float(overall_quality(column(values))[0])
    parts = np.array(list(values.values()), np.float64)
    assert parts.min() - 1e-6 <= quality <= np.prod(parts ** (1 / len(parts))) + 1e-6


@given(st.fixed_dictionaries(dict.fromkeys(QUALITY_COMPONENTS, st.floats(0.01, 1))), NAMES)
def test_overall_quality_is_continuous(values, name):
    moved = values | {name: min(1.0, values[name] + 1e-5)}
    assert abs(overall_quality(column(values))[0] - overall_quality(column(moved))[0]) < 1e-3


@given(UNIT)
def test_equal_components_are_the_quality(value):
    assert abs(overall_quality(column(dict.fromkeys(QUALITY_COMPONENTS, value)))[0] - value) < 1e-6
