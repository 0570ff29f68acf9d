"""Each component of quality falls when its cause is applied, and only then."""

import time

import cv2
import numpy as np
import pytest

from emo_core.faces.quality import MIN_QUALITY, measure_quality, overall_quality, usable
from emo_core.types import QUALITY_COMPONENTS, FaceTrack

SIDE = 48


def draw_face(side: int = SIDE) -> np.ndarray:
    """A drawn face in FER+ framing: smooth shading, hard edges at eyes, brows, mouth and hair."""
    big = np.full((480, 480), 150, np.uint8)
    big[:, :] = np.linspace(120, 180, 480, dtype=np.uint8)
    cv2.rectangle(big, (0, 0), (480, 70), 40, -1)
    for x in (149, 324):
        cv2.ellipse(big, (x, 185), (42, 18), 0, 0, 360, 215, -1)
        cv2.circle(big, (x, 185), 16, 30, -1)
        cv2.line(big, (x - 50, 135), (x + 50, 130), 60, 16)
    cv2.line(big, (240, 200), (225, 285), 105, 12)
    cv2.ellipse(big, (240, 365), (75, 22), 0, 0, 360, 80, -1)
    cv2.ellipse(big, (240, 365), (60, 9), 0, 0, 360, 225, -1)
    return cv2.resize(big, (side, side), interpolation=cv2.INTER_AREA)


FACE = draw_face()


def track_of(
    *crops: np.ndarray,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    confidence: float = 1.0,
    eyes_px: float = 60.0,
    detected: bool = True,
) -> FaceTrack:
    frames = len(crops)
    return FaceTrack(
        crops=np.stack(crops).astype(np.uint8),
        boxes_xyxy=np.zeros((frames, 4), np.float32),
        landmarks=np.zeros((frames, 478, 3), np.float32),
        pose_deg=np.tile(np.array([yaw, pitch, roll], np.float32), (frames, 1)),
        confidence=np.full(frames, confidence, np.float32),
        eye_distance_px=np.full(frames, eyes_px, np.float32),
        detected=np.full(frames, detected),
    )


def component(name: str, *crops: np.ndarray, **changes: float) -> float:
    return float(measure_quality(track_of(*(crops or (FACE,)), **changes))[name][0])


