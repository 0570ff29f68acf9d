"""What is large of every frame lies on disk: the same as in memory, gone with the analysis, handed over by its path."""

import gc
import pickle
import resource
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from emo_core.faces.alignment import normalize_intensity
from emo_core.files import scratch
from emo_core.files.rows import FileRows
from emo_core.inference.frame_log import NOWHERE, FrameLog
from emo_core.inference.pipeline import analyze
from emo_core.report.serialization import to_dict
from tests import sample

CLIP = sample.PATH.parent / "demo" / "clips" / "person_01" / "other_4.mp4"
WORK = """
import pickle, sys
from pathlib import Path
from emo_core import analyze, load_bundle
analysis = analyze(sys.argv[1], load_bundle(), folder=Path(sys.argv[2]))
sys.stdout.buffer.write(pickle.dumps(analysis))
"""


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_frames_are_put_in_order_and_where_nobody_is_seen_nothing_is_invented(place, monkeypatch):
    monkeypatch.setattr("emo_core.inference.frame_log._BLOCK_FRAMES", 4)
    generator = np.random.default_rng(0)
    crops = generator.integers(0, 255, (6, 48, 48), np.uint8)
    landmarks, features = (generator.random((6, *shape), np.float32) for shape in ((478, 3), (5,)))
    log = FrameLog(place)
    at = np.concatenate(
        [log.add(*(values[some] for values in (crops, landmarks, features))) for some in ([0, 1], [2, 3, 4, 5])]
    )
    places = np.full(11, NOWHERE)
    places[[1, 2, 3, 5, 10]] = at[[0, 1, 4, 3, 5]]
    large = log.write_person(places, place / "person")
    seen = places != NOWHERE
    for found, truth in zip(large, (crops, landmarks, normalize_intensity(crops), features), strict=True):
        assert isinstance(found, FileRows)
        np.testing.assert_array_equal(found[seen], truth[places[seen]])
    assert np.isnan(large.landmarks[~seen]).all()
    assert not any(values[~seen].any() for values in (large.crops, large.faces, large.features))


def test_the_files_go_with_the_analysis_or_stay_where_they_were_wanted(place, hybrid):
    analysis = analyze(CLIP, hybrid)
    about = analysis.about(1)
    assert isinstance(analysis.track.landmarks, FileRows)
    del analysis
    gc.collect()
    assert about.track.crops.path.exists()
    del about
    gc.collect()
    assert list(place.iterdir()) == []
    wanted = place / "wanted"
    wanted.mkdir()
    analysis = analyze(CLIP, hybrid, folder=wanted)
    del analysis
    gc.collect()
    assert len(list(wanted.rglob("*.npy"))) == 4
    assert list(place.iterdir()) == [wanted]


def test_an_analysis_of_another_process_comes_by_its_paths(place, hybrid):
    lasting = scratch.Lasting()
    command = [sys.executable, "-c", WORK, str(CLIP), str(lasting.path)]
    content = subprocess.run(command, capture_output=True, check=True).stdout
    assert len(content) < 60_000
    analysis, same = pickle.loads(content), analyze(CLIP, hybrid)
    timing = {"timing_ms": None}
    assert to_dict(analysis) | timing == to_dict(same) | timing
    np.testing.assert_array_equal(analysis.track.landmarks, same.track.landmarks)
    del lasting, same
    gc.collect()
    assert analysis.normalized.faces.path.exists()
    del analysis
    gc.collect()
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="how large a file may be is asked of Linux")
def test_a_full_disk_ends_the_command_with_one_sentence(place):
    command = [sys.executable, "-m", "emo_core", "analyze", str(CLIP), "--quiet"]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"TMPDIR": str(place), "PATH": ""},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
    )  # fmt: skip
    assert run.returncode != 0
    assert "finds no room on the disk for temporary files (file too large): free some space" in run.stderr
    assert "Traceback" not in run.stderr
    assert list(place.iterdir()) == []
