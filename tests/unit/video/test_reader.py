"""Decoding in time, and writing; videos come from :mod:`tests.media`."""

import gc
import tracemalloc
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.video.clock import select_in_time
from emo_core.video.reader import open_video
from emo_core.video.writer import write_video
from tests import media
from tests.media import levels, read


@pytest.mark.parametrize("suffix", media.CODECS)
def test_every_format_gives_its_frames_at_their_times(tmp_path, suffix):
    path = media.grey_video(tmp_path, f"grey.{suffix}", num_frames=12)
    frames, times_s, info = read(path)
    assert levels(frames) == [k % 8 for k in range(12)]
    np.testing.assert_allclose(times_s, np.arange(12) / 10, atol=1e-3)
    assert (info.name, info.width, info.height) == (f"grey.{suffix}", 64, 48)
    assert (info.num_frames_decoded, info.num_frames_sampled) == (12, 12)
    assert info.duration_s == pytest.approx(1.2, abs=2e-3)
    assert info.fps == pytest.approx(10, abs=0.02)


def test_bytes_are_read_like_the_file(tmp_path):
    path = media.grey_video(tmp_path)
    from_file, from_bytes = read(path), read(path.read_bytes(), name="c/grey.mp4")
    np.testing.assert_array_equal(from_file[0], from_bytes[0])
    assert from_file[2] == from_bytes[2]


@pytest.mark.parametrize("suffix", media.CODECS)
def test_frames_are_found_again_at_their_times(tmp_path, suffix):
    path = media.write(
        tmp_path / f"clip.{suffix}", [media.grey_frame(i) for i in range(250)], [i / 25 for i in range(250)]
    )
    _, times_s, _ = media.read(path)
    for first in (0, 40, 77, 95):
        with open_video(path) as reader:
            found = [(index, media.read_level(frame)) for index, frame in reader.frames_at(times_s[first : first + 5])]
        assert [index for index, _ in found] == list(range(len(times_s[first : first + 5])))
        expected = [round(time_s * 25) % media.NUM_LEVELS for time_s in times_s[first : first + 5]]
        assert [level for _, level in found] == expected


def test_times_that_no_frame_has_are_left_out(tmp_path):
    path = media.write(tmp_path / "clip.mp4", [media.grey_frame(i) for i in range(50)], [i / 25 for i in range(50)])
    with open_video(path) as reader:
        found = [index for index, _ in reader.frames_at(np.array([0.4, 0.41, 0.8, 30.0]))]
    assert found == [0, 2]


def test_colours_are_rgb(tmp_path):
    frames, _, _ = read(media.rotated_video(tmp_path, 0))
    np.testing.assert_allclose(frames[0, 10, 10].astype(int), (230, 20, 20), atol=12)


@pytest.mark.parametrize("rotation_deg", [90, 180, -90])
def test_phone_video_comes_upright(tmp_path, rotation_deg):
    path = media.rotated_video(tmp_path, rotation_deg)
    assert (media.PHONE_MATRIX in path.read_bytes()) == (rotation_deg == -90)
    frames, _, info = read(path)
    np.testing.assert_allclose(frames[0].astype(int), media.corner_frame(), atol=40)
    assert (info.width, info.height) == (64, 48)


def test_variable_rate_is_sampled_in_time(tmp_path):
    path = media.variable_rate_video(tmp_path, [0.0, 0.04, 0.12, 0.13, 0.31, 0.35, 0.9, 0.95, 1.0])
    frames, times_s, info = read(path)
    np.testing.assert_allclose(times_s, [0.0, 0.12, 0.31, 0.9, 1.0], atol=1e-3)
    assert levels(frames) == [0, 2, 4, 6, 0]
    assert info.fps == pytest.approx(8.0, abs=0.01)


def test_browser_recording_states_no_duration(tmp_path):
    with open_video(media.browser_recording(tmp_path)) as reader:
        assert reader.duration_estimate_s is None
        times_s = np.concatenate([clip.timestamps_s for clip in reader.clips(10.0)])
        assert reader.info().duration_s == pytest.approx(0.033 * 29 + 0.014 + 0.1, abs=0.001)
    assert len(times_s) == 10


