"""Damage to any file, drawn from a generator: the same seed damages in the same way."""

from collections.abc import Sequence

import numpy as np

Numbers = np.random.Generator

_EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**62, 2**63, 2**64 - 1)
"""Numbers at which programs go wrong: none, the largest of a width, the first that is negative in it."""

_MOST_LOST = 4000  # bytes of a hole or of a part that stands twice
_HEAD = 400


def damaged(content: bytes, rng: Numbers, marks: Sequence[bytes] = ()) -> tuple[str, bytes]:
    """What was done to a file, in words, and the file.

    Args:
        content: of a whole file, at least 16 bytes.
        rng: what decides.
        marks: bytes behind which the format keeps its numbers; half of all damage is done there.
    """
    if marks and rng.random() < 0.5:
        return _number_behind(content, rng, marks)
    ways = (_flipped, _with_hole, _twice, _number_in_head, _cut, _swapped, _zeroed, _noise, _followed)
    return ways[int(rng.integers(len(ways)))](content, rng)


def edge_number(rng: Numbers, num_bytes: int) -> bytes:
    """A number of so many bytes at which programs go wrong, or any; in either order of its bytes."""
    if rng.random() < 0.25:
        return rng.bytes(num_bytes)
    value = _EDGES[int(rng.integers(len(_EDGES)))] % (1 << 8 * num_bytes)
    return value.to_bytes(num_bytes, "big" if rng.random() < 0.5 else "little")


def _number_behind(content: bytes, rng: Numbers, marks: Sequence[bytes]) -> tuple[str, bytes]:
    mark = marks[int(rng.integers(len(marks)))]
    places = [place for place in range(len(content)) if content.startswith(mark, place)]
    if not places:
        return _flipped(content, rng)
    width = (1, 2, 4, 8)[int(rng.integers(4))]
    start = places[int(rng.integers(len(places)))] + len(mark)
    place = start + width * int(rng.integers(max(1, 48 // width)))
    value = edge_number(rng, width)
    return f"{value.hex()} at {place - start} behind {mark!r}", content[:place] + value + content[place + width :]


def _flipped(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    data, count = bytearray(content), 1 + int(rng.integers(60))
    for place in rng.integers(0, len(data), count):
        data[place] ^= 1 << int(rng.integers(8))
    return f"{count} bits flipped", bytes(data)


def _with_hole(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    start, size = int(rng.integers(len(content))), int(rng.integers(1, _MOST_LOST))
    return f"{size} bytes lost at {start}", content[:start] + content[start + size :]


def _twice(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    start, size = int(rng.integers(len(content))), int(rng.integers(1, _MOST_LOST))
    return f"its first {size} bytes again at {start}", content[:start] + content[:size] + content[start:]


def _number_in_head(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    place = int(rng.integers(min(len(content) - 8, _HEAD)))
    value = edge_number(rng, 4)
    return f"{value.hex()} at {place}", content[:place] + value + content[place + 4 :]


def _cut(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    place = int(rng.integers(len(content)))
    return f"cut at {place}", content[:place]


def _swapped(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    first, second, third = sorted(int(place) for place in rng.integers(0, len(content), 3))
    return (
        f"{first}–{second} and {second}–{third} changed places",
        content[:first] + content[second:third] + content[first:second] + content[third:],
    )


def _zeroed(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    start, size = int(rng.integers(len(content))), int(rng.integers(1, _MOST_LOST))
    size = min(size, len(content) - start)
    return f"{size} zeros at {start}", content[:start] + bytes(size) + content[start + size :]


def _noise(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    start, size = int(rng.integers(len(content))), int(rng.integers(1, _MOST_LOST))
    return f"{size} bytes of noise at {start}", content[:start] + rng.bytes(size) + content[start + size :]


def _followed(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    count = int(rng.integers(2, 30))
    return f"{count} times one behind the other", content * count
