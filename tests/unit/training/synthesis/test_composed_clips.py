"""Clips composed from stills: what they hold, and that nothing of them leaks."""

import numpy as np
import pytest

from emo_core.emotions import OTHER
from emo_core.training.synthesis.composed_clips import NEUTRAL_POOLS, STORIES, _mix, compose, neutral_clips
from emo_core.training.synthesis.feature_bank import DAMAGED, Bank
from tests.tiny import LABELS, POOLS, STEPS, make_bank


def tell(bank, count=60, *, labels=LABELS, damaged_share=0.5, seed=0, **kwargs):
    rng = np.random.default_rng(seed)
    return compose(bank, labels, count, STEPS, damaged_share=damaged_share, rng=rng, **kwargs)


def marked_bank(per_pool=3, quality=1.0):
    """A bank whose feature k is still k, so that a frame says which pictures it was made of."""
    count = per_pool * len(POOLS)
    features = np.repeat(np.eye(count, dtype=np.float32)[:, None], 3, axis=1)
    return Bank(features, np.full((count, 3), quality, np.float32), make_bank(per_pool).pools)


def stills_in(clips):
    """(N, stills): which pictures each clip was made of."""
    return clips.features.max(axis=1) > 0


class TestCompose:
    @pytest.mark.parametrize("count", [1, 30, 31, 32])
    def test_classes_occur_equally_often(self, count):
        clips = tell(make_bank(), count)
        occurrences = np.bincount(clips.labels, minlength=len(LABELS))
        assert occurrences.sum() == count
        assert np.ptp(occurrences) <= 1

    def test_shapes_and_ranges(self):
        clips = tell(make_bank(num_features=7), 40)
        assert clips.features.shape == (40, STEPS, 7)
        assert (clips.features.dtype, clips.weights.dtype) == (np.float32, np.float32)
        assert clips.weights.shape == (40, STEPS)
        assert len(clips.stories) == len(clips.labels) == 40
        assert ((clips.weights >= 0) & (clips.weights <= 1)).all()
        assert (clips.weights > 0).any(axis=1).all(), "a clip without any frame"

    def test_masked_frames_hold_nothing(self):
        clips = tell(make_bank(), 200)
        masked = clips.weights == 0
        assert 0.02 < masked.mean() < 0.5
        assert not clips.features[masked].any()
        assert clips.features[~masked].any(axis=1).all()

    def test_stories_belong_to_their_class(self):
        clips = tell(make_bank(), 300)
        told = {" → ".join(story): name for name, stories in STORIES.items() for story in stories}
        assert [told[story] for story in clips.stories] == [LABELS[label] for label in clips.labels]
        assert len(set(clips.stories)) > 20

    def test_the_stills_of_the_peaks_are_named(self):
        clips = tell(marked_bank(), 200, damaged_share=0.0)
        seen = stills_in(clips)
        pools = {still: name for name, pool in marked_bank().pools.items() for still in pool.tolist()}
        for clip, story in enumerate(clips.stories):
            peaks = story.split(" → ")
            assert [pools[still] for still in clips.pictures[clip].tolist()] == [peaks[0], peaks[-1]]
            if len(peaks) == 1:
                assert np.ptp(clips.pictures[clip]) == 0
        assert seen[np.arange(200), clips.pictures[:, 0]].mean() > 0.9, "a peak may pass while no face is found"

    def test_the_seed_decides(self):
        first, again, other = tell(make_bank(), seed=3), tell(make_bank(), seed=3), tell(make_bank(), seed=4)
        np.testing.assert_array_equal(first.features, again.features)
        np.testing.assert_array_equal(first.weights, again.weights)
        assert first.stories == again.stories
        assert (first.features != other.features).any()

    @pytest.mark.parametrize("share", [0.0, 1.0])
    def test_the_damaged_view_is_seen_in_damaged_clips_only(self, share):
        bank = marked_bank()
        bank.quality[:, DAMAGED] = 0.25
        clips = tell(bank, 60, damaged_share=share)
        seen = np.isclose(clips.weights, 0.25).any(axis=1)
        assert seen.all() if share else not seen.any()

    def test_mixed_faces_are_of_their_pool_alone_and_change_nothing_else(self):
        bank = marked_bank()
        plain, mixed = tell(bank, 60, seed=5), tell(bank, 60, seed=5, mixed_share=1.0)
        assert plain.stories[0] == mixed.stories[0]  # told before the first mixture is drawn
        pool_of = {still: name for name, pool in bank.pools.items() for still in pool}
        for story, shown in zip(mixed.stories, stills_in(mixed), strict=True):
            told = {*story.split(" → "), "neutral"}
            own = [still for still in np.flatnonzero(shown) if pool_of[still] in told]
            assert len(own) >= len(told)
        assert stills_in(mixed).sum() > 1.3 * stills_in(plain).sum()
        used = mixed.weights > 0
        np.testing.assert_allclose(mixed.features.sum(axis=2)[used], 1, atol=1e-5)  # shares of faces, whoever they are

    def test_nobody_without_a_face_is_mixed_in(self):
        bank = marked_bank()
        roles, views = ("happiness", "fear"), np.zeros((STEPS, 2), np.intp)
        actors = np.array([bank.pools[name][0] for name in roles])
        others = [still for name in roles for still in bank.pools[name][1:]]
        mixed = _mix(bank, roles, actors, views, np.random.default_rng(0))
        assert mixed[..., others].any()
        bank.quality[others] = 0
        alone = _mix(bank, roles, actors, views, np.random.default_rng(0))
        np.testing.assert_array_equal(alone, bank.features[actors, views])

    def test_a_damaged_picture_without_a_face_is_masked(self):
        bank = marked_bank()
        bank.quality[:, DAMAGED] = 0
        masked = (tell(bank, 60, damaged_share=1.0).weights == 0).mean()
        assert masked > 3 * (tell(bank, 60, damaged_share=0.0).weights == 0).mean()

    def test_a_clip_of_an_expression_lasts_until_it_shows(self):
        """A clip cut off before its peak, or whose peak nobody could see, is a resting face with a false label."""
        bank = marked_bank()
        clips = compose(bank, LABELS, 3000, 32, damaged_share=0.5, rng=np.random.default_rng(0))
        for features, story in zip(clips.features, clips.stories, strict=True):
            peaks = [name for name in story.split(" → ") if name not in NEUTRAL_POOLS]
            if len(peaks) == len(story.split(" → ")):
                pictures = np.concatenate([bank.pools[name] for name in peaks])
                assert (features[:, pictures].sum(axis=1) >= 0.5 - 1e-5).sum() >= 6, story

    def test_people_change_in_the_clips_of_every_class_alike(self):
        clips = tell(marked_bank(), 300)
        counts = stills_in(clips).sum(axis=1)
        means = [counts[clips.labels == label].mean() for label in range(len(LABELS))]
        assert min(means) > 1.8
        assert max(means) - min(means) < 1.0

    def test_a_frame_is_a_mixture(self):
        """Of shares that sum to one, of pictures from the pools of its story, of rest and of flicker."""
        bank = marked_bank()
        clips = tell(bank, 100)
        valid = clips.weights > 0
        np.testing.assert_allclose(clips.features[valid].sum(axis=1), 1, atol=1e-5)
        pool_of = {still: name for name, pool in bank.pools.items() for still in pool}
        for story, used in zip(clips.stories, stills_in(clips), strict=True):
            pools = {pool_of[still] for still in np.flatnonzero(used)}
            told = set(story.split(" → "))
            assert pools <= told | {"neutral", *_flickers(told)}

    def test_classes_that_cannot_be_told(self):
        bank = make_bank()
        with pytest.raises(ValueError, match=r"no stories can be told for \['joy_anger'\]"):
            tell(bank, labels=("joy_anger", "other"))
        empty = {name: pool[:0] if "sad" in name or name == "fear" else pool for name, pool in bank.pools.items()}
        with pytest.raises(ValueError, match="sadness_fear"):
            tell(Bank(bank.features, bank.quality, empty))

    def test_stories_without_pictures_are_left_out(self):
        bank = make_bank()
        pools = dict(bank.pools) | {"laughter": bank.pools["laughter"][:0]}
        assert not any("laughter" in story for story in tell(Bank(bank.features, bank.quality, pools), 300).stories)

    def test_stories_of_ones_own(self):
        clips = tell(make_bank(), 12, labels=[OTHER], stories={OTHER: [(name,) for name in NEUTRAL_POOLS]})
        assert set(clips.stories) <= set(NEUTRAL_POOLS)


