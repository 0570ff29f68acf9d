"""The landmark model on a real person, against MediaPipe itself, and on pictures that are hard or empty."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from emo_core.errors import BundleError
from emo_core.faces.landmarks import NUM_LANDMARKS, TASK_PATH, FaceLandmarker, Region, _suppress_overlaps, turned_back
from tests import sample

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "mediapipe_landmarks.npz"
NOSE_TIP = 1


@pytest.fixture(scope="module")
def nose():
    """Where the nose tip is at 1 s, x and y in pixels."""
    return np.array([427.0, 230.0])


def find(landmarker, image):
    """The only face of a picture."""
    (region,) = landmarker.detect(image)
    return landmarker.fit(image, region)


@pytest.mark.parametrize("index", range(6))
class TestAgainstMediaPipe:
    """Its landmarks as `tools/mediapipe_landmarks.py` wrote them; distances as in a picture 512 pixels wide."""

    def distances(self, mesh, expected, frame):
        return np.linalg.norm(mesh.landmarks[:, :2] - expected, axis=1) * 512 / frame.shape[1]

    def test_a_single_picture(self, landmarker, index):
        with np.load(REFERENCE) as reference:
            time_s, expected = reference["times_s"][index], reference["detected"][index]
        assert time_s in sample.clip().timestamps_s
        frame = sample.frame(time_s)
        distances = self.distances(find(landmarker, frame), expected, frame)
        assert distances.mean() < 1.2  # measured 0.47…0.93
        assert distances.max() < 5.0

    def test_a_face_that_is_followed(self, landmarker, index):
        with np.load(REFERENCE) as reference:
            frame, expected = sample.frame(reference["times_s"][index]), reference["tracked"][index]
        mesh = find(landmarker, frame)
        for _ in range(6):
            mesh = landmarker.fit(frame, mesh.region)
        distances = self.distances(mesh, expected, frame)
        assert distances.mean() < 0.25  # measured 0.11…0.15
        assert distances.max() < 1.0


def test_a_face_is_found_where_it_is(landmarker, nose):
    mesh = find(landmarker, sample.frame(1.0))
    assert mesh.landmarks.shape == (NUM_LANDMARKS, 3)
    assert mesh.landmarks.dtype == np.float32
    np.testing.assert_allclose(mesh.landmarks[NOSE_TIP, :2], nose, atol=12)
    left, top, right, bottom = mesh.region.box_xyxy
    assert left < nose[0] < right
    assert top < nose[1] < bottom
    assert mesh.presence_logit > 15


def test_a_small_face_is_found_by_searching_squares(landmarker, nose):
    small = cv2.resize(sample.frame(1.0), None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    canvas = np.full((540, 960, 3), 90, np.uint8)
    canvas[300 : 300 + small.shape[0], 600 : 600 + small.shape[1]] = small
    assert not landmarker._detect_in(canvas, 0, 0, *canvas.shape[:2])  # too small for one look at everything
    mesh = find(landmarker, canvas)
    np.testing.assert_allclose(mesh.landmarks[NOSE_TIP, :2], 0.35 * nose + (600, 300), atol=6)
    assert mesh.presence_logit > 15


@pytest.mark.parametrize("gain", [0.3, 0.1, 0.02])
def test_a_dark_face_is_found(landmarker, nose, gain):
    mesh = find(landmarker, (sample.frame(1.0) * gain).astype(np.uint8))
    np.testing.assert_allclose(mesh.landmarks[NOSE_TIP, :2], nose, atol=12)


def test_two_faces_are_two_regions(landmarker):
    half = sample.frame(1.0)[:, 240:]
    regions = landmarker.detect(np.hstack([half, half]))
    assert sorted(round(region.centre_x / half.shape[1], 1) for region in regions) == [0.5, 1.5]


def empty_pictures():
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3)).astype(np.uint8)
    yield from ((f"flat {level}", np.full_like(noise, level)) for level in (0, 128, 255))
    yield from (("noise", noise), ("dark noise", noise // 30), ("blobs", cv2.GaussianBlur(noise, (0, 0), 9)))


@pytest.mark.parametrize("picture", [pytest.param(picture, id=name) for name, picture in empty_pictures()])
def test_there_is_no_face_where_nothing_is(landmarker, picture):
    assert landmarker.detect(picture) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 700, 3), (700, 2, 3), (8, 8, 3)])
def test_any_size_of_picture_can_be_searched(landmarker, shape):
    assert landmarker.detect(np.full(shape, 90, np.uint8)) == []


@pytest.mark.parametrize("angle_deg", [-40, -20, 20, 40])
def test_the_region_leans_with_the_head(landmarker, angle_deg):
    frame = sample.frame(1.0)
    turn = cv2.getRotationMatrix2D((440, 220), -angle_deg, 1)  # OpenCV counts counter-clockwise
    turned = cv2.warpAffine(frame, turn, frame.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    lean = np.degrees(find(landmarker, turned).region.angle - find(landmarker, frame).region.angle)
    assert lean == pytest.approx(angle_deg, abs=4)


@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_a_missing_or_damaged_model_says_how_to_mend_it(damage, tmp_path, monkeypatch):
    path = tmp_path / "given.task"
    if damage == "cut":
        path.write_bytes(TASK_PATH.read_bytes()[:1000])
    elif damage == "other":
        with zipfile.ZipFile(path, "w") as other:
            other.writestr("notes.txt", "no model")
    monkeypatch.setattr("emo_core.faces.landmarks.TASK_PATH", path)
    with pytest.raises(BundleError, match=r"given\.task is missing or damaged: restore"):
        FaceLandmarker()


def test_a_face_inside_a_face_is_one_and_two_side_by_side_are_two():
    whole, inside, beside = Region(100, 100, 150, 0.0), Region(105, 110, 60, 0.0), Region(170, 100, 150, 0.0)
    assert _suppress_overlaps([(0.9, whole), (0.8, inside)]) == [(0.9, whole)]
    assert len(_suppress_overlaps([(0.9, whole), (0.8, beside)])) == 2


@pytest.mark.parametrize("quarter_turns", range(4))
def test_a_place_of_a_turned_picture_is_found_in_the_picture(quarter_turns):
    picture = np.zeros((20, 30))
    picture[4, 7] = 1
    y, x = np.argwhere(np.rot90(picture, quarter_turns))[0]
    back = turned_back(Region(float(x), float(y), 5.0, 0.0), quarter_turns, picture.shape)
    assert (back.centre_x, back.centre_y) == (7, 4)
    assert back.angle == pytest.approx(quarter_turns * np.pi / 2)
