"""Files not to be trusted: the sentences of bad ones, limits, damage and names; videos come from :mod:`tests.media`."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.errors import VideoError
from emo_core.video.reader import open_video
from emo_core.video.source import VideoLimits, clean_name
from tests import media
from tests.media import levels, read

BAD_FILES = {
    "missing": (lambda d: d / "gone.mp4", "gone.mp4", "check its name"),
    "folder": (lambda d: d, None, "choose a video file"),
    "empty": (media.empty_file, "empty.mp4", "copy it again"),
    "text": (media.text_file, "notes.mp4", "export it as MP4"),
    "without index": (media.cut_without_index, "cut.mp4", "copy or export it again"),
    "inside index": (media.cut_inside_index, "cut_inside.mp4", "copy or export it again"),
    "cut": (media.cut_with_index, "cut_indexed.mp4", "cut off"),
    "barely cut": (lambda d: media.cut_with_index(d, "barely.mp4", 0.97), "barely.mp4", "copy or export it again"),
    "cut mkv": (media.cut_mkv, "cut.mkv", "copy or export it again"),
    "damaged": (lambda d: media.damaged_video(d, share=0.5), "damaged.mp4", "copy or export it again"),
    "sound": (media.audio_only, "sound.m4a", "choose a file with pictures"),
    "sound wav": (lambda d: media.audio_only(d, "sound.wav"), "sound.wav", "choose a file with pictures"),
    "one frame": (media.one_frame_video, "one.mp4", "single frame; choose a video"),
    "photo": (media.still_image, "photo.png", "single frame; choose a video"),
    "long": (media.overlong_video, "long.mp4", "shorter parts"),
    "long webm": (lambda d: media.overlong_video(d, "long.webm"), "long.webm", "shorter parts"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_gets_one_sentence_with_a_remedy(tmp_path, case, capfd):
    make, name, remedy = BAD_FILES[case]
    path = make(tmp_path)
    with pytest.raises(VideoError) as caught:
        read(path)
    assert_one_sentence(str(caught.value), name or tmp_path.name, remedy)
    assert str(tmp_path.parent) not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    if path.is_file():
        with pytest.raises(VideoError) as from_bytes:
            read(path.read_bytes(), name=path.name)
        assert str(from_bytes.value) == str(caught.value)


def assert_one_sentence(text, name, remedy):
    assert text.startswith(f"“{name}” ")
    assert remedy in text
    assert "\n" not in text
    assert text.endswith(".")
    assert ". " not in text


@pytest.mark.parametrize(
    ("limits", "remedy"),
    [
        (VideoLimits(max_bytes=100), "shorten or compress it"),
        (VideoLimits(max_pixels=64 * 48 - 1), "export it at 1080p"),
        (VideoLimits(max_duration_s=1.1), "shorter parts"),
    ],
)
def test_limits_are_checked_before_decoding(tmp_path, limits, remedy):
    path = media.grey_video(tmp_path)
    with pytest.raises(VideoError) as caught:
        open_video(path, limits=limits)
    assert_one_sentence(str(caught.value), "grey.mp4", remedy)
    exact = VideoLimits(max_bytes=path.stat().st_size, max_pixels=64 * 48, max_duration_s=1.21)
    assert read(path, limits=exact)[2].num_frames_decoded == 12


def test_cut_mp4_is_refused_before_decoding(tmp_path):
    with pytest.raises(VideoError, match="cut off"):
        open_video(media.cut_with_index(tmp_path))


@pytest.mark.parametrize("ticks", [0, 1])
def test_pictures_that_do_not_get_on_are_given_up_soon(tmp_path, ticks):
    reached = []
    with open_video(media.standing_video(tmp_path, ticks=ticks)) as reader:
        with pytest.raises(VideoError) as caught:
            list(reader.clips(10.0, tick=reached.append))
        assert reader.info().num_frames_decoded <= 120
    assert_one_sentence(str(caught.value), "standing.mp4", "its pictures do not get on in time")


def test_work_without_progress_is_given_up(tmp_path, monkeypatch):
    work_s = iter(np.arange(0, 1e4, 0.1))
    monkeypatch.setattr("emo_core.video.decode_budget.time.process_time", lambda: next(work_s))
    read(media.grey_video(tmp_path, num_frames=100, fps=25.0))
    with pytest.raises(VideoError, match="decoding it takes long"):
        read(media.grey_video(tmp_path, "fast.webm", num_frames=99, fps=900.0))


def test_too_many_pictures_are_refused_before_the_last(tmp_path):
    with pytest.raises(VideoError, match="more than 50 pictures"):
        read(media.grey_video(tmp_path, num_frames=60), limits=VideoLimits(max_frames=50))


def test_decoding_can_be_stopped_between_samples(tmp_path, monkeypatch):
    monkeypatch.setattr("emo_core.video.decode_budget._TELL_EVERY_S", 0.0)
    reached = []

    def tick(elapsed_s):
        reached.append(elapsed_s)
        if len(reached) == 20:
            raise InterruptedError

    with open_video(media.grey_video(tmp_path, num_frames=60)) as reader, pytest.raises(InterruptedError):
        list(reader.clips(0.1, tick=tick))  # the second sample would be the last frame but one
    assert 0.5 < reached[-1] < 2


@pytest.mark.parametrize("name", ["cut.avi", "cut.flv", "cut.wmv", "cut.gif", "sound.avi", "sound.flv"])
@pytest.mark.parametrize("keep", [0.4, 0.7])
def test_a_cut_off_file_is_told_by_its_bytes_where_the_container_is_silent(tmp_path, name, keep):
    path = media.noisy_video(tmp_path, name)
    assert read(path)[2].duration_s == pytest.approx(4.0, abs=0.1)
    with pytest.raises(VideoError, match="cut off"):
        read(media.cut(path, keep))


def test_an_avi_of_several_riff_chunks_is_whole(tmp_path):
    path = media.grey_video(tmp_path, "long.avi")
    path.write_bytes(path.read_bytes() + b"RIFF\x08\0\0\0AVIXJUNK")
    read(path)
    path.write_bytes(path.read_bytes()[:-16] + b"RIFF\0\0\1\0AVIX")
    with pytest.raises(VideoError, match="cut off"):
        read(path)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm", "flv", "live.webm"])
def test_files_put_one_behind_the_other_are_refused_where_only_the_first_would_be_seen(tmp_path, suffix):
    path = media.noisy_video(tmp_path, f"joined.{suffix}", num_frames=8)
    read(path)
    path.write_bytes(3 * path.read_bytes())
    with pytest.raises(VideoError, match="several recordings"):
        read(path)


def test_a_few_damaged_frames_are_skipped(tmp_path, capfd):
    frames, times_s, info = read(media.damaged_video(tmp_path))
    assert 72 <= info.num_frames_decoded < 80
    assert len(frames) == info.num_frames_sampled
    assert info.duration_s == pytest.approx(8.0)
    np.testing.assert_allclose(times_s * 10, np.round(times_s * 10), atol=1e-6)
    assert capfd.readouterr() == ("", "")


def test_an_unreadable_end_leaves_every_frame_before_it(tmp_path):
    frames, _, _ = read(media.unreadable_end_video(tmp_path, first_bad=55))
    assert levels(frames) == [k % 8 for k in range(55)]
    with pytest.raises(VideoError, match="cut off"):
        read(media.unreadable_end_video(tmp_path, first_bad=40))


def test_playlists_cannot_reach_other_files(tmp_path):
    target = media.grey_video(tmp_path)
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile grey.mp4\n")
    (tmp_path / "hls.mp4").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:{target}\n#EXT-X-ENDLIST\n",
    )
    for name in ("list.mp4", "hls.mp4"):
        with pytest.raises(VideoError, match="not a video"):
            open_video(tmp_path / name)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..", "video"),
        ("", "video"),
        ("a\r\nb\x00\x1b[31m.mp4", "a b [31m.mp4"),
        ("C:\\clips\\x.mp4", "x.mp4"),
        ('it\'s "so" <b>.mp4', 'it\'s "so" <b>.mp4'),
        ("笑顔 é.mp4", "笑顔 é.mp4"),
        ("evil\u202e4pm.exe", "evil 4pm.exe"),
        ("\ud800.mp4", ".mp4"),
        ("x" * 300 + ".webm", "x" * 68 + "…xxxxxx.webm"),
    ],
)
def test_hostile_names_are_harmless_and_readable(hostile, shown):
    with pytest.raises(VideoError) as caught:
        open_video(b"no video", name=hostile)
    assert_one_sentence(str(caught.value), shown, "export it as MP4")
    str(caught.value).encode()


@given(st.text())
def test_a_clean_name_is_one_short_printable_line(name):
    cleaned = clean_name(name)
    assert 0 < len(cleaned) <= 80
    assert cleaned.isprintable()
    assert not set(cleaned) & set("/\\")


@pytest.mark.parametrize("name", ['it\'s %03d "q".mp4', "http:x.mp4", "-i.mp4", "笑顔.mp4"])
def test_files_with_strange_names_open(tmp_path, name):
    path = media.grey_video(tmp_path).rename(tmp_path / name)
    assert read(path)[2].name == name


def test_unreadable_paths_are_errors_of_the_user(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in ("x" * 5000 + ".mp4", "nul\0.mp4", tmp_path / "pipe.mp4"):
        with pytest.raises(VideoError):
            open_video(path)
