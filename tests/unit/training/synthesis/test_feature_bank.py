"""Stills in feature space: which pool a picture is in, and how it is seen."""

import numpy as np
import pytest

from emo_core.datasets.pictures import ferplus as stills_module
from emo_core.datasets.pictures.ferplus import align
from emo_core.faces.blendshapes import BLENDSHAPES
from emo_core.training.synthesis.composed_clips import compose
from emo_core.training.synthesis.feature_bank import DAMAGED, MOVED, PLAIN, build_banks, find_pools
from tests.tiny import LABELS, SIDE, STEPS, align_without_landmarks, ferplus_arrays, make_bank, make_votes


class TestPools:
    def pools_of(self, **row):
        """Names of the pools that a picture with these votes is in, its mouth, lids and pose by its place in twenty."""
        votes = make_votes(*[row] * 20)
        track = align_without_landmarks(None, np.zeros((20, 8, 8), np.uint8), SIDE)
        return {name: set(pool.tolist()) for name, pool in find_pools(votes, track).items() if len(pool)}, track

    @pytest.mark.parametrize(
        ("row", "names"),
        [
            ({"happiness": 7, "neutral": 3}, {"happiness"}),
            ({"happiness": 10}, {"happiness", "laughter"}),
            ({"surprise": 7, "fear": 3}, {"surprise"}),
            ({"happiness": 4, "surprise": 2}, {"happiness+surprise"}),
            ({"sadness": 4, "fear": 4}, {"sadness+fear"}),
            ({"sadness": 5, "anger": 5}, {"quiet sadness"}),
            ({"sadness": 6, "anger": 4}, {"sadness", "quiet sadness"}),
            ({"fear": 6}, {"fear"}),
            ({"anger": 8}, {"anger"}),
            ({"disgust": 4, "neutral": 4}, {"disgust"}),
            ({"contempt": 4, "neutral": 4}, {"contempt"}),
            ({"neutral": 10}, {"neutral", "speech", "lowered eyes", "turned away"}),
            ({"neutral": 5}, {"speech"}),
            ({"happiness": 8, "unknown": 2}, set()),
            ({"anger": 5, "disgust": 3}, set()),
        ],
        ids=lambda value: ", ".join(sorted(value)) or "none",
    )
    def test_by_votes(self, row, names):
        assert set(self.pools_of(**row)[0]) == names

    def test_by_landmarks(self):
        pools, _ = self.pools_of(neutral=10)
        assert pools["speech"] == set(range(0, 20, 3))  # mouths open
        assert pools["lowered eyes"] == set(range(1, 20, 4))
        assert pools["turned away"] == set(range(2, 20, 5))
        pools, _ = self.pools_of(sadness=6, anger=2)
        assert pools["quiet sadness"] == set(range(1, 20, 4)) - set(range(0, 20, 3))

    def test_a_picture_without_landmarks_is_in_none(self):
        _, track = self.pools_of(neutral=10)
        track.detected[:] = False
        assert not any(len(pool) for pool in find_pools(make_votes(*[{"neutral": 10}] * 20), track).values())


class TestBank:
    @pytest.fixture
    def seen(self, monkeypatch):
        monkeypatch.setattr(stills_module, "align_stills", align_without_landmarks)
        images, votes = ferplus_arrays(2)
        return images, align(images, votes, SIDE)

    class cnn:  # noqa: N801 — stands for an object
        """Mean, left half and top half in the place of a network."""

        digest = "stand-in"

        def __new__(cls, faces):
            left, top = faces[:, :, : SIDE // 2].mean(axis=(1, 2)), faces[:, : SIDE // 2].mean(axis=(1, 2))
            return np.stack([faces.mean(axis=(1, 2)), left, top], axis=1), None

    def test_every_still_of_a_pool_is_seen_in_three_ways(self, seen):
        images, stills = seen
        (bank,) = build_banks(images, stills, self.cnn, seed=0)
        used = np.unique(np.concatenate(list(bank.pools.values())))
        assert bank.features.shape == (len(images), 3, 3 + len(BLENDSHAPES))
        assert 0 < len(used) < len(images)
        assert (bank.features[used, :, :3] != 0).all()
        assert not bank.features[np.setdiff1d(np.arange(len(images)), used)].any()
        np.testing.assert_array_equal(bank.features[used, PLAIN, 3:], bank.features[used, MOVED, 3:])
        assert ((bank.quality >= 0) & (bank.quality <= 1)).all()
        assert (bank.quality[used, PLAIN] > 0).all()
        assert bank.quality[used, DAMAGED].mean() < bank.quality[used, PLAIN].mean()

    def test_the_seed_decides(self, seen):
        images, stills = seen
        banks = [build_banks(images, stills, self.cnn, seed=seed)[0] for seed in (1, 1, 2)]
        np.testing.assert_array_equal(banks[0].features, banks[1].features)
        assert (banks[0].features != banks[2].features).any()

    def test_varied_banks_hold_the_same_faces_seen_otherwise(self, seen):
        images, stills = seen
        banks = build_banks(images, stills, self.cnn, seed=0, num_varied=2)
        plain, *varied = banks
        used = np.unique(np.concatenate(list(plain.pools.values())))
        for bank in varied:
            assert {name: pool.tolist() for name, pool in bank.pools.items()} == {
                name: pool.tolist() for name, pool in plain.pools.items()
            }
            np.testing.assert_array_equal(bank.quality, plain.quality)
            np.testing.assert_array_equal(bank.features[..., 3:], plain.features[..., 3:])
            ours, theirs = (item.features[used, PLAIN, 0] for item in (bank, plain))
            assert (ours != theirs).mean() > 0.9
            assert np.abs(ours - theirs).mean() < 0.1
        assert (varied[0].features[used] != varied[1].features[used]).any()
        again = build_banks(images, stills, self.cnn, seed=0, num_varied=2)
        for first, second in zip(banks, again, strict=True):
            np.testing.assert_array_equal(first.features, second.features)

    def test_clips_can_be_told_with_it(self, seen):
        images, stills = seen
        (bank,) = build_banks(images, stills, self.cnn, seed=0)
        clips = compose(bank, LABELS, 12, STEPS, damaged_share=0.5, rng=np.random.default_rng(0))
        assert np.isfinite(clips.features).all()

    def test_what_was_seen_is_found_again(self, seen, tmp_path):
        images, stills = seen
        (first,) = build_banks(images, stills, self.cnn, seed=0, cache=tmp_path)
        assert len(list(tmp_path.glob("seen-*.npy"))) == 2  # by the CNN, and blendshapes

        class Never(self.cnn):
            def __new__(cls, faces):
                raise AssertionError("seen again")

        (again,) = build_banks(images, stills, Never, seed=0, cache=tmp_path)
        np.testing.assert_array_equal(again.features, first.features)

    def test_usable_views_are_those_with_a_face(self):
        bank = make_bank()
        bank.quality[:, DAMAGED] = 0
        features, quality = bank.usable_views()
        assert len(features) == len(quality) == 2 * len(bank.features)
        assert (quality > 0).all()
