"""The same seconds in many kinds of file get the same verdict, the same segments and their own time."""

import csv
import io

import av
import numpy as np
import pytest

from emo_core.inference.pipeline import analyze
from emo_core.report.annotated_video import write_annotated
from emo_core.report.annotations import Annotations
from emo_core.report.serialization import to_dict, to_text
from emo_core.report.tables import frames_csv, segments_vtt, windows_csv
from emo_core.video.reader import open_video
from tests.encoding import encode, remux
from tests.variants import VARIANTS, cut_sample

pytestmark = pytest.mark.usefixtures("frames_known_again")


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    return cut_sample(tmp_path_factory.mktemp("cut"))


@pytest.fixture(scope="module")
def plain(cut, hybrid):
    analysis = analyze(cut.plain, hybrid)
    assert [segment.label for segment in analysis.prediction.segments if segment.label != "unsure"] == [
        "sadness_fear",
        "amusement_surprise",
    ]
    assert (analysis.video.start_s, analysis.video.gaps, analysis.warnings) == (0.0, (), ())
    return analysis


def borders(analysis):
    """When each verdict begins and ends, those of *unsure* between two left to their neighbours."""
    parts = [item for person in analysis.people for item in person.prediction.segments if item.label != "unsure"]
    return sorted((item.start_s, item.end_s, item.label) for item in parts)


def expected(plain, variant):
    """The borders of the plain clip on the clock of a variant."""
    found = []
    for start_s, end_s, label in borders(plain):
        if variant.gap and start_s < variant.gap[0] < end_s:
            at_s, length_s = variant.gap
            found += [(start_s, at_s, label), (at_s + length_s, end_s + length_s, label)]
        else:
            found.append((start_s, end_s, label))
    return [(start_s + variant.start_s, end_s + variant.start_s, label) for start_s, end_s, label in found]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_what_the_plain_clip_is(name, cut, plain, hybrid, tmp_path):
    variant = VARIANTS[name]
    analysis = analyze(variant.make(tmp_path, cut), hybrid)
    video, length_s = analysis.video, plain.video.duration_s
    assert len(analysis.people) == 1
    assert analysis.prediction.label == plain.prediction.label
    right = expected(plain, variant)
    assert [label for *_, label in borders(analysis)] == [label for *_, label in right]
    for found, wanted in zip(borders(analysis), right, strict=True):
        assert found[:2] == pytest.approx(wanted[:2], abs=variant.slack_s)
    assert video.start_s == pytest.approx(variant.start_s, abs=0.03)
    assert video.duration_s == pytest.approx(length_s, abs=0.25)
    assert video.end_s == pytest.approx(variant.start_s + length_s + (variant.gap[1] if variant.gap else 0), abs=0.25)
    assert len(video.gaps) == bool(variant.gap)
    assert analysis.timestamps_s[0] == pytest.approx(video.start_s)
    assert np.all(np.diff(analysis.timestamps_s) > 0)
    assert bool(analysis.warnings) == bool(variant.warning), analysis.warnings
    assert variant.warning in " ".join(analysis.warnings)


@pytest.fixture(scope="module")
def late(cut, hybrid, tmp_path_factory):
    """A clip whose pictures begin 2 s after its sound and stop for 5 s on the way; and what was found in it."""
    path = tmp_path_factory.mktemp("late") / "late.mp4"
    remux(path, cut.plain, shift_s=2.0, sound_s=15.0, gap=(6.0, 5.0))
    return path, analyze(path, hybrid)


