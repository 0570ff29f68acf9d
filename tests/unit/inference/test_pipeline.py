"""A video through every stage: what must hold of any analysis, and what is promised of the bundled clip."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from emo_core.emotions import EMOTIONS, UNSURE
from emo_core.errors import BundleError, NoFaceError, VideoError
from emo_core.faces.tracking import empty_track
from emo_core.inference.pipeline import analyze, extract_features, normalize_clip
from emo_core.types import QUALITY_COMPONENTS
from emo_core.video.writer import write_video
from tests import media

pytestmark = pytest.mark.usefixtures("frames_known_again")


@pytest.fixture(scope="module")
def whole(sample_analysis):
    return sample_analysis


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def cut(hybrid, laughter, told):
    """Four seconds of laughter; `told` is what was said of the progress."""
    return analyze(laughter, hybrid, progress=lambda stage, share: told.append((stage, share)))


def same(a, b):
    """Two analyses equal but for their times of work."""
    assert a.video == b.video
    np.testing.assert_array_equal(a.timestamps_s, b.timestamps_s)
    for part in ("track", "normalized", "features"):
        for name in getattr(a, part).__slots__:
            x, y = getattr(getattr(a, part), name), getattr(getattr(b, part), name)
            if name == "components":
                assert list(x) == list(y)
                x, y = (np.stack(list(values.values())) for values in (x, y))
            np.testing.assert_array_equal(x, y, err_msg=f"{part}.{name}")
    assert a.prediction.label == b.prediction.label
    np.testing.assert_array_equal(a.prediction.probabilities, b.prediction.probabilities)
    assert a.prediction.segments == b.prediction.segments
    assert a.warnings == b.warnings


class TestPromises:
    """What the README says of the bundled clip."""

    @pytest.mark.parametrize(
        ("start_s", "end_s", "label", "share"),
        [(1, 9, "sadness_fear", 0.8), (12, 19, "amusement_surprise", 0.95)],
    )
    def test_windows_of_one_emotion_are_called_so(self, whole, start_s, end_s, label, share):
        inside = [w.label for w in whole.prediction.windows if w.start_s >= start_s and w.end_s <= end_s]
        assert len(inside) >= 5
        assert inside.count(label) / len(inside) >= share

    def test_the_segments_show_the_change(self, whole):
        labels = {
            t: next(s.label for s in whole.prediction.segments if s.start_s <= t < s.end_s) for t in (2, 7, 13, 17)
        }
        assert labels == {2: "sadness_fear", 7: "sadness_fear", 13: "amusement_surprise", 17: "amusement_surprise"}

    def test_a_hand_before_the_face_costs_quality(self, whole):
        times_s, quality = whole.timestamps_s, whole.normalized.quality
        clear, covered = quality[times_s < 2].mean(), quality[(times_s > 3) & (times_s < 6.5)].mean()
        assert covered < 0.8 * clear

    def test_a_clip_that_changes_on_the_way_has_no_single_verdict(self, whole):
        assert whole.prediction.label == UNSURE
        assert "changes on the way" in whole.prediction.reason

    def test_the_whole_clip_is_covered(self, whole):
        assert whole.video.num_frames_sampled == len(whole.timestamps_s) == 197
        assert (whole.video.width, whole.video.height) == (640, 360)
        assert whole.video.duration_s == pytest.approx(19.7, abs=0.1)
        segments = whole.prediction.segments
        assert (segments[0].start_s, segments[-1].end_s) == (0.0, whole.video.duration_s)

    def test_laughter_alone_is_amusement_and_surprise(self, cut):
        assert cut.prediction.label == "amusement_surprise"
        assert cut.prediction.reason == ""
        assert sum(cut.prediction.salience.values()) == pytest.approx(1)


class TestConsistency:
    @pytest.fixture(params=["whole", "cut"])
    def analysis(self, request):
        return request.getfixturevalue(request.param)

    def test_everything_has_the_same_number_of_frames(self, analysis):
        steps = len(analysis.timestamps_s)
        assert analysis.track.crops.shape == analysis.normalized.faces.shape == (steps, 48, 48)
        assert analysis.features.features.shape == (steps, 256)
        assert analysis.features.emotions.shape == (steps, len(EMOTIONS))
        assert analysis.prediction.step_probabilities.shape == (steps, 3)
        assert set(analysis.normalized.components) == set(QUALITY_COMPONENTS)

    def test_frames_that_count_have_numbers_and_the_others_have_none(self, analysis):
        mask = analysis.normalized.mask
        np.testing.assert_array_equal(mask, analysis.features.mask)
        assert np.isfinite(analysis.features.emotions[mask]).all()
        assert np.isnan(analysis.features.emotions[~mask]).all()
        assert not analysis.features.features[~mask].any()
        assert (analysis.track.detected | ~mask).all()
        assert not analysis.normalized.faces[~analysis.track.detected].any()

    def test_probabilities_sum_to_one(self, analysis):
        mask, prediction = analysis.normalized.mask, analysis.prediction
        for rows in (
            analysis.features.emotions[mask],
            prediction.step_probabilities[mask],
            prediction.probabilities[None],
            np.stack([window.probabilities for window in prediction.windows]),
        ):
            np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
            assert (rows >= 0).all()

    def test_qualities_lie_between_zero_and_one(self, analysis):
        for values in (analysis.normalized.quality, *analysis.normalized.components.values()):
            assert ((values >= 0) & (values <= 1)).all()

    def test_boxes_lie_about_in_the_picture(self, analysis):
        boxes = analysis.track.boxes_xyxy[analysis.track.detected]
        assert (boxes[:, :2] < boxes[:, 2:]).all()
        assert (boxes > -100).all()
        assert (boxes[:, 2] < 740).all()
        assert (boxes[:, 3] < 460).all()

    def test_times_of_work_add_up(self, analysis):
        timing = analysis.timing_ms
        parts = timing.decode + timing.faces + timing.cnn + timing.head
        assert min(timing.decode, timing.faces, timing.cnn, timing.head) > 0
        assert parts == pytest.approx(timing.total, rel=0.01)


class TestSources:
    def test_the_same_again(self, cut, hybrid, laughter):
        same(analyze(laughter, hybrid), cut)

    def test_content_is_as_good_as_a_path(self, cut, hybrid, laughter):
        same(analyze(laughter.read_bytes(), hybrid, name="laughter.mp4"), cut)

    def test_the_name_is_the_users(self, cut, hybrid, short_laughter):
        assert cut.video.name == "laughter.mp4"
        content = short_laughter("x.mp4").read_bytes()
        assert analyze(content, hybrid, name="../Ünsere  Ferien\n.mov").video.name == "Ünsere Ferien .mov"

    def test_nothing_of_the_bundle_changes(self, cut, hybrid):
        assert cut.model is hybrid.info


class TestProgress:
    def test_shares_never_fall_and_end_at_one(self, cut, told):
        shares = [share for _, share in told]
        assert shares == sorted(shares)
        assert shares[0] > 0
        assert shares[-1] == 1.0
        assert len(shares) >= 3
        assert all(stage for stage, _ in told)

    @pytest.mark.parametrize("at", [1, 2])
    def test_an_error_in_it_stops_the_work(self, hybrid, laughter, at):
        class StopError(Exception):
            pass

        calls = []

        def stop(stage, share):
            calls.append(stage)
            if len(calls) == at:
                raise StopError

        with pytest.raises(StopError):
            analyze(laughter, hybrid, progress=stop)
        assert len(calls) == at


class TestCrowd:
    def test_of_two_faces_the_larger_is_judged_and_the_number_is_told(self, tmp_path, hybrid, laughter_frames):
        small = [cv2.resize(frame, (384, 216), interpolation=cv2.INTER_AREA) for frame in laughter_frames[:12]]
        smaller = [np.pad(frame, ((72, 72), (0, 0), (0, 0))) for frame in small]
        frames = [np.hstack(pair) for pair in zip(laughter_frames, smaller, strict=False)]
        write_video(tmp_path / "two.mp4", frames, 10.0)
        analysis = analyze(tmp_path / "two.mp4", hybrid)
        assert any("2 people" in warning for warning in analysis.warnings)
        boxes = analysis.track.boxes_xyxy[analysis.track.detected]
        assert len(boxes) >= 10
        assert (boxes[:, 2] < 700).all(), "the smaller one, on the right, was judged"

    def test_one_face_is_no_crowd(self, cut):
        assert not any("people" in warning for warning in cut.warnings)

    def test_a_face_that_comes_late_has_a_past_without_it(self, tmp_path, hybrid, laughter_frames):
        """Forty frames of nothing, more than a clip of the reader holds, before the face."""
        nothing = np.full_like(laughter_frames[0], 90)
        write_video(tmp_path / "late.mp4", [nothing] * 40 + laughter_frames[:20], 10.0)
        analysis = analyze(tmp_path / "late.mp4", hybrid)
        assert not analysis.track.detected[:39].any()
        assert analysis.track.detected[41:].all()
        assert any("only 3" in warning and "% of the frames" in warning for warning in analysis.warnings)


class TestRefusal:
    def test_no_face(self, tmp_path, hybrid):
        with pytest.raises(NoFaceError, match=r"No face was found in grey\.mp4: use a clip"):
            analyze(media.grey_video(tmp_path), hybrid)

    @pytest.mark.parametrize("num_frames", [2, 4])
    def test_a_face_for_a_moment(self, tmp_path, hybrid, laughter_frames, num_frames):
        nothing = [np.full_like(laughter_frames[0], 90)] * 10
        write_video(tmp_path / "moment.mp4", [*nothing, *laughter_frames[:num_frames], *nothing], 10.0)
        with pytest.raises(NoFaceError, match=rf"only 0\.{num_frames} s in moment\.mp4"):
            analyze(tmp_path / "moment.mp4", hybrid)

    def test_a_face_for_half_a_second_is_enough(self, tmp_path, hybrid, laughter_frames):
        nothing = [np.full_like(laughter_frames[0], 90)] * 10
        write_video(tmp_path / "enough.mp4", [*nothing, *laughter_frames[:6], *nothing], 10.0)
        assert analyze(tmp_path / "enough.mp4", hybrid).track.detected.sum() >= 5

    def test_no_video(self, tmp_path, hybrid):
        with pytest.raises(VideoError):
            analyze(media.text_file(tmp_path), hybrid)

    def test_a_face_that_cannot_be_judged(self, tmp_path, hybrid, laughter, monkeypatch):
        monkeypatch.setattr("emo_core.faces.quality.MIN_QUALITY", 1.0)
        with pytest.raises(NoFaceError, match=r"not clear enough to judge \(mean \w+ .* of 1\): use a sharper"):
            analyze(laughter, hybrid)

    def test_no_landmark_model(self, hybrid, laughter, monkeypatch, tmp_path):
        monkeypatch.setattr("emo_core.faces.landmarks.TASK_PATH", tmp_path / "gone.task")
        with pytest.raises(BundleError, match=r"gone\.task is missing or damaged"):
            analyze(laughter, hybrid)


def test_a_clip_without_any_face_goes_through_the_stages():
    track = empty_track(3, 48)
    normalized = normalize_clip(track)
    assert not normalized.mask.any()
    assert not normalized.faces.any()
    features = extract_features(track, normalized, SimpleNamespace(num_features=7), None)
    assert features.features.shape == (3, 7)
    assert np.isnan(features.emotions).all()
