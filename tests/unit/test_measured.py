"""What was measured on a model, as types: nothing of the shipped records is lost, and damaged ones change nothing."""

import json

import msgspec
import pytest

from emo_core.errors import BundleError
from emo_core.measured import Measured, read_measured
from emo_core.model import bundle as bundles
from emo_core.training.records import write_with_records
from tests.conftest import MODEL
from tests.tiny import write_tiny_bundle


def lost(before, after):
    """Where `after` lacks or changes something of `before`, but for what is empty."""
    if isinstance(before, dict):
        gone = [name for name, value in before.items() if name not in after and value not in (None, [], {}, "")]
        return gone + [name for name in before.keys() & after.keys() if lost(before[name], after[name])]
    if isinstance(before, list):
        return len(before) != len(after) or any(lost(*pair) for pair in zip(before, after, strict=True))
    return before != after


@pytest.mark.parametrize("name", ["hybrid", "published"])
def test_nothing_of_the_shipped_records_is_lost(name):
    record = json.loads((MODEL.parent / name / bundles.METRICS).read_text("utf-8"))
    measured = read_measured(record)
    assert lost(record, json.loads(msgspec.json.encode(measured))) == []
    assert set(record) <= set(Measured.__struct_fields__)


def test_what_older_records_lack_is_not_made_up():
    measured = read_measured({"composed_clips": {"clean": {"accuracy": 0.8, "num_clips": 5}}, "unheard_of": 1})
    assert measured.composed_clips.clean.coverage is None
    assert measured.real_clips is None


@pytest.mark.parametrize("text", ['{"seeds": [{"seed": 1}]}', '{"real_clips": 3}', '{"ablation": {"variants": {}}}'])
def test_damaged_records_are_one_sentence_and_leave_the_model_as_it_was(tmp_path, text):
    model = write_tiny_bundle(tmp_path / "mine")
    bundles.write_bundle(model, {}, {bundles.METRICS: text.encode()}, drop=[bundles.PREDICTIONS])
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    with pytest.raises(BundleError, match=r"^metrics.json of the model mine is damaged: restore it or delete it\.$"):
        write_with_records(model, {}, {"protocols": None}, (), {}, {})
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