def test_h264_in_avi_keeps_every_frame(tmp_path):
    path = media.grey_video(tmp_path, "old.avi", 30, codec="libx264", codec_options={"bf": "2"})
    frames, times_s, _ = read(path)
    assert levels(frames) == [k % 8 for k in range(30)]
    np.testing.assert_allclose(times_s, np.arange(30) / 10, atol=1e-6)


def test_stream_without_timestamps_runs_at_its_rate(tmp_path):
    source = media.grey_video(tmp_path, "raw.mp4", 20, codec_options={"bf": "0"})
    raw = tmp_path / "raw.h264"
    with av.open(str(source)) as opened, av.open(str(raw), "w", format="h264") as container:
        stream = container.add_stream_from_template(opened.streams.video[0])
        for packet in opened.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    frames, times_s, _ = read(raw, rate_hz=1000.0)
    assert len(frames) == 20
    assert np.ptp(np.diff(times_s)) < 1e-6


def test_frames_that_do_not_advance_in_time_are_skipped(tmp_path):
    path = media.grey_video(tmp_path, "fast.webm", 16, fps=4000.0)
    with av.open(str(path)) as container:
        stamps_s = [frame.time for frame in container.decode(video=0)]
    assert len(set(stamps_s)) < len(stamps_s)
    _, times_s, info = read(path, rate_hz=1e6)
    np.testing.assert_allclose(times_s, sorted(set(stamps_s)))
    assert info.num_frames_decoded == len(set(stamps_s))


def test_sound_longer_than_the_pictures_is_no_cut(tmp_path):
    frames, _, _ = read(media.grey_video(tmp_path, "song.webm", 8, with_sound=True))
    assert len(frames) == 8


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    frames, _, info = read(media.grey_video(tmp_path, "wide.mp4", aspect=Fraction(2)))
    assert frames.shape[1:3] == (48, 128)
    assert (info.width, info.height) == (128, 48)


def test_large_frames_are_reduced_and_small_ones_left(tmp_path):
    path = media.grey_video(tmp_path, num_frames=2)
    with open_video(path, max_side_px=32) as reader:
        clip = next(reader.clips(10.0))
    assert clip.frames.shape[1:3] == (24, 32)
    assert (clip.width, clip.height, clip.source_scale) == (64, 48, 2.0)
    assert read(path)[0].shape[1:3] == (48, 64)


