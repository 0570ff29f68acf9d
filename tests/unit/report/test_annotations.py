"""What a person says of a clip."""

import pytest

from emo_core.report.annotations import MAX_LABEL_CHARS, MAX_MARKERS, MAX_NOTE_CHARS, Annotations, Marker


def test_nothing_said_is_nothing():
    assert not Annotations()
    assert Annotations().to_dict() == {"markers": [], "correct_label": None}


def test_marks_are_in_order_of_time_and_can_be_taken_back():
    said = Annotations().marked(5, "b").marked(1.23456, "a")
    assert said.markers == (Marker(1.235, "a"), Marker(5.0, "b"))
    assert said.unmarked(Marker(5.0, "b")).markers == (Marker(1.235, "a"),)
    assert said.unmarked(Marker(9.0, "none")) == said
    assert said


def test_notes_are_one_printable_line_of_bounded_length():
    (marker,) = Annotations().marked(0, "a\x00\n\tb\u202e" + "x" * 999).markers
    assert marker.note.startswith("a b x")
    assert len(marker.note) == MAX_NOTE_CHARS


def test_there_is_a_most():
    said = Annotations()
    for time_s in range(MAX_MARKERS + 5):
        said = said.marked(time_s, "x")
    assert len(said.markers) == MAX_MARKERS


@pytest.mark.parametrize(
    ("typed", "kept"), [(" happily  surprised\n", "happily surprised"), ("", None), (" ", None), (None, None)]
)
def test_the_right_label(typed, kept):
    said = Annotations().corrected(typed)
    assert said.label == kept
    assert bool(said) == (kept is not None)
    assert len(Annotations().corrected("y" * 200).label) == MAX_LABEL_CHARS
