"""What the training commands refuse, in one sentence, before the work begins, and with the earlier model untouched."""

import shutil

import numpy as np
import pytest

from emo_core.emotions import EMOTIONS
from emo_core.model import bundle as bundles
from tests.tiny import ferplus_arrays, run_command, write_demo

pytestmark = pytest.mark.usefixtures("small_recipes")


class TestRefusal:
    @pytest.mark.parametrize("command", ["train-frames", "train"])
    @pytest.mark.parametrize("missing", ["train.npz", "valid.npz"])
    def test_data_that_is_not_there(self, command, missing, data, frames_only, tmp_path, capsys):
        partial_data, out = tmp_path / "data", tmp_path / "studio"
        shutil.copytree(data, partial_data)
        (partial_data / missing).unlink()
        shutil.copytree(frames_only, out)
        before = (out / bundles.MANIFEST).read_bytes()
        assert run_command(command, partial_data, out) == 1
        assert f"error: There is no file {missing}" in capsys.readouterr().err
        assert (out / bundles.MANIFEST).read_bytes() == before

    def test_the_head_needs_a_frame_network(self, data, tmp_path, capsys):
        assert run_command("train", data, tmp_path / "studio") == 1
        assert (
            capsys.readouterr().err == "error: There is no model in 'studio': name a folder that holds a bundle.json.\n"
        )

    @pytest.mark.parametrize(
        ("kinds", "what"),
        [
            ((), "No picture shows a face with an emotion that people agree on"),
            (("happiness", "surprise", "anger"), "too few pictures to compose clips of"),
            (("neutral", "happiness", "surprise", "anger"), "too few pictures to compose clips of sadness_fear"),
        ],
    )
    def test_too_few_pictures_for_a_head(self, kinds, what, frames_only, tmp_path, capsys):
        images, votes = ferplus_arrays(8)
        names = [EMOTIONS[k] if k < 8 else "unknown" for k in votes.argmax(axis=1)]
        kept = [k for k, name in enumerate(names) if name in kinds and votes[k].max() > 8] or [len(names) - 1]
        for name in ("train", "valid"):
            np.savez(tmp_path / f"{name}.npz", images=images[kept], votes=votes[kept])
        write_demo(tmp_path / "demo")
        out = tmp_path / "studio"
        shutil.copytree(frames_only, out)
        assert run_command("train", tmp_path, out) == 1
        assert what in last_error(capsys)

    @pytest.mark.parametrize("few", ["train", "valid"])
    def test_too_few_pictures_for_a_frame_network(self, few, data, tmp_path, capsys):
        shutil.copytree(data, tmp_path / "data")
        images, votes = ferplus_arrays(1)
        np.savez(tmp_path / "data" / f"{few}.npz", images=images[-1:], votes=votes[-1:])  # voted unknown
        assert run_command("train-frames", tmp_path / "data", tmp_path / "studio") == 1
        assert f"{few}.npz holds 0 pictures with an emotion" in last_error(capsys)

    @pytest.mark.parametrize(
        ("name", "value"), [("--epochs", "0"), ("--epochs", "-1"), ("--seed", "-1"), ("--seed", "x")]
    )
    @pytest.mark.parametrize("command", ["train-frames", "train"])
    def test_numbers_that_make_no_sense(self, command, name, value, data, tmp_path, capsys):
        assert run_command(command, data, tmp_path / "studio", f"{name}={value}") == 2
        assert f"Invalid value for '{name}'" in capsys.readouterr().err

    def test_damaged_records_of_an_earlier_model(self, whole, data, tmp_path, capsys):
        out = tmp_path / "studio"
        shutil.copytree(whole, out)
        (out / bundles.METRICS).write_text("{")
        assert run_command("train", data, out) == 1
        assert "changed after it was written (metrics.json)" in last_error(capsys)


def last_error(capsys):
    """The one error line, the last on standard error."""
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
    assert "Traceback" not in captured.err
    assert not captured.out
    return lines[-1]
