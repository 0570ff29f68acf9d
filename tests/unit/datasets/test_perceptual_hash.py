"""Perceptual prints: the same frames are near, whatever was done to the file; others are not."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.datasets.perceptual_hash import NEAR, distance, face_prints, near_pairs


def crops(seed, count=20, side=48):
    """Smooth pictures that change a little from frame to frame."""
    rng = np.random.default_rng(seed)
    base, drift = (cv2.resize(rng.normal(128, 60, (6, 6)), (side, side), interpolation=cv2.INTER_CUBIC) for _ in "ab")
    frames = [base + drift * np.sin(k / 4) for k in range(count)]
    return np.clip(frames, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda frames: frames[3:15],
        lambda frames: (frames * 0.7).astype(np.uint8),
        lambda frames: np.stack([cv2.resize(cv2.resize(frame, (24, 24)), (48, 48)) for frame in frames]),
        lambda frames: np.clip(frames + np.random.default_rng(0).normal(0, 3, frames.shape), 0, 255).astype(np.uint8),
    ],
    ids=["cut", "darker", "smaller", "noisy"],
)
def test_a_changed_copy_is_near_and_another_clip_is_not(change):
    first, copy, other = face_prints(crops(1)), face_prints(change(crops(1))), face_prints(crops(2))
    assert distance(first, copy) < NEAR
    assert distance(first, other) > 3 * NEAR
    assert [pair[:2] for pair in near_pairs([first, other, copy])] == [(0, 2)]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=9), st.integers(0, 99))
def test_pairs_are_those_that_are_near(lengths, seed):
    rng = np.random.default_rng(seed)
    prints = [rng.integers(0, 3, (length, 4)).astype(np.uint64) for length in lengths]
    expected = {
        (i, j) for i in range(len(prints)) for j in range(i + 1, len(prints)) if distance(prints[i], prints[j]) <= NEAR
    }
    found = list(near_pairs(prints))
    assert {pair[:2] for pair in found} == expected
    assert len(found) == len(expected)


def test_a_clip_without_frames_is_near_nothing():
    nothing = face_prints(crops(1)[:0])
    assert nothing.shape == (0, 4)
    assert distance(nothing, face_prints(crops(1))) == 1
    assert list(near_pairs([nothing, nothing])) == []
