"""Clips read by another thread: the same ones, never more than one ahead, and no thread that is left behind."""

import threading
from contextlib import closing

import numpy as np
import pytest

from emo_core.errors import VideoError
from emo_core.types import Clip
from emo_core.video.read_ahead import read_ahead
from emo_core.video.reader import open_video
from tests import sample


def numbered(count, made, after=lambda number: None):
    """Function that reads so many clips, noting each; `after` is called behind it."""

    def read(tick):
        for number in range(count):
            made.append(number)
            yield Clip(np.full((1, 2, 2, 3), number, np.uint8), np.array([float(number)]), 2, 2)
            tick(float(number))
            after(number)

    return read


def quiet(elapsed_s):
    del elapsed_s


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_the_clips_are_those_of_the_reader():
    with open_video(sample.PATH) as plain, open_video(sample.PATH) as other:
        ahead = read_ahead(lambda tick: other.clips(10.0, 16, tick), quiet)
        for ours, theirs in zip(ahead, plain.clips(10.0, 16), strict=True):
            np.testing.assert_array_equal(ours.frames, theirs.frames)
            np.testing.assert_array_equal(ours.timestamps_s, theirs.timestamps_s)
        assert other.info() == plain.info()
    assert not threads()


def test_no_more_than_one_is_made_ahead():
    made = []
    with closing(read_ahead(numbered(9, made), quiet)) as clips:
        for number, clip in enumerate(clips):
            assert clip.timestamps_s[0] == number
            assert max(made) <= number + 1
    assert made == list(range(9))


def test_what_reading_raises_is_raised_where_the_clips_are_looked_at():
    def fail(number):
        if number == 2:
            raise VideoError("It is cut off.")

    clips = read_ahead(numbered(9, [], fail), quiet)
    assert [int(next(clips).timestamps_s[0]) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(VideoError, match="cut off"):
        next(clips)
    assert not threads()


def test_one_that_is_left_ends_its_thread():
    made = []
    clips = read_ahead(numbered(1000, made), quiet)
    next(clips)
    clips.close()
    assert not threads()
    assert len(made) <= 3


def test_it_is_told_in_the_thread_that_waits_and_can_be_ended_there():
    told, may_go_on = [], threading.Event()

    def stop(elapsed_s):
        told.append((threading.current_thread(), elapsed_s))
        may_go_on.set()
        raise KeyboardInterrupt

    clips = read_ahead(numbered(9, [], lambda number: number != 3 or may_go_on.wait()), stop)
    with pytest.raises(KeyboardInterrupt):
        list(clips)
    ((thread, elapsed_s),) = told
    assert thread is threading.current_thread()
    assert 0 < elapsed_s <= 3
    assert not threads()
