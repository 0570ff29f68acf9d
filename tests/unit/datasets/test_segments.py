"""Parts of videos as a data set: read from a table, judged within their bounds, told apart in the result."""

import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.datasets.clips import read_dataset
from emo_core.errors import DatasetError
from emo_core.evaluation.run import choose_clips, evaluate_dataset
from tests import sample
from tests.conftest import MODEL
from tests.tiny import read_json

HEADER = "path,start_s,end_s,label,confidence,person,is_gif,note\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The sample, once where it is sad and once where it laughs; and a part that lies behind its end."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "clips").mkdir()
    (folder / "clips" / "a.mp4").write_bytes(sample.PATH.read_bytes())
    rows = ["0.5,9,sadness_fear,clear,w1,0,distress", "12,19,amusement_surprise,clear,w1,1,laughter",
            "30,40,other,clear,w2,0,nothing"]  # fmt: skip
    (folder / "segments.csv").write_text(HEADER + "".join(f"clips/a.mp4,{row}\n" for row in rows), "utf-8")
    return folder


def test_each_part_is_judged_by_its_own_windows(data, hybrid, tmp_path):
    clips = read_dataset(data)
    assert [(clip.person, clip.source, clip.story) for clip in clips[:2]] == [
        ("w1", "video", "distress"), ("w1", "GIF", "laughter")
    ]  # fmt: skip
    found = evaluate_dataset(hybrid, choose_clips(MODEL, clips, hybrid.info.labels), data, tmp_path, name="parts")
    sad, glad = found.clips
    assert (sad.verdict, glad.verdict) == ("sadness_fear", "amusement_surprise")
    assert sad.probabilities[1] > 0.5 > glad.probabilities[1]
    assert (sad.path, sad.file) == ("clips/a.mp4#t=0.5,9", "clips/a.mp4")
    assert sad.duration_s == pytest.approx(8.5, abs=0.15)
    assert [(item.path, "between 30 s and 40 s" in item.reason) for item in found.left_out] == [
        ("clips/a.mp4#t=30,40", True)
    ]


def test_the_command_reads_the_folder_or_the_table(data, tmp_path, capsys):
    for path in (data, data / "segments.csv"):
        words = ["--cache", str(tmp_path), "--json", str(tmp_path / "out.json")]
        assert main(["evaluate", "--data", str(path), *words]) == 0
        assert "2 clips of 1 people" in capsys.readouterr().out
        figures = read_json(tmp_path / "out.json")["figures"]
        assert np.trace(np.array(figures["confusion"])) == 2
        sources = {row["value"]: row["num_clips"] for row in figures["slices"] if row["slice"] == "source"}
        assert sources == {"GIF": 1, "video": 1}


@pytest.mark.parametrize("span", ["9,0.5", "-1,3", "nan,3", "a,b", "1,inf", ","])
def test_a_span_that_is_none_is_refused(span, data, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"")
    (tmp_path / "segments.csv").write_text(f"path,start_s,end_s,label\na.mp4,{span},other\n", "utf-8")
    with pytest.raises(DatasetError, match=r"segments.csv, line 2: start_s and end_s must be seconds"):
        read_dataset(tmp_path)


def test_missing_columns_are_named(tmp_path):
    (tmp_path / "segments.csv").write_text("path,label\na.mp4,other\n", "utf-8")
    with pytest.raises(DatasetError, match="needs columns path and label and start_s and end_s"):
        read_dataset(tmp_path)
