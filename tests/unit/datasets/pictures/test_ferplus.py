"""Face pictures with votes: labels, alignment kept by content, damage, and every kind of file that is none."""

import re
import zipfile

import cv2
import numpy as np
import pytest

from emo_core.datasets.pictures import ferplus as stills
from emo_core.datasets.pictures.ferplus import (
    align,
    find_copies,
    majority_labels,
    read_votes,
    vote_distributions,
    voted_pair,
    with_fallback,
)
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.faces.tracking import empty_track
from emo_core.training.synthesis.corruption import CORRUPTIONS, corrupt, shrink
from tests.tiny import align_without_landmarks, ferplus_arrays, make_votes, picture

VOTES = [
    ({"neutral": 10}, "neutral", {"neutral": 1.0}),
    ({"happiness": 6, "surprise": 4}, "happiness", {"happiness": 0.6, "surprise": 0.4}),
    ({"sadness": 7, "fear": 2, "anger": 1}, "sadness", {"sadness": 7 / 9, "fear": 2 / 9}),
    ({"contempt": 3, "unknown": 2, "not_face": 1}, "contempt", {"contempt": 1.0}),
    ({"neutral": 5, "happiness": 5}, "neutral", {"neutral": 0.5, "happiness": 0.5}),  # a tie: the first in order
    ({"unknown": 6, "disgust": 4}, None, {"disgust": 1.0}),
    ({"not_face": 8}, None, {}),
    ({"anger": 1, "fear": 1, "neutral": 1}, None, {}),  # single votes are noise
    ({}, None, {}),
]


class TestVotes:
    @pytest.mark.parametrize(("row", "label", "shares"), VOTES, ids=str)
    def test_labels_and_shares(self, row, label, shares):
        votes = make_votes(row)
        assert majority_labels(votes).tolist() == [EMOTIONS.index(label) if label else -1]
        np.testing.assert_allclose(vote_distributions(votes), [[shares.get(name, 0) for name in EMOTIONS]], rtol=1e-6)

    @pytest.mark.parametrize(
        ("row", "strict", "loose"),
        [
            ({"happiness": 5, "surprise": 5}, True, True),
            ({"happiness": 4, "surprise": 3}, True, True),
            ({"happiness": 3, "surprise": 3, "neutral": 4}, False, True),
            ({"happiness": 7, "surprise": 2}, False, True),
            ({"happiness": 9, "surprise": 1}, False, False),
            ({"sadness": 5, "fear": 5}, False, False),
        ],
    )
    def test_a_pair_is_what_people_see_two_emotions_in(self, row, strict, loose):
        votes = make_votes(row)
        assert voted_pair(votes, "happiness", "surprise").tolist() == [strict]
        assert voted_pair(votes, "surprise", "happiness", 2, 6).tolist() == [loose]

    def test_votes_do_not_overflow(self):
        assert voted_pair(make_votes({"sadness": 200, "fear": 100}), "sadness", "fear").all()


class TestDamage:
    @pytest.mark.parametrize("kind", CORRUPTIONS)
    @pytest.mark.parametrize("side", [16, 48, 97])
    def test_a_damaged_picture_is_a_picture_and_the_same_for_the_same_seed(self, kind, side):
        image = picture("happiness", np.random.default_rng(0), side)
        before = image.copy()
        results = [corrupt(image, kind, np.random.default_rng(seed)) for seed in (1, 1, 2)]
        assert {(result.shape, result.dtype) for result in results} == {((side, side), np.dtype(np.uint8))}
        np.testing.assert_array_equal(results[0], results[1])
        assert (results[0] != results[2]).any()
        assert (results[0] != image).any()
        np.testing.assert_array_equal(image, before)

    @pytest.mark.parametrize("level", [0, 255])
    @pytest.mark.parametrize("kind", CORRUPTIONS)
    def test_extreme_levels_do_not_wrap_around(self, kind, level):
        result = corrupt(np.full((48, 48), level, np.uint8), kind, np.random.default_rng(0))
        assert abs(int(np.median(result)) - level) < 40 or kind == "dark"

    def test_each_kind_does_what_it_is_called(self):
        image = picture("surprise", np.random.default_rng(0))
        done = {kind: corrupt(image, kind, np.random.default_rng(5)).astype(float) for kind in CORRUPTIONS}
        detail = np.abs(np.diff(image.astype(float))).mean()
        assert done["dark"].mean() < 0.5 * image.mean()
        assert np.abs(np.diff(done["blur"])).mean() < 0.8 * detail
        assert np.abs(np.diff(done["small"])).mean() < 0.8 * detail
        changed = np.abs(done["occluded"] - image) > 8
        assert 0.03 < changed.mean() < 0.9
        assert np.abs(done["compressed"] - image).mean() > 2

    def test_an_unknown_kind_names_the_known_ones(self):
        with pytest.raises(ValueError, match=r"'rain'; known: \('blur'"):
            corrupt(np.zeros((48, 48), np.uint8), "rain", np.random.default_rng(0))

    def test_a_small_picture_has_a_quarter_to_a_half_of_the_side(self):
        rng = np.random.default_rng(0)
        sides = {shrink(np.zeros((48, 48), np.uint8), rng).shape for _ in range(60)}
        assert all(a == b and 12 <= a < 24 for a, b in sides)
        assert len(sides) > 5


