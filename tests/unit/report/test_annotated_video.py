"""The clip with verdict and timeline drawn: it plays, keeps its time, and shows what is said of each moment."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from emo_core.analysis import VideoInfo
from emo_core.report.annotated_video import _steady, write_annotated
from emo_core.report.annotations import Annotations
from tests import media
from tests.factories import make_analysis


@pytest.fixture(scope="module")
def drawn(laughter, laughter_analysis, tmp_path_factory):
    """Stream facts and frames of the annotated four seconds, marked at 1 s."""
    path = tmp_path_factory.mktemp("drawn") / "annotated.mp4"
    analysis = laughter_analysis
    told = []
    write_annotated(path, laughter, analysis, Annotations().marked(1.0, "x"), lambda *step: told.append(step[1]))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        facts = (stream.codec_context.name, stream.codec_context.pix_fmt, float(container.duration / 1e6))
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    return facts, frames, told, analysis


def near(picture, colour):
    return np.abs(picture.astype(int) - colour).max(axis=-1) < 40


def test_it_is_h264_that_browsers_play_and_as_long_as_the_clip(drawn):
    (codec, pixels, duration_s), frames, told, _ = drawn
    assert (codec, pixels) == ("h264", "yuv420p")
    assert duration_s == pytest.approx(4.0, abs=0.05)
    assert len(frames) == 40
    assert told == sorted(told)


def test_the_playhead_moves_with_time_over_the_colour_of_the_verdict(drawn):
    _, frames, _, analysis = drawn
    assert {segment.label for segment in analysis.prediction.segments} == {"amusement_surprise"}
    for step in (5, 20, 35):
        bar = frames[step][-20, :, :]
        orange, white = near(bar, (240, 138, 36)), near(bar, (235, 238, 245))
        assert orange.mean() > 0.9
        assert np.abs(np.flatnonzero(white) - step / 40 * 640).min() < 4


def test_the_box_lies_where_the_face_was_found(drawn):
    _, frames, _, analysis = drawn
    x0, y0, _, y1 = analysis.track.boxes_xyxy[20]
    middle = round(float(y0 + y1) / 2)
    assert near(frames[20][middle, round(float(x0)) - 3 : round(float(x0)) + 4], (240, 138, 36)).any()


def test_a_mark_is_named_while_it_is_new(drawn):
    _, frames, _, _ = drawn
    strips = [float(frame[335:358].mean()) for frame in frames]
    assert min(strips[:9]) > 1.5 * max(strips[11:24])
    assert min(strips[27:]) > 1.5 * max(strips[11:24])


def test_uneven_times_become_steady_ones():
    timed = [(np.full((2, 2, 3), k, np.uint8), time_s) for k, time_s in enumerate((0.0, 0.1, 0.5, 0.62))]
    video = VideoInfo("uneven.mp4", 0.8, 10.0, 2, 2, 4, 4)
    shown = [(int(frame[0, 0, 0]), tick) for frame, tick in _steady(timed, Fraction(10), video)]
    assert shown == list(zip([0, 1, 1, 1, 1, 2, 3, 3], range(8), strict=True))


def test_one_dark_frame_stands_where_there_is_no_picture():
    timed = [(np.full((2, 2, 3), 100 + k, np.uint8), time_s) for k, time_s in enumerate((3.0, 3.1, 9.0, 9.1))]
    video = VideoInfo("late.mp4", 0.4, 10.0, 2, 2, 4, 4, start_s=3.0, gaps=((3.2, 9.0),))
    shown = [(int(frame[0, 0, 0]), tick) for frame, tick in _steady(timed, Fraction(10), video)]
    assert shown == [(24, 0), (100, 30), (101, 31), (24, 32), (102, 90), (103, 91)]


def test_a_clip_without_a_face_on_the_way_and_of_odd_size(tmp_path):
    source = media.grey_video(tmp_path, num_frames=20, fps=10.0)
    analysis = make_analysis(20, missing=slice(0, 20))
    analysis = replace(analysis, video=replace(analysis.video, fps=10.0))
    write_annotated(tmp_path / "out.mp4", source, analysis, Annotations())
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20


def test_what_stops_it_leaves_nothing(laughter, hybrid, tmp_path, drawn):
    def stop(stage, share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_annotated(tmp_path / "out.mp4", laughter, drawn[3], Annotations(), stop)
    assert list(tmp_path.iterdir()) == []
