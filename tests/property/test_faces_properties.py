"""What holds of alignment, pose, intensity and boxes whatever the face."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_core.faces.alignment import EYE_CENTRES, alignment, eye_distance, normalize_intensity
from emo_core.faces.landmarks import NUM_LANDMARKS, overlap
from emo_core.faces.tracking import head_pose

COORDINATES = st.floats(-2000, 2000)
ANGLES = st.floats(-np.pi, np.pi)
SIDES = st.sampled_from([32, 48, 96])


@st.composite
def frontal_eyes(draw):
    """Eye centres (2, 3) at one depth, at any angle."""
    centre = np.array([draw(COORDINATES), draw(COORDINATES), draw(COORDINATES)])
    angle, half = draw(ANGLES), draw(st.floats(2, 500)) / 2
    offset = half * np.array([np.cos(angle), np.sin(angle), 0])
    return np.stack([centre - offset, centre + offset])


@st.composite
def eyes_in_space(draw):
    eyes = draw(frontal_eyes())
    eyes[1, 2] += draw(st.floats(-1, 1)) * np.linalg.norm(eyes[1] - eyes[0])
    return eyes


@st.composite
def similarities(draw):
    """Scale, rotation (2, 2) with that scale, and shift (2,)."""
    scale, angle = draw(st.floats(0.1, 10)), draw(ANGLES)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return scale, np.array([[cos, -sin], [sin, cos]]), np.array([draw(COORDINATES), draw(COORDINATES)])


def apply(transform, points):
    return points @ transform[:, :2].T + transform[:, 2]


@given(frontal_eyes(), SIDES)
def test_frontal_eyes_land_at_their_places(eyes, side):
    crop_points = apply(alignment(eyes, side), eyes[:, :2])
    np.testing.assert_allclose((crop_points + 0.5) / side, EYE_CENTRES, atol=1e-6)


@given(eyes_in_space(), SIDES)
def test_eyes_are_level_and_centred_however_the_head_turns(eyes, side):
    left, right = apply(alignment(eyes, side), eyes[:, :2])
    assert abs(left[1] - right[1]) < 1e-5
    assert left[0] <= right[0]
    np.testing.assert_allclose((left + right) / 2, EYE_CENTRES.mean(axis=0) * side - 0.5, atol=1e-5)


@given(eyes_in_space(), SIDES, arrays(np.float64, (5, 2), elements=COORDINATES))
def test_there_and_back_again(eyes, side, points):
    transform = alignment(eyes, side)
    back = np.linalg.solve(transform[:, :2], (apply(transform, points) - transform[:, 2]).T).T
    np.testing.assert_allclose(back, points, atol=1e-5)


@given(eyes_in_space(), SIDES, similarities(), arrays(np.float64, (5, 2), elements=COORDINATES))
def test_a_moved_picture_gives_the_same_crop(eyes, side, similarity, points):
    scale, rotation, shift = similarity
    moved = np.column_stack([eyes[:, :2] @ rotation.T + shift, scale * eyes[:, 2]])
    expected = apply(alignment(eyes, side), points)
    actual = apply(alignment(moved, side), points @ rotation.T + shift)
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-4 * side)


@given(eyes_in_space(), st.floats(1.5, 4))
def test_a_larger_crop_shows_the_same(eyes, factor):
    small, large = alignment(eyes, 48), alignment(eyes, round(48 * factor))
    points = eyes[:, :2]
    np.testing.assert_allclose(
        (apply(small, points) + 0.5) / 48, (apply(large, points) + 0.5) / round(48 * factor), atol=1e-6
    )


@given(frontal_eyes(), ANGLES)
def test_eye_distance_does_not_shrink_when_the_head_turns(eyes, angle):
    middle = eyes.mean(axis=0)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    turned = (eyes - middle) @ turn.T + middle
    np.testing.assert_allclose(eye_distance(turned), eye_distance(eyes), rtol=1e-6)


@given(st.integers(0, 2**32 - 1), similarities())
def test_pose_does_not_depend_on_place_and_size(seed, similarity):
    """Of points scattered at random, so that eyes, chin and forehead are apart, as they are in any face."""
    scale, _, shift = similarity
    landmarks = np.random.default_rng(seed).uniform(-500, 500, (NUM_LANDMARKS, 3)).astype(np.float32)
    pose = head_pose(landmarks)
    assert np.isfinite(pose).all()
    assert pose.shape == (3,)
    moved = (landmarks * scale + np.append(shift, 0)).astype(np.float32)
    apart = np.abs(head_pose(moved) - pose)
    np.testing.assert_allclose(np.minimum(apart, 360 - apart), 0, atol=1.0)  # 180° is −180°


@given(arrays(np.float32, (NUM_LANDMARKS, 3), elements=st.floats(-500, 500, width=32)))
@settings(max_examples=25)
def test_any_points_have_a_finite_pose(landmarks):
    assert np.isfinite(head_pose(landmarks)).all()


def test_a_heap_of_points_looks_straight_ahead():
    for heap in (np.zeros((NUM_LANDMARKS, 3), np.float32), -np.zeros((NUM_LANDMARKS, 3), np.float32)):
        assert head_pose(heap)[0] == 0
        assert head_pose(heap)[2] == 0


@given(arrays(np.uint8, (16, 16), elements=st.integers(0, 50)), st.integers(1, 5), st.integers(0, 5))
def test_gain_and_offset_leave_no_trace(crop, gain, offset):
    crop[8:] = crop[8:] // 2 + 25
    crop[5, 5:11], crop[6, 5:11] = 0, 50  # enough contrast not to count as flat
    np.testing.assert_allclose(
        normalize_intensity((crop * gain + offset).astype(np.uint8)), normalize_intensity(crop), atol=1e-4
    )


@given(arrays(np.uint8, st.tuples(st.integers(1, 3), st.just(24), st.just(24))))
def test_normalized_faces_lie_in_the_unit_interval_and_do_not_mix(crops):
    faces = normalize_intensity(crops)
    assert faces.min() >= 0
    assert faces.max() <= 1
    for crop, face in zip(crops, faces, strict=True):
        np.testing.assert_allclose(normalize_intensity(crop), face, atol=1e-5)
        order = np.argsort(crop, axis=None)
        assert (np.diff(face.ravel()[order]) >= 0).all()  # brighter stays brighter


@st.composite
def boxes(draw):
    corner = np.array([draw(st.integers(-50, 50)), draw(st.integers(-50, 50))], np.float32)
    return np.concatenate([corner, corner + np.array([draw(st.integers(1, 80)), draw(st.integers(1, 80))], np.float32)])


@given(boxes(), boxes())
def test_overlap_is_a_symmetric_share(a, b):
    assert 0 <= overlap(a, b) <= 1
    assert overlap(a, b) == overlap(b, a)
    assert overlap(a, a) == 1
