"""Figures of groups against pandas and SciPy computed apart, and against what was planted."""

import itertools

import numpy as np
import pandas
import pytest
from scipy import stats

from emo_core.errors import StudyError
from emo_core.studies.groups import (
    MARK,
    STEP_S,
    crowd_words,
    curves,
    holm,
    paired_differences,
    seconds_by_verdict,
    sign_flip_p,
    time_shares,
)

LABELS = ("joy_fear", "other")


def tables(rows, frames=()):
    """Tables of a study: rows (clip, participant, condition, seconds of joy_fear, of other, mark)."""
    clips, segments = [], []
    for name, participant, condition, joy_s, other_s, mark_s in rows:
        about = {"clip": name, "participant": participant, "condition": condition, "session": "", "person": 1}
        clips += [{**about, "error": "", "mark_s": mark_s}, {**about, "person": 2, "error": "", "mark_s": mark_s}]
        segments += [
            {"clip": name, "person": 1, "verdict": "joy_fear", "start_s": 0.0, "end_s": joy_s},
            {"clip": name, "person": 1, "verdict": "other", "start_s": joy_s, "end_s": joy_s + other_s},
            {"clip": name, "person": 2, "verdict": "other", "start_s": 0.0, "end_s": 99.0},
        ]
    clips.append({**clips[0], "clip": "failed", "error": "It is empty.", "person": None})
    return pandas.DataFrame(clips), pandas.DataFrame(segments), pandas.DataFrame(frames)


def made(num_people, effect, rng, clips_each=2):
    """People with two conditions; `effect` is added to the share of joy_fear in the first."""
    rows = []
    for person in range(num_people):
        own = rng.normal(0.4, 0.1)
        for condition, shift in (("a", effect), ("b", 0.0)):
            for number in range(clips_each):
                share = float(np.clip(own + shift + rng.normal(0, 0.1), 0, 1))
                length_s = rng.uniform(3, 8)
                rows.append((f"{person}{condition}{number}", f"p{person}", condition, share * length_s,
                             (1 - share) * length_s, None))  # fmt: skip
    return rows


def test_shares_of_time_and_their_intervals_over_people():
    rng = np.random.default_rng(1)
    clips, segments, _ = tables(made(12, 0.2, rng))
    seconds = seconds_by_verdict(clips, segments, LABELS)
    assert len(seconds) == 48, "the first person of each clip that was judged"
    assert crowd_words(clips, everybody=False).endswith("the others are not counted.")
    found = {(row.group, row.verdict): row for row in time_shares(seconds, "condition", LABELS)}
    for condition, own in seconds.groupby("condition"):
        by_person = own.groupby("participant")[["joy_fear", "other"]].sum()
        value = by_person["joy_fear"].sum() / by_person.to_numpy().sum()
        row = found[condition, "joy_fear"]
        assert row.value == pytest.approx(value)
        assert (row.num_people, row.num_clips) == (12, 24)

        def ratio(joy, other, axis=-1):
            return joy.sum(axis=axis) / (joy + other).sum(axis=axis)

        theirs = stats.bootstrap(
            (by_person["joy_fear"], by_person["other"]), ratio, paired=True, n_resamples=4000, method="percentile",
            rng=np.random.default_rng(2),
        ).confidence_interval  # fmt: skip
        np.testing.assert_allclose(row.interval, theirs, atol=0.012)
        assert found[condition, "unsure"].value == 0


def test_one_person_has_no_interval_and_who_is_not_named_is_somebody_else():
    people = (("1", "anna", "a", 1), ("2", "anna", "a", 2), ("3", "", "b", 1), ("4", "", "b", 2))
    clips, segments, _ = tables([(*row, 1, None) for row in people])
    found = {row.group: row for row in time_shares(seconds_by_verdict(clips, segments, LABELS), "condition", LABELS)}
    assert (found["a"].num_people, found["a"].interval) == (1, None)
    assert found["b"].num_people == 2
    assert found["b"].interval is not None


def test_curves_are_means_over_people_of_their_means_over_clips():
    rng = np.random.default_rng(3)
    rows = [(f"c{k}", f"p{k % 3}", "a", 1, 1, 0.5 + 0.1 * k) for k in range(6)]
    frames = [
        {
            "clip": f"c{k}", "person": 1, "time_s": 2.0 + k + step / 10,
            "value": rng.random() if step != 4 or k % 3 else np.nan,
        }
        for k in range(6)
        for step in range(10)
    ]  # fmt: skip
    clips, _, table = tables(rows, frames)
    (curve,) = curves(clips, table, "value", "condition")
    own = table.assign(
        bin=table.groupby("clip")["time_s"].transform(lambda times: np.floor((times - times.min()) / STEP_S + 1e-6))
    )
    own["who"] = own["clip"].map({row[0]: row[1] for row in rows})
    of_people = own.groupby(["who", "clip", "bin"])["value"].mean().groupby(["who", "bin"]).mean().unstack("bin")
    np.testing.assert_allclose(curve.times_s, (of_people.columns + 0.5) * STEP_S)
    np.testing.assert_allclose(curve.mean, of_people.mean())
    assert curve.num_people.tolist() == of_people.notna().sum().tolist()
    assert (curve.low <= curve.mean).all()
    assert (curve.high >= curve.mean).all()
    theirs = stats.bootstrap(
        (of_people[0.0],), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(4)
    ).confidence_interval
    np.testing.assert_allclose((curve.low[0], curve.high[0]), theirs, atol=0.03)


