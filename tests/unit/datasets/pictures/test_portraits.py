"""Pictures of people: read from folders and zips of every kind, found by the app's own code, measured by person."""

import csv
import io
import json
import shutil
import zipfile
from itertools import combinations

import cv2
import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.datasets.pictures.portraits import Portraits, decode, part_of, read_portraits
from emo_core.datasets.splits import PORTRAIT_PARTS
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.evaluation.people_intervals import People
from emo_core.evaluation.portrait_metrics import evaluate_portraits, recall_at

HAPPY = EMOTIONS.index("happiness")


def encoded(image, suffix=".png"):
    return bytes(cv2.imencode(suffix, image)[1])


@pytest.fixture(scope="module")
def pictures(laughter_frames):
    """A laughing face in colour, the same in grey with an alpha channel and tiny; a wall; and no picture at all."""
    face = laughter_frames[20][..., ::-1]
    grey = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_BGR2GRAY)
    clear = cv2.cvtColor(cv2.resize(grey, (320, 180), interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGRA)
    return {
        "a/face.jpg": encoded(face, ".jpg"),
        "grey.png": encoded(clear),
        "wall.png": encoded(np.full((90, 120), 128, np.uint8)),
        "broken.jpg": b"not a picture",
    }


def table(rows, columns=("file", "emotion", "person")):
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode("utf-8-sig")


ROWS = [
    ("a/face.jpg", "happiness", "anna"),
    ("grey.png", "happiness", "anna"),
    ("wall.png", "neutral", "bert"),
    ("broken.jpg", "sadness", ""),
]


def place(kind, folder, files, rows=ROWS):
    """The pictures as a folder, as a zip in a folder, or all in one zip, below a folder of its own."""
    files = {**files, "labels.csv": table(rows)}
    folder.mkdir()
    if kind == "folder":
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder
    if kind == "zip beside":
        (folder / "labels.csv").write_bytes(files.pop("labels.csv"))
    path = folder / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name if kind == "zip beside" else f"set/{name}", content)
    return folder if kind == "zip beside" else path


@pytest.mark.parametrize("kind", ["folder", "zip beside", "zip"])
def test_the_command_measures_them_wherever_they_lie(kind, tmp_path, pictures, capsys):
    path = place(kind, tmp_path / "set", pictures)
    words = ["--json", str(tmp_path / "out.json"), "--predictions", str(tmp_path / "out.npz")]
    assert main(["evaluate-frames", str(path), *words]) == 0
    said = capsys.readouterr().out
    assert "4 pictures; no face found in 2, which have no prediction; the others show 1 people" in said
    with np.load(tmp_path / "out.npz", allow_pickle=False) as stored:
        assert stored["files"].tolist() == [row[0] for row in ROWS]
        probabilities = stored["probabilities"]
    assert np.isnan(probabilities).all(axis=1).tolist() == [False, False, True, True]
    assert probabilities[:2].argmax(axis=1).tolist() == [HAPPY, HAPPY]
    np.testing.assert_allclose(probabilities[:2].sum(axis=1), 1, atol=1e-4)
    metrics = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert (metrics["num_without_face"], metrics["scores"]["accuracy"]["value"]) == (2, 1.0)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([("a/face.jpg", "joy", "")], "line 2: “joy” is no emotion; use neutral"),
        ([("gone.jpg", "fear", "")], "line 2: the picture “gone.jpg” is not there"),
        ([ROWS[0], ROWS[0]], "line 3: the picture “.*face.jpg” is listed twice"),
        ([("", "fear", "")], "line 2: the picture “.*” is not there"),
        ([], "lists no picture"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(rows, fault, tmp_path, pictures):
    with pytest.raises(DatasetError, match=fault):
        read_portraits(place("folder", tmp_path / "set", pictures, rows))


def test_what_is_no_set_of_pictures_is_refused_in_one_sentence(tmp_path, pictures, capsys):
    (tmp_path / "none").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"PK no")
    for name, fault in (("none", "holds no labels.csv"), ("bad.zip", "cannot be read as a zip"), ("gone", "no gone")):
        assert main(["evaluate-frames", str(tmp_path / name)]) == 1
        error = capsys.readouterr().err
        assert fault in error
        assert error.count("\n") == 1
    walls = place("zip", tmp_path / "set", pictures, ROWS[2:])
    assert main(["evaluate-frames", str(walls)]) == 1
    assert "No face was found in any of the pictures" in capsys.readouterr().err


def test_pictures_are_upright_colour_of_bounded_size():
    assert decode(b"") is None
    image = decode(encoded(np.zeros((2000, 1000, 4), np.uint8)))
    assert (image.shape, image.dtype) == ((960, 480, 3), np.uint8)
    red = np.zeros((8, 8, 3), np.uint16)
    red[..., 2] = 65535
    assert decode(encoded(red))[0, 0].tolist() == [255, 0, 0]