class TestReading:
    def test_a_good_file(self, tmp_path):
        images, votes = ferplus_arrays(1)
        np.savez(tmp_path / "good.npz", images=images, votes=votes.astype(np.int64))
        read_images, read = read_votes(tmp_path / "good.npz")
        np.testing.assert_array_equal(read_images, images)
        np.testing.assert_array_equal(read, votes)
        assert read.dtype == np.uint8

    @pytest.mark.parametrize("content", ["", "no arrays", "PK\x03\x04 cut", "\x93NUMPY\x01"], ids=repr)
    def test_a_file_that_is_none(self, tmp_path, content):
        (tmp_path / "faces.npz").write_bytes(content.encode("latin-1"))
        self.refused(tmp_path / "faces.npz")

    def test_a_missing_file_and_a_folder(self, tmp_path):
        assert "There is no file faces.npz" in self.refused(tmp_path / "faces.npz")
        (tmp_path / "folder.npz").mkdir()
        self.refused(tmp_path / "folder.npz")

    def test_a_single_array(self, tmp_path):
        np.save(tmp_path / "one.npy", np.zeros((3, 48, 48), np.uint8))
        self.refused(tmp_path / "one.npy")

    @pytest.mark.parametrize("share", [0.2, 0.9, 0.99])
    def test_a_file_cut_short(self, tmp_path, share):
        images, votes = ferplus_arrays(1)
        np.savez(tmp_path / "cut.npz", images=images, votes=votes)
        content = (tmp_path / "cut.npz").read_bytes()
        (tmp_path / "cut.npz").write_bytes(content[: int(share * len(content))])
        self.refused(tmp_path / "cut.npz")

    def test_a_damaged_file(self, tmp_path):
        images, votes = ferplus_arrays(1)
        np.savez_compressed(tmp_path / "bad.npz", images=images, votes=votes)
        content = bytearray((tmp_path / "bad.npz").read_bytes())
        content[200:260] = bytes(60)
        (tmp_path / "bad.npz").write_bytes(content)
        self.refused(tmp_path / "bad.npz")

    def test_a_zip_without_arrays(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "zip.npz", "w") as file:
            file.writestr("images", "text")
            file.writestr("votes", "text")
        self.refused(tmp_path / "zip.npz")

    @pytest.mark.parametrize(
        "arrays",
        [
            {"images": np.zeros((2, 48, 48), np.uint8)},
            {"faces": np.zeros((2, 48, 48), np.uint8), "votes": np.zeros((2, 10), np.uint8)},
            {"images": np.zeros((2, 48, 40), np.uint8), "votes": np.zeros((2, 10), np.uint8)},
            {"images": np.zeros((2, 48, 48, 3), np.uint8), "votes": np.zeros((2, 10), np.uint8)},
            {"images": np.zeros((2, 0, 0), np.uint8), "votes": np.zeros((2, 10), np.uint8)},
            {"images": np.zeros((2, 48, 48), np.float32), "votes": np.zeros((2, 10), np.uint8)},
            {"images": np.zeros((2, 48, 48), np.uint8), "votes": np.zeros((2, 8), np.uint8)},
            {"images": np.zeros((2, 48, 48), np.uint8), "votes": np.zeros((3, 10), np.uint8)},
            {"images": np.zeros((0, 48, 48), np.uint8), "votes": np.zeros((0, 10), np.uint8)},
            {"images": np.zeros((2, 48, 48), np.uint8), "votes": np.full((2, 10), "many")},
            {"images": np.zeros((2, 48, 48), np.uint8), "votes": np.full((2, 10), np.nan)},
            {"images": np.zeros((2, 48, 48), np.uint8), "votes": np.full((2, 10), -1)},
            {"images": np.array([{}, {}], object), "votes": np.zeros((2, 10), np.uint8)},
        ],
        ids=lambda arrays: " ".join(f"{n}{a.shape}{a.dtype}" for n, a in arrays.items()),
    )
    def test_arrays_that_do_not_fit(self, tmp_path, arrays):
        np.savez(tmp_path / "odd.npz", **arrays)
        self.refused(tmp_path / "odd.npz")

    def test_a_pointer_says_how_to_fetch_the_pictures(self, tmp_path):
        (tmp_path / "train.npz").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n")
        with pytest.raises(DatasetError, match=r"train\.npz is a Git LFS pointer .* run “git lfs pull”"):
            read_votes(tmp_path / "train.npz")

    def refused(self, path):
        with pytest.raises(DatasetError) as caught:
            read_votes(path)
        text = str(caught.value)
        assert path.name in text
        assert re.search(r"images.*votes", text)
        assert text.endswith(".")
        assert "\n" not in text
        assert str(path.parent) not in text
        return text