def test_everybody_in_a_clip_can_be_counted_and_only_the_first_is_its_participant():
    clips, segments, _ = tables([("c0", "anna", "a", 3, 1, None), ("c1", "anna", "b", 2, 2, None)])
    seconds = seconds_by_verdict(clips, segments, LABELS, everybody=True)
    assert dict(zip(seconds["who"], seconds["other"], strict=True)) == {
        "anna": 2, "unknown: c0 2": 99, "unknown: c1 2": 99
    }  # fmt: skip
    (row,) = [row for row in time_shares(seconds, "condition", LABELS) if (row.group, row.verdict) == ("a", "other")]
    assert (row.value, row.num_people, row.num_clips, row.seconds) == (100 / 103, 2, 1, 103)
    assert {row.group for row in time_shares(seconds, "participant", LABELS)} == {"anna", ""}
    assert "2 clips show several people" in crowd_words(clips, everybody=True)
    assert "each counted as one unknown person" in crowd_words(clips, everybody=True)
    assert not crowd_words(clips[clips["person"] != 2], everybody=True)
    frames = pandas.DataFrame([{"clip": "c0", "person": n, "time_s": 0.1, "value": float(n)} for n in (1, 2)])
    alone, together = (curves(clips, frames, "value", "condition", everybody=on)[0] for on in (False, True))
    assert (alone.mean.tolist(), alone.num_people.tolist()) == ([1.0], [1])
    assert (together.mean.tolist(), together.num_people.tolist()) == ([1.5], [2])


def test_curves_line_up_at_the_mark():
    rows = [("c0", "p0", "a", 1, 1, 1.0), ("c1", "p1", "a", 1, 1, 3.0), ("c2", "p2", "a", 1, 1, None)]
    frames = [
        {"clip": clip, "person": 1, "time_s": step / 10, "value": float(step / 10 >= mark)}
        for clip, mark in (("c0", 1.0), ("c1", 3.0), ("c2", 9.0))
        for step in range(50)
    ]
    clips, _, table = tables(rows, frames)
    (curve,) = curves(clips, table, "value", "condition", MARK)
    np.testing.assert_allclose(curve.mean, curve.times_s > 0)
    clips["mark_s"] = np.nan
    with pytest.raises(StudyError, match="No clip has a mark"):
        curves(clips, table, "value", "condition", MARK)


def test_the_difference_within_people_and_its_flips():
    rng = np.random.default_rng(5)
    clips, segments, _ = tables(
        [*made(8, 0.15, rng), ("alone", "zoe", "a", 1, 1, None), ("nobody", "", "b", 1, 1, None)]
    )
    seconds = seconds_by_verdict(clips, segments, LABELS)
    row = next(row for row in paired_differences(seconds, LABELS) if row.verdict == "joy_fear")
    sums = (
        seconds[seconds["participant"].str.startswith("p")]
        .groupby(["participant", "condition"])[["joy_fear", "other"]]
        .sum()
    )
    shares = (sums["joy_fear"] / sums.sum(axis=1)).unstack()
    differences = (shares["a"] - shares["b"]).to_numpy()
    assert row.num_people == 8, "those who have both"
    assert row.value == pytest.approx(differences.mean())
    flips = np.array(list(itertools.product((1, -1), repeat=8))) @ differences
    assert row.p == pytest.approx((np.abs(flips) >= abs(differences.sum()) - 1e-12).mean())
    theirs = stats.bootstrap(
        (differences,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(6)
    ).confidence_interval
    np.testing.assert_allclose(row.interval, theirs, atol=0.01)


def test_comparisons_made_together_are_counted_and_adjusted_for():
    rng = np.random.default_rng(7)
    rows = [(f"{p}{c}", f"p{p}", c, rng.uniform(1, 3), 2.0, None) for p in range(6) for c in "abc"]
    clips, segments, _ = tables(rows)
    found = paired_differences(seconds_by_verdict(clips, segments, LABELS), LABELS)
    assert len(found) == 9, "three pairs, three verdicts with unsure"
    assert {row.num_comparisons for row in found} == {9}
    assert [row.adjusted_p for row in found] == holm([row.p for row in found])
    assert all(row.adjusted_p >= row.p for row in found)


def test_without_people_of_both_conditions_nothing_is_compared():
    clips, segments, _ = tables([("1", "anna", "a", 1, 1, None), ("2", "ben", "b", 1, 1, None)])
    with pytest.raises(StudyError, match="No two people have clips of both conditions"):
        paired_differences(seconds_by_verdict(clips, segments, LABELS), LABELS)


def test_a_planted_difference_is_found_and_a_planted_nothing_is_not():
    """Of 100 studies of 16 people each: at most 11 false alarms at 5% (99% of what chance makes), 90 found."""
    rng = np.random.default_rng(8)

    def found(effect):
        own = rng.normal(0, 0.1, (100, 16))
        other = rng.normal(0, 0.1, (100, 16))
        return sum(sign_flip_p(a + effect, b) < 0.05 for a, b in zip(own, other, strict=True))

    assert found(0.0) <= 11
    assert found(0.15) >= 90