class TestSubset:
    @pytest.mark.parametrize("seed", range(4))
    def test_no_picture_is_on_both_sides(self, seed):
        bank = marked_bank(per_pool=4)
        chosen = np.arange(len(bank.features)) % 2 == 0
        sides = [stills_in(tell(bank.subset(side), 80, seed=seed)).any(axis=0) for side in (chosen, ~chosen)]
        assert all(side.sum() > 15 for side in sides)
        assert not (sides[0] & sides[1]).any()
        assert not sides[0][~chosen].any()

    def test_it_keeps_what_was_chosen(self):
        bank = make_bank()
        chosen = np.random.default_rng(0).random(len(bank.features)) < 0.5
        for name, pool in bank.subset(chosen).pools.items():
            assert pool.tolist() == [still for still in bank.pools[name] if chosen[still]]


def test_neutral_clips_show_nothing_and_are_other():
    clips = neutral_clips(make_bank(), LABELS, 20, STEPS, damaged_share=0.5, rng=np.random.default_rng(0))
    assert set(clips.labels) == {LABELS.index(OTHER)}
    assert set(clips.stories) <= set(NEUTRAL_POOLS)
    assert len(clips.labels) == 20


def _flickers(told):
    if told <= set(NEUTRAL_POOLS):
        return "surprise", "sadness", "fear", "anger", "disgust", "happiness", "lowered eyes", "speech"
    return "neutral", "lowered eyes", "speech"