def blurred(sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(FACE, (0, 0), sigma)


def scaled(gain: float, offset: float = 0.0) -> np.ndarray:
    return np.clip(FACE * gain + offset, 0, 255).astype(np.uint8)


def test_a_good_frame_is_good_in_every_component():
    components = measure_quality(track_of(FACE))
    assert tuple(components) == QUALITY_COMPONENTS
    for name, values in components.items():
        assert values.dtype == np.float32
        assert values.shape == (1,)
        assert values[0] >= 0.8, name
    assert overall_quality(components)[0] > 0.8


def test_sharpness_falls_with_blur():
    sharpness = [component("sharpness", blurred(sigma)) for sigma in (0.3, 1.0, 2.0, 3.0)]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 0.8
    assert sharpness[2] < 0.4
    assert sharpness[3] < 0.15


def test_motion_blur_lowers_sharpness():
    moved = cv2.blur(FACE, (1, 9))
    assert component("sharpness", moved) < component("sharpness") - 0.05


def test_noise_on_a_blurred_face_is_not_detail():
    noise = np.random.default_rng(0).normal(0, 3, FACE.shape)
    noisy = np.clip(blurred(2.5) + noise, 0, 255).astype(np.uint8)
    assert component("sharpness", noisy) < 0.4


def test_sharpness_does_not_depend_on_contrast():
    assert component("sharpness", scaled(0.5, 60)) == pytest.approx(component("sharpness"), abs=0.03)


@pytest.mark.parametrize(
    "crop",
    [scaled(0.15), scaled(1.0, 110), scaled(2.5, -20), scaled(0.06, 120), scaled(1.0, -140)],
    ids=["dark", "bright", "blown", "flat", "crushed"],
)
def test_exposure_falls_with_light_that_is_lost(crop):
    assert component("exposure", crop) < 0.7
    assert component("exposure") == 1.0


def half_lost(level: int) -> np.ndarray:
    crop = FACE.copy()
    crop[:, : SIDE // 2] = level
    return crop


@pytest.mark.parametrize(
    "crop",
    [half_lost(0), half_lost(255), np.where(np.indices(FACE.shape).sum(0) % 2, 249, 215)],
    ids=["black", "white", "mean"],
)
def test_each_loss_of_light_counts_by_itself(crop):
    assert crop.std() > 16  # contrast is fine
    assert crop.mean() > 40
    assert component("exposure", crop) < 0.7


@pytest.mark.parametrize("gain", [0.4, 0.6, 1.2])
def test_exposure_judges_contrast_not_the_mean(gain):
    crop = scaled(gain)
    assert component("exposure", crop) == 1.0
    if gain == 0.4:
        assert crop.mean() < 62


def test_exposure_falls_steadily_with_darkness():
    exposure = [component("exposure", scaled(gain)) for gain in (0.5, 0.3, 0.2, 0.1, 0.05, 0.0)]
    assert exposure == sorted(exposure, reverse=True)
    assert exposure[-1] == 0


@pytest.mark.parametrize(("eyes_px", "expected"), [(200, 1), (17.52, 1), (10.76, 0.5), (4, 0), (1, 0), (np.nan, 0)])
def test_face_size_is_measured_against_the_crop(eyes_px, expected):
    assert component("face_size", eyes_px=eyes_px) == pytest.approx(expected, abs=1e-3)


def test_a_larger_crop_asks_for_a_larger_face():
    assert component("face_size", draw_face(96), eyes_px=17.52) < 0.5


@pytest.mark.parametrize(
    ("yaw", "pitch", "expected"),
    [
        (0, 0, 1),
        (9, 0, 1),
        (-9, 0, 1),
        (35, 0, 0.5),
        (-35, 0, 0.5),
        (0, 35, 0.5),
        (70, 0, 0),
        (180, 180, 0),
        (np.nan, 0, 0),
    ],
)
def test_frontalness_falls_with_turning(yaw, pitch, expected):
    assert component("frontalness", yaw=yaw, pitch=pitch) == pytest.approx(expected, abs=1e-3)


def test_turning_two_ways_is_further_from_frontal():
    assert component("frontalness", yaw=25, pitch=25) < component("frontalness", yaw=25) - 0.1


def test_roll_costs_nothing():
    assert component("frontalness", roll=80) == 1


@pytest.mark.parametrize(("confidence", "expected"), [(0.3, 0.3), (1.2, 1), (-1, 0), (np.nan, 0)])
def test_confidence_is_passed_through(confidence, expected):
    assert component("confidence", confidence=confidence) == pytest.approx(expected)


def test_frames_without_a_face_have_no_quality():
    components = measure_quality(track_of(FACE, FACE, detected=False))
    assert all(not values.any() for values in components.values())
    assert not overall_quality(components).any()


def test_frames_are_judged_one_by_one():
    crops = (FACE, blurred(2), scaled(0.1))
    together = measure_quality(track_of(*crops))
    for index, crop in enumerate(crops):
        for name, values in measure_quality(track_of(crop)).items():
            assert together[name][index] == values[0]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_constant_crop_is_poor_but_no_error(level):
    components = measure_quality(track_of(np.full((SIDE, SIDE), level, np.uint8)))
    assert components["sharpness"][0] == 0
    assert components["exposure"][0] == 0
    assert overall_quality(components)[0] == 0


def test_no_frames_at_all():
    empty = FaceTrack(
        *(np.zeros((0, *shape), kind) for shape, kind in (
            ((SIDE, SIDE), np.uint8), ((4,), np.float32), ((478, 3), np.float32), ((3,), np.float32),
            ((), np.float32), ((), np.float32), ((), np.bool_),
        ))
    )  # fmt: skip
    assert overall_quality(measure_quality(empty)).shape == (0,)


def components_of(**changes: float) -> dict[str, np.ndarray]:
    return {name: np.array([changes.get(name, 1.0)], np.float32) for name in QUALITY_COMPONENTS}


@pytest.mark.parametrize("name", QUALITY_COMPONENTS)
def test_one_bad_component_pulls_the_whole_down(name):
    assert overall_quality(components_of())[0] == 1
    assert overall_quality(components_of(**{name: 0.05}))[0] < 0.2
    assert overall_quality(components_of(**{name: 0.0}))[0] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sharpness": np.array([1.5])}, r"sharpness .*\[0, 1\]"),
        ({"sharpness": np.array([np.nan])}, r"sharpness .*\[0, 1\]"),
        ({"exposure": np.ones(2)}, r"exposure has shape \(2,\), expected \(1\)"),
        ({"beauty": np.ones(1)}, "beauty"),
    ],
)
def test_overall_quality_refuses_what_is_not_a_component(change, words):
    with pytest.raises(ValueError, match=words):
        overall_quality(components_of() | change)


def test_usable_frames_have_a_face_and_some_quality():
    quality = np.array([1.0, MIN_QUALITY, MIN_QUALITY - 0.01, 1.0, np.nan], np.float32)
    mask = usable(np.array([True, True, True, False, True]), quality)
    assert mask.dtype == np.bool_
    assert mask.tolist() == [True, True, False, False, False]


def test_usable_refuses_other_lengths():
    with pytest.raises(ValueError, match="quality has shape"):
        usable(np.ones(3, np.bool_), np.ones(2, np.float32))


def test_measuring_keeps_up_with_video():
    track = track_of(*[FACE] * 100)
    fastest = min(_seconds(track) for _ in range(3))
    assert fastest / 100 < 1e-3  # an eighth of this when the machine is idle


def _seconds(track: FaceTrack) -> float:
    start = time.process_time()  # a busy machine is no failure
    measure_quality(track)
    return time.process_time() - start
