"""``fit-presence`` on clips of four rendered people and made votes: what it chooses, writes and leaves alone."""

import csv
import shutil

import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.emotions import EMOTIONS
from emo_core.files.folders import ROOT
from emo_core.model import bundle as bundles
from tests.conftest import MODEL
from tests.tiny import read_json

PAIRS = {"amusement_surprise": ("happiness", "surprise"), "sadness_fear": ("sadness", "fear")}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """``manifest.csv`` of one clip of each pair of four people."""
    home, folder = ROOT / "assets" / "demo", tmp_path_factory.mktemp("demo")
    with (home / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["path"].endswith(("surprise_0.mp4", "fear_2.mp4"))][:8]
    for row in rows:
        (folder / row["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(home / row["path"], folder / row["path"])
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    return folder / "manifest.csv"


@pytest.fixture
def finished(tmp_path):
    """A copy of the shipped model, whose records see in 80 stills what their voters see; and these stills."""
    votes = np.zeros((80, 10), np.uint8)
    for index, pair in enumerate(PAIRS.values()):
        first, second = map(EMOTIONS.index, pair)
        votes[40 * index : 40 * index + 30, first] = 9
        votes[40 * index + 30 : 40 * index + 40, [first, second]] = 5
    (tmp_path / "stills").mkdir()
    np.savez(tmp_path / "stills" / "valid.npz", images=np.zeros((80, 48, 48), np.uint8), votes=votes)
    seen = votes[:, :8] / votes[:, :8].sum(axis=1, keepdims=True)
    np.savez(
        tmp_path / "seen.npz", stills_probabilities=seen.astype(np.float32), stills_is_copy=np.zeros(80, bool),
        stills_is_second_half=np.arange(80) % 2 == 1,
    )  # fmt: skip
    out = shutil.copytree(MODEL, tmp_path / "hybrid")
    bundles.write_bundle(out, {}, {bundles.PREDICTIONS: (tmp_path / "seen.npz").read_bytes()})
    return out, tmp_path / "stills"


def fit(finished, demo):
    out, stills = finished
    return main(["fit-presence", "--data", str(stills), "--demo", str(demo), "--out", str(out),
                 "--cache", str(demo.parent / "cache")])  # fmt: skip


def test_it_chooses_for_both_pairs_and_touches_nothing_else(finished, demo, capsys):
    before = read_json(finished[0] / bundles.METRICS)
    assert fit(finished, demo) == 0
    told = read_json(finished[0] / bundles.MANIFEST)
    assert set(told["blend_thresholds"]) == set(PAIRS)
    assert told["presence_fit"]["command"].startswith("python -m emo_core fit-presence")
    found = read_json(finished[0] / bundles.METRICS)
    rows = found.pop("presence")
    before.pop("presence")
    assert found == before
    counted = {(row["class"], row["on"]): row["false_blends"]["num"] + row["recall"]["num"] for row in rows}
    for pair in PAIRS:
        assert counted[pair, "rendered, other people"] + counted[pair, "rendered"] == 4  # nobody is left out
        assert counted[pair, "stills, all"] == 40
    stills = [row for row in rows if row["on"].startswith("stills")]
    assert all(row["recall"]["value"] == 1 and row["false_blends"]["value"] == 0 for row in stills)
    assert "sadness_fear on stills, second half: threshold" in capsys.readouterr().out
    assert bundles.load_bundle(finished[0]).blend_thresholds == told["blend_thresholds"]


def test_records_of_other_stills_are_refused(finished, demo, capsys):
    np.savez(finished[1] / "valid.npz", images=np.zeros((3, 48, 48), np.uint8), votes=np.zeros((3, 10), np.uint8))
    assert fit(finished, demo) == 1
    assert "are not of these stills: run train-frames with them first" in capsys.readouterr().err
