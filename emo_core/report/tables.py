"""An analysis as text for other programs: CSV by frame and by window, WebVTT of its segments.

What a person says is in columns and cues of its own, whose names begin with ``human``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emo_core import SOFTWARE
from emo_core.analysis import Analysis, Segment
from emo_core.emotions import EMOTIONS
from emo_core.files.csv_files import to_csv
from emo_core.model.presence import sure_words
from emo_core.report.annotations import Annotations, Marker

_MARK_S = 1.5  # how long a mark stays on the screen
_POSE = ("yaw_deg", "pitch_deg", "roll_deg")
_BOX = ("box_x0", "box_y0", "box_x1", "box_y1")


def frames_csv(analysis: Analysis, annotations: Annotations) -> str:
    """One row per sampled frame: quality, pose, emotions, running probabilities, verdict of its segment.

    ``time_s`` is on the file's own clock, ``source_frame`` the number of the frame in the file, from 0, and
    ``source_timestamp_s`` its timestamp as the file has it. A cell is empty where a number would be invented. A mark
    stands in the row of the last frame before it.
    """
    marks: dict[int, list[str]] = {}
    for marker in annotations.markers:
        row = int(analysis.timestamps_s.searchsorted(marker.time_s + 1e-6, side="right")) - 1
        marks.setdefault(max(row, 0), []).append(marker.note)
    track, clip, prediction = analysis.track, analysis.normalized, analysis.prediction
    rows = (
        {
            "time_s": f"{time_s:.3f}",
            **_source(analysis, i),
            "person": analysis.person,
            "face": int(clip.mask[i]),
            "quality": _number(clip.quality[i]),
            **{name: _number(values[i]) for name, values in clip.components.items()},
            **_row(_BOX, track.boxes_xyxy[i], 1),
            **_row(_POSE, track.pose_deg[i], 1),
            **_row([f"emotion_{name}" for name in EMOTIONS], analysis.features.emotions[i]),
            **_row([f"probability_{name}" for name in prediction.labels], prediction.step_probabilities[i]),
            "verdict": _label_at(prediction.segments, float(time_s)),
            "human_mark": "; ".join(marks.get(i, [])),
            "human_label": annotations.label or "",
            **_model(analysis),
        }
        for i, time_s in enumerate(analysis.timestamps_s)
    )
    return _csv(rows)


def windows_csv(analysis: Analysis, annotations: Annotations) -> str:
    """One row per overlapping window that the LSTM read: verdict, probabilities, normalized scores s′, quality."""
    labels = analysis.prediction.labels
    rows = (
        {
            "start_s": f"{window.start_s:.3f}",
            "end_s": f"{window.end_s:.3f}",
            "person": analysis.person,
            "verdict": window.label,
            **_row([f"probability_{name}" for name in labels], window.probabilities),
            **_row([f"score_{name}" for name in labels], window.scores),
            "quality": _number(window.quality),
            "num_valid_frames": window.num_valid_frames,
            "human_label": annotations.label or "",
            **_model(analysis),
        }
        for window in analysis.prediction.windows
    )
    return _csv(rows)


def segments_vtt(analysis: Analysis, annotations: Annotations) -> str:
    """WebVTT track: a cue per segment with its verdict, and one per mark of a person, which says so."""
    model = analysis.model
    end_s = analysis.video.end_s
    cues = [(item.start_s, item.end_s, sure_words(item)) for item in analysis.prediction.segments]
    cues += [
        (m.time_s, max(min(m.time_s + _MARK_S, end_s), m.time_s + 0.1), mark_words(m)) for m in annotations.markers
    ]
    blocks = [
        "WEBVTT",
        f"NOTE\n{SOFTWARE}, verdicts of the model {_vtt_text(model.title)}:\nwhat a face shows, not what one feels.",
        *(f"{_vtt_time(a)} --> {_vtt_time(b)}\n{_vtt_text(words)}" for a, b, words in sorted(cues) if b - a >= 1e-3),
    ]
    return "\n\n".join(blocks) + "\n"


def segment_at(segments: Sequence[Segment], time_s: float) -> Segment:
    """The segment that covers a time; the last one after its end."""
    return next((item for item in segments if time_s < item.end_s), segments[-1])


def _label_at(segments: Sequence[Segment], time_s: float) -> str:
    """Verdict of the segment that covers a time; nothing where none does, as while a person is away."""
    last_s = segments[-1].end_s
    covers = (item for item in segments if item.start_s - 1e-6 <= time_s < item.end_s)
    found = next(covers, segments[-1] if last_s <= time_s < last_s + 1e-6 else None)
    return found.label if found else ""


def mark_words(marker: Marker) -> str:
    """A mark in words that say whose it is."""
    return f"Marked by a person: {marker.note}"


def _source(analysis: Analysis, index: int) -> dict[str, str]:
    """Which frame of the file a sampled one is; empty cells where it is none or has no timestamp."""
    found = analysis.source_frames
    return {
        "source_frame": str(int(found.numbers[index])) if found else "",
        "source_timestamp_s": _number(found.stamps_s[index]) if found else "",
    }


def _csv(rows: Iterable[Mapping[str, Any]]) -> str:
    listed = list(rows)
    return to_csv(list(listed[0]), [list(row.values()) for row in listed])


def _model(analysis: Analysis) -> dict[str, str]:
    return {"model": analysis.model.name, "model_version": analysis.model.version, "software": SOFTWARE}


def _row(names: Sequence[str], values: Iterable[float], digits: int = 6) -> dict[str, str]:
    return {name: _number(value, digits) for name, value in zip(names, values, strict=True)}


def _number(value: float, digits: int = 6) -> str:
    return f"{float(value):.{digits}f}" if math.isfinite(value) else ""


def _vtt_time(time_s: float) -> str:
    milliseconds = round(1000 * time_s)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def _vtt_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
