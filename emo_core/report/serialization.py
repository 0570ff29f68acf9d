"""An analysis as text for a terminal and as JSON for programs."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from emo_core import SOFTWARE
from emo_core.analysis import Analysis, Prediction, Segment
from emo_core.emotions import EMOTIONS, UNSURE, display_name, display_percent
from emo_core.model.presence import emotion_words, present, sure_words, verdict_words
from emo_core.report.annotations import Annotations
from emo_core.report.people import PersonOverview, people_of
from emo_core.types import Floats

SCHEMA = "hybrid-emotion-analysis/2"

_TOKENS_AT_ONCE = 4096
_TIMELINE_WIDTH = 60
_MOST_SPANS = 4  # told of when a person is in view


def to_dict(analysis: Analysis, annotations: Annotations | None = None) -> dict[str, Any]:
    """JSON form of an analysis: what ``analyze --json`` writes and the page offers for download.

    Times are seconds on the file's own clock (see :class:`~emo_core.analysis.VideoInfo`), boxes source pixels,
    probabilities and qualities in [0, 1]. A frame without a usable face has ``face`` false, and null where a number
    would be invented. Everybody in the clip is in ``people``; verdict, segments, windows, frames and warnings beside it
    are those of the one named by ``person``, as in schema 1. What a viewer says is in ``human_annotations`` alone.

    Example:
        >>> from emo_core import analyze, load_bundle
        >>> to_dict(analyze("assets/demo/clips/person_01/other_4.mp4", load_bundle()))["schema"]
        'hybrid-emotion-analysis/2'
    """
    return _document(analysis, annotations, lambda told: [*_Frames(told)])


def _document(
    analysis: Analysis, annotations: Annotations | None, frames: Callable[[Analysis], list[dict[str, Any]]]
) -> dict[str, Any]:
    """:func:`to_dict`, with rows of frames as `frames` gives them."""
    human = {"human_annotations": annotations.to_dict()} if annotations else {}
    video, labels = analysis.video, analysis.model.labels
    return {
        "schema": SCHEMA,
        "software": SOFTWARE,
        "clip": {
            "name": video.name,
            "duration_s": round(video.duration_s, 4),
            "start_s": round(video.start_s, 4),
            "end_s": round(video.end_s, 4),
            "gaps": [{"start_s": round(start_s, 3), "end_s": round(end_s, 3)} for start_s, end_s in video.gaps],
            "fps": round(video.fps, 4),
            "width": video.width,
            "height": video.height,
            "num_frames_decoded": video.num_frames_decoded,
            "num_frames_sampled": video.num_frames_sampled,
        },
        "model": {"name": analysis.model.name, "version": analysis.model.version, "labels": list(labels)},
        "person": analysis.person,
        **_told(analysis, frames),
        "timing_ms": {stage: round(getattr(analysis.timing_ms, stage), 2) for stage in analysis.timing_ms.__slots__},
        "warnings": list(analysis.warnings),
        "people": [_person(analysis.about(found.number), found, frames) for found in people_of(analysis)],
        **human,
    }


def _person(
    analysis: Analysis, found: PersonOverview, frames: Callable[[Analysis], list[dict[str, Any]]]
) -> dict[str, Any]:
    return {
        "person": found.number,
        "on_screen_s": round(found.on_screen_s, 3),
        "in_view": [{"start_s": round(start_s, 3), "end_s": round(end_s, 3)} for start_s, end_s in found.spans_s],
        **_told(analysis, frames),
        "warnings": list(analysis.warnings),
    }


def _told(analysis: Analysis, frames: Callable[[Analysis], list[dict[str, Any]]]) -> dict[str, Any]:
    """What is told of the one person that an analysis is about."""
    prediction, labels = analysis.prediction, analysis.model.labels
    return {
        "verdict": {
            "label": prediction.label,
            "probability": _number(prediction.probability),
            "probabilities": _named(labels, prediction.probabilities),
            "salience": {name: _number(share) for name, share in prediction.salience.items()},
            "is_blend": prediction.is_blend,
            **_shown(prediction),
            "reason": prediction.reason,
        },
        "segments": [
            {
                "start_s": round(segment.start_s, 3),
                "end_s": round(segment.end_s, 3),
                "label": segment.label,
                "probability": _number(segment.probability),
                "salience": {name: _number(share) for name, share in segment.salience.items()},
                "is_blend": segment.is_blend,
                **_shown(segment),
            }
            for segment in prediction.segments
        ],
        "windows": [
            {
                "start_s": round(window.start_s, 3),
                "end_s": round(window.end_s, 3),
                "label": window.label,
                "probabilities": _named(labels, window.probabilities),
                "quality": _number(window.quality),
                "num_valid_frames": window.num_valid_frames,
            }
            for window in prediction.windows
        ],
        "frames": frames(analysis),
    }


def to_json(analysis: Analysis, annotations: Annotations | None = None) -> str:
    """:func:`to_dict` as text; non-finite numbers cannot occur in it."""
    return "".join(json_parts(analysis, annotations))


def json_parts(analysis: Analysis, annotations: Annotations | None = None) -> Iterator[str]:
    """:func:`to_json` in parts, for a file: two hours take 80 MB as text, and ten times that as objects."""
    encoder = json.JSONEncoder(indent=1, ensure_ascii=False, allow_nan=False)
    tokens = encoder.iterencode(_document(analysis, annotations, _Frames))
    while part := "".join(itertools.islice(tokens, _TOKENS_AT_ONCE)):
        yield part


def write_json(
    target: Path,
    analysis: Analysis,
    annotations: Annotations | None = None,
    *,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Write what ``analyze --json`` writes, without ever holding all of it.

    Args:
        target: the file.
        analysis: what to tell.
        annotations: what a person says.
        progress: called as the work goes on.
    """
    with target.open("w", encoding="utf-8") as file:
        for part in json_parts(analysis, annotations):
            if progress:
                progress("Writing the file", 0.0)
            file.write(part)
        file.write("\n")


