"""What each part of the method is worth: heads with and without it.

Heads differ in one recipe field at a time and share clips, seeds and everything else. Loads TensorFlow.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, product
from multiprocessing import get_context
from typing import Any

import numpy as np
from scipy.stats import t as student

from emo_core.datasets.windows import WindowDataset, clip_probabilities
from emo_core.evaluation.metrics import hter, macro_f1
from emo_core.training.head import HeadTraining, fit_head
from emo_core.training.head_data import HeadData

PARTS = ("mean_input", "q_features", "blendshapes")
"""Fields of the recipe that switch a part of the method on and off."""

_FIGURES = ("macro_f1", "half_total_error", "half_total_error_flat")


@dataclass(frozen=True, slots=True)
class Job:
    """One head to train: a recipe that differs from the others' in its parts or its seed alone."""

    recipe: HeadTraining

    @property
    def variant(self) -> dict[str, Any]:
        """The parts that are switched on."""
        return {name: getattr(self.recipe, name) for name in ("reader", *PARTS)}

    def is_of(self, row: Mapping[str, Any]) -> bool:
        """Whether `row` is this job's result."""
        return row["seed"] == self.recipe.seed and all(row[name] == value for name, value in self.variant.items())

    @staticmethod
    def name_of(row: Mapping[str, Any]) -> str:
        """Name of a variant as a person reads it."""
        return " + ".join([row["reader"], *(part.replace("_", " ") for part in PARTS if row[part])])


def variants(recipe: HeadTraining) -> list[HeadTraining]:
    """Every combination of reader and parts; the mean alone has no frames to which a mean could be added."""
    return [
        replace(recipe, reader=reader, mean_input=mean_input, q_features=q_features, blendshapes=blendshapes)
        for reader, mean_input, q_features, blendshapes in product(
            ("lstm", "mean", "last"), (True, False), (True, False), (True, False)
        )
        if mean_input or reader != "mean"
    ]


def jobs_of(recipe: HeadTraining, num_seeds: int) -> list[Job]:
    """A job for every variant with every seed, from that of `recipe` on."""
    seeds = range(recipe.seed, recipe.seed + num_seeds)
    return [Job(replace(variant, seed=seed)) for seed in seeds for variant in variants(recipe)]


def ablate(data: HeadData, jobs: Sequence[Job], num_jobs: int) -> Iterator[dict[str, Any]]:
    """Train and measure heads.

    Args:
        data: clips.
        jobs: what to train.
        num_jobs: processes; more than one train side by side, on a processor each.

    Yields:
        One row per head as it is done: its parts, seed, and figures on clean and degraded composed clips and on
        rendered clips of unseen people.
    """
    if num_jobs == 1:
        yield from (_run(job, data) for job in jobs)
        return
    with ProcessPoolExecutor(num_jobs, get_context("spawn"), _start_worker, (data,)) as pool:
        yield from pool.map(_run_in_worker, jobs)


