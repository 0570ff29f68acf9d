"""The mailbox never makes a sender wait, and the ring keeps the last seconds and no more."""

import threading
import time

import numpy as np
import pytest

from emo_core.live.buffers import FrameRing, Mailbox


def grey(level, height=48, width=64):
    return np.full((height, width, 3), level, np.uint8)


def levels(ring):
    return [round(float(frame.mean()) / 10) * 10 for frame in ring.frames()]


def test_the_newest_item_replaces_the_one_nobody_took():
    mailbox = Mailbox()
    for item in range(5):
        mailbox.put(item)
    assert mailbox.take(0) == 4
    assert mailbox.take(0) is None


def test_a_waiting_reader_gets_what_comes():
    mailbox = Mailbox()
    threading.Timer(0.05, mailbox.put, ["late"]).start()
    assert mailbox.take(5) == "late"


def test_a_reader_waits_no_longer_than_it_said():
    begun = time.monotonic()
    assert Mailbox().take(0.05) is None
    assert 0.04 < time.monotonic() - begun < 10


def test_closing_wakes_the_reader_and_drops_what_lies_there():
    mailbox = Mailbox()
    threading.Timer(0.05, mailbox.close).start()
    begun = time.monotonic()
    assert mailbox.take(30) is None
    assert time.monotonic() - begun < 5
    mailbox.put("too late")
    assert mailbox.take(0) is None
    assert mailbox.closed


def test_every_item_is_read_once_however_many_send():
    mailbox, taken = Mailbox(), []

    def read():
        while (item := mailbox.take(1)) is not None:
            taken.append(item)

    reader = threading.Thread(target=read)
    reader.start()
    senders = [
        threading.Thread(target=lambda base=base: [mailbox.put(base + i) for i in range(200)])
        for base in (0, 1000, 2000)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    reader.join()
    assert len(taken) == len(set(taken))
    assert set(taken) & {199, 1199, 2199}


def test_the_ring_thins_in_time_and_keeps_the_last_seconds():
    ring = FrameRing(2.0, 10.0)
    for number in range(120):  # four seconds at 30 Hz
        ring.add(grey(50), number / 30)
    assert len(ring) == 20
    assert ring.span_s == pytest.approx(2.0, abs=0.05)


def test_memory_stays_flat_once_the_ring_is_full():
    ring = FrameRing(1.0, 10.0)
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    sizes = []
    for number in range(100):
        ring.add(noise, number / 10)
        sizes.append(ring.num_bytes)
    assert sizes[9] > 5000
    assert max(sizes[9:]) == min(sizes[9:])


def test_frames_come_back_in_order_at_the_rate_of_the_ring():
    ring = FrameRing(3.0, 10.0)
    for number in range(8):
        ring.add(grey(20 * number + 20), 5.0 + number / 10)
    assert levels(ring) == [20, 40, 60, 80, 100, 120, 140, 160]


def test_a_gap_shows_the_frame_before_it():
    ring = FrameRing(3.0, 10.0)
    for time_s, level in ((0.0, 20), (0.1, 60), (0.42, 120), (0.5, 200)):
        ring.add(grey(level), time_s)
    assert levels(ring) == [20, 60, 60, 60, 120, 200]


def test_frames_of_before_a_long_gap_are_forgotten():
    ring = FrameRing(3.0, 10.0)
    for time_s, level in ((0.0, 20), (1.0, 60), (100.0, 120), (100.1, 200)):
        ring.add(grey(level), time_s)
    assert levels(ring) == [120, 200]


def test_frames_take_the_size_of_the_newest():
    ring = FrameRing(3.0, 10.0)
    ring.add(grey(20, 24, 32), 0.0)
    ring.add(grey(60, 48, 64), 0.1)
    assert [frame.shape for frame in ring.frames()] == [(48, 64, 3)] * 2


def test_colours_are_not_swapped():
    ring = FrameRing(1.0, 10.0)
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    ring.add(red, 0.0)
    (frame,) = ring.frames()
    assert frame[..., 0].mean() > 180
    assert frame[..., 2].mean() < 20


def test_cleared_it_is_empty_and_may_start_anew():
    ring = FrameRing(1.0, 10.0)
    ring.add(grey(50), 7.0)
    ring.clear()
    assert (len(ring), ring.num_bytes, ring.span_s, list(ring.frames())) == (0, 0, 0.0, [])
    ring.add(grey(50), 0.0)
    assert len(ring) == 1
