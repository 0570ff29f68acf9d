"""The commands that measure the method: their figures join the records, the model stays as it is."""

import shutil
from dataclasses import replace
from functools import partial

import pytest

from emo_core import bundle as bundles
from emo_core import studies
from emo_core.__main__ import main
from emo_core.bundle import load_bundle
from emo_core.train_head import HeadTraining
from tests.tiny import read_json, run_command

pytestmark = pytest.mark.usefixtures("small_recipes")


class TestStudies:
    @pytest.fixture
    def out(self, whole, tmp_path):
        return shutil.copytree(whole, tmp_path / "studio")

    def test_protocols(self, out, whole, data, monkeypatch, capsys):
        monkeypatch.setattr(studies, "run_protocols", partial(studies.run_protocols, num_folds=2))
        words = ["--demo", str(data / "demo" / "manifest.csv"), "--out", str(out), "--cache", str(out.parent / "cache")]
        assert main(["protocols", *words, "--epochs", "1"]) == 0
        assert "subject  accuracy" in capsys.readouterr().out
        assert read_json(out / bundles.METRICS)["protocols"]["num_people"] == 12
        assert "## Two protocols, one recipe" in (out / bundles.CARD).read_text("utf-8")
        for name in (bundles.FRAME_CNN, bundles.HEAD, bundles.HISTORY):
            assert (out / name).read_bytes() == (whole / name).read_bytes()
        assert load_bundle(out).info.name == "studio"

    def test_an_ablation_resumes(self, out, data, monkeypatch, capsys):
        small = HeadTraining(epochs=1, clips_per_epoch=32, num_held_out=30, num_neighbourhoods=2)
        monkeypatch.setattr(studies, "ABLATION", small)
        monkeypatch.setattr(
            "emo_core.ablation.variants", lambda recipe: [replace(recipe, q_features=on) for on in (True, False)]
        )
        for trained, known in ((2, 0), (0, 2)):
            assert run_command("ablate", data, out, "--seeds", "1") == 0
            captured = capsys.readouterr()
            assert f"{trained} heads to train, {known} already measured" in captured.err
            assert "lstm + q features" in captured.out
        assert len(read_json(out / bundles.METRICS)["ablation"]["variants"]) == 2
        assert "## What each part is worth" in (out / bundles.CARD).read_text("utf-8")