class TestExports:
    """What is taken away is on the file's own clock."""

    def test_text_is_on_the_clock_of_the_file(self, late):
        _, analysis = late
        told, none = to_dict(analysis), Annotations()
        assert told["clip"]["start_s"] == told["frames"][0]["time_s"] == told["segments"][0]["start_s"] == 2.0
        assert told["clip"]["duration_s"] == pytest.approx(8.0, abs=0.1)
        assert told["clip"]["end_s"] == pytest.approx(15.0, abs=0.1)
        assert [(gap["start_s"], gap["end_s"]) for gap in told["clip"]["gaps"]] == [pytest.approx((8.0, 13.0), abs=0.1)]
        frames = list(csv.DictReader(io.StringIO(frames_csv(analysis, none))))
        assert (frames[0]["time_s"], frames[0]["source_frame"], frames[0]["source_timestamp_s"]) == (
            "2.000", "0", "2.000000",
        )  # fmt: skip
        numbers = [int(row["source_frame"]) for row in frames]
        assert numbers[:4] == [0, 3, 5, 8]
        assert csv.DictReader(io.StringIO(windows_csv(analysis, none))).__next__()["start_s"] == "2.000"
        assert "00:00:02.000 --> " in segments_vtt(analysis, none)
        bar = next(line for line in to_text(analysis).splitlines() if "Amusement + surprise ·" in line)
        assert " " * 20 + "█" in bar

    def test_the_annotated_video_keeps_time_and_sound(self, late, tmp_path):
        path, analysis = late
        write_annotated(tmp_path / "out.mp4", path, analysis, Annotations())
        with av.open(str(tmp_path / "out.mp4")) as container:
            sound = container.streams.audio[0]
            assert container.start_time == 0
            assert float(sound.duration * sound.time_base) == pytest.approx(15.0, abs=0.1)
            shown = [(frame.time, frame.to_ndarray(format="gray")[:180]) for frame in container.decode(video=0)]
        light = [(time_s, float(picture.mean())) for time_s, picture in shown]
        dark = [round(time_s, 1) for time_s, level in light if level < 40]
        assert dark == [0.0, 8.0]
        assert [time_s for time_s, _ in light[1:3]] == pytest.approx([2.0, 2.04], abs=0.02)
        there_s = analysis.timestamps_s[-5]
        with open_video(path) as reader:
            (_, source), *_ = reader.frames_at(np.array([there_s]))
        copy = min(shown, key=lambda item: abs(item[0] - there_s))[1]
        assert np.abs(source.mean(axis=2) - copy).mean() < 12

    def test_sound_that_an_mp4_cannot_hold_is_kept_too(self, late, cut, hybrid, tmp_path):
        path = tmp_path / "sound.mov"
        with av.open(str(late[0])) as source, av.open(str(path), "w") as target:
            stream = target.add_stream("pcm_s16le", 8000)
            stream.layout = "mono"
            picture = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.size:
                    packet.pts, packet.dts = packet.pts - 48000, packet.dts - 48000
                    packet.stream = picture
                    target.mux(packet)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 64000), np.int16), "s16", "mono")
            frame.sample_rate, frame.pts = 8000, 0
            target.mux(stream.encode(frame))
        write_annotated(tmp_path / "out.mp4", path, analyze(path, hybrid), Annotations())
        with av.open(str(tmp_path / "out.mp4")) as container:
            assert container.streams.audio[0].codec_context.name == "aac"
            assert float(container.streams.audio[0].duration / 48000) == pytest.approx(8.0, abs=0.1)


def test_one_picture_a_second_is_told_and_nothing_is_said_of_change(cut, hybrid, tmp_path):
    frames = cut.frames[::24] * 2
    analysis = analyze(encode(tmp_path / "slow.mp4", frames, rate=1), hybrid)
    assert analysis.video.duration_s == pytest.approx(len(frames))
    assert {segment.label for segment in analysis.prediction.segments} == {"unsure"}
    assert "pictures a second" in analysis.prediction.reason
    assert f"only 1.0 pictures a second, too few in its {len(frames)} s" in analysis.warnings[0]


def test_a_bare_stream_that_names_no_rate_is_said_to_be_guessed(cut, hybrid, tmp_path):
    options = {"preset": "ultrafast", "x265-params": "log-level=none:vui-timing-info=0"}
    path = encode(tmp_path / "raw.hevc", cut.frames[:60], rate=60, codec="libx265", options=options)
    analysis = analyze(path, hybrid)
    assert analysis.video.duration_s == pytest.approx(60 / 25)
    assert "25 frames a second are assumed" in analysis.warnings[0]


def test_a_cover_picture_is_never_looked_at(cut, tmp_path):
    cover = tmp_path / "cover.png"
    av.VideoFrame.from_ndarray(np.zeros((900, 900, 3), np.uint8), "rgb24").save(cover)
    path = tmp_path / "song.mp4"
    with av.open(str(cut.plain)) as source, av.open(str(cover)) as image, av.open(str(path), "w") as target:
        own = target.add_stream_from_template(image.streams.video[0])
        own.disposition = av.stream.Disposition.attached_pic
        picture = target.add_stream_from_template(source.streams.video[0])
        for stream, packets in ((own, image.demux(video=0)), (picture, source.demux(video=0))):
            for packet in packets:
                if packet.size:
                    packet.stream = stream
                    target.mux(packet)
    with open_video(path) as reader:
        clip = next(reader.clips(10.0))
        assert (clip.width, clip.height, reader.notes) == (320, 180, ())
