"""What holds of normalized frames and of composed clips whatever they are made of."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_core.faces.tracking import empty_track
from emo_core.inference.pipeline import extract_features, normalize_clip
from emo_core.training.synthesis.composed_clips import compose
from emo_core.training.synthesis.corruption import CORRUPTIONS, corrupt
from tests.tiny import LABELS, STEPS, make_bank
from tests.unit.training.synthesis.test_composed_clips import marked_bank, stills_in

SIDE = 16


@st.composite
def tracks(draw):
    track = empty_track(draw(st.integers(1, 6)), SIDE)
    steps = len(track.detected)
    track.detected[:] = draw(arrays(np.bool_, steps))
    found = track.detected
    track.crops[found] = draw(arrays(np.uint8, (steps, SIDE, SIDE)))[found]
    track.confidence[found] = draw(arrays(np.float32, steps, elements=st.floats(0, 1, width=32)))[found]
    track.eye_distance_px[found] = draw(arrays(np.float32, steps, elements=st.floats(0, 500, width=32)))[found]
    track.pose_deg[found] = draw(arrays(np.float32, (steps, 3), elements=st.floats(-180, 180, width=32)))[found]
    return track


@given(tracks())
def test_a_normalized_clip_is_in_range_and_holds_nothing_where_no_face_is(track):
    clip = normalize_clip(track)
    for values in (clip.faces, clip.quality, *clip.components.values()):
        assert ((values >= 0) & (values <= 1)).all()
        assert not values[~track.detected].any()
    assert (track.detected | ~clip.mask).all()
    assert (clip.quality[clip.mask] > 0).all()


@given(tracks())
def test_only_frames_that_count_reach_the_network(track):
    clip = normalize_clip(track)
    seen = []

    def cnn(faces):
        seen.append(faces)
        return np.ones((len(faces), 3), np.float32), np.full((len(faces), 8), 0.125, np.float32)

    cnn.num_features = 3
    features = extract_features(track, clip, cnn, None)
    assert sum(map(len, seen)) == clip.mask.sum()
    np.testing.assert_array_equal(features.features.any(axis=1), clip.mask)
    np.testing.assert_array_equal(np.isfinite(features.emotions).all(axis=1), clip.mask)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.floats(0, 1))
def test_a_composed_clip_is_in_range_and_masked_frames_hold_nothing(seed, count, share):
    rng = np.random.default_rng(seed)
    clips = compose(make_bank(per_pool=2, seed=seed), LABELS, count, STEPS, damaged_share=share, rng=rng)
    assert np.isfinite(clips.features).all()
    assert ((clips.weights >= 0) & (clips.weights <= 1)).all()
    assert not clips.features[clips.weights == 0].any()
    assert (clips.weights > 0).any(axis=1).all()
    assert np.ptp(np.bincount(clips.labels, minlength=len(LABELS))) <= 1


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.3, 0.7))
def test_no_picture_is_on_both_sides_of_a_split(seed, share):
    bank = marked_bank(per_pool=6)
    rng = np.random.default_rng(seed)
    chosen = rng.random(len(bank.features)) < share
    chosen[::6], chosen[1::6] = True, False  # no pool is empty on either side
    first, second = (
        stills_in(compose(bank.subset(side), LABELS, 20, STEPS, damaged_share=0.5, rng=rng)).any(axis=0)
        for side in (chosen, ~chosen)
    )
    assert not (first & ~chosen).any()
    assert not (second & chosen).any()


@settings(max_examples=60)
@given(
    arrays(np.uint8, st.integers(12, 60).map(lambda side: (side, side))),
    st.sampled_from(CORRUPTIONS),
    st.integers(0, 99),
)
def test_a_damaged_picture_is_a_picture_and_the_same_for_the_same_seed(image, kind, seed):
    first, again = (corrupt(image, kind, np.random.default_rng(seed)) for _ in range(2))
    assert (first.shape, first.dtype) == (image.shape, np.uint8)
    np.testing.assert_array_equal(first, again)
