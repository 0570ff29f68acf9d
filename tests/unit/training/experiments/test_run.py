"""The commands that measure the method: their figures join the records, the model stays as it is."""

import shutil
from dataclasses import replace
from functools import partial

import msgspec
import pytest

from emo_core.cli.main import main
from emo_core.datasets.clips import read_dataset
from emo_core.evaluation.store import load_protocols, protocols_path
from emo_core.jobs.queue import ORDER, PROGRESS, Order
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle
from emo_core.records import Protocols, ProtocolScores
from emo_core.training.experiments import run
from emo_core.training.head import HeadTraining
from tests.tiny import LABELS, read_json, run_command

pytestmark = pytest.mark.usefixtures("small_recipes")


class TestStudies:
    @pytest.fixture
    def out(self, whole, tmp_path):
        return shutil.copytree(whole, tmp_path / "studio")

    def test_protocols(self, out, whole, data, monkeypatch, capsys):
        monkeypatch.setattr(run, "run_protocols", partial(run.run_protocols, num_folds=2))
        words = ["--demo", str(data / "demo" / "manifest.csv"), "--out", str(out), "--cache", str(out.parent / "cache")]
        assert main(["protocols", *words, "--epochs", "1"]) == 0
        assert "subject  accuracy" in capsys.readouterr().out
        assert read_json(out / bundles.METRICS)["protocols"]["num_people"] == 12
        assert "## Two protocols, one recipe" in (out / bundles.CARD).read_text("utf-8")
        for name in (bundles.FRAME_CNN, bundles.HEAD, bundles.HISTORY):
            assert (out / name).read_bytes() == (whole / name).read_bytes()
        assert load_bundle(out).info.name == "studio"

    def test_two_protocols_on_any_data_set_are_kept_for_the_page(self, out, whole, data, capsys, tmp_path, monkeypatch):
        row = ProtocolScores(0.5, 0.4, None)
        asked = []

        def compare(windows, recipe, num_features, labels, num_folds, **words):
            asked.append((len(windows.labels), recipe.epochs, labels, num_folds, words["protocols"], words["joined"]))
            return Protocols(row, row, leakage=0.0, leakage_interval=(-0.1, 0.1))

        monkeypatch.setattr(run, "compare_protocols", compare)
        demo, cache = data / "demo", out.parent / "cache"
        order = Order("protocols", "demo", str(demo), str(out), str(cache), "both", epochs=3, folds=2)
        (tmp_path / ORDER).write_bytes(msgspec.json.encode(order))
        assert main(["run-order", str(tmp_path)]) == 0
        assert "leakage: +0.0000 (95% over people -0.1000 – 0.1000)" in capsys.readouterr().out
        assert asked == [(72, 3, list(LABELS), 2, ("random", "subject"), [])]
        table = load_protocols(protocols_path(cache, out, read_dataset(demo)))
        assert table.random == row
        assert table.recipe["epochs"] == 3
        assert "--cache" not in table.command
        assert table.command.endswith("--protocol both --epochs 3 --folds 2")
        assert read_json(tmp_path / PROGRESS)["state"] == "done"
        assert (out / bundles.METRICS).read_bytes() == (whole / bundles.METRICS).read_bytes()

    def test_too_little_to_hold_anybody_out_is_one_sentence(self, out, data, tmp_path, capsys):
        for name in ("00_0.mp4", "00_1.mp4"):
            shutil.copy(data / "demo" / name, tmp_path / name)
        (tmp_path / "manifest.csv").write_text("path,label,person\n00_0.mp4,other,a\n00_1.mp4,sadness_fear,b\n")
        words = ["--data", str(tmp_path), "--model", str(out), "--protocol", "both", "--cache", str(tmp_path / "cache")]
        assert main(["evaluate", *words]) == 1
        assert "too few clips of other (1), sadness_fear (1)" in capsys.readouterr().err

    def test_an_ablation_resumes(self, out, data, monkeypatch, capsys):
        small = HeadTraining(epochs=1, clips_per_epoch=32, num_held_out=30, rendered_repeats=1, num_neighbourhoods=2)
        monkeypatch.setattr(run, "ABLATION", small)
        monkeypatch.setattr(
            "emo_core.training.experiments.ablation.variants",
            lambda recipe: [replace(recipe, q_features=on) for on in (True, False)],
        )
        for trained, known in ((2, 0), (0, 2)):
            assert run_command("ablate", data, out, "--seeds", "1") == 0
            captured = capsys.readouterr()
            assert f"{trained} heads to train, {known} already measured" in captured.err
            assert "lstm + q features" in captured.out
        assert len(read_json(out / bundles.METRICS)["ablation"]["variants"]) == 2
        assert "## What each part is worth" in (out / bundles.CARD).read_text("utf-8")
