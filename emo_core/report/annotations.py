"""What a person says of a clip, kept apart from what the model says: marks in time, and the right label."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emo_core.errors import printable

MAX_MARKERS = 200
"""Most marks of a clip."""

MAX_NOTE_CHARS = 200
"""Longest note; more is cut off."""

MAX_LABEL_CHARS = 60
"""Longest label; more is cut off."""


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """Something that a person saw: when, in seconds from the start of the clip, and a note of one line."""

    time_s: float
    note: str


@dataclass(frozen=True, slots=True)
class Annotations:
    """Everything a person says of one clip.

    Attributes:
        markers: in order of time.
        label: what the clip shows, if the person says that the verdict is wrong; None otherwise.
    """

    markers: tuple[Marker, ...] = ()
    label: str | None = None

    def __bool__(self) -> bool:
        return bool(self.markers) or self.label is not None

    def marked(self, time_s: float, note: str) -> "Annotations":
        """With one more mark, unless there are :data:`MAX_MARKERS`.

        Example:
            >>> Annotations().marked(2.0, " laughs ").marked(1.0, "").markers
            (Marker(time_s=1.0, note='mark'), Marker(time_s=2.0, note='laughs'))
        """
        if len(self.markers) >= MAX_MARKERS:
            return self
        marker = Marker(round(float(time_s), 3), one_line(note, MAX_NOTE_CHARS) or "mark")
        return replace(self, markers=tuple(sorted((*self.markers, marker))))

    def unmarked(self, marker: Marker) -> "Annotations":
        """Without a mark."""
        return replace(self, markers=tuple(item for item in self.markers if item != marker))

    def corrected(self, label: str | None) -> "Annotations":
        """With the right label in the place of the verdict, or without objection if there is none."""
        return replace(self, label=one_line(label or "", MAX_LABEL_CHARS) or None)

    def to_dict(self) -> Mapping[str, Any]:
        """JSON form: ``markers`` with time_s and note, and ``correct_label``, null while nobody objected."""
        return {
            "markers": [{"time_s": marker.time_s, "note": marker.note} for marker in self.markers],
            "correct_label": self.label,
        }


def one_line(text: str, most: int) -> str:
    """Text a person typed as one printable line of at most `most` characters."""
    return " ".join(printable(text).split())[:most].rstrip()
