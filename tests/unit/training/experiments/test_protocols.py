"""Two protocols on clips in which a leak was planted: the gap between them is that leak."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from emo_core.datasets.windows import LabelledClips
from emo_core.records import Protocols
from emo_core.training.experiments.protocols import compare_protocols, join_people
from emo_core.training.head import HeadTraining
from tests.tiny import LABELS, make_windows

pytestmark = pytest.mark.usefixtures("eagerly")

RECIPE = HeadTraining(
    epochs=6, patience=6, batch_size=64, learning_rate=6e-2, num_neighbourhoods=2, reader="mean", mean_input=True,
    dropout=0.0, noise=0.0,
)  # fmt: skip


def under_two_names(windows, seed=0):
    """Every window once more, nearly the same, under another name of the same person; and the prints of the clips."""
    rng = np.random.default_rng(seed)
    count = len(windows.labels)
    again = windows.features + rng.normal(0, 0.02, windows.features.shape).astype(np.float32)
    both = LabelledClips(
        np.concatenate([windows.features, again]), np.concatenate([windows.weights] * 2),
        np.concatenate([windows.labels] * 2), windows.stories * 2,
        (*windows.people, *(f"{name} again" for name in windows.people)), np.arange(2 * count),
    )  # fmt: skip
    prints = [rng.integers(0, 2**63, (5, 4)).astype(np.uint64) for _ in range(count)]
    return both, [*prints, *(own[1:] for own in prints)]


def test_a_planted_leak_shows_as_the_gap_between_the_protocols():
    """Classes look alike in nobody but the same person, who has two names: only a split that leaks can be right."""
    windows, prints = under_two_names(make_windows(num_people=8, per_class=1, twins=2, seed=3))
    joined = join_people(windows.people, windows.clips.tolist(), prints)
    assert set(joined) == {f"person {k} = person {k} again" for k in range(8)}
    steps = []
    table = compare_protocols(
        windows, RECIPE, 12, LABELS, 2, joined=joined, progress=lambda what, done, total: steps.append((done, total))
    )
    assert table.random.accuracy > 0.8
    assert table.subject.accuracy > table.joined.accuracy + 0.1  # some names are on both sides
    assert table.joined.accuracy < 0.6
    assert table.leakage == pytest.approx(table.random.accuracy - table.joined.accuracy)
    assert table.leakage_interval[0] > 0.1
    for row in table.splits.values():
        assert row.interval_over_people[0] <= row.accuracy <= row.interval_over_people[1]
        assert row.macro_f1_interval_over_people[0] <= row.macro_f1 <= row.macro_f1_interval_over_people[1]
    assert steps == [(step, 6) for step in range(6)]
    assert msgspec.json.decode(msgspec.json.encode(table), type=Protocols) == table


def test_nobody_is_joined_where_no_clips_are_alike():
    windows, prints = under_two_names(make_windows(num_people=3, per_class=1))
    count = len(prints) // 2
    assert join_people(windows.people[:count], range(count), prints[:count]) == []


def test_one_protocol_alone_has_no_gap():
    table = compare_protocols(make_windows(), replace(RECIPE, epochs=1), 12, LABELS, 2, protocols=("subject",))
    assert list(table.splits) == ["subject"]
    assert table.leakage is None
