"""Two ways to split the same clips, one recipe: what a random split hides. Loads TensorFlow.

Every window is a sample, as every sample is in the paper. Split at random, windows of one clip and clips of one person
are on both sides; split by person, nobody is. Where clips of two people show the same frames, the names are wrong or
the clips copies: then a third split takes such people for one, and it is the honest one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from msgspec.structs import replace as replaced
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from emo_core.datasets.perceptual_hash import Words, near_pairs
from emo_core.datasets.windows import WindowDataset
from emo_core.evaluation.clip_metrics import figures_of_tables
from emo_core.evaluation.metrics import macro_f1
from emo_core.evaluation.people_intervals import People
from emo_core.records import Protocols, ProtocolScores
from emo_core.training.head import HeadTraining, fit_feature_normalizer, fit_head
from emo_core.types import Booleans, Doubles

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""

PROTOCOLS = ("random", "subject", "joined")
"""At random; by person; by person with those taken for one whose clips are copies of one another."""


def compare_protocols(
    windows: WindowDataset,
    recipe: HeadTraining,
    num_features: int,
    labels: Sequence[str],
    num_folds: int,
    *,
    protocols: Sequence[str] = PROTOCOLS[:2],
    joined: Sequence[str] = (),
    progress: Progress = lambda what, done, total: None,
) -> Protocols:
    """Cross-validate heads of one recipe on the same clips under each protocol, so that each window is judged once.

    Args:
        windows: of all clips.
        recipe: of the heads.
        num_features: m, features of the frame CNN; what follows behind them counts if the recipe has blendshapes.
        labels: classes in label order.
        num_folds: of the cross-validation.
        protocols: which, of :data:`PROTOCOLS`.
        joined: (N,) who is taken for one person, of :func:`join_people`; with it *joined* is measured, too.
        progress: called as the work goes on.

    Returns:
        The figures; nothing of how they were measured.
    """
    names = [*protocols, *(["joined"] if joined and "subject" in protocols else [])]
    people = np.array(windows.people, np.str_)
    groups: dict[str, NDArray[np.str_] | None] = {"random": None, "subject": people, "joined": np.array(joined)}
    kept = windows if recipe.blendshapes else replace(windows, features=windows.features[..., :num_features])
    draws = People(np.array(joined) if joined else people)
    results = Protocols(num_windows=len(people), num_people=len(np.unique(people)))
    right: dict[str, Doubles] = {}
    total, step = len(names) * num_folds, count()
    for name in names:
        guesses = _cross_validate(
            kept, recipe, labels, num_folds, groups[name],
            lambda name=name: progress(f"Cross-validating, {name} split", next(step), total),  # type: ignore[misc]
        )  # fmt: skip
        right[name] = (guesses == windows.labels).astype(np.float64)
        results = replaced(results, **{name: _figures(windows.labels, guesses, len(labels), draws)})
    honest = names[-1]
    if "random" not in names or honest == "random":
        return results
    gap = right["random"] - right[honest]
    interval = draws.interval(draws.ratio(gap, np.ones(len(gap))))
    return replaced(results, leakage=float(gap.mean()), leakage_interval=interval)


def join_people(people: Sequence[str], clips: Sequence[int], prints: Sequence[Words]) -> list[str]:
    """Who is taken for one person, because clips of theirs show the same frames; empty where nobody is.

    Args:
        people: (N,) who is shown in each window.
        clips: (N,) which clip each window is of.
        prints: perceptual prints of each clip.

    Returns:
        (N,) names; people taken for one have theirs joined by `` = ``.
    """
    names = sorted(set(people))
    of_clip = {clip: names.index(person) for clip, person in zip(clips, people, strict=True)}
    pairs = [
        (of_clip[first], of_clip[second])
        for first, second, _ in near_pairs(prints)
        if first in of_clip and second in of_clip and of_clip[first] != of_clip[second]
    ]
    if not pairs:
        return []
    rows, columns = zip(*pairs, strict=True)
    links = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(len(names), len(names)))
    _, member = connected_components(links, directed=False)
    groups = [" = ".join(name for name, own in zip(names, member, strict=True) if own == k) for k in member]
    return [groups[names.index(person)] for person in people]


def _cross_validate(
    windows: WindowDataset,
    recipe: HeadTraining,
    labels: Sequence[str],
    num_folds: int,
    people: NDArray[np.str_] | None,
    tell: Callable[[], None],
) -> NDArray[np.intp]:
    """Classes (N,) of all windows, each by a head that was trained on the other folds."""
    samples = np.arange(len(windows.labels))
    splitter = StratifiedKFold if people is None else StratifiedGroupKFold
    split = splitter(num_folds, shuffle=True, random_state=recipe.seed)
    guesses = np.zeros(len(samples), np.intp)
    for _, testing in split.split(samples, windows.labels, people):
        tell()
        tested = np.isin(samples, testing)
        guesses[tested] = _judge_fold(windows, tested, samples if people is None else people, recipe, labels)
    return guesses


def _judge_fold(
    windows: WindowDataset, tested: Booleans, groups: NDArray[Any], recipe: HeadTraining, labels: Sequence[str]
) -> NDArray[np.intp]:
    """Classes of the windows `tested`, by a head trained on the others; a fifth of their groups chooses the epoch."""
    names = np.random.default_rng(recipe.seed).permutation(np.unique(groups[~tested]))
    chooses = ~tested & np.isin(groups, names[: max(1, len(names) // 5)])
    learned, held_out = windows.chosen(~tested & ~chooses), windows.chosen(chooses)
    frames, quality = learned.features.reshape(-1, learned.features.shape[2]), learned.weights.ravel()
    normalizer = fit_feature_normalizer(frames, quality, recipe)
    nobody = windows.chosen(np.zeros(len(tested), bool))
    head = fit_head(lambda _: learned, held_out, nobody, normalizer, labels, recipe)
    return np.asarray(head.logits(windows.chosen(tested)).argmax(axis=1))


def _figures(truth: NDArray[np.intp], guesses: NDArray[np.intp], num_classes: int, draws: People) -> ProtocolScores:
    cells = np.zeros((len(truth), num_classes, num_classes))
    cells[np.arange(len(truth)), truth, guesses] = 1
    drawn = figures_of_tables(draws.sums(cells))
    return ProtocolScores(
        accuracy=float((guesses == truth).mean()),
        macro_f1=macro_f1(truth, guesses, num_classes),
        interval_over_people=draws.interval(drawn["accuracy"]),
        macro_f1_interval_over_people=draws.interval(drawn["f1"].mean(axis=1)),
    )
