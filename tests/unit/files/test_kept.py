"""What is kept to be found again: a damaged file is dropped, said once, and made anew."""

import io
import json
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from emo_core.config import PipelineConfig
from emo_core.datasets import feature_cache as clip_reader
from emo_core.datasets.feature_cache import ClipReader
from emo_core.datasets.pictures import ferplus
from emo_core.errors import DatasetError
from emo_core.evaluation.results import load as load_evaluation
from emo_core.evaluation.results import store
from emo_core.evaluation.store import load_protocols
from emo_core.files import kept
from emo_core.records import Protocols
from emo_core.training.checkpoint import Checkpoint
from emo_core.training.synthesis import feature_bank
from tests.damage import DEEP
from tests.evaluations import make_evaluation
from tests.factories import make_analysis
from tests.tiny import align_without_landmarks


def shortened(content):
    return content[: len(content) // 2]


def flipped(content):
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def other_arrays(content):
    buffer = io.BytesIO()
    np.savez(buffer, **dict.fromkeys(("features", "weights", "prints", "crops", "told"), np.zeros((2, 3))))
    return buffer.getvalue()


DAMAGES = [lambda content: b"", shortened, flipped, lambda content: b"PK\x03\x04 and no more", other_arrays]
IDS = ["empty", "half", "a bit", "no archive", "other arrays"]


def said(caplog):
    return [record for record in caplog.records if record.name == kept.__name__]


@pytest.mark.parametrize("damage", DAMAGES, ids=IDS)
def test_a_clip_is_seen_anew(tmp_path, monkeypatch, caplog, damage):
    seen = []

    class Network:
        digest = "d"

    def watch(path, *rest):
        seen.append(path)
        made = make_analysis(20)
        return SimpleNamespace(
            features=made.features, normalized=made.normalized, track=made.track, times_s=made.timestamps_s
        )

    monkeypatch.setattr(clip_reader, "extract_clip_features", watch)
    monkeypatch.setattr(clip_reader, "BlendshapeModel", lambda: None)
    (tmp_path / "a.mp4").write_bytes(b"a clip")
    reader = ClipReader(Network(), PipelineConfig(), tmp_path)
    first = reader.read(tmp_path / "a.mp4")
    (stored,) = (tmp_path / "clips").iterdir()
    stored.write_bytes(damage(stored.read_bytes()))
    for _ in range(2):
        again = reader.read(tmp_path / "a.mp4")
        np.testing.assert_array_equal(again.weights, first.weights)
        np.testing.assert_array_equal(again.prints, first.prints)
    assert len(seen) == 2
    assert len(said(caplog)) == 1


@pytest.mark.parametrize("damage", DAMAGES, ids=IDS)
def test_stills_are_aligned_anew(tmp_path, monkeypatch, caplog, damage):
    monkeypatch.setattr(ferplus, "align_stills", align_without_landmarks)
    monkeypatch.setattr(ferplus, "FaceLandmarker", lambda: None)
    images, votes = np.random.default_rng(0).integers(0, 255, (4, 48, 48), np.uint8), np.ones((4, 10), np.uint8)
    first = ferplus.align(images, votes, 16, tmp_path)
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(damage(stored.read_bytes()))
    for _ in range(2):
        np.testing.assert_array_equal(ferplus.align(images, votes, 16, tmp_path).track.crops, first.track.crops)
    assert len(said(caplog)) == 1


@pytest.mark.parametrize("damage", [lambda content: b"", shortened, lambda content: content[:64]])
def test_faces_are_seen_anew(tmp_path, caplog, damage):
    first = feature_bank._kept(tmp_path, [b"faces"], lambda: np.ones((3, 2), np.float32))
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(damage(stored.read_bytes()))
    for _ in range(2):
        np.testing.assert_array_equal(
            feature_bank._kept(tmp_path, [b"faces"], lambda: np.ones((3, 2), np.float32)), first
        )
    assert len(said(caplog)) == 1


@pytest.mark.parametrize("damage", DAMAGES, ids=IDS)
def test_a_training_begins_anew(tmp_path, caplog, damage):
    model = SimpleNamespace(variables=[np.ones(3)], optimizer=SimpleNamespace(variables=[np.zeros(2)]))
    checkpoint = Checkpoint(tmp_path / "c.npz")
    best = SimpleNamespace(history=[{"loss": 1.0}], row={"loss": 1.0}, best_weights=[np.ones(3)])
    checkpoint.save(model, np.random.default_rng(0), best)
    assert checkpoint.begin(np.random.default_rng(1)).history == [{"loss": 1.0}]
    (tmp_path / "c.npz").write_bytes(damage((tmp_path / "c.npz").read_bytes()))
    rng = np.random.default_rng(1)
    before = rng.bit_generator.state
    assert checkpoint.begin(rng) is None
    assert rng.bit_generator.state == before
    assert not (tmp_path / "c.npz").exists()
    assert len(said(caplog)) == 1


def test_of_lines_only_the_damaged_ones_are_dropped(tmp_path, caplog):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n[]\n{"a": 2}\n' + DEEP + b'\n{"a": ')
    assert kept.kept_lines(path, dict[str, int]) == [{"a": 1}, {"a": 2}]
    assert kept.kept_lines(path, dict[str, int]) == [{"a": 1}, {"a": 2}]
    assert len(said(caplog)) == 1
    assert kept.kept_lines(tmp_path / "none.jsonl", dict) == []


def change(path, **entries):
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"{"), lambda path: path.write_bytes(DEEP), lambda path: change(path, clips=[]),
        lambda path: change(path, labels="abc"), lambda path: change(path, clips=[{"path": "a"}]),
        lambda path: change(path, quality_edges=["x"]), lambda path: change(path, schema=0),
        lambda path: change(path, num_seen_clips="many"), lambda path: path.write_bytes(b"\xff\xfe"),
    ],
)  # fmt: skip
def test_an_evaluation_is_whole_or_refused(tmp_path, damage):
    path = tmp_path / "evaluation.json"
    store(make_evaluation(), path)
    assert load_evaluation(path).labels == make_evaluation().labels
    damage(path)
    with pytest.raises(DatasetError):
        load_evaluation(path)


ROW = {"accuracy": 0.5, "macro_f1": 0.4, "interval_over_people": [0.4, 0.6], "macro_f1_interval_over_people": None}
PROTOCOLS = {"random": ROW, "subject": ROW, "leakage": 0.0, "leakage_interval": None, "num_windows": 9}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", DEEP, json.dumps(PROTOCOLS | {"leakage": "x"}).encode(),
        json.dumps(PROTOCOLS | {"random": {"accuracy": 0.5}}).encode(), json.dumps(PROTOCOLS | {"sources": 3}).encode(),
        json.dumps({name: value for name, value in PROTOCOLS.items() if name != "leakage"}).encode(),
    ],
)  # fmt: skip
def test_a_comparison_of_protocols_is_whole_or_refused(tmp_path, content):
    path = tmp_path / "protocols.json"
    assert load_protocols(path) is None
    path.write_text(json.dumps(PROTOCOLS))
    assert load_protocols(path) == msgspec.convert(PROTOCOLS, Protocols)
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="compare the protocols again"):
        load_protocols(path)