def test_clips_are_bounded_and_memory_constant(tmp_path):
    frames = [media.grey_frame(k, 320, 240) for k in range(8)]
    path = media.write(tmp_path / "many.mp4", [frames[k % 8] for k in range(120)], [k / 30 for k in range(120)])
    clip_bytes = 8 * 240 * 320 * 3
    tracemalloc.start()
    try:
        with open_video(path) as reader:
            lengths = [len(clip.frames) for clip in reader.clips(30.0, frames_per_clip=8)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lengths == [8] * 15
    assert peak < 4 * clip_bytes


def test_frames_are_gone_before_garbage_is_collected(tmp_path):
    """Large ones take megabytes each, of which Python knows nothing."""
    path = media.rotated_video(tmp_path, 90)
    content = media.grey_video(tmp_path, num_frames=60)
    gc.collect()
    gc.disable()
    try:
        for source, most in ((path, 2), (content, 4)):
            with open_video(source) as reader:
                assert sum(len(clip.frames) for clip in reader.clips(30.0, frames_per_clip=8)) >= 4
            assert sum(isinstance(item, av.VideoFrame) for item in gc.get_objects()) <= most
    finally:
        gc.enable()


def test_a_reader_makes_one_pass(tmp_path):
    with open_video(media.grey_video(tmp_path)) as reader:
        list(reader.clips(10.0))
        with pytest.raises(RuntimeError, match="one pass"):
            reader.clips(10.0)


@pytest.mark.parametrize(("rate_hz", "frames_per_clip"), [(0.0, 32), (float("nan"), 32), (10.0, 0)])
def test_senseless_sampling_is_refused(tmp_path, rate_hz, frames_per_clip):
    with open_video(media.grey_video(tmp_path)) as reader, pytest.raises(ValueError, match="positive"):
        reader.clips(rate_hz, frames_per_clip)


@given(
    rate_hz=st.floats(0.5, 60),
    fps=st.floats(1, 240),
    count=st.integers(1, 300),
    in_milliseconds=st.booleans(),
)
def test_sampling_takes_the_first_frame_of_each_period_once(rate_hz, fps, count, in_milliseconds):
    times_s = [k / fps for k in range(count)]
    if in_milliseconds:
        times_s = [round(t, 3) for t in times_s]
    taken = [k for k, _ in select_in_time(enumerate(times_s), rate_hz)]
    assert taken[0] == 0
    assert taken == sorted(set(taken))
    slack_s = min(1e-3, 0.05 / rate_hz)
    for before, after in pairwise(taken):
        due_s = (np.floor((times_s[before] + slack_s) * rate_hz) + 1) / rate_hz - slack_s
        assert times_s[after] >= due_s - 1e-9
        assert times_s[after - 1] < due_s + 1e-9 or after - 1 == before
    assert len(taken) >= min(count, int(times_s[-1] * min(rate_hz, 0.999 * fps)))


def test_sampling_keeps_an_even_pace_over_rounded_timestamps():
    times_s = [round(k / 30, 3) for k in range(300)]
    assert [k for k, _ in select_in_time(enumerate(times_s), 15.0)] == list(range(0, 300, 2))


def test_written_video_is_h264_and_comes_back(tmp_path):
    path = tmp_path / "out.mp4"
    frames = [media.grey_frame(k) for k in range(12)]
    frames[0] = media.corner_frame()
    write_video(path, iter(frames), 30000 / 1001)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == Fraction(30000, 1001)
    read_frames, times_s, _ = read(path, rate_hz=100.0)
    assert levels(read_frames[1:]) == [k % 8 for k in range(1, 12)]
    np.testing.assert_allclose(read_frames[0, 10, 10].astype(int), (230, 20, 20), atol=8)
    np.testing.assert_allclose(times_s, np.arange(12) * 1001 / 30000, atol=1e-4)
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_odd_sizes_are_padded_to_even(tmp_path):
    write_video(tmp_path / "odd.mp4", [media.grey_frame(k, 63, 47) for k in range(3)], 10)
    assert read(tmp_path / "odd.mp4")[0].shape[1:3] == (48, 64)


def broken_frames():
    yield from (media.grey_frame(k) for k in range(120))  # more than the encoder holds back
    raise OSError("camera gone")


@pytest.mark.parametrize(
    ("frames", "error"),
    [
        (broken_frames, OSError),
        (list, ValueError),
        (lambda: [media.grey_frame(0), media.grey_frame(1, 32, 32)], ValueError),
        (lambda: [media.grey_frame(0).astype(np.float32)], ValueError),
        (lambda: [media.grey_frame(0)[..., 0]], ValueError),
    ],
)
def test_failed_write_leaves_nothing_and_keeps_the_old_file(tmp_path, frames, error):
    path = tmp_path / "out.mp4"
    path.write_text("old")
    with pytest.raises(error):
        write_video(path, frames(), 10)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_write_refuses_a_rate_of_zero(tmp_path):
    with pytest.raises(ValueError, match="fps"):
        write_video(tmp_path / "out.mp4", [media.grey_frame(0)], 0)


def test_the_sample_clip_is_decoded_in_time():
    with open_video(Path("assets/pexels_distress_to_laughter.mp4")) as reader:
        assert reader.duration_estimate_s == pytest.approx(19.685, abs=0.01)
        times_s = np.concatenate([clip.timestamps_s for clip in reader.clips(10.0)])
        info = reader.info()
    assert (info.num_frames_decoded, info.num_frames_sampled, info.width, info.height) == (472, 197, 640, 360)
    assert info.fps == pytest.approx(24000 / 1001)
    assert np.all(np.abs(times_s - np.arange(197) / 10) < 1001 / 24000)
