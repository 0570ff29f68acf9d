"""The checks of the heatmaps: they tell a good map from a bad one, and their command keeps what it found."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.datasets.pictures.ferplus import Stills
from emo_core.errors import DatasetError
from emo_core.evaluation import heatmap_checks as checks
from emo_core.explain.numpy_lstm import load_lstm
from emo_core.measured import read_measured
from emo_core.model import bundle as bundles
from emo_core.training.card.model_card import model_card
from tests.tiny import LABELS, read_json

pytestmark = pytest.mark.usefixtures("small_recipes")


@pytest.fixture(scope="module")
def laughing(laughter_analysis):
    """The frames of a laugh as pictures."""
    track = laughter_analysis.track
    return Stills(track.crops, np.zeros((len(track.crops), 10), np.uint8), track)


def quiet(line):
    del line


@pytest.mark.parametrize(("sign", "better"), [(1, True), (-1, False)])
def test_deletion_tells_a_map_that_marks_what_counts_from_one_that_marks_the_rest(sign, better):
    rng = np.random.default_rng(0)
    worth = rng.random((30, 6, 6)).astype(np.float32)
    found = checks._deletion(
        sign * worth, np.arange(30) % 3, LABELS, lambda cells: (worth * cells).sum(axis=(1, 2)), rng
    )
    assert (found.num_cells_deleted, found.num_cells) == (7, 36)
    low, high = found.difference_interval
    assert (low > 1) if better else (high < -1)
    assert found.share_more_than_random == (1 if better else 0)
    assert sum(row.num_images for row in found.per_class) == 30
    # another picture's map marks cells at random here: it must lie between
    assert abs(found.fall_map_of_another_picture - found.fall_random) < 0.5 * abs(found.difference)


def test_the_other_picture_is_another_one_of_the_same_class():
    labels = np.array([0, 0, 0, 1, 1, 2])
    other = checks._another(labels, np.random.default_rng(0))
    assert np.all(labels[other] == labels)
    assert np.all(other[:5] != np.arange(5))


def test_blank_cells_are_blank_and_the_rest_is_left():
    faces = np.random.default_rng(0).random((2, 12, 12)).astype(np.float32)
    cells = np.zeros((2, 6, 6), bool)
    cells[0, 1, 2] = True
    found = checks._without(faces, cells)
    assert np.all(found[0, 2:4, 4:6] == 0.5)
    assert (found != faces).sum() == 4


def test_the_shipped_model_passes_on_a_laugh(hybrid, laughing):
    found = checks.check_heatmaps(hybrid, load_lstm(hybrid), laughing, 12, 0, quiet)
    assert found.deletion.num_images == 4  # a third: all of them are of one class
    assert found.planted.mass_in_visible_half > 0.5
    assert found.planted.num_halves >= 8
    assert abs(found.randomized.rank_correlation) < 0.5


def test_pictures_without_a_usable_face_are_refused(hybrid, laughing):
    nobody = replace(laughing.track, detected=np.zeros(len(laughing.crops), bool))
    with pytest.raises(DatasetError, match="pictures of faces"):
        checks.check_heatmaps(hybrid, load_lstm(hybrid), replace(laughing, track=nobody), 24, 0, quiet)


class TestCommand:
    def test_it_keeps_what_it_found_and_touches_nothing_else(self, whole, data, tmp_path, capsys):
        out = shutil.copytree(whole, tmp_path / "studio")
        words = ["--data", str(data), "--out", str(out), "--cache", str(tmp_path / "cache"), "--images", "6"]
        assert main(["check-heatmaps", *words]) == 0
        assert "deletion   n = " in capsys.readouterr().out
        found = read_json(out / bundles.METRICS)["heatmap_checks"]
        assert 1 <= found["deletion"]["num_images"] <= 6
        assert found["command"].startswith("python -m emo_core check-heatmaps")
        card = (out / bundles.CARD).read_text("utf-8")
        assert "## Heatmaps" in card
        assert f"Checked on {found['deletion']['num_images']} pictures" in card
        for name in (bundles.FRAME_CNN, bundles.HEAD, bundles.KERAS_HEAD, bundles.NORMALIZER, bundles.HISTORY):
            assert (out / name).read_bytes() == (whole / name).read_bytes()
        assert bundles.load_bundle(out).info.name == "studio"

    def test_a_model_that_was_never_checked_has_no_such_section(self, whole):
        manifest = read_json(whole / bundles.MANIFEST)
        assert "## Heatmaps" not in model_card(manifest, read_measured(read_json(whole / bundles.METRICS)), [])

    def test_no_pictures_are_one_sentence(self, whole, tmp_path, capsys):
        assert main(["check-heatmaps", "--data", str(tmp_path), "--out", str(whole)]) == 1
        assert "There is no file valid.npz" in capsys.readouterr().err

    def test_senseless_numbers_are_refused(self, whole, tmp_path):
        assert main(["check-heatmaps", "--data", str(tmp_path), "--out", str(whole), "--images", "0"]) == 2
