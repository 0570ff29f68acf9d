"""Following the face of a real person; frames come from :mod:`tests.sample`."""

import cv2
import numpy as np
import pytest

from emo_core.faces.alignment import EYE_DISTANCE, align_face, eye_centres
from emo_core.faces.quality import measure_quality, overall_quality
from emo_core.faces.tracking import MAX_FACES, FaceTracker, align_stills, empty_track
from emo_core.types import Clip
from emo_core.video.reader import open_video
from tests import sample
from tests.unit.faces.pictures import SIDE, find

MIDDLE_OF_NOSE = 5


def follow(landmarker, frames):
    return list(FaceTracker(landmarker, SIDE).track(sample.make_clip(frames)).values())


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_face_is_fitted_in_the_way_up_in_which_it_stands(landmarker, whole, quarter_turns):
    frames = [np.ascontiguousarray(np.rot90(frame, quarter_turns)) for frame in sample.clip().frames]
    (track,) = follow(landmarker, frames)
    assert track.detected.mean() > 0.95
    clear = track.detected & whole.detected & (whole.confidence == 1)
    apart = np.abs(track.crops[clear].astype(float) - whole.crops[clear]).mean(axis=(1, 2))
    assert np.median(apart) < 8
    roll_deg = np.median((track.pose_deg[clear, 2] - whole.pose_deg[clear, 2] + 90 * quarter_turns + 180) % 360 - 180)
    assert abs(roll_deg) < 5


