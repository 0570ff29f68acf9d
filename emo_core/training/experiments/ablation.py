"""What each part of the method is worth: heads with and without it.

Heads differ in one recipe field at a time and share clips, seeds and everything else. Loads TensorFlow.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import count, product
from multiprocessing import get_context
from typing import Any

import numpy as np
from scipy.stats import t as student

from emo_core.datasets.windows import WindowDataset, clip_probabilities
from emo_core.evaluation.metrics import hter, macro_f1
from emo_core.method_records import Ablation, Effect, HeadRow, Kind, Spread, Variant
from emo_core.training.head import HeadTraining, fit_head
from emo_core.training.head_data import HeadData

PARTS = ("mean_input", "q_features", "blendshapes")
"""Fields of the recipe that switch a part of the method on and off."""

_KIND = ("reader", *PARTS)
_FIGURES = [name for name, kind in HeadRow.__annotations__.items() if kind is float]


def kind_of(head: HeadTraining | Kind) -> dict[str, Any]:
    """The reader of a head, and which parts are switched on."""
    return {name: getattr(head, name) for name in _KIND}


def name_of(head: Kind) -> str:
    """Name of a kind of head as a person reads it."""
    return " + ".join([head.reader, *(part.replace("_", " ") for part in PARTS if getattr(head, part))])


def variants(recipe: HeadTraining) -> list[HeadTraining]:
    """Every combination of reader and parts; the mean alone has no frames to which a mean could be added."""
    return [
        replace(recipe, reader=reader, mean_input=mean_input, q_features=q_features, blendshapes=blendshapes)
        for reader, mean_input, q_features, blendshapes in product(
            ("lstm", "mean", "last"), (True, False), (True, False), (True, False)
        )
        if mean_input or reader != "mean"
    ]


def recipes_of(recipe: HeadTraining, num_seeds: int) -> list[HeadTraining]:
    """Every variant with every seed, from that of `recipe` on."""
    seeds = range(recipe.seed, recipe.seed + num_seeds)
    return [replace(variant, seed=seed) for seed in seeds for variant in variants(recipe)]


def ablate(data: HeadData, recipes: Sequence[HeadTraining], num_jobs: int) -> Iterator[HeadRow]:
    """Train and measure heads.

    Args:
        data: clips.
        recipes: of the heads; they differ in parts and seed alone.
        num_jobs: processes; more than one train side by side, on a processor each.

    Yields:
        One row per head as it is done: its parts, seed, and figures on clean and degraded composed clips and on
        rendered clips of unseen people.
    """
    if num_jobs == 1:
        yield from (_run(recipe, data) for recipe in recipes)
        return
    with ProcessPoolExecutor(num_jobs, get_context("spawn"), _start_worker, (data,)) as pool:
        yield from pool.map(_run_in_worker, recipes)


def summarize(rows: Sequence[HeadRow]) -> Ablation:
    """Mean and 95% interval over seeds for each variant, and what switching each part on changes, other things equal.

    Args:
        rows: of :func:`ablate`.
    """
    by_kind: dict[tuple[Any, ...], list[HeadRow]] = {}
    for row in rows:
        by_kind.setdefault(tuple(kind_of(row).values()), []).append(row)
    table = []
    for members in by_kind.values():
        means: dict[str, Any] = {name: mean_interval([getattr(row, name) for row in members]) for name in _FIGURES}
        table.append(Variant(**kind_of(members[0]), num_seeds=len(members), **means))
    effects = [*(_effect(rows, part) for part in PARTS), _effect_of_q_scores(rows)]
    return Ablation(tuple(table), tuple(row for row in effects if row.num_pairs))


def mean_interval(values: Sequence[float]) -> Spread:
    """Mean with its 95% Student interval: mean, low, high.

    Example:
        >>> [round(value, 2) for value in mean_interval([0.8, 0.9, 1.0])]
        [0.9, 0.65, 1.15]
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, mean, mean  # nothing is known of the spread
    half = float(student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


_worker_data: HeadData | None = None


def _start_worker(data: HeadData) -> None:
    """Give a process its data, and one processor to itself."""
    global _worker_data
    import tensorflow as tf

    _worker_data = data
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _run_in_worker(recipe: HeadTraining) -> HeadRow:
    assert _worker_data is not None
    return _run(recipe, _worker_data)


class _SharedClips:
    """The clips of a seed, composed once for all variants, so that these differ in nothing else."""

    def __init__(self, data: HeadData, recipe: HeadTraining) -> None:
        self._data, self._recipe = data, recipe
        self.held_out, self.neutral = data.held_out(recipe)
        self.tests = data.composed_tests(recipe)
        self._epochs: list[WindowDataset] = []

    def serve(self, data: HeadData, recipe: HeadTraining) -> bool:
        """Whether these are the clips for `recipe`, whose parts do not matter."""
        return self._data is data and self._recipe == replace(recipe, **kind_of(self._recipe))

    def epochs(self) -> Iterator[WindowDataset]:
        """The clips of one epoch after the other."""
        for number in count():
            if number == len(self._epochs):
                rng = np.random.default_rng((self._recipe.seed, number))
                self._epochs.append(self._data.draw(self._recipe, rng))
            yield self._epochs[number]


_shared: _SharedClips | None = None


def _run(recipe: HeadTraining, data: HeadData) -> HeadRow:
    """Train one head and measure it."""
    global _shared
    if _shared is None or not _shared.serve(data, recipe):
        _shared = _SharedClips(data, recipe)
    epochs = _shared.epochs()
    head = fit_head(
        lambda _: next(epochs), _shared.held_out, _shared.neutral, data.normalizer(recipe), data.labels, recipe
    )
    figures: dict[str, Any] = {"held_out_loss": head.held_out_loss, "held_out_accuracy": head.held_out_accuracy}
    for name, clips in _shared.tests.items():
        probabilities = head.probabilities(clips)
        by_quality, flat = (
            scores.transform(probabilities, clips.quality) for scores in (head.scores, head.flat_scores)
        )
        figures |= {
            f"{name}_macro_f1": macro_f1(clips.labels, probabilities.argmax(axis=1), len(data.labels)),
            f"{name}_half_total_error": hter(by_quality, clips.labels),
            f"{name}_half_total_error_flat": hter(flat, clips.labels),
        }
    probabilities, _, first = clip_probabilities(head.probabilities(data.rendered[2]), data.rendered[2])
    labels = data.rendered[2].labels[first]
    figures["rendered_macro_f1"] = macro_f1(labels, probabilities.argmax(axis=1), len(data.labels))
    return HeadRow(**kind_of(recipe), seed=recipe.seed, epochs=len(head.history), **figures)


def _effect(rows: Sequence[HeadRow], part: str) -> Effect:
    """What a part adds to the LSTM's macro-F1: on minus off, paired by seed and by the other parts."""
    others = [name for name in ("seed", *PARTS) if name != part]
    found: dict[tuple[Any, ...], dict[bool, HeadRow]] = {}
    for row in rows:
        if row.reader == "lstm":
            found.setdefault(tuple(getattr(row, name) for name in others), {})[getattr(row, part)] = row
    pairs = [(pair[True], pair[False]) for pair in found.values() if len(pair) == 2]
    return _mean_effect(
        part, "macro_f1",
        clean=[on.clean_macro_f1 - off.clean_macro_f1 for on, off in pairs],
        degraded=[on.degraded_macro_f1 - off.degraded_macro_f1 for on, off in pairs],
        rendered=[on.rendered_macro_f1 - off.rendered_macro_f1 for on, off in pairs],
    )  # fmt: skip


def _effect_of_q_scores(rows: Sequence[HeadRow]) -> Effect:
    """What thresholds by quality add: half total error of the LSTM with them minus without (less is better)."""
    own = [row for row in rows if row.reader == "lstm"]
    return _mean_effect(
        "q_scores", "half_total_error",
        clean=[row.clean_half_total_error - row.clean_half_total_error_flat for row in own],
        degraded=[row.degraded_half_total_error - row.degraded_half_total_error_flat for row in own],
    )  # fmt: skip


def _mean_effect(part: str, figure: str, **differences: Sequence[float]) -> Effect:
    """The effect of a part from its differences by kind of clips."""
    means = {name: mean_interval(values) for name, values in differences.items() if values}
    return Effect(part, figure, len(differences["clean"]), **means)
