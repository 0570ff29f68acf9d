"""A cut changes most of the picture at once; what moves fast changes a part of it, or all of it again and again."""

import numpy as np
import pytest

from emo_core.faces.cuts import CutDetector

HEIGHT, WIDTH = 180, 320


def room(seed):
    """A picture of coarse patches, each room another."""
    patches = np.random.default_rng(seed).integers(40, 220, (9, 16, 3)).astype(np.uint8)
    return patches.repeat(HEIGHT // 9, axis=0).repeat(WIDTH // 16, axis=1)


def cuts_in(frames):
    detector = CutDetector()
    return [number for number, frame in enumerate(frames) if detector.is_cut(frame)]


def with_arm(picture, left, share):
    """Something light before `share` of the picture."""
    covered = picture.copy()
    covered[:, left : left + round(share * WIDTH)] = (235, 190, 160)
    return covered


def test_a_cut_is_one_however_often():
    shots = [room(1)] * 5 + [room(2)] * 5 + [room(1)] * 5
    assert cuts_in(shots) == [5, 10]


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_what_moves_fast_before_a_still_room_is_none(share):
    still = room(1)
    frames = [still] * 8 + [with_arm(still, left, share) for left in (0, 60, 120, 60, 0)] + [still] * 4
    assert cuts_in(frames) == []


@pytest.mark.parametrize("share", [0.32, 0.6])
def test_black_bars_hide_no_cut(share):
    shots = [room(1)] * 5 + [room(2)] * 5
    width = round(share * WIDTH)
    barred = []
    for shot in shots:
        frame = np.zeros_like(shot)
        frame[:, (WIDTH - width) // 2 :][:, :width] = shot[:, :width]
        barred.append(frame)
    assert cuts_in(barred) == [5]


def test_a_picture_of_another_size_is_compared_with_none():
    detector = CutDetector()
    assert not any(detector.is_cut(room(1)) for _ in range(4))
    detector.start_anew()
    assert not detector.is_cut(room(2))
    assert detector.is_cut(room(3))