class TestAlignment:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        self.calls = []

        def align_stills(landmarker, images, side):
            self.calls.append(len(images))
            return align_without_landmarks(landmarker, images, side)

        monkeypatch.setattr(stills, "align_stills", align_stills)

    def test_a_kept_result_is_the_result(self, tmp_path):
        images, votes = ferplus_arrays(1)
        first, again = (align(images, votes, 16, tmp_path / "cache") for _ in range(2))
        assert self.calls == [len(images)]
        for name in first.track.__slots__:
            np.testing.assert_array_equal(getattr(first.track, name), getattr(again.track, name))
        np.testing.assert_array_equal(first.crops, again.crops)
        np.testing.assert_array_equal(again.votes, votes)

    @pytest.mark.parametrize("change", ["picture", "order", "side"])
    def test_other_pictures_are_aligned_anew(self, tmp_path, change):
        images, votes = ferplus_arrays(1)
        align(images, votes, 16, tmp_path)
        other = {"picture": images.copy(), "order": images[::-1], "side": images}[change]
        if change == "picture":
            other[3, 5, 5] ^= 1
        align(other, votes, 24 if change == "side" else 16, tmp_path)
        assert len(self.calls) == 2

    def test_without_a_folder_nothing_is_kept(self):
        images, votes = ferplus_arrays(1)
        for _ in range(2):
            align(images, votes, 16)
        assert len(self.calls) == 2

    def test_nothing_half_written_is_left(self, tmp_path):
        align(*ferplus_arrays(1), 16, tmp_path)
        (kept,) = tmp_path.iterdir()
        assert re.fullmatch(r"aligned-[0-9a-f]{20}\.npz", kept.name)


def test_a_picture_without_landmarks_is_taken_as_it_is():
    track = empty_track(2, 24)
    track.crops[0], track.detected[0] = 7, True
    images = [np.full((48, 48), 90, np.uint8), np.full((30, 30), 200, np.uint8)]
    crops = with_fallback(track, images)
    assert [int(crop[0, 0]) for crop in crops] == [7, 200]
    assert crops.shape == (2, 24, 24)
    assert not track.crops[1].any()


def test_the_landmark_model_aligns_no_noise():
    """The real model, on what holds no face: the picture itself stands in."""
    images = np.random.default_rng(0).integers(0, 256, (2, 48, 48), np.uint8)
    result = align(images, make_votes({"neutral": 10}, {"fear": 10}), 48)
    assert not result.track.detected.any()
    np.testing.assert_array_equal(result.crops, images)


class TestCopies:
    def pictures(self, count, seed=0):
        return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)

    def test_exact_darkened_and_compressed_copies_are_found(self):
        others = cv2.GaussianBlur(self.pictures(4).transpose(1, 2, 0), (0, 0), 3).transpose(2, 0, 1)
        smooth = np.ascontiguousarray(others)
        coded = cv2.imdecode(cv2.imencode(".jpg", smooth[2], [cv2.IMWRITE_JPEG_QUALITY, 90])[1], cv2.IMREAD_GRAYSCALE)
        images = np.stack([smooth[0], smooth[1] // 2, coded, self.pictures(1, seed=9)[0]])
        assert find_copies(images, smooth).tolist() == [True, True, True, False]

    def test_other_pictures_and_mirrored_ones_are_none(self):
        images = self.pictures(300)
        assert not find_copies(images, self.pictures(50, seed=1)).any()
        assert not find_copies(images[:, :, ::-1], images).any()

    def test_flat_pictures_are_copies_of_nothing(self):
        assert not find_copies(np.full((2, 8, 8), 7, np.uint8), np.full((2, 8, 8), 7, np.uint8)).any()
