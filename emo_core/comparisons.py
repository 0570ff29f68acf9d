"""What a comparison of groups of clips says: shares of time, curves, differences, with intervals over people."""

from dataclasses import dataclass

from emo_core.records import Interval
from emo_core.types import Doubles


@dataclass(frozen=True, slots=True)
class TimeShare:
    """The share of the judged time that one verdict has in a group, over all its clips together.

    Attributes:
        group, verdict: names.
        value: share in [0, 1].
        interval: 95%, over people; None for a single one.
        num_people, num_clips: behind it.
        seconds: judged in the group.
    """

    group: str
    verdict: str
    value: float
    interval: Interval
    num_people: int
    num_clips: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The mean over people of a number over time, each person's own mean over their clips first.

    Attributes:
        group: name.
        times_s: (B,) middles of the bins, seconds from what the clips are lined up at.
        mean: (B,) over the people with a value there.
        low, high: (B,) 95% interval over people; NaN where fewer than two have a value.
        num_people: (B,) with a value.
    """

    group: str
    times_s: Doubles
    mean: Doubles
    low: Doubles
    high: Doubles
    num_people: Doubles


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How the share of time of a verdict differs between two conditions within the people who have both.

    Attributes:
        verdict: name.
        first, second: conditions.
        value: mean over people of their share in `first` minus that in `second`.
        interval: 95%, over people.
        p: of the sign-flip permutation test, two-sided.
        adjusted_p: of the same by Holm, over all comparisons that were made together.
        num_people: with both.
        num_comparisons: that were made together.
    """

    verdict: str
    first: str
    second: str
    value: float
    interval: Interval
    p: float
    adjusted_p: float
    num_people: int
    num_comparisons: int
