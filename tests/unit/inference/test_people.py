"""Everybody in a clip: side by side, after a cut, gone and back; clips are composed of the bundled ones."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from emo_core.faces.appearance import Look
from emo_core.faces.tracking import empty_track
from emo_core.inference.frame_log import FrameLog
from emo_core.inference.people import put_together
from emo_core.inference.pipeline import analyze
from emo_core.inference.subject import choose
from emo_core.inference.track_record import TrackRecord
from emo_core.inference.verdicts import away_frames
from emo_core.report.people import people_of
from emo_core.types import QUALITY_COMPONENTS, FeatureSequence, NormalizedClip
from emo_core.video.reader import open_video
from tests import sample
from tests.media import write

RATE_HZ = 10.0
DEMO = sample.PATH.parent / "demo" / "clips"


def frames_of(path, start_s=0.0, end_s=np.inf):
    with open_video(path) as reader:
        return [
            frame
            for clip in reader.clips(RATE_HZ)
            for frame, time_s in zip(clip.frames, clip.timestamps_s, strict=True)
            if start_s <= time_s < end_s
        ]


def padded(frame):
    """The frame in the middle of 640×360 black pixels."""
    scale = 360 / frame.shape[0]
    fitted = cv2.resize(frame, (round(frame.shape[1] * scale), 360))
    left = (640 - fitted.shape[1]) // 2
    return np.pad(fitted, ((0, 0), (left, 640 - left - fitted.shape[1]), (0, 0)))


@pytest.fixture(scope="module")
def sad():
    return frames_of(sample.PATH, 0, 8)


@pytest.fixture(scope="module")
def laughing():
    return frames_of(sample.PATH, 10, 19)


@pytest.fixture(scope="module")
def rendered():
    """Two rendered people, about two seconds each."""
    names = ("person_01/amusement_surprise_0.mp4", "person_07/sadness_fear_2.mp4")
    return [[padded(frame) for frame in frames_of(DEMO / name)] for name in names]


@pytest.fixture
def judge(tmp_path, hybrid):
    def judge(frames):
        return analyze(write(tmp_path / "clip.mp4", frames, np.arange(len(frames)) / RATE_HZ), hybrid)

    return judge


def there_and_back(frames, count):
    return [frames[i] for i in np.abs((np.arange(count) + len(frames) - 1) % (2 * len(frames) - 2) - len(frames) + 1)]


def test_two_people_side_by_side_have_two_verdicts(judge, sad, laughing):
    both = [
        np.hstack([left[:, 240:640], right[:, 240:640]])
        for left, right in zip(there_and_back(sad, 64), there_and_back(laughing, 64), strict=True)
    ]
    analysis = judge(both)
    found = {}
    for person in analysis.people:
        middle = np.nanmean(person.track.boxes_xyxy[:, [0, 2]])
        found["left" if middle < 400 else "right"] = person.prediction.label
        assert person.track.detected.mean() > 0.95
    assert found == {"left": "sadness_fear", "right": "amusement_surprise"}
    assert any(warning.startswith("2 people were seen") for warning in analysis.warnings)


def test_a_cut_between_two_people_makes_two_however_often(judge, rendered):
    first, second = rendered
    cuts = [0, 9, 19]
    shots = [part for a, b in pairwise(cuts) for part in (first[a:b], second[a:b])]
    for order in ([first, second], shots):
        analysis = judge([frame for shot in order for frame in shot])
        assert {person.prediction.label for person in analysis.people} == {"amusement_surprise", "sadness_fear"}
        seen = np.stack([person.track.detected for person in analysis.people])
        assert (seen.sum(axis=0) == 1).all()
        truth = np.concatenate([np.full(len(shot), place % 2) for place, shot in enumerate(order)])
        assert len({tuple(seen[:, truth == which].all(axis=1)) for which in (0, 1)}) == 2
        assert any(warning.startswith("2 people were seen") for warning in analysis.warnings)


def test_a_real_and_a_rendered_person_after_a_cut(judge, laughing, rendered):
    analysis = judge([*laughing[:30], *rendered[1]])
    assert [person.prediction.label for person in analysis.people] == ["amusement_surprise", "sadness_fear"]
    first, second = people_of(analysis)
    np.testing.assert_allclose(first.spans_s, [(0, 3.0)], atol=0.11)
    np.testing.assert_allclose(second.spans_s, [(3.0, analysis.video.end_s)], atol=0.11)
    for person, overview in zip(analysis.people, (first, second), strict=True):
        segments = person.prediction.segments  # nothing is said of time in which the person is not there
        np.testing.assert_allclose((segments[0].start_s, segments[-1].end_s), overview.spans_s[0], atol=0.11)


@pytest.mark.parametrize("light", [0.0, 1.0])
def test_who_leaves_for_three_seconds_and_comes_back_is_one_person(judge, sad, laughing, light):
    wall = np.tile(sad[0][:, :160], (1, 4, 1)) * light
    analysis = judge([*sad[:25], *[wall.astype(np.uint8)] * 30, *laughing[:40]])
    assert len(analysis.people) == 1
    assert analysis.track.detected.sum() >= 64


@pytest.mark.parametrize("kind", ["flash", "white", "shake", "swing", "lights"])
def test_nobody_is_invented(judge, laughing, kind):
    rng, frames = np.random.default_rng(0), []
    for number, frame in enumerate(laughing[:64]):
        move = rng.normal(0, 14, 2) if kind == "shake" else (120 * np.sin(number * 0.8), 0) if kind == "swing" else None
        if move is not None:
            matrix = np.array([[1, 0, move[0]], [0, 1, move[1]]], np.float32)
            frame = cv2.warpAffine(frame, matrix, (640, 360), borderMode=cv2.BORDER_REPLICATE)
        elif kind == "lights" and 30 < number < 60:
            frame = (0.35 * frame).astype(np.uint8)
        elif number % 20 in (10, 11) and kind in ("flash", "white"):
            frame = np.clip(0.4 * frame + 150, 0, 255).astype(np.uint8) if kind == "flash" else np.full_like(frame, 255)
        frames.append(frame)
    analysis = judge(frames)
    assert len(analysis.people) == 1
    assert analysis.prediction.label == "amusement_surprise"
    assert analysis.track.detected.sum() >= len(frames) - (10 if kind == "white" else 0)


def record(folder, first, count, confidence):
    """A track of a face that is seen so many frames, with one confidence."""
    track = empty_track(count, 48)
    rng = np.random.default_rng(first)
    track.crops[:], track.detected[:], track.confidence[:] = rng.integers(0, 255, (count, 48, 48)), True, confidence
    track.eye_distance_px[:], track.boxes_xyxy[:] = 40, (first, 0, first + 50, 50)
    clip = NormalizedClip(
        np.zeros((count, 48, 48), np.float32), np.full(count, 0.7, np.float32),
        dict.fromkeys(QUALITY_COMPONENTS, np.full(count, 0.7, np.float32)), np.ones(count, bool),
    )  # fmt: skip
    features = FeatureSequence(np.zeros((count, 4), np.float32), np.full((count, 8), 1 / 8, np.float32), clip.mask)
    made = TrackRecord(FrameLog(folder))
    look = Look(np.eye(9, dtype=np.float32)[first % 9], np.full(240, first, np.float32))
    made.add(first, track, clip, features, look)
    return made


def test_a_pattern_that_is_never_a_clear_face_is_no_second_person(tmp_path):
    for confidence, number in ((0.45, 1), (0.8, 2)):
        people = put_together(
            [record(tmp_path, 0, 40, 1.0), record(tmp_path, 10, 8, confidence)], np.arange(60) / RATE_HZ, [], 5
        )
        assert len(choose(people, 5, 0.1, "clip.mp4")) == number
    alone = put_together([record(tmp_path, 10, 8, 0.45)], np.arange(60) / RATE_HZ, [], 5)
    assert len(choose(alone, 5, 0.1, "clip.mp4")) == 1  # graded and warned of like any other


def test_time_away_is_before_after_and_between_the_stretches_in_view():
    detected = np.zeros(40, bool)
    detected[[5, 6, 9, 10, 30, 31]] = True
    away = away_frames(detected, np.arange(40) / RATE_HZ)
    assert np.flatnonzero(~away).tolist() == [*range(5, 11), 30, 31]


def test_a_person_can_be_chosen(judge, rendered):
    analysis = judge([*rendered[0], *rendered[1]])
    other = analysis.about(2)
    assert (analysis.person, other.person) == (1, 2)
    assert other.prediction is analysis.people[1].prediction
    assert other.about(1).prediction is analysis.prediction
    with pytest.raises(ValueError, match="no person 3"):
        analysis.about(3)