class TestTracking:
    def test_one_person_is_seen_through_the_clip(self, whole):
        assert whole.detected.all()
        assert whole.crops.shape == (40, SIDE, SIDE)
        assert (whole.crops.std(axis=(1, 2)) > 20).all()
        assert ((whole.eye_distance_px > 90) & (whole.eye_distance_px < 110)).all()
        centres = (whole.boxes_xyxy[:, :2] + whole.boxes_xyxy[:, 2:]) / 2
        assert (np.abs(centres - (440, 205)) < 60).all()

    def test_numbers_are_in_pixels_of_the_source(self, landmarker):
        frames = np.stack([sample.frame(time_s) for time_s in (0.0, 0.5)])
        halves = np.stack([cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for frame in frames])
        (full,) = follow(landmarker, frames)
        small = sample.make_clip(halves)
        (reduced,) = FaceTracker(landmarker, SIDE).track(type(small)(halves, small.timestamps_s, 640, 360)).values()
        np.testing.assert_allclose(reduced.eye_distance_px, full.eye_distance_px, rtol=0.03)
        np.testing.assert_allclose(reduced.boxes_xyxy, full.boxes_xyxy, atol=8)
        np.testing.assert_allclose(reduced.landmarks[..., :2], full.landmarks[..., :2], atol=12)
        assert np.abs(reduced.crops.astype(int) - full.crops).mean() < 6

    def test_a_face_that_comes_back_is_the_same_person(self, landmarker):
        seen = [sample.frame(time_s) for time_s in (0.0, 0.5, 8.0, 8.5)]
        (track,) = follow(landmarker, [*seen[:2], *[np.zeros_like(seen[0])] * 3, *seen[2:]])
        assert track.detected.tolist() == [True] * 2 + [False] * 3 + [True] * 2

    def test_nothing_is_invented_where_no_face_is(self, landmarker):
        seen = sample.frame(0.0)
        (track,) = follow(landmarker, [seen, np.zeros_like(seen), seen])
        assert not track.detected[1]
        assert not track.crops[1].any()
        assert track.confidence[1] == 0
        for name in ("boxes_xyxy", "landmarks", "pose_deg", "eye_distance_px"):
            values = getattr(track, name)
            assert np.isnan(values[1]).all(), name
            assert np.isfinite(values[[0, 2]]).all(), name

    def test_nobody_is_followed_where_nobody_is(self, landmarker):
        assert follow(landmarker, np.full((3, 90, 160, 3), 128, np.uint8)) == []

    def test_state_is_kept_between_clips(self, landmarker):
        tracker = FaceTracker(landmarker, SIDE)
        seen = sample.frame(0.0)
        black = np.zeros_like(seen)
        detected = [
            {number: track.detected.tolist() for number, track in tracker.track(sample.make_clip(frames)).items()}
            for frames in ([black], [black, seen], [black, black], [seen])
        ]
        assert detected == [{}, {0: [False, True]}, {}, {0: [True]}]

    @pytest.mark.parametrize("mirrored", [False, True])
    def test_two_people_are_two_tracks_told_apart_by_size(self, landmarker, mirrored):
        frames = []
        for time_s in (0.0, 0.5, 1.0):
            frame = sample.frame(time_s)
            half = cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            both = np.hstack([np.pad(half, ((90, 90), (0, 0), (0, 0))), frame])
            frames.append(np.ascontiguousarray(both[:, ::-1]) if mirrored else both)
        tracks = follow(landmarker, frames)
        assert [track.detected.all() for track in tracks] == [True, True]
        large, small = sorted(tracks, key=lambda track: -track.eye_distance_px.sum())
        np.testing.assert_allclose(large.eye_distance_px / small.eye_distance_px, 2, rtol=0.1)
        assert ((small.boxes_xyxy[:, 0] > 640) if mirrored else (small.boxes_xyxy[:, 2] < 320)).all()
        assert np.abs(large.crops.astype(int) - small.crops).mean() < 12  # either way the same face

    @pytest.mark.parametrize("share", [0.5, 0.7])
    def test_a_change_of_the_picture_s_size_ends_no_track_but_another_person_does(self, landmarker, share):
        def fitted(frame):
            small = cv2.resize(frame, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            top, left = (360 - small.shape[0]) // 2, (640 - small.shape[1]) // 2
            return np.pad(small, ((top, 360 - top - small.shape[0]), (left, 640 - left - small.shape[1]), (0, 0)))

        with open_video(sample.PATH.parent / "demo" / "clips" / "person_07" / "sadness_fear_2.mp4") as reader:
            other = next(reader.clips(10.0, 4)).frames
        seen = [sample.frame(9.0 + 0.1 * step) for step in range(8)]
        others = [cv2.resize(frame, (360, 360)) for frame in other]
        others = [np.pad(frame, ((0, 0), (140, 140), (0, 0))) for frame in others]
        framings = np.array([0] * 4 + [1] * 4)
        for later, num_tracks in (([fitted(frame) for frame in seen[4:]], 1), (others, 2)):
            clip = Clip(np.stack([*seen[:4], *later]), np.arange(8) / 10, 640, 360, framings)
            tracker = FaceTracker(landmarker, SIDE)
            assert len(tracker.track(clip)) == num_tracks
            assert tracker.cuts_s == [0.4]

    def test_a_newcomer_is_noticed_within_a_second(self, landmarker):
        half = sample.frame(0.0)[:, 240:]
        alone, both = np.hstack([half, np.zeros_like(half)]), np.hstack([half, half])
        first, second = follow(landmarker, [alone, both, both, both])  # two frames per second
        assert first.detected.all()
        assert not second.detected[0]
        assert second.detected[2:].all()

    def test_no_more_than_a_few_people_are_followed_and_that_is_told(self, landmarker):
        half = cv2.resize(sample.frame(0.0)[:, 240:], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        frames = {count: np.vstack([np.hstack([half] * (count // 3))] * 3) for count in (6, 9)}
        for count, frame in frames.items():
            tracker = FaceTracker(landmarker, SIDE)
            assert len(tracker.track(sample.make_clip([frame]))) == min(count, MAX_FACES)
            assert tracker.crowded == (count > MAX_FACES)


class TestOcclusion:
    @pytest.mark.parametrize("time_s", [0.0, 1.0, 10.0, 18.5])
    def test_a_face_covered_from_the_middle_of_the_nose_lowers_confidence_and_quality(self, landmarker, time_s):
        clear = sample.frame(time_s)
        points = find(landmarker, clear)[:, :2]
        columns, rows = points[[50, 280, 101, 330]].astype(int).T
        skin = np.median(clear[rows, columns], axis=0)
        left, right = int(points[:, 0].min()) - 10, int(points[:, 0].max()) + 10
        covered = clear.copy()
        covered[int(points[MIDDLE_OF_NOSE, 1]) :, left:right] = skin
        (seen,), (hidden,) = (follow(landmarker, [image] * 3) for image in (clear, covered))
        assert hidden.confidence.mean() < seen.confidence.mean() - 0.03
        assert quality(hidden).mean() < quality(seen).mean() - 0.02

    def test_a_hand_before_the_face_lowers_confidence_and_quality(self, whole):
        times_s = sample.clip().timestamps_s
        hand = (times_s > 3.8) & (times_s < 6.6)
        for values, least in ((whole.confidence, 0.3), (quality(whole), 0.2)):
            for start_s, end_s in ((-1, 1.9), (12.9, 18.6)):
                clear = values[(times_s > start_s) & (times_s < end_s)]
                assert values[hand].mean() < clear.mean() - least
                assert np.median(values[hand]) < clear.min()


def quality(track):
    return overall_quality(measure_quality(track))


class TestStills:
    def test_faces_that_fill_the_picture(self, landmarker, whole):
        chosen = [0, 16, 20]
        pictures = [align_face(sample.clip().frames[k], eye_centres(whole.landmarks[k]), 2 * SIDE) for k in chosen]
        track = align_stills(landmarker, pictures, SIDE)
        assert track.detected.all()
        np.testing.assert_allclose(track.eye_distance_px, EYE_DISTANCE * 2 * SIDE, rtol=0.08)
        assert np.abs(track.crops.astype(int) - whole.crops[chosen])[:, 6:-6, 6:-6].mean() < 10

    def test_a_picture_without_a_face_keeps_its_place(self, landmarker, whole):
        track = align_stills(landmarker, [whole.crops[0], np.full((SIDE, SIDE), 128, np.uint8)], SIDE)
        assert track.detected.tolist() == [True, False]
        assert not track.crops[1].any()

    def test_a_face_too_small_for_its_picture_is_refused(self, landmarker):
        picture = np.full((540, 540), 90, np.uint8)
        picture[90:450, 90:450] = cv2.cvtColor(sample.frame(1.0), cv2.COLOR_RGB2GRAY)[:, 240:600]
        assert not align_stills(landmarker, [picture], SIDE).detected.any()
        assert align_stills(landmarker, [picture[90:450, 90:450]], SIDE).detected.all()

    def test_an_empty_track_holds_nothing(self):
        track = empty_track(2, SIDE)
        assert not track.detected.any()
        assert not track.crops.any()
        assert np.isnan(track.landmarks).all()
