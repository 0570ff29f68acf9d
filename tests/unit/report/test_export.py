"""All exports of a clip in one folder: whole or not at all."""

import csv
import io
import json

import cv2
import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.errors import ExportError
from emo_core.report.export import FILES, folder_to_fill, sample_credit
from emo_core.report.key_frames import clearest, key_frames
from tests import media, sample
from tests.factories import make_analysis

CHARTS = {f"chart_{name}.png" for name in ("timeline", "emotions", "quality", "probabilities")}


@pytest.fixture(scope="module")
def folder(laughter, tmp_path_factory):
    """What ``analyze CLIP --out DIR`` leaves."""
    out = tmp_path_factory.mktemp("out") / "new" / "folder"
    assert main(["analyze", str(laughter), "--out", str(out)]) == 0
    return out


def test_every_file_is_there_and_nothing_else(folder):
    assert {path.name for path in folder.iterdir()} == {*FILES, *CHARTS}
    assert all(path.stat().st_size > 100 for path in folder.iterdir())


def test_they_speak_of_the_same_clip(folder):
    data = json.loads((folder / "analysis.json").read_text("utf-8"))
    assert data["schema"].startswith("hybrid-emotion-analysis/")
    assert "human_annotations" not in data
    frames, windows = (
        list(csv.DictReader(io.StringIO((folder / f"{name}.csv").read_text("utf-8")))) for name in ("frames", "windows")
    )
    assert len(frames) == len(data["frames"]) == 40
    assert len(windows) == len(data["windows"])
    assert (folder / "segments.vtt").read_text("utf-8").startswith("WEBVTT")
    report = (folder / "report.html").read_text("utf-8")
    assert "laughter.mp4" in report
    assert report.count("data:image/jpeg") == 6
    assert media.read(folder / "annotated.mp4")[2].num_frames_decoded == 40


def test_a_clip_that_cannot_be_judged_leaves_no_folder(tmp_path, capsys):
    assert main(["analyze", str(media.grey_video(tmp_path)), "--out", str(tmp_path / "out")]) == 1
    assert "No face was found" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_place_that_is_no_folder_is_one_sentence_before_any_work(tmp_path, laughter, capsys, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr("emo_core.inference.pipeline.analyze", lambda *_, **__: pytest.fail("worked in vain"))
    assert main(["analyze", str(laughter), "--out", str(tmp_path / "file")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: The results cannot be written to ")
    assert captured.err.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


class TestFolder:
    def test_what_fails_on_the_way_leaves_what_was_there(self, tmp_path):
        (tmp_path / "a").write_text("old")

        def fill():
            with folder_to_fill(tmp_path) as part:
                (part / "a").write_text("half")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fill()
        assert [path.name for path in tmp_path.iterdir()] == ["a"]
        assert (tmp_path / "a").read_text() == "old"

    def test_what_is_whole_takes_the_place_of_what_was_there(self, tmp_path):
        (tmp_path / "a").write_text("old")
        (tmp_path / "mine").write_text("kept")
        with folder_to_fill(tmp_path) as part:
            (part / "a").write_text("new")
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "new", "mine": "kept"}

    def test_a_full_disk(self, tmp_path):
        def fill():
            with folder_to_fill(tmp_path / "out"):
                raise OSError(28, "No space left on device")

        with pytest.raises(ExportError, match="no space left on device"):
            fill()
        assert not (tmp_path / "out").exists()


class TestKeyFrames:
    def test_one_in_each_part_that_has_a_face(self):
        analysis = make_analysis(60, missing=slice(20, 30))
        steps = clearest(analysis, 6)
        assert (steps // 10).tolist() == [0, 1, 3, 4, 5]
        quality = analysis.normalized.quality
        assert all(quality[step] == quality[10 * (step // 10) : 10 * (step // 10) + 10].max() for step in steps)
        assert len(clearest(make_analysis(60, missing=slice(0, 60)), 6)) == 0

    def test_pictures_of_the_very_frames(self, hybrid, laughter, laughter_analysis):
        analysis = laughter_analysis
        frames = key_frames(laughter, hybrid, analysis)
        assert [frame.label for frame in frames] == ["amusement_surprise"] * len(frames)
        step = int(np.abs(analysis.timestamps_s - frames[1].time_s).argmin())
        crop = cv2.imdecode(np.frombuffer(frames[1].crop, np.uint8), cv2.IMREAD_GRAYSCALE)
        small = cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA) / 255
        assert np.abs(small - analysis.normalized.faces[step]).mean() < 0.03
        heat = cv2.imdecode(np.frombuffer(frames[1].heatmap, np.uint8), cv2.IMREAD_COLOR)
        assert heat.shape == (*crop.shape, 3)
        assert np.ptp(heat.astype(int), axis=2).max() > 60, "it has colour"
        source = cv2.imdecode(np.frombuffer(frames[1].picture, np.uint8), cv2.IMREAD_COLOR)
        assert source.shape == (202, 360, 3)


def test_a_bundled_sample_names_its_author():
    assert sample_credit(sample.PATH) == "Wolfgang Langer, Pexels (Pexels license)"
    assert sample_credit(b"bytes") == sample_credit("other.mp4") == ""
