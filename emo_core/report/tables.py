"""An analysis as text for other programs: CSV by frame and by window, WebVTT of its segments.

What a person says is in columns and cues of its own, whose names begin with ``human``.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from emo_core import SOFTWARE
from emo_core.analysis import Analysis, Segment
from emo_core.columns import BOX, POSE, Columns, frame_columns, window_columns
from emo_core.files.csv_files import to_csv
from emo_core.model.presence import sure_words
from emo_core.report.annotations import Annotations, Marker

_ROWS_AT_ONCE = 1024
_MARK_S = 1.5  # how long a mark stays on the screen
_MODEL = ("model", "model_version", "software")
_DIGITS = {"source_frame": 0, "time_s": 3, "start_s": 3, "end_s": 3, **dict.fromkeys((*BOX, *POSE), 1)}


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
    columns = frame_columns(analysis.timestamps_s, analysis.source_frames, analysis.told, analysis.model)
    noted = ["; ".join(marks.get(row, [])) for row in range(len(analysis.timestamps_s))]
    return _csv(columns, {"human_mark": noted, "human_label": [annotations.label or ""] * len(noted)})


def windows_csv(analysis: Analysis, annotations: Annotations) -> str:
    """One row per overlapping window that the LSTM read: verdict, probabilities, normalized scores s′, quality."""
    count = len(analysis.prediction.windows)
    return _csv(window_columns(analysis.told, analysis.model), {"human_label": [annotations.label or ""] * count})


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


def mark_words(marker: Marker) -> str:
    """A mark in words that say whose it is."""
    return f"Marked by a person: {marker.note}"


def _csv(columns: Columns, human: Mapping[str, Sequence[str]]) -> str:
    """A table as CSV, what a person says before the model."""
    names = [*(name for name in columns if name not in _MODEL), *human, *_MODEL]
    count = len(next(iter(columns.values())))

    def rows() -> Iterator[Sequence[str]]:
        for first in range(0, count, _ROWS_AT_ONCE):  # as text a long clip takes ten times the file
            some = slice(first, first + _ROWS_AT_ONCE)
            texts = {name: _texts(name, values[some]) for name, values in columns.items()}
            texts |= {name: values[some] for name, values in human.items()}
            yield from zip(*(texts[name] for name in names), strict=True)

    return to_csv(names, rows())


def _texts(name: str, values: NDArray[Any]) -> Sequence[str]:
    """Cells of a column; empty where there is no number."""
    if values.dtype.kind == "f":
        digits = _DIGITS.get(name, 6)
        return [f"{float(value):.{digits}f}" if math.isfinite(value) else "" for value in values]
    return [str(int(value)) if values.dtype.kind in "biu" else str(value) for value in values]


def _vtt_time(time_s: float) -> str:
    milliseconds = round(1000 * time_s)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def _vtt_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
