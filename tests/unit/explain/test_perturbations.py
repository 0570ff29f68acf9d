"""Changes of frames: what they do to pictures and to time, and what they leave alone."""

import numpy as np
import pytest

from emo_core.explain.perturbations import KINDS, UNCHANGED, make_change
from emo_core.types import Clip
from tests.factories import make_analysis

WHOLE = (0.0, 6.0)
TIMES_S = np.arange(60) / 10


def passes(frames=None):
    """Function that starts a pass over sixty frames, in clips of sixteen; frame k is of the grey 4 k by default."""
    frames = np.stack([np.full((48, 64, 3), 4 * k, np.uint8) for k in range(60)]) if frames is None else frames

    def start():
        for first in range(0, 60, 16):
            span = slice(first, first + 16)
            yield Clip(frames[span], TIMES_S[span], 64, 48)

    return start


def changed(key, strength=0.5, part=WHOLE, start=None, original=None):
    clips = list(make_change(key, strength, original or make_analysis(), part)(start or passes()))
    return np.concatenate([clip.frames for clip in clips]), np.concatenate([clip.timestamps_s for clip in clips])


def numbers(frames):
    return (frames[:, 0, 0, 0] // 4).tolist()


def noise():
    return np.random.default_rng(0).integers(0, 255, (60, 48, 64, 3)).astype(np.uint8)


def with_face():
    """An analysis with landmarks: all at (20, 30), but for the corners of a box in each region and the cheeks."""
    analysis = make_analysis()
    points = analysis.track.landmarks
    points[:] = np.nan
    seen = analysis.track.detected
    points[seen] = (20, 30, 0)
    points[seen, 61], points[seen, 291] = (28, 38, 0), (36, 40, 0)  # mouth
    points[seen][:, [70, 300]] = (30, 10, 0)
    for cheek in (50, 280, 205, 425):
        points[seen, cheek] = (5, 5, 0)
    analysis.track.eye_distance_px[seen] = 10
    return analysis


def test_nothing_changes_nothing():
    frames, times_s = changed(UNCHANGED)
    assert numbers(frames) == list(range(60))
    np.testing.assert_array_equal(times_s, TIMES_S)


def test_a_part_starts_at_zero_and_ends_before_its_end():
    frames, times_s = changed(UNCHANGED, part=(2.0, 3.5))
    assert numbers(frames) == list(range(20, 35))
    np.testing.assert_allclose(times_s, np.arange(15) / 10)


@pytest.mark.parametrize(("strength", "share"), [(0.5, 0.5), (0.9, 0.1), (0.25, 0.75)])
def test_dropped_frames_are_spread_evenly_and_times_stay(strength, share):
    frames, times_s = changed("drop", strength)
    assert len(frames) == pytest.approx(60 * share, abs=1)
    np.testing.assert_allclose(times_s * 10, numbers(frames))
    assert numbers(frames)[0] == 0
    assert np.ptp(np.diff(numbers(frames))) <= 1


@pytest.mark.parametrize("bytes_at_once", [1, 48 * 64 * 3 * 16 * 2, 2**30])
def test_reversed_time_runs_on_from_zero_however_little_is_held(bytes_at_once, monkeypatch):
    monkeypatch.setattr("emo_core.explain.perturbations._BUFFER_BYTES", bytes_at_once)
    frames, times_s = changed("reverse")
    assert numbers(frames) == list(range(60))[::-1]
    np.testing.assert_allclose(times_s, TIMES_S)


def test_a_reversed_part():
    frames, times_s = changed("reverse", part=(1.0, 2.0))
    assert numbers(frames) == list(range(19, 9, -1))
    np.testing.assert_allclose(times_s, np.arange(10) / 10)


def test_darker():
    frames, _ = changed("darken", 0.75)
    assert frames[40].max() == 40


def test_blurred_pictures_keep_their_mean_and_lose_their_detail():
    before = noise()
    frames, _ = changed("blur", 1.0, start=passes(before))
    assert frames.mean() == pytest.approx(before.mean(), abs=1.5)
    assert frames.std() < 0.5 * before.std()


def test_shrunk_pictures_are_small_and_so_is_their_source():
    (clip, *_) = make_change("shrink", 0.5, make_analysis(), WHOLE)(passes())
    assert clip.frames.shape[1:3] == (24, 32)
    assert (clip.width, clip.height) == (32, 24)


def test_grey_pictures_have_one_channel_three_times():
    frames, _ = changed("grey", start=passes(noise()))
    assert (frames[..., 0] == frames[..., 1]).all()
    assert (frames[..., 0] == frames[..., 2]).all()
    assert frames.std() > 1


def test_a_cover_hides_its_region_and_nothing_far_from_it():
    before = noise()
    frames, _ = changed("mouth", start=passes(before), original=with_face())
    assert frames[0, 39, 32].tolist() == before[0, 5, 5].tolist(), "the colour of the cheeks"
    np.testing.assert_array_equal(frames[:, :20, 40:], before[:, :20, 40:])


def test_where_no_face_was_found_nothing_is_covered():
    before = noise()
    frames, _ = changed("mouth", start=passes(before), original=with_face())
    np.testing.assert_array_equal(frames[20:26], before[20:26])
    assert (frames[:20] != before[:20]).any()


def test_the_source_is_not_touched():
    before = noise()
    kept = before.copy()
    for kind in KINDS:
        changed(kind.key, start=passes(before), original=with_face())
    np.testing.assert_array_equal(before, kept)


def test_a_change_that_is_none():
    with pytest.raises(KeyError):
        make_change("sing", 0.5, make_analysis(), WHOLE)
