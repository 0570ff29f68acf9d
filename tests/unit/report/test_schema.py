"""The published JSON Schema: made of the types, and true of what is written."""

import json
from pathlib import Path

import jsonschema
import pytest

from emo_core.emotions import UNSURE
from emo_core.report.annotations import Annotations
from emo_core.report.schema import AnalysisFile, json_schema
from emo_core.report.serialization import to_dict
from tests.factories import make_analysis

PUBLISHED = Path(__file__).resolve().parents[3] / "assets" / "analysis.schema.json"


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8")))


def test_what_is_published_is_made_of_the_types():
    assert json.loads(PUBLISHED.read_text("utf-8")) == json_schema(), "run tools/write_schema.py"


def test_a_real_analysis_is_valid_with_and_without_a_word_of_a_person(validator, laughter_analysis):
    for human in (None, Annotations().marked(1.0, "laughs").corrected("other")):
        data = json.loads(json.dumps(to_dict(laughter_analysis, human)))
        validator.validate(data)
        assert set(data) >= {name for name in AnalysisFile.__struct_fields__ if name != "human_annotations"}


def test_an_unsure_analysis_with_frames_without_a_face_is_valid(validator):
    validator.validate(json.loads(json.dumps(to_dict(make_analysis(50, UNSURE)))))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data["verdict"].pop("reason"), lambda data: data["frames"][0].update(quality=1.2),
        lambda data: data["segments"][0].update(mood="new"), lambda data: data.update(schema="another/1"),
        lambda data: data["clip"].update(width=-1), lambda data: data["model"].pop("version"),
        lambda data: data["frames"][0].update(box_xyxy=[1.0, 2.0]),
    ],
)  # fmt: skip
def test_what_is_no_analysis_is_not_valid(validator, damage):
    data = json.loads(json.dumps(to_dict(make_analysis(20))))
    validator.validate(data)
    damage(data)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(data)
