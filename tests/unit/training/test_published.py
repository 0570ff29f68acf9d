"""Models taught by the recipe of the paper: what they lack, and what shows it in their records and card."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from emo_core.datasets.clips import read_dataset
from emo_core.evaluation.run import choose_clips
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle
from emo_core.records import Protocols, ProtocolScores
from tests.tiny import LABELS, read_json, watch_without_video
from tests.unit.training.test_custom_model import SMALL, train

pytestmark = pytest.mark.usefixtures("small_recipes")


@pytest.fixture(scope="module")
def made(people, frames_only, tmp_path_factory):
    """A bundle by the command line, what was said, and its cache; do not change them."""
    folder = tmp_path_factory.mktemp("published")
    words = ("--recipe", "published", "--real", people / "manifest.csv", "--cache", folder / "cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emo_core.datasets.feature_cache.extract_clip_features", watch_without_video)
        patch.setattr("emo_core.training.experiments.published.measure_protocols", protocols_of)
        assert train(people, folder / "paper", frames_only, *words, recipe=replace(SMALL, reader="lstm")) == 0
    return folder / "paper"


class TestPublished:
    """The recipe of the paper: on stand-in clips of three classes."""

    def test_it_knows_the_pairs_alone_and_has_the_parts_of_the_method(self, made):
        bundle = load_bundle(made)
        assert bundle.info.labels == LABELS[:2]
        recipe = read_json(made / bundles.MANIFEST)["head_training"]["recipe"]
        assert (recipe["q_features"], recipe["mean_input"], recipe["reader"]) == (True, True, "lstm")
        assert len(bundle.features.counts) == 2
        assert np.ptp(bundle.features.counts) <= 1, "neighbourhoods of equal counts"
        np.testing.assert_array_equal(bundle.scores.thresholds, [[0, 0]])
        assert not (made / bundles.KERAS_FRAME_CNN).exists()

    def test_the_records_say_recipe_and_split(self, made):
        record, metrics = read_json(made / bundles.MANIFEST)["taught"], read_json(made / bundles.METRICS)
        assert (record["recipe"], record["protocol"], record["num_clips"]) == ("published", "random", 16)
        assert record["parts"]["test"]["by_class"] == dict.fromkeys(LABELS[:2], 2)
        figures = metrics["taught_clips"]
        assert (figures["recipe"], figures["protocol"], np.shape(figures["confusion"])) == (
            "published", "random", (2, 2)
        )  # fmt: skip
        command = read_json(made / bundles.MANIFEST)["head_training"]["command"]
        assert "--recipe published --protocol random" in command

    def test_a_face_of_no_class_is_forced_and_counted(self, made):
        metrics = read_json(made / bundles.METRICS)
        (row,) = metrics["forced_clips"]["parts"][0]["rows"]
        assert (row["label"], sum(row["verdicts"])) == ("other", 8)
        assert sum(row["verdicts"][:-1]) >= 6, "it is unsure of a clip only where its windows contradict one another"
        whole = metrics["untouched_real_clips"]["parts"][0]
        assert [sum(item["verdicts"]) for item in whole["rows"]] == [8, 8, 8]
        assert whole["of_all"]["value"] == pytest.approx(2 / 3 * whole["of_its_classes"]["value"])
        assert metrics["protocols"]["same_people"] == ["q_features", "mean_input"]

    def test_the_card_says_what_it_is_and_where_it_fails(self, made):
        card = " ".join((made / bundles.CARD).read_text("utf-8").split())
        for words in ("This is the published method as published", "A neutral face, a face that talks or any other",
                      "called one of the two as well", "*unsure* only where the parts", "of features (not of scores)",
                      "**At random**, as in the paper", "Faces that it has no class for",
                      "| all | other | 8 |"):  # fmt: skip
            assert words in card, words

    def test_an_evaluation_leaves_out_what_it_has_no_class_for(self, made, people):
        choice = choose_clips(made, read_dataset(people), LABELS[:2], everyone=True)
        assert {clip.label for clip in choice.clips} == set(LABELS[:2])
        assert "8 clips of other are left out" in choice.exposure

    def test_clips_of_other_alone_are_refused(self, people, frames_only, tmp_path, capsys):
        folder = shutil.copytree(people, tmp_path / "blank")
        lines = (folder / "manifest.csv").read_text().splitlines()
        (folder / "manifest.csv").write_text("\n".join([lines[0], *(line for line in lines if ",other," in line)]))
        assert train(folder, tmp_path / "paper", frames_only, "--recipe", "published") == 1
        assert "All clips are of other, which the published method lacks" in capsys.readouterr().err
        assert train(people, tmp_path / "paper", frames_only, "--real", people) == 2
        assert "--real is for --recipe published" in capsys.readouterr().err


def protocols_of(data, out, cache, recipe, command, say, *, progress):
    """In the place of the comparison, which trains ten heads: what it was asked for."""
    half = ProtocolScores(accuracy=0.5, interval_over_people=(0.4, 0.6), macro_f1=0.5)
    asked = tuple(name for name in ("q_features", "mean_input") if getattr(recipe, name))
    return Protocols(
        random=half, subject=half, leakage=0.0, num_windows=16, num_people=8, num_folds=5, same_people=asked
    )
