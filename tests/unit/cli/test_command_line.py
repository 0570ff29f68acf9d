"""The command line as a person and as a program use it."""

import io
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.emotions import EMOTIONS
from emo_core.report.serialization import SCHEMA
from emo_core.video.writer import write_video
from tests import sample
from tests.conftest import MODEL
from tests.tiny import ferplus_arrays, make_votes

ROOT = sample.PATH.parent.parent


def run_process(*words, code=None, **kwargs):
    command = [sys.executable, *(["-c", code] if code else ["-m", "emo_core"]), *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **kwargs)


@pytest.fixture
def pictures(tmp_path):
    """Pictures with votes, the last one voted unknown."""
    images, votes = ferplus_arrays(1)
    np.savez(tmp_path / "pictures.npz", images=images, votes=votes)
    return tmp_path / "pictures.npz"


class TestAnalyze:
    def test_a_verdict_and_a_timeline(self, laughter):
        done = run_process("analyze", laughter)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("laughter.mp4: 4.0 s, 640×360, 40 frames analyzed of 40\n")
        assert "  Amusement (of the pair amusement + surprise), " in done.stdout
        assert "█" in done.stdout

    def test_json_to_a_file_beside_the_text(self, laughter, tmp_path, capsys):
        assert main(["analyze", str(laughter), "--json", str(tmp_path / "out.json")]) == 0
        assert json.loads((tmp_path / "out.json").read_text("utf-8"))["schema"] == SCHEMA
        assert "Amusement + surprise" in capsys.readouterr().out

    def test_json_alone_to_standard_output(self, laughter, capsys):
        assert main(["analyze", str(laughter), "--json", "-"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert data["verdict"]["label"] == "amusement_surprise"
        assert data["clip"]["name"] == "laughter.mp4"

    def test_every_person_and_one_of_them(self, tmp_path, laughter_frames, capsys):
        both = [np.hstack([frame[:, 240:], frame[:, :239:-1]]) for frame in laughter_frames[:12]]
        write_video(tmp_path / "two.mp4", both, 10.0)
        words = ["analyze", str(tmp_path / "two.mp4"), "--json", str(tmp_path / "two.json")]
        assert main([*words, "--person", "all"]) == 0
        assert capsys.readouterr().out.count("Person 2: ") == 2
        data = json.loads((tmp_path / "two.json").read_text("utf-8"))
        assert [person["person"] for person in data["people"]] == [1, 2]
        assert {key: data["people"][0][key] for key in ("verdict", "segments", "windows", "frames")} == {
            key: data[key] for key in ("verdict", "segments", "windows", "frames")
        }
        assert main([*words, "--person", "2"]) == 0
        data = json.loads((tmp_path / "two.json").read_text("utf-8"))
        assert data["person"] == 2
        assert data["frames"] == data["people"][1]["frames"] != data["people"][0]["frames"]
        capsys.readouterr()
        assert main([*words, "--person", "3"]) == 1
        assert "There is no person 3: 2 people were judged" in capsys.readouterr().err
        assert main([*words, "--person", "0"]) == 2

    def test_every_frame_and_the_same_verdict(self, tmp_path, laughter_frames, capsys):
        write_video(tmp_path / "fast.mp4", [frame for frame in laughter_frames[:15] for _ in range(2)], 20.0)
        found = []
        for more in ([], ["--every-frame"]):
            assert main(["analyze", str(tmp_path / "fast.mp4"), "--json", "-", *more]) == 0
            found.append(json.loads(capsys.readouterr().out))
        few, many = found
        assert (len(few["frames"]), len(many["frames"])) == (15, 30)
        assert few["verdict"] == many["verdict"]
        assert few["segments"] == many["segments"]
        assert all(frame["face"] for frame in many["frames"])

    def test_progress_on_a_terminal_only_and_not_when_quiet(self, laughter, capsys, monkeypatch):
        seen = {}
        for name, is_terminal, more in (("file", False, []), ("terminal", True, []), ("quiet", True, ["--quiet"])):
            monkeypatch.setattr(sys.stderr, "isatty", lambda is_terminal=is_terminal: is_terminal)
            assert main(["analyze", str(laughter), *more]) == 0
            seen[name] = capsys.readouterr().err
        assert "%  Reading frames" in seen["terminal"]
        assert seen["file"] == seen["quiet"] == ""

    def test_another_model(self, laughter, tmp_path, capsys):
        shutil.copytree(MODEL, tmp_path / "mine")
        assert main(["analyze", str(laughter), "--model", str(tmp_path / "mine")]) == 0
        assert "Model hybrid" in capsys.readouterr().out

    @pytest.mark.parametrize("words", [[], ["--json", "-"]], ids=["text", "json"])
    def test_a_reader_that_has_gone_is_no_error(self, laughter, words):
        command = [sys.executable, "-m", "emo_core", "analyze", str(laughter), *words]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=ROOT, env=buffered, text=True, **pipes) as process:
            process.stdout.close()
            errors = process.stderr.read()
        assert (process.returncode, errors) == (0, "")

    def test_it_can_be_stopped(self, laughter, monkeypatch, capsys):
        def stop(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr("emo_core.inference.pipeline.analyze", stop)
        assert main(["analyze", str(laughter)]) == 130
        assert capsys.readouterr().err == "stopped\n"


class TestEvaluateFrames:
    def test_figures_and_probabilities(self, pictures, tmp_path, capsys):
        words = ["--json", str(tmp_path / "figures.json"), "--predictions", str(tmp_path / "out.npz")]
        assert main(["evaluate-frames", str(pictures), *words]) == 0
        figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
        assert figures["num_images"] == 12
        assert figures["num_left_out"] == 1
        assert 0 <= figures["accuracy"] <= 1
        assert 0 <= figures["share_aligned"] <= 1
        with np.load(tmp_path / "out.npz") as stored:
            probabilities = stored["probabilities"]
        assert probabilities.shape == (13, len(EMOTIONS)), "also the picture that has no emotion"
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        text = capsys.readouterr().out
        assert text.startswith("12 pictures (1 without an emotion left out, landmarks found in ")
        assert f"accuracy           {figures['accuracy']:.4f}" in text
        assert all(name in text for name in EMOTIONS)

    def test_pictures_without_any_emotion_still_get_probabilities(self, tmp_path, capsys):
        images, _ = ferplus_arrays(1)
        np.savez(tmp_path / "odd.npz", images=images[:3], votes=make_votes(*[{"unknown": 10}] * 3))
        words = ["evaluate-frames", str(tmp_path / "odd.npz"), "--predictions", str(tmp_path / "out.npz")]
        assert main(words) == 1
        assert capsys.readouterr().err.startswith("error: No picture has an emotion as its most voted label")
        with np.load(tmp_path / "out.npz") as stored:
            assert stored["probabilities"].shape == (3, 8)

    @pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut"])
    def test_a_file_that_is_none(self, tmp_path, content, capsys):
        (tmp_path / "bad.npz").write_bytes(content)
        assert main(["evaluate-frames", str(tmp_path / "bad.npz")]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("error: bad.npz cannot be read: it must be an .npz with arrays 'images'")
        assert captured.err.count("\n") == 1

    @pytest.mark.parametrize(("name", "shown"), [("none.npz", "none.npz"), ("a\nb\x1b[1m.npz", "a b [1m.npz")])
    def test_a_missing_file(self, name, shown, tmp_path, capsys):
        assert main(["evaluate-frames", str(tmp_path / name)]) == 1
        assert capsys.readouterr().err.startswith(f"error: There is no file {shown}: give the path")


class TestServing:
    CODE = """
import sys
from emo_core.cli.main import main
status = main(sys.argv[1:])
loaded = {name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "streamlit", "torch", "mediapipe"}
assert not loaded, loaded
sys.exit(status)
"""

    def test_an_analysis_never_loads_tensorflow(self, laughter):
        done = run_process("analyze", laughter, code=self.CODE)
        assert (done.returncode, done.stderr) == (0, "")
        assert "Amusement" in done.stdout

    def test_nor_does_measuring_the_frame_network(self, pictures):
        done = run_process("evaluate-frames", pictures, code=self.CODE)
        assert (done.returncode, done.stderr) == (0, "")
        assert "accuracy" in done.stdout


class TestWords:
    @pytest.mark.parametrize("words", [[], ["nonsense"], ["analyze"], ["analyze", "a", "b"], ["train", "--data", "x"]])
    def test_a_command_that_is_none(self, words, capsys):
        assert main(words) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Usage: python -m emo_core" in captured.err
        assert "Traceback" not in captured.err

    @pytest.mark.parametrize("words", [[], ["analyze"], ["evaluate-frames"], ["train-frames"], ["train"]])
    def test_help(self, words, capsys):
        assert main([*words, "--help"]) == 0
        assert "Usage: python -m emo_core" in capsys.readouterr().out

    @pytest.mark.parametrize("option", [["--model"], ["--json"]])
    def test_a_place_that_cannot_be_used(self, laughter, tmp_path, option, capsys):
        assert main(["analyze", str(laughter), *option, str(tmp_path / "no" / "such" / "place")]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("error: ")
        assert captured.err.count("\n") == 1

    def test_a_terminal_without_the_signs_of_the_timeline(self, laughter):
        done = run_process("analyze", laughter, env={**os.environ, "PYTHONIOENCODING": "ascii"})
        assert done.returncode == 0
        assert "Traceback" not in done.stderr
        assert "Amusement" in done.stdout

    def test_main_can_be_called_with_any_standard_output(self, laughter, monkeypatch):
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        assert main(["analyze", str(laughter)]) == 0
        assert "Amusement" in sys.stdout.getvalue()
