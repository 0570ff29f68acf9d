"""Dataclasses and arrays through a file and back; nothing but the classes that are named comes out."""

import io

import numpy as np
import pytest

from emo_core import analysis, types
from emo_core.files import packed
from emo_core.files.arrays import read_npy
from tests.factories import make_analysis

TYPES = {name: item for module in (analysis, types) for name, item in vars(module).items() if isinstance(item, type)}
ROOM = 2**28


def test_an_analysis_comes_back_as_it_was():
    before = make_analysis(40)
    after = packed.unpack(packed.pack(before), TYPES, ROOM)
    assert after.prediction.label == before.prediction.label
    assert (after.video, after.model, after.warnings) == (before.video, before.model, before.warnings)
    np.testing.assert_array_equal(after.normalized.faces, before.normalized.faces)
    np.testing.assert_array_equal(after.track.landmarks, before.track.landmarks)
    assert [window.label for window in after.prediction.windows] == [w.label for w in before.prediction.windows]
    assert packed.pack(after) == packed.pack(before)


def test_an_array_in_two_places_is_stored_once():
    array = np.zeros((500, 500))
    assert len(packed.pack((array, array))) < 1.5 * array.nbytes
    first, second = packed.unpack(packed.pack((array, array)), {}, ROOM)
    assert first is second


def test_what_is_damaged_large_or_of_another_class_is_refused():
    content = packed.pack(make_analysis(10))
    cases = ((content[:500], TYPES, ROOM), (b"", TYPES, ROOM), (content, {}, ROOM), (content, TYPES, 9))
    for wrong, known, room in cases:
        with pytest.raises(ValueError, match=r"damaged|take more"):
            packed.unpack(wrong, known, room)
    with pytest.raises(TypeError, match="cannot be packed"):
        packed.pack({"a": object()})


@pytest.mark.parametrize("damage", [(b" }", b" }("), (b"(500,)", b"(500, "), (b"<f8", b"|O8"), (b"{", b"[")])
def test_a_header_that_no_parser_takes_is_refused(damage):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(500))
    content, (old, new) = buffer.getvalue(), damage
    place = content.index(old)
    with pytest.raises(ValueError, match=r"damaged|array|header"):
        read_npy(content[:place] + new + content[place + len(new) :])
