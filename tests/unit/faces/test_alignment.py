"""Aligning, posing and evening out the face of a real person; frames come from :mod:`tests.sample`."""

import numpy as np
import pytest

from emo_core.faces.alignment import (
    EYE_CENTRES,
    align_face,
    alignment,
    eye_centres,
    eye_distance,
    normalize_intensity,
)
from emo_core.faces.tracking import head_pose
from tests import sample
from tests.unit.faces.pictures import SIDE, find, turn

FOREHEAD = 10


class TestAlignment:
    def test_eyes_of_real_crops_lie_where_they_should(self, landmarker, whole):
        level = np.abs(whole.pose_deg[:, 0]) < 6
        assert level.sum() > 10
        shares = []
        for landmarks in whole.landmarks[level]:
            eyes = eye_centres(landmarks)
            transform = alignment(eyes, SIDE)
            shares.append((eyes[:, :2] @ transform[:, :2].T + transform[:, 2] + 0.5) / SIDE)
        np.testing.assert_allclose(shares, np.broadcast_to(EYE_CENTRES, np.shape(shares)), atol=0.01)

    def test_pupils_are_dark_at_the_eye_centres(self, landmarker):
        frame = sample.frame(7.5)  # eyes open
        crop = align_face(frame, eye_centres(find(landmarker, frame)), 96)
        rows, columns = np.indices(crop.shape)
        for x, y in EYE_CENTRES * 96 - 0.5:
            eye = crop[np.hypot(rows - y, columns - x) < 8]
            cheek = crop[np.hypot(rows - y - 22, columns - x) < 8]
            assert eye.mean() < cheek.mean() - 20

    @pytest.mark.parametrize(("angle_deg", "scale"), [(20, 1.0), (-30, 1.0), (0, 0.75), (15, 1.25)])
    def test_the_crop_does_not_change_with_the_picture(self, landmarker, angle_deg, scale):
        frame = sample.frame(10.0)
        eyes = eye_centres(find(landmarker, frame))
        turned, matrix = turn(frame, angle_deg, scale)
        moved = np.column_stack([eyes[:, :2] @ matrix[:, :2].T + matrix[:, 2], scale * eyes[:, 2]])
        expected, actual = (align_face(*pair, SIDE).astype(int) for pair in ((frame, eyes), (turned, moved)))
        assert np.abs(actual - expected)[:40].mean() < 2.5  # below it the turned picture shows its border
        again = align_face(turned, eye_centres(find(landmarker, turned)), SIDE).astype(int)  # landmarks and all
        assert np.abs(again - expected)[:40].mean() < 8

    def test_a_large_face_does_not_alias(self):
        stripes = np.zeros((900, 900, 3), np.uint8)
        stripes[:, ::2] = 255
        eyes = np.array([[300.0, 400.0, 0.0], [600.0, 400.0, 0.0]])
        crop = align_face(stripes, eyes, SIDE)
        assert crop[5:-5, 5:-5].std() < 12
        assert crop.mean() == pytest.approx(127, abs=3)

    def test_a_turned_face_is_no_small_face(self):
        frontal = np.array([[0.0, 0.0, 0.0], [60.0, 0.0, 0.0]])
        turned = np.array([[0.0, 0.0, 0.0], [48.0, 0.0, 36.0]])
        assert eye_distance(turned) == eye_distance(frontal) == 60
        scales = [np.linalg.norm(alignment(eyes, SIDE)[0, :2]) for eyes in (frontal, turned)]
        assert scales[0] == pytest.approx(scales[1])


class TestPose:
    @pytest.mark.parametrize("time_s", [0.5, 15.0])
    def test_the_mirror_turns_yaw_and_roll_around(self, landmarker, time_s):
        frame = sample.frame(time_s)
        pose = head_pose(find(landmarker, frame))
        mirrored = head_pose(find(landmarker, np.ascontiguousarray(frame[:, ::-1])))
        assert abs(pose[0]) > 8
        np.testing.assert_allclose(mirrored, pose * (-1, 1, -1), atol=4)

    def test_turning_to_the_right_of_the_picture_is_positive(self, whole):
        """At 0.5 s the nose points to the left of the picture, at 15 s to the right."""
        nose_tip, sides = 1, [234, 454]
        for index, sign in ((1, -1), (30, 1)):
            landmarks = whole.landmarks[index]
            assert np.sign(landmarks[nose_tip, 0] - landmarks[sides, 0].mean()) == sign
            assert np.sign(whole.pose_deg[index, 0]) == sign

    @pytest.mark.parametrize("angle_deg", [-20, 20])
    def test_roll_counts_clockwise(self, landmarker, angle_deg):
        frame = sample.frame(10.0)
        before, after = (head_pose(find(landmarker, image)) for image in (frame, turn(frame, angle_deg)[0]))
        assert after[2] - before[2] == pytest.approx(angle_deg, abs=3)
        np.testing.assert_allclose(after[:2], before[:2], atol=6)

    def test_looking_down_is_positive(self, landmarker):
        landmarks = find(landmarker, sample.frame(10.0))
        nod = np.radians(15)  # the forehead comes nearer, the chin goes away
        centre = landmarks.mean(axis=0)
        rotation = np.array([[1, 0, 0], [0, np.cos(nod), -np.sin(nod)], [0, np.sin(nod), np.cos(nod)]])
        nodded = ((landmarks - centre) @ rotation.T + centre).astype(np.float32)
        assert nodded[FOREHEAD, 2] < landmarks[FOREHEAD, 2]
        assert head_pose(nodded)[1] - head_pose(landmarks)[1] == pytest.approx(15, abs=1.5)


class TestIntensity:
    def test_the_face_has_a_standard_mean_and_contrast(self, whole):
        faces = normalize_intensity(whole.crops)
        assert faces.shape == whole.crops.shape
        assert faces.dtype == np.float32
        inner = faces[:, 6:-6, 6:-6]
        np.testing.assert_allclose(inner.mean(axis=(1, 2)), 0.5, atol=0.02)
        np.testing.assert_allclose(inner.std(axis=(1, 2)), 0.2, atol=0.02)

    def test_the_same_face_in_other_light_looks_the_same(self, whole):
        crop = whole.crops[0].astype(float)
        dim, bright = (np.round(light).astype(np.uint8) for light in (0.4 * crop, 60 + 0.7 * crop))
        for other in (dim, bright):
            np.testing.assert_allclose(normalize_intensity(other), normalize_intensity(whole.crops[0]), atol=0.02)

    @pytest.mark.parametrize("level", [0, 128, 255])
    def test_a_flat_crop_stays_flat(self, level):
        np.testing.assert_array_equal(normalize_intensity(np.full((SIDE, SIDE), level, np.uint8)), 0.5)

    def test_faint_noise_is_not_blown_up(self):
        noise = 128 + np.random.default_rng(0).integers(0, 2, (SIDE, SIDE)).astype(np.uint8)
        assert normalize_intensity(noise).std() < 0.05
