"""Groups of a study compared: shares of time, mean curves and paired differences, each with its interval over people.

Clips of one person are alike, so people are what is drawn and flipped, never clips or frames. A clip that names no
participant is one unknown person of its own. Where several people are in a clip, the first, who is largest and longest
in view, is the participant; the others are left out, or each counted as one unknown person.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import permutation_test

from emo_core.comparisons import Curve, PairedDifference, TimeShare
from emo_core.emotions import UNSURE
from emo_core.errors import StudyError
from emo_core.evaluation.people_intervals import People, percentile_interval
from emo_core.types import Doubles

if TYPE_CHECKING:
    from pandas import DataFrame

GROUPINGS = ("condition", "session", "participant")
"""Columns by which clips are grouped."""

START, MARK = "start", "mark"
"""What clips are lined up at: their first frame, or the moment that the manifest marks."""

STEP_S = 0.2
"""Width of the bins of a curve."""

MOST_FLIPS = 9999
"""Sign flips of a test; all of them where there are no more."""

LEAST_PEOPLE = 2
"""People with which an interval or a test is told at all."""


def counted_people(clips: "DataFrame", *, everybody: bool = False) -> "DataFrame":
    """Groups and mark of the people who are counted, by ``clip`` and ``person``, and ``who`` each of them is.

    Args:
        clips: table of a study.
        everybody: whether people beyond the first of a clip count; none of them is its participant.
    """
    counted = clips["person"] >= 1 if everybody else clips["person"] == 1
    found = clips[(clips["error"] == "") & counted][["clip", "person", *GROUPINGS, "mark_s"]]
    found = found.astype({"clip": str, "person": int})
    others = found["person"] > 1
    found["participant"] = found["participant"].mask(others, "")
    unknown = "unknown: " + found["clip"]
    unknown = unknown.mask(others, unknown + " " + found["person"].astype(str))
    found["who"] = found["participant"].where(found["participant"] != "", unknown)
    return found.set_index(["clip", "person"])


def crowd_words(clips: "DataFrame", *, everybody: bool) -> str:
    """What is done about clips that show several people, in a sentence; empty where none does."""
    count = clips.loc[clips["person"] == 2, "clip"].nunique()
    if not count:
        return ""
    shown = "1 clip shows" if count == 1 else f"{count} clips show"
    others = "each counted as one unknown person" if everybody else "not counted"
    return (
        f"{shown} several people: the first, the largest and longest in view, is taken for the participant, the others "
        f"are {others}."
    )


def seconds_by_verdict(
    clips: "DataFrame", segments: "DataFrame", labels: Sequence[str], *, everybody: bool = False
) -> "DataFrame":
    """Seconds of each verdict on each person who is counted, a row each, as :func:`counted_people` tells of them.

    Args:
        clips: table of a study.
        segments: table of the same.
        labels: of its model.
        everybody: as in :func:`counted_people`.
    """
    about = counted_people(clips, everybody=everybody)
    spans = segments.assign(clip=segments["clip"].astype(str), seconds=segments["end_s"] - segments["start_s"])
    table = spans.groupby(["clip", "person", "verdict"])["seconds"].sum().unstack(fill_value=0.0)
    return about.join(table.reindex(columns=[*labels, UNSURE], fill_value=0.0), how="inner").reset_index()


def time_shares(seconds: "DataFrame", by: str, labels: Sequence[str]) -> list[TimeShare]:
    """Share of the time of each verdict in each group.

    Args:
        seconds: of :func:`seconds_by_verdict`.
        by: one of :data:`GROUPINGS`.
        labels: of the model.
    """
    found = []
    verdicts = [*labels, UNSURE]
    for group, rows in seconds.groupby(by, sort=True):
        people = People(rows["who"].to_numpy(dtype=np.str_))
        among = rows[verdicts].sum(axis=1).to_numpy(np.float64)
        num_clips = rows["clip"].nunique()
        for verdict in verdicts:
            counted = rows[verdict].to_numpy(np.float64)
            value = float(counted.sum() / among.sum())
            interval = people.interval(people.ratio(counted, among))
            found.append(TimeShare(str(group), verdict, value, interval, people.count, num_clips, float(among.sum())))
    return found


def curves(
    clips: "DataFrame", frames: "DataFrame", value: str, by: str, at: str = START, *, everybody: bool = False
) -> list[Curve]:
    """Mean curves of a number over time, one for each group.

    Args:
        clips: table of a study.
        frames: its frames with the columns ``clip``, ``person``, ``time_s`` and `value`.
        value: column of numbers, such as ``probability_<class>`` or ``emotion_<basic emotion>``.
        by: one of :data:`GROUPINGS`.
        at: :data:`START` or :data:`MARK`; clips without a mark are left out then.
        everybody: as in :func:`counted_people`.

    Raises:
        StudyError: no clip has a mark.
    """
    people = counted_people(clips, everybody=everybody)
    table = frames[["clip", "person", "time_s", value]].astype({"clip": str})
    table = table.join(people[[*{by, "who", "mark_s"}]], on=["clip", "person"], how="inner")
    origin = table["mark_s"] if at == MARK else table.groupby("clip")["time_s"].transform("min")
    elapsed = (table["time_s"] - origin).to_numpy(np.float64)
    if at == MARK and not np.isfinite(elapsed).any():
        raise StudyError("No clip has a mark: give mark_s in the manifest, or line the clips up at their start.")
    known = np.isfinite(elapsed) & np.isfinite(table[value].to_numpy(np.float64))
    table = table[known].assign(bin=np.floor(elapsed[known] / STEP_S + 1e-6).astype(int)).rename(columns={by: "group"})
    of_clip = table.groupby(["group", "who", "clip", "bin"])[value].mean()
    of_person = of_clip.groupby(["group", "who", "bin"]).mean()
    return [_curve(str(group), part.droplevel("group").unstack("bin")) for group, part in of_person.groupby("group")]


def _curve(group: str, table: "DataFrame") -> Curve:
    """The curve of a group from the value of each person (rows) in each bin (columns)."""
    values = table.to_numpy(np.float64)
    has = np.isfinite(values)
    people = People(np.array([str(who) for who in table.index]))
    order = np.unique(np.array([str(who) for who in table.index]), return_inverse=True)[1]
    draws = people.draws[:, order]
    counts = draws @ has
    means = np.divide(draws @ np.where(has, values, 0.0), counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    low, high = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    for column in np.flatnonzero(has.sum(axis=0) >= LEAST_PEOPLE):
        drawn = means[:, column]
        low[column], high[column] = percentile_interval(drawn[np.isfinite(drawn)])
    mean = np.where(has, values, 0.0).sum(axis=0) / has.sum(axis=0)
    times_s = (table.columns.to_numpy(np.float64) + 0.5) * STEP_S
    return Curve(group, times_s, mean, low, high, has.sum(axis=0).astype(np.float64))


def paired_differences(
    seconds: "DataFrame", labels: Sequence[str], pairs: Sequence[tuple[str, str]] | None = None, by: str = "condition"
) -> list[PairedDifference]:
    """Differences of the shares of time between conditions within people, tested by flipping the signs of people.

    Args:
        seconds: of :func:`seconds_by_verdict`.
        labels: of the model.
        pairs: of conditions; all of them by default.
        by: column that holds the conditions.

    Raises:
        StudyError: no two people have both conditions of any pair.
    """
    verdicts = [*labels, UNSURE]
    named = seconds[seconds["participant"] != ""]
    sums = named.groupby(["participant", by])[verdicts].sum()
    shares = sums.div(sums.sum(axis=1), axis=0)
    conditions = sorted({str(name) for name in named[by]})
    found: list[PairedDifference] = []
    for first, second in pairs if pairs is not None else combinations(conditions, 2):
        both = [
            shares.xs(name, level=by) if name in conditions else shares.iloc[:0].droplevel(by)
            for name in (first, second)
        ]
        people = both[0].index.intersection(both[1].index)
        if len(people) < LEAST_PEOPLE:
            continue
        for verdict in verdicts:
            a, b = (table.loc[people, verdict].to_numpy(np.float64) for table in both)
            drawn = People(np.array([str(name) for name in people])).draws @ (a - b) / len(people)
            found.append(
                PairedDifference(
                    verdict, first, second, float((a - b).mean()), percentile_interval(drawn), sign_flip_p(a, b), 1.0,
                    len(people), 0,
                )
            )  # fmt: skip
    if not found:
        raise StudyError(
            "No two people have clips of both conditions: name participants and conditions in a manifest, so that "
            "people can be compared with themselves."
        )
    adjusted = holm([row.p for row in found])
    return [replace(row, adjusted_p=p, num_comparisons=len(found)) for row, p in zip(found, adjusted, strict=True)]


def sign_flip_p(first: Doubles, second: Doubles) -> float:
    """Two-sided p of the mean of paired differences (N,) under flips of their signs; all flips where there are few.

    Example:
        >>> sign_flip_p(np.array([3.0, 2.0, 4.0, 5.0]), np.array([1.0, 1.0, 1.0, 1.0]))
        0.125
    """

    def mean_difference(a: Doubles, b: Doubles, axis: int = -1) -> Doubles:
        difference: Doubles = np.mean(a - b, axis=axis)
        return difference

    if np.allclose(first, second):
        return 1.0
    found = permutation_test(
        (first, second), mean_difference, permutation_type="samples", vectorized=True, n_resamples=MOST_FLIPS,
        alternative="two-sided", rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(found.pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """Values of p adjusted for all of them being looked at (Holm 1979).

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(values, kind="stable")
    scaled = np.array(values)[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return [float(value) for value in adjusted]
