"""Who trains, who chooses, who is only measured on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.datasets.clips import DatasetClip
from emo_core.datasets.splits import PARTS, split_clips
from emo_core.errors import DatasetError


def clips_of(people, labels=("a", "b"), each=2):
    return [
        DatasetClip(Path(f"{label}/{person}__{number}.mp4"), label, person)
        for person in people for label in labels for number in range(each)
    ]  # fmt: skip


@given(st.integers(3, 30), st.integers(2, 4), st.integers(0, 20))
def test_by_person_nobody_is_in_two_parts_and_every_part_has_somebody_with_every_class(people, labels, seed):
    clips = clips_of([f"p{k}" for k in range(people)], [f"c{k}" for k in range(labels)])
    split = split_clips(clips, "subject", seed)
    groups = [{clips[index].person for index in split.members(part)} for part in PARTS]
    assert all(groups)
    assert sum(map(len, groups)) == people
    for part in PARTS:
        assert len({clips[index].label for index in split.members(part)}) == labels


@given(st.integers(4, 30), st.integers(0, 20))
def test_at_random_every_part_has_clips_of_every_class(each, seed):
    clips = clips_of(["anna"], ("a", "b", "c"), each)
    split = split_clips(clips, "random", seed)
    assert sorted(index for part in PARTS for index in split.members(part)) == list(range(len(clips)))
    for part in PARTS:
        assert {clips[index].label for index in split.members(part)} == {"a", "b", "c"}


def test_the_seed_decides():
    clips = clips_of([f"p{k}" for k in range(12)])
    for protocol in ("subject", "random"):
        assert split_clips(clips, protocol, 3) == split_clips(clips, protocol, 3)
        assert split_clips(clips, protocol, 3) != split_clips(clips, protocol, 4)


def test_a_class_of_one_person_trains():
    """The other class is what that person can be told from; nothing can be measured of the class, and it is kept."""
    clips = [*clips_of(["p0", "p1", "p2", "p3"], ("a",)), *clips_of(["p0"], ("b",), 4)]
    for seed in range(5):
        split = split_clips(clips, "subject", seed)
        assert {clips[index].label for index in split.members("train")} == {"a", "b"}


@pytest.mark.parametrize(
    ("clips", "protocol", "message"),
    [
        (clips_of(["p0", "p1", "p2"], ("a",)), "subject", "of one class, a: add"),
        (clips_of(["p0", "p1", "p2"], ("a", "b"), 1), "subject", r"too few clips of a \(3\), b \(3\)"),
        (clips_of(["p0"], each=9), "subject", "All clips are of one person: .* 3 or more"),
        (clips_of(["p0", "p1"], each=9), "subject", "All clips are of 2 people"),
    ],
)
def test_what_cannot_be_split(clips, protocol, message):
    with pytest.raises(DatasetError, match=message):
        split_clips(clips, protocol, 0)
