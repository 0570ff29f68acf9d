"""What is found in one clip of a study, as plain data: it travels between machines and is kept in one file."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from emo_core.analysis import Analysis
from emo_core.columns import components
from emo_core.emotions import EMOTIONS, UNSURE
from emo_core.inference.window_plan import usual_step_s
from emo_core.report.people import people_of
from emo_core.studies.parquet import to_ipc

TABLES = ("frames", "windows", "segments")
"""The tables of a clip beside its row in the table of clips."""

_WARNINGS_APART = " | "


class Work(Struct, frozen=True):
    """A clip to judge, as a worker is told of it.

    Attributes:
        key: stands for content, part, model and settings.
        path: of the file where the study was asked for; a worker on another machine may not see it.
        name: file name for people.
        digest: SHA-256 of the content.
        model: digest of the bundle.
        part: start and end in seconds; None for the whole file.
        reports: whether the files that ``analyze --out`` makes of one clip are made, too.
    """

    key: str
    path: str
    name: str
    digest: str
    model: str
    part: tuple[float, float] | None = None
    reports: bool = False


class Judged(Struct):
    """What is found in a clip.

    Attributes:
        name: file name that its sentences hold.
        people: a row for everybody in it, as :func:`person_row` makes them; none where it failed.
        error: why it failed, one sentence.
        is_final: whether trying again would end the same way.
        tables: name of :data:`TABLES` → Arrow IPC stream of that table, everybody in it.
        reports: path below the folder of the clip → content.
        seconds: of work.
    """

    name: str
    people: list[dict[str, Any]] = []
    error: str = ""
    is_final: bool = True
    tables: dict[str, bytes] = {}
    reports: dict[str, bytes] = {}
    seconds: float = 0.0

    def renamed(self, name: str) -> "Judged":
        """The same of a copy of the clip that has another name."""
        if name == self.name:
            return self
        people = [{**row, "warnings": row["warnings"].replace(self.name, name)} for row in self.people]
        return msgspec.structs.replace(self, name=name, people=people, error=self.error.replace(self.name, name))


def tables_of(analysis: Analysis) -> dict[str, bytes]:
    """Frames, windows and segments of everybody in a clip, each as an Arrow IPC stream."""
    import pandas

    everybody = [analysis.about(person.number) for person in analysis.people]
    return {
        name: to_ipc(pandas.concat([getattr(told, name)() for told in everybody], ignore_index=True)) for name in TABLES
    }


def rows_of(analysis: Analysis, rate_hz: float) -> list[dict[str, Any]]:
    """A row for everybody in a clip that was sampled at `rate_hz`."""
    return [person_row(analysis.about(person.number), person.on_screen_s, rate_hz) for person in people_of(analysis)]


def person_row(analysis: Analysis, on_screen_s: float, rate_hz: float) -> dict[str, Any]:
    """What the table of clips says of the person that an analysis is about; None where a number would be invented.

    ``judged_s`` are the seconds with a usable face, ``time_share_<verdict>`` the shares of the time in view and
    ``quality`` the mean over the frames that count; the others are as in :class:`~emo_core.prediction.Prediction`.
    """
    prediction, video, clip = analysis.prediction, analysis.video, analysis.normalized
    step_s = usual_step_s(analysis.timestamps_s, rate_hz)
    labels, parts = prediction.labels, components(prediction.labels)
    spans = dict.fromkeys((*labels, UNSURE), 0.0)
    for segment in prediction.segments:
        spans[segment.label] += segment.end_s - segment.start_s
    whole_s = sum(spans.values())
    return {
        "person": analysis.person,
        "verdict": prediction.label,
        "probability": _number(prediction.probability),
        **{f"probability_{name}": _number(p) for name, p in zip(labels, prediction.probabilities, strict=True)},
        "is_blend": prediction.is_blend,
        **_named("presence_", parts, prediction.presence),
        **_named("salience_", parts, prediction.salience),
        **_named("emotion_", EMOTIONS, prediction.emotions),
        **{f"time_share_{name}": _number(span / whole_s) if whole_s else None for name, span in spans.items()},
        "quality": _number(float(clip.quality[clip.mask].mean())) if clip.mask.any() else None,
        "judged_s": _number(float(clip.mask.sum()) * step_s),
        "on_screen_s": _number(on_screen_s),
        "duration_s": _number(video.duration_s),
        "num_windows": len(prediction.windows),
        "reason": prediction.reason,
        "warnings": _WARNINGS_APART.join(analysis.warnings),
    }


def _named(prefix: str, names: tuple[str, ...], values: Mapping[str, float]) -> dict[str, float | None]:
    return {f"{prefix}{name}": _number(values[name]) if name in values else None for name in names}


def _number(value: float) -> float | None:
    """Six decimals; None for what is no number."""
    return round(float(value), 6) if np.isfinite(value) else None
