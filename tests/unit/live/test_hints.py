"""Hints in words: each fault of the picture has its own, the worst first, and a good picture has none."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from emo_core.faces.landmarks import FaceLandmarker
from emo_core.faces.tracking import FaceTracker
from emo_core.inference.pipeline import normalize_clip
from emo_core.live.hints import BACK, BLURRED, CLEAR, CLOSER, NO_FACE, TOO_BRIGHT, TOO_DARK, TURN, capture_hints
from tests import sample

SIZE = (360, 640)


def hints(frames, size=SIZE):
    (track,) = (
        FaceTracker(FaceLandmarker(), 48)
        .track(sample.make_clip([np.asarray(f, np.uint8) for f in frames], 10.0))
        .values()
    )
    return capture_hints(track, normalize_clip(track), size)


@pytest.fixture(scope="module")
def faces():
    return [sample.frame(time_s) for time_s in (13.0, 13.5, 14.0)]


def test_a_good_picture_needs_nothing(faces):
    assert hints(faces) == ()


def test_too_dark(faces):
    assert hints([frame * 0.09 for frame in faces])[0] == TOO_DARK


def test_too_bright(faces):
    assert hints([np.clip(frame * 3.0 + 60, 0, 255) for frame in faces])[0] == TOO_BRIGHT


def test_blurred(faces):
    assert BLURRED in hints([cv2.GaussianBlur(frame, (0, 0), 16) for frame in faces])


def changed(faces, **fields):
    (track,) = FaceTracker(FaceLandmarker(), 48).track(sample.make_clip(faces, 10.0)).values()
    track = replace(track, **{name: make(track) for name, make in fields.items()})
    return capture_hints(track, normalize_clip(track), SIZE)


def test_too_far(faces):
    assert changed(faces, eye_distance_px=lambda track: track.eye_distance_px * 0 + 12) == (CLOSER,)


def test_turned_away(faces):
    assert changed(faces, pose_deg=lambda track: np.add(track.pose_deg, [55, 0, 0])) == (TURN,)


def test_a_hand_before_the_face(faces):
    assert changed(faces, confidence=lambda track: track.confidence * 0 + 0.2) == (CLEAR,)


def test_cut_off_by_the_edge(faces):
    assert changed(faces, boxes_xyxy=lambda track: np.add(track.boxes_xyxy, [400, 0, 400, 0])) == (BACK,)


def test_a_face_gone_most_of_the_time(faces):
    assert changed(faces, detected=lambda track: np.array([True, False, False])) == (NO_FACE,)


def test_no_more_than_two_at_once(faces):
    found = changed(
        faces,
        pose_deg=lambda track: np.add(track.pose_deg, [65, 0, 0]),
        confidence=lambda track: track.confidence * 0 + 0.4,
        eye_distance_px=lambda track: track.eye_distance_px * 0 + 16,
    )
    assert len(found) == 2
    assert found[0] == TURN
