"""Which clips train, which choose, which are only measured on: by person, or at random as in the paper."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from emo_core.errors import DatasetError

if TYPE_CHECKING:  # the command line asks this module for names of protocols: that must not load what reads clips
    from emo_core.datasets.clips import DatasetClip

Protocol = Literal["subject", "random"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)

PARTS = ("train", "validation", "test")
SHARES = (0.6, 0.15, 0.25)
"""Of the people, or of the clips of each class: to train, to choose the epoch and the thresholds, to measure on."""

PUBLISHED_SHARES = (0.65, 0.15, 0.2)
"""The same for the published recipe: the paper's log measures on a random 20%."""

PORTRAIT_PARTS = {"train": 0.6, "choose": 0.2, "measure": 0.2}
"""Shares of the people of portraits: those whom the frame CNN learns from, who choose its recipe, who only measure."""

LEAST_CLIPS = 4
"""Clips of a class without which nothing can be learned and measured."""

LEAST_PEOPLE = len(PARTS)
"""People without whom a split by person leaves a part empty."""

_TRIES = 200


@dataclass(frozen=True, slots=True)
class Split:
    """A part of :data:`PARTS` for each clip."""

    protocol: Protocol
    parts: tuple[str, ...]

    def members(self, part: str) -> list[int]:
        """Indices of the clips of a part."""
        return [index for index, own in enumerate(self.parts) if own == part]


def check_enough(clips: Sequence["DatasetClip"], protocol: Protocol) -> None:
    """Refuse what no model can be learned from.

    Raises:
        DatasetError: there is one class only, too few clips of a class, or too few people to keep some apart.
    """
    counts = Counter(clip.label for clip in clips)
    if len(counts) == 1:
        raise DatasetError(f"All clips are of one class, {next(iter(counts))}: add another class, or other.")
    if poor := [f"{label} ({count})" for label, count in sorted(counts.items()) if count < LEAST_CLIPS]:
        raise DatasetError(f"There are too few clips of {', '.join(poor)}: each class needs {LEAST_CLIPS} or more.")
    people = len({clip.person for clip in clips})
    if protocol == "subject" and people < LEAST_PEOPLE:
        who = "one person" if people == 1 else f"{people} people"
        raise DatasetError(
            f"All clips are of {who}: to train, to choose and to measure on different people takes {LEAST_PEOPLE} or "
            "more. Add people, or split at random, which does not tell how it works on anybody else."
        )


def split_clips(
    clips: Sequence["DatasetClip"], protocol: Protocol, seed: int, shares: Sequence[float] = SHARES
) -> Split:
    """Part the clips by the shares of :data:`PARTS`.

    By person nobody is in two parts; of several such splits the first is taken that has every class in every part, or
    else in the parts that train and choose. At random clips of one person, and of one session, are in all parts.

    Args:
        clips: to part.
        protocol: ``subject`` or ``random``.
        seed: of the split.
        shares: of the parts, which sum to 1.

    Raises:
        DatasetError: as :func:`check_enough`, or no split by person leaves every class something to train on.
    """
    check_enough(clips, protocol)
    if protocol == "random":
        return Split(protocol, _at_random(clips, seed, shares))
    best: tuple[int, tuple[str, ...]] = (0, ())
    labels = {clip.label for clip in clips}
    for offset in range(_TRIES):
        parts = _by_person(clips, seed + 1000 * offset, shares)
        held = [{clip.label for clip, own in zip(clips, parts, strict=True) if own == part} for part in PARTS]
        whole = [found == labels for found in held]
        worth = 0 if not whole[0] else 1 + 2 * whole[1] + whole[2] + (len(held[1]) > 1)
        if worth > best[0]:
            best = worth, parts
        if all(whole):
            break
    if not best[0]:
        raise DatasetError(
            "However the people are parted, a class has nobody to train on: record every class with several people."
        )
    return Split(protocol, best[1])


def _by_person(clips: Sequence["DatasetClip"], seed: int, shares: Sequence[float]) -> tuple[str, ...]:
    people = [clip.person for clip in clips]
    count = len(set(people))
    tested, chosen = (max(1, round(share * count)) for share in (shares[2], shares[1]))
    sizes = (count - tested - chosen, chosen, tested)
    groups = split_people(people, [size / count for size in sizes], seed=seed)
    return tuple(next(name for name, group in zip(PARTS, groups, strict=True) if person in group) for person in people)


def _at_random(clips: Sequence["DatasetClip"], seed: int, shares: Sequence[float]) -> tuple[str, ...]:
    """Shares of every class."""
    import numpy as np

    parts = np.full(len(clips), PARTS[0], dtype=object)
    rng = np.random.default_rng(seed)
    for label in sorted({clip.label for clip in clips}):
        own = rng.permutation([index for index, clip in enumerate(clips) if clip.label == label])
        tested, chosen = (max(1, round(share * len(own))) for share in (shares[2], shares[1]))
        parts[own[:tested]] = PARTS[2]
        parts[own[tested : tested + chosen]] = PARTS[1]
    return tuple(str(part) for part in parts)


def split_people(people: Sequence[str], shares: Sequence[float], *, seed: int) -> list[set[str]]:
    """People in disjoint groups, subject-independently: nobody is in two of them.

    Example:
        >>> groups = split_people(["a", "b", "c", "d", "a"], (0.5, 0.25, 0.25), seed=0)
        >>> [len(group) for group in groups]
        [2, 1, 1]
    """
    import numpy as np

    names = np.random.default_rng(seed).permutation(sorted(set(people)))
    ends = np.round(np.cumsum(shares) * len(names)).astype(int)
    return [set(part.tolist()) for part in np.split(names, ends[:-1])]
