"""Portraits as stills to compose clips from."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from emo_core.datasets.pictures.portraits import part_of, read_portraits
from emo_core.model.bundle import load_frame_network
from emo_core.training.synthesis.feature_bank import PLAIN
from emo_core.training.synthesis.portrait_bank import portrait_banks


@pytest.fixture(scope="module")
def portraits(tmp_path_factory, laughter_frames):
    """Five people who laugh, one picture of a wall; in colour, of different sizes, none of them square."""
    folder = tmp_path_factory.mktemp("portraits")
    rows = []
    for index in range(5):
        image = laughter_frames[20 + index][..., ::-1]
        image = cv2.resize(image, None, fx=0.9 - 0.1 * index, fy=0.9 - 0.1 * index, interpolation=cv2.INTER_AREA)
        rows.append((f"{index}.png", "happiness", f"person {index}"))
        cv2.imwrite(str(folder / rows[-1][0]), image)
    cv2.imwrite(str(folder / "wall.png"), np.full((70, 90, 3), 128, np.uint8))
    rows.append(("wall.png", "neutral", "person 5"))
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "emotion", "person"), *rows])
    return folder


def test_faces_of_training_people_are_seen_by_their_label(portraits, tmp_path):
    trained = part_of(read_portraits(portraits), "train")
    cnn, config = load_frame_network(Path("models/hybrid"))
    banks = portrait_banks(portraits, cnn, config.crop_side_px, seed=1, num_varied=2, cache=tmp_path)
    assert len(banks) == 2
    shown = [name != "wall.png" for name in trained.files]
    for bank in banks:
        assert len(bank.features) == len(trained.files)
        assert bank.pools["happiness"].tolist() == np.flatnonzero(shown).tolist()
        assert not len(bank.pools["neutral"])  # the wall shows no face
        assert (bank.quality[shown, PLAIN] > 0).all()
        assert np.isfinite(bank.features).all()
    assert not np.array_equal(banks[0].features[shown, PLAIN], banks[1].features[shown, PLAIN])
