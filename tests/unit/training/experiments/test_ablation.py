"""What each part is worth, on clips so small that a head trains in a second."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from emo_core.method_records import Ablation
from emo_core.training.experiments.ablation import (
    ablate,
    kind_of,
    mean_interval,
    name_of,
    recipes_of,
    summarize,
    variants,
)
from emo_core.training.head import HeadTraining
from emo_core.training.head_data import HeadData
from tests.tiny import CONFIG, LABELS, make_bank, make_windows

pytestmark = pytest.mark.usefixtures("eagerly")

RECIPE = HeadTraining(
    epochs=1, batch_size=128, learning_rate=1e-2, clips_per_epoch=96, num_held_out=60, num_neighbourhoods=2,
    rendered_repeats=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    bank = make_bank(per_pool=6)
    chosen = np.arange(len(bank.features)) % 2 == 0
    windows = make_windows()
    parts = tuple(windows.chosen(np.arange(len(windows.labels)) % 3 == part) for part in range(3))
    return HeadData(LABELS, CONFIG, 10, (bank.subset(chosen),), bank.subset(~chosen), bank.subset(~chosen), parts)


@pytest.fixture(scope="module")
def rows(data):
    recipes = [item for item in recipes_of(RECIPE, 2) if item.reader != "last" and item.mean_input]
    return list(ablate(data, [item for item in recipes if not item.blendshapes], 1))


def test_every_combination_occurs_once():
    keys = [tuple(kind_of(recipe).values()) for recipe in variants(RECIPE)]
    assert len(set(keys)) == len(keys) == 20
    assert not any(reader == "mean" and not mean_input for reader, mean_input, *_ in keys)
    assert len(recipes_of(RECIPE, 5)) == 100


def test_a_row_is_found_again_by_its_kind(rows):
    kinds = [(item.seed, kind_of(item)) for item in recipes_of(RECIPE, 2)]
    assert all(kinds.count((row.seed, kind_of(row))) == 1 for row in rows)
    assert name_of(rows[0]).startswith("lstm + mean input")


def test_rows_hold_figures_in_range(rows):
    assert len(rows) == 8
    for row in rows:
        assert all(0 <= getattr(row, f"{name}_macro_f1") <= 1 for name in ("clean", "degraded", "rendered"))
        assert all(0 <= getattr(row, f"{name}_half_total_error") <= 1 for name in ("clean", "degraded"))


def test_the_same_seed_gives_the_same_row(data, rows):
    recipe = replace(RECIPE, seed=rows[0].seed, **kind_of(rows[0]))
    (again,) = ablate(data, [recipe], 1)
    assert again == rows[0]


def test_the_summary_is_the_mean_over_seeds(rows):
    table = summarize(rows)
    assert len(table.variants) == 4
    for variant in table.variants:
        own = [row for row in rows if kind_of(row) == kind_of(variant)]
        assert variant.num_seeds == len(own) == 2
        assert variant.clean_macro_f1[0] == pytest.approx(np.mean([row.clean_macro_f1 for row in own]))
    effects = {row.part: row for row in table.effects}
    assert set(effects) == {"q_features", "q_scores"}  # nothing here is without the mean or with blendshapes
    on, off = ([row for row in rows if row.reader == "lstm" and row.q_features == value] for value in (True, False))
    expected = np.mean([row.clean_macro_f1 for row in on]) - np.mean([row.clean_macro_f1 for row in off])
    assert effects["q_features"].clean[0] == pytest.approx(expected)
    assert effects["q_features"].num_pairs == 2
    assert msgspec.json.decode(msgspec.json.encode(table), type=Ablation) == table


def test_an_interval_is_students():
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    assert (mean, low, high) == pytest.approx((2.0, 2 - 2.4841, 2 + 2.4841), abs=1e-3)
    assert mean_interval([0.5]) == (0.5, 0.5, 0.5)