def to_text(analysis: Analysis) -> str:
    """A short verdict for people, with a timeline drawn in characters; lines end in newlines except the last."""
    video, prediction = analysis.video, analysis.prediction
    lines = [
        f"{video.name}: {video.duration_s:.1f} s, {video.width}×{video.height}, "
        f"{video.num_frames_sampled} frames analyzed of {video.num_frames_decoded}",
        "",
        *_people_lines(analysis),
        f"  {_verdict_line(analysis)}",
        *([f"  {prediction.reason}"] if prediction.reason else []),
        "",
        *_timeline(analysis),
        "",
    ]
    for segment in prediction.segments:
        span = f"{segment.start_s:6.1f} – {segment.end_s:5.1f} s"
        best = "best class " if segment.label == UNSURE else ""
        sure = f"{best}{display_percent(segment.probability)}"
        lines.append(f"  {span}  {verdict_words(segment)} ({sure}){_frames_words(segment)}")
    lines += ["", *(f"  Note: {warning}" for warning in analysis.warnings)]
    lines.append(f"  Model {analysis.model.title}, {analysis.timing_ms.total / 1e3:.1f} s of work")
    return "\n".join(lines)


def _people_lines(analysis: Analysis) -> list[str]:
    """Everybody's verdict where there are several, and whom the rest is about; nothing for one person."""
    found = people_of(analysis)
    if len(found) < 2:
        return []
    rows = []
    for person in found:
        spans = ", ".join(f"{start_s:.1f} – {end_s:.1f} s" for start_s, end_s in person.spans_s[:_MOST_SPANS])
        more = ", …" if len(person.spans_s) > _MOST_SPANS else ""
        words = sure_words(person.prediction)
        rows.append(f"  {person.name}: {words}; in view {person.on_screen_s:.1f} s ({spans}{more})")
    return [*rows, "", f"  Person {analysis.person}", ""]


def _verdict_line(analysis: Analysis) -> str:
    prediction = analysis.prediction
    shares = ", ".join(
        f"{display_name(n)} {display_percent(p)}"
        for n, p in zip(prediction.labels, prediction.probabilities, strict=True)
    )
    if prediction.label == UNSURE:
        return f"{verdict_words(prediction)} ({shares})"
    sure = display_percent(prediction.probability)
    return f"{verdict_words(prediction)}, {sure} ({shares}){_frames_words(prediction)}"


def _frames_words(found: Prediction | Segment) -> str:
    """The strongest mean frame emotions after a verdict."""
    words = emotion_words(found.emotions)
    return f"; frames: {words}" if words else ""


def _shown(found: Prediction | Segment) -> dict[str, Any]:
    """What the frames of a verdict show: components that are present, the evidence for each, all mean emotions."""
    return {
        "present": list(present(found)),
        "presence": {name: _number(share) for name, share in found.presence.items()},
        "emotions": {name: _number(share) for name, share in found.emotions.items()},
    }


def _timeline(analysis: Analysis) -> list[str]:
    """One row per label, a block where the segment has it, over a scale in seconds."""
    video = analysis.video
    centres = video.start_s + (np.arange(_TIMELINE_WIDTH) + 0.5) / _TIMELINE_WIDTH * (video.end_s - video.start_s)
    is_gap = [any(start_s <= time_s < end_s for start_s, end_s in video.gaps) for time_s in centres]
    names = (*analysis.model.labels, UNSURE)
    width = max(len(display_name(name)) for name in names)
    rows = []
    for name in names:
        spans = [s for s in analysis.prediction.segments if s.label == name]
        bar = "".join(
            " " if gap else "█" if any(s.start_s <= t < s.end_s for s in spans) else "·"
            for t, gap in zip(centres, is_gap, strict=True)
        )
        rows.append(f"  {display_name(name):<{width}} {bar}")
    begin = f"{video.start_s:.1f} s" if video.start_s else "0 s"
    scale = f"{begin}{video.end_s:>{_TIMELINE_WIDTH - 2 - len(begin)}.1f} s"
    return [*rows, f"  {'':<{width}} {scale}"]


class _Frames(list[dict[str, Any]]):
    """A row for every frame, made when it is asked for: all that an encoder of JSON wants of a list."""

    def __init__(self, analysis: Analysis) -> None:
        super().__init__()
        self._analysis = analysis

    def __len__(self) -> int:
        return len(self._analysis.timestamps_s)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        normalized, features, track = self._analysis.normalized, self._analysis.features, self._analysis.track
        for i, time_s in enumerate(self._analysis.timestamps_s):
            yield {
                "time_s": round(float(time_s), 4),
                "face": bool(normalized.mask[i]),
                "box_xyxy": [round(float(v), 1) for v in track.boxes_xyxy[i]] if track.detected[i] else None,
                "quality": _number(normalized.quality[i]),
                "quality_components": {name: _number(values[i]) for name, values in normalized.components.items()},
                "emotions": _named(EMOTIONS, features.emotions[i]) if features.mask[i] else None,
            }


def _named(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {name: _number(value) for name, value in zip(names, values, strict=True)}


def _number(value: float) -> float:
    """Six decimals: enough for sums to stay within 1e-5 of one."""
    return round(float(value), 6)