def made(labels, sure):
    """(N, 8) probabilities that give `sure` to an emotion and share the rest."""
    rows = np.full((len(labels), 8), 0.0, np.float32)
    rows[np.arange(len(labels)), labels] = sure
    return rows + (1 - rows.sum(axis=1, keepdims=True)) / 8


def test_figures_are_those_of_what_has_a_prediction_with_intervals_over_people():
    truth = np.array([0] * 8 + [1] * 8 + [3] * 4)
    said = truth.copy()
    said[:2], said[16] = 3, 0
    probabilities = made(said, 0.8)
    probabilities[7] = np.nan
    people = np.array([f"p{number // 4}" for number in range(20)])
    found = evaluate_portraits(probabilities, truth, people)
    assert (found.num_pictures, found.num_without_face, found.num_people) == (20, 1, 5)
    assert found.scores.accuracy.value == pytest.approx(16 / 19)
    low, high = found.scores.accuracy.interval
    assert low < 16 / 19 < high
    recalls = {row.label: row.recall for row in found.per_class if row.support}
    assert recalls == pytest.approx({"neutral": 5 / 7, "happiness": 1, "sadness": 3 / 4})
    pair = next(row for row in found.pairs if row.pair == "sadness+fear")
    assert pair.auc.value == pytest.approx((3 * 13 + 3 * 2 / 2 + (13 - 0) * 0.5) / (4 * 15), abs=0.02)
    assert pair.recall_at_false_alarms.value == 0, "two of fifteen others score as high as the best"


def test_recall_is_told_at_five_percent_of_false_alarms():
    scores = np.concatenate([np.linspace(0, 1, 100), [0.9, 0.97, 0.99]])
    positive = np.arange(103) >= 100
    recall, threshold = recall_at(scores, positive)
    assert (scores[:100] > threshold).mean() <= 0.05
    assert recall == pytest.approx(2 / 3)


def test_an_area_has_its_interval_over_people_and_ties_count_half():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    positive = rng.random(60) < 0.4
    scores = np.round(rng.random(60) + 0.3 * positive, 1)
    people = People(np.arange(60).astype(str), num_draws=300)
    drawn = people.areas(scores, positive)
    expected = [roc_auc_score(positive, scores, sample_weight=draw) for draw in people.draws[:, people.index]]
    np.testing.assert_allclose(drawn, expected, atol=1e-9)


def many(count):
    people = np.array([f"person {index // 3}" for index in range(count)])
    return Portraits(
        tuple(f"{index}.png" for index in range(count)), np.zeros(count, np.intp), people, lambda name: b""
    )


def test_nobody_is_in_two_parts_and_everybody_is_in_one():
    whole = many(300)
    parts = [part_of(whole, name) for name in PORTRAIT_PARTS]
    people = [set(part.people) for part in parts]
    assert not any(one & other for one, other in combinations(people, 2))
    assert sorted(name for part in parts for name in part.files) == sorted(whole.files)
    assert [len(group) for group in people] == [60, 20, 20]


def test_the_command_measures_one_part(tmp_path, pictures, capsys):
    path = place("zip", tmp_path / "set", pictures)
    given = read_portraits(path)
    part = next(name for name in PORTRAIT_PARTS if "anna" in part_of(given, name).people)
    assert main(["evaluate-frames", str(path), "--part", part, "--json", str(tmp_path / "out.json")]) == 0
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["part"] == part
    assert found["num_pictures"] == len(part_of(given, part).files)


class TestRecords:
    """What goes into the records was measured on people whom the frame CNN never learned from."""

    @pytest.fixture
    def learned(self, tmp_path):
        """A bundle whose frame CNN learned from portraits at an earlier step."""
        shutil.copytree("models/hybrid", tmp_path / "model")
        manifest = tmp_path / "model" / "bundle.json"
        stored = json.loads(manifest.read_text("utf-8"))
        before = {**stored["frame_training"], "recipe": {"portraits_in_batch": 40}}
        stored["frame_training"] = {"recipe": {"epochs": 1}, "started_from": before}
        manifest.write_text(json.dumps(stored), "utf-8")
        return tmp_path / "model"

    @pytest.mark.parametrize("part", [[], ["--part", "choose"]])
    def test_other_parts_are_refused(self, part, learned, tmp_path, pictures, capsys):
        path = place("folder", tmp_path / "set", pictures)
        assert main(["evaluate-frames", str(path), "--model", str(learned), "--record", *part]) == 1
        assert "--part measure" in capsys.readouterr().err