def summarize(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and 95 % interval over seeds for each variant, and what switching each part on changes, other things equal.

    Args:
        rows: of :func:`ablate`.
    """
    by_variant: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        by_variant.setdefault((row["reader"], *(row[part] for part in PARTS)), []).append(row)
    figures = [name for name in rows[0] if isinstance(rows[0][name], float)]
    table = [
        {
            **dict(zip(("reader", *PARTS), key, strict=True)),
            "num_seeds": len(members),
            **{name: mean_interval([row[name] for row in members]) for name in figures},
        }
        for key, members in by_variant.items()
    ]
    effects = [_effect(rows, part) for part in PARTS] + [_effect_of_q_scores(rows)]
    return {"variants": table, "effects": [row for row in effects if row["num_pairs"]]}


def mean_interval(values: Sequence[float]) -> list[float]:
    """Mean with its 95 % Student interval: [mean, low, high].

    Example:
        >>> [round(value, 2) for value in mean_interval([0.8, 0.9, 1.0])]
        [0.9, 0.65, 1.15]
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return [mean, mean, mean]  # nothing is known of the spread
    half = float(student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return [mean, mean - half, mean + half]


_worker_data: HeadData | None = None


def _start_worker(data: HeadData) -> None:
    """Give a process its data, and one processor to itself."""
    global _worker_data
    import tensorflow as tf

    _worker_data = data
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _run_in_worker(job: Job) -> dict[str, Any]:
    assert _worker_data is not None
    return _run(job, _worker_data)


class _SharedClips:
    """The clips of a seed, composed once for all variants, so that these differ in nothing else."""

    def __init__(self, data: HeadData, recipe: HeadTraining) -> None:
        self._data, self._recipe = data, recipe
        self.held_out, self.neutral = data.held_out(recipe)
        self.tests = data.composed_tests(recipe)
        self._epochs: list[WindowDataset] = []

    def serve(self, data: HeadData, recipe: HeadTraining) -> bool:
        """Whether these are the clips for `recipe`, whose parts do not matter."""
        own = {name: getattr(self._recipe, name) for name in ("reader", *PARTS)}
        return self._data is data and self._recipe == replace(recipe, **own)

    def epochs(self) -> Iterator[WindowDataset]:
        """The clips of one epoch after the other."""
        for number in count():
            if number == len(self._epochs):
                rng = np.random.default_rng((self._recipe.seed, number))
                self._epochs.append(self._data.draw(self._recipe, rng))
            yield self._epochs[number]


_shared: _SharedClips | None = None


def _run(job: Job, data: HeadData) -> dict[str, Any]:
    """Train one head and measure it."""
    global _shared
    if _shared is None or not _shared.serve(data, job.recipe):
        _shared = _SharedClips(data, job.recipe)
    epochs = _shared.epochs()
    head = fit_head(
        lambda _: next(epochs), _shared.held_out, _shared.neutral, data.normalizer(job.recipe), data.labels, job.recipe
    )
    row: dict[str, Any] = {**job.variant, "seed": job.recipe.seed, "epochs": len(head.history)}
    row |= {"held_out_loss": head.held_out_loss, "held_out_accuracy": head.held_out_accuracy}
    for name, clips in _shared.tests.items():
        probabilities = head.probabilities(clips)
        by_quality, flat = (
            scores.transform(probabilities, clips.quality) for scores in (head.scores, head.flat_scores)
        )
        values = (
            macro_f1(clips.labels, probabilities.argmax(axis=1), len(data.labels)),
            hter(by_quality, clips.labels),
            hter(flat, clips.labels),
        )
        row |= {f"{name}_{figure}": value for figure, value in zip(_FIGURES, values, strict=True)}
    probabilities, _, first = clip_probabilities(head.probabilities(data.rendered[2]), data.rendered[2])
    labels = data.rendered[2].labels[first]
    return row | {"rendered_macro_f1": macro_f1(labels, probabilities.argmax(axis=1), len(data.labels))}


def _effect(rows: Sequence[dict[str, Any]], part: str) -> dict[str, Any]:
    """What a part adds to the LSTM's macro-F1: on minus off, paired by seed and by the other parts."""
    others = [name for name in PARTS if name != part]
    found: dict[tuple[Any, ...], dict[bool, dict[str, Any]]] = {}
    for row in rows:
        if row["reader"] == "lstm":
            found.setdefault((row["seed"], *(row[name] for name in others)), {})[row[part]] = row
    pairs = [pair for pair in found.values() if len(pair) == 2]
    return {
        "part": part,
        "figure": "macro_f1",
        "num_pairs": len(pairs),
        **{
            name: mean_interval([pair[True][f"{name}_macro_f1"] - pair[False][f"{name}_macro_f1"] for pair in pairs])
            for name in ("clean", "degraded", "rendered")
            if pairs
        },
    }


def _effect_of_q_scores(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What thresholds by quality add: half total error of the LSTM with them minus without (less is better)."""
    own = [row for row in rows if row["reader"] == "lstm"]
    return {
        "part": "q_scores",
        "figure": "half_total_error",
        "num_pairs": len(own),
        **{
            name: mean_interval([row[f"{name}_half_total_error"] - row[f"{name}_half_total_error_flat"] for row in own])
            for name in ("clean", "degraded")
            if own
        },
    }
