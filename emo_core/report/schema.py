"""What ``analysis.json`` holds, as types; its JSON Schema in ``assets/analysis.schema.json`` is made of them.

A new key is a field here: what is written and the schema are held together by a test.
"""

import inspect
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from emo_core.analysis import ModelInfo, StageTimings
from emo_core.report.annotations import Marker
from emo_core.report.serialization import SCHEMA

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
Shares = dict[str, Share]


class Span(Struct, forbid_unknown_fields=True):
    """A stretch of the clip."""

    start_s: float
    end_s: float


class ClipEntry(Struct, forbid_unknown_fields=True):
    """The file; its duration leaves out the gaps."""

    name: str
    duration_s: float
    start_s: float
    end_s: float
    gaps: list[Span]
    fps: float
    width: Count
    height: Count
    num_frames_decoded: Count
    num_frames_sampled: Count


class Said(Struct, forbid_unknown_fields=True):
    """A class or `unsure`, its probability, and what the frames show; of a pair also the parts, and which are there."""

    label: str
    probability: Share
    salience: Shares
    is_blend: bool
    present: list[str]
    presence: Shares
    emotions: Shares


class VerdictEntry(Said):
    """The verdict on the clip; the reason says why it is unsure."""

    probabilities: Shares
    reason: str


class SegmentEntry(Said):
    """A part of the clip with one verdict."""

    start_s: float
    end_s: float


class WindowEntry(Struct, forbid_unknown_fields=True):
    """A window that the LSTM read; windows overlap."""

    start_s: float
    end_s: float
    label: str
    probabilities: Shares
    quality: Share
    num_valid_frames: Count


class FrameEntry(Struct, forbid_unknown_fields=True):
    """A sampled frame, null where no face is there to speak of; the box is in pixels of the source."""

    time_s: float
    face: bool
    box_xyxy: tuple[float, float, float, float] | None
    quality: Share
    quality_components: Shares
    emotions: Shares | None


class AnnotationsEntry(Struct, forbid_unknown_fields=True):
    """What a person says, told apart from what the model says."""

    markers: list[Marker]
    correct_label: str | None


class Told(Struct, forbid_unknown_fields=True):
    """What is told of one person, the one called by that number."""

    person: Count
    verdict: VerdictEntry
    segments: list[SegmentEntry]
    windows: list[WindowEntry]
    frames: list[FrameEntry]
    warnings: list[str]


class PersonEntry(Told):
    """Somebody in the clip, and when that person is in view."""

    on_screen_s: float
    in_view: list[Span]


class AnalysisFile(Told):
    """An analysis of a clip. Times are seconds on the file's own clock, probabilities and qualities in [0, 1]."""

    schema: Literal["hybrid-emotion-analysis/2"]
    clip: ClipEntry
    model: ModelInfo
    timing_ms: StageTimings
    people: list[PersonEntry]
    software: str | UnsetType = UNSET
    human_annotations: AnnotationsEntry | UnsetType = UNSET


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``analysis.json``."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{SCHEMA.replace('/', ':')}"}
    schema: dict[str, Any] = _dedented(msgspec.json.schema(AnalysisFile))
    return head | schema


def _dedented(part: Any) -> Any:
    """The same with descriptions, which are docstrings, as they read in source: Python 3.13 drops their indentation."""
    if isinstance(part, list):
        return [_dedented(item) for item in part]
    if isinstance(part, dict):
        words = part.get("description")
        cleaned = {"description": inspect.cleandoc(words)} if isinstance(words, str) else {}
        return {name: _dedented(item) for name, item in part.items()} | cleaned
    return part
