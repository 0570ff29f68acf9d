"""Clips composed from stills in feature space: training and evaluation data for the LSTM head.

No labelled video corpus can be bundled, so stories are told with face pictures on which annotators agree: a rest face,
an onset, one or two peaks, an offset; speech and flicker that mean nothing; frames damaged as real clips are. Features
of neighbouring frames are mixtures of the features of real pictures. People change inside every clip of every class,
so a change of person is never a cue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from emo_core.datasets.windows import WindowDataset
from emo_core.emotions import OTHER
from emo_core.training.synthesis.feature_bank import DAMAGED, MOVED, PLAIN, Bank, Indices
from emo_core.types import Booleans, Floats

STORIES: Mapping[str, Sequence[tuple[str, ...]]] = {
    "amusement_surprise": (
        ("happiness+surprise",), ("happiness",), ("surprise",), ("surprise", "happiness"), ("happiness", "surprise"),
        ("happiness+surprise", "happiness"), ("surprise", "happiness+surprise"), ("laughter",),
    ),
    "sadness_fear": (
        ("sadness+fear",), ("sadness",), ("quiet sadness",), ("fear",), ("fear", "sadness"), ("sadness", "fear"),
        ("sadness+fear", "sadness"), ("quiet sadness", "sadness"), ("sadness+fear", "fear"),
    ),
    "other": (
        ("neutral",), ("neutral", "neutral"), ("speech", "speech"), ("speech", "neutral"), ("lowered eyes",),
        ("neutral", "lowered eyes"), ("turned away",), ("turned away", "neutral"), ("speech", "turned away"),
        ("anger",), ("disgust",), ("contempt",), ("neutral", "anger"), ("contempt", "neutral"),
    ),
}  # fmt: skip
"""Peaks of the stories of each class, as names of pools of stills; every story starts from a neutral rest face."""

LOOK_ALIKES = frozenset({"speech", "lowered eyes", "turned away", "quiet sadness"})
"""Pools of faces that look like those of another class; stories without them are the easier part of the test."""

NEUTRAL_POOLS = ("neutral", "speech", "lowered eyes", "turned away")
"""Pools of faces that show nothing."""

_LEAST_VISIBLE = 6  # steps that show at least half of an expression, or the clip is not one of it
_TRIES = 20


def compose(
    bank: Bank,
    labels: Sequence[str],
    count: int,
    steps: int,
    *,
    damaged_share: float,
    rng: np.random.Generator,
    mixed_share: float = 0.0,
    stories: Mapping[str, Sequence[tuple[str, ...]]] = STORIES,
) -> WindowDataset:
    """Compose `count` clips of `steps` frames, classes equally often.

    Args:
        bank: stills to tell the stories with.
        labels: classes in label order; each has stories.
        count: N.
        steps: T.
        damaged_share: share of the clips in which a run of frames is damaged.
        rng: every random choice.
        mixed_share: share of the clips in which every face is a mixture of two of its pool, for training: faces that
            nobody has make a small pool harder to learn by heart.
        stories: peaks of each class.

    Raises:
        ValueError: a class has no stories whose pools hold stills.
    """
    told = {name: tellable(bank, stories.get(name, ())) for name in labels}
    if not all(told.values()):
        raise ValueError(f"no stories can be told for {[name for name, known in told.items() if not known]}")
    classes = rng.permutation(np.arange(count) % len(labels))
    features = np.zeros((count, steps, bank.features.shape[2]), np.float32)
    weights = np.zeros((count, steps), np.float32)
    pictures = np.zeros((count, 2), np.intp)
    names = []
    for clip, label in enumerate(classes):
        options = told[labels[label]]
        story = options[rng.integers(len(options))]
        damaged = rng.random() < damaged_share
        mixed = mixed_share > 0 and rng.random() < mixed_share
        features[clip], weights[clip], pictures[clip] = _tell(bank, story, steps, damaged=damaged, mixed=mixed, rng=rng)
        names.append(" → ".join(story))
    return WindowDataset(features, weights, classes, tuple(names), pictures=pictures)


def neutral_clips(
    bank: Bank, labels: Sequence[str], count: int, steps: int, *, damaged_share: float, rng: np.random.Generator
) -> WindowDataset:
    """`count` clips of faces that show nothing (still, speaking, looking down or away), labelled *other*.

    Args:
        bank: stills.
        labels: classes in label order.
        count: of clips.
        steps: frames in each.
        damaged_share: share of the clips with a damaged run of frames.
        rng: of every choice.
    """
    stories = {OTHER: [(name,) for name in NEUTRAL_POOLS]}
    clips = compose(bank, [OTHER], count, steps, damaged_share=damaged_share, rng=rng, stories=stories)
    return replace(clips, labels=np.full(count, list(labels).index(OTHER)))


def tellable(bank: Bank, stories: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The stories whose pools hold stills; none where there is no rest face to start from."""
    return [story for story in stories if all(len(bank.pools[name]) for name in ("neutral", *story))]


def _tell(
    bank: Bank, story: tuple[str, ...], steps: int, *, damaged: bool, mixed: bool, rng: np.random.Generator
) -> tuple[Floats, Floats, Indices]:
    """Features (T, m) and weights (T,) of one clip, a mixture of rest, peaks and flicker; the peaks' stills (2,)."""
    roles = ("neutral", story[0], story[-1], _flicker_pool(story, rng))
    actors = np.array([_pick(bank, name, rng) for name in roles])
    for _ in range(_TRIES):
        shares = _trajectory(len(story), "speech" in story, steps, rng)
        views = _views(shares.shape, damaged=damaged, rng=rng)
        lost = _lost(bank.quality[actors, views], shares, rng)
        visible = int((shares[~lost, 1:3].sum(axis=1) >= 0.5).sum())
        if visible >= _LEAST_VISIBLE or (_shows_nothing(story) and not lost.all()):
            break
    else:  # the damage hides the story: told with the pictures as they are
        views[:], lost[:] = PLAIN, False
    weights = (shares * bank.quality[actors, views]).sum(axis=1)
    faces = _mix(bank, roles, actors, views, rng) if mixed else bank.features[actors, views]
    features = np.einsum("ta,tam->tm", shares, faces)
    features[lost], weights[lost] = 0, 0
    return features.astype(np.float32), weights.astype(np.float32), actors[[1, len(story)]]


def _views(shape: tuple[int, ...], *, damaged: bool, rng: np.random.Generator) -> Indices:
    """View of each actor at each step (T, A): plain or moved, all alike, and damaged for a stretch if `damaged`."""
    steps = shape[0]
    views = np.broadcast_to(np.where(rng.random((steps, 1)) < 0.5, PLAIN, MOVED), shape).copy()
    if damaged:
        start, length = rng.integers(0, steps - 8), rng.integers(8, steps + 1)
        views[start : start + length] = DAMAGED
    return views


def _lost(quality: Floats, shares: Floats, rng: np.random.Generator) -> Booleans:
    """Steps (T,) without a face: where the picture shown has none, for a moment now and then, after a short clip."""
    steps = len(shares)
    lost = np.asarray(quality[np.arange(steps), shares.argmax(axis=1)] == 0)
    if rng.random() < 0.15:
        start = rng.integers(0, steps)
        lost[start : start + rng.integers(1, 12)] = True
    if rng.random() < 0.2:
        lost[rng.integers(8, steps) :] = True  # padded on the right
    return lost


def _mix(bank: Bank, roles: Sequence[str], actors: Indices, views: Indices, rng: np.random.Generator) -> Floats:
    """Features (T, A, m) of the actors, each mixed with up to a half of another of the same pool."""
    others = np.array([_pick(bank, name, rng) for name in roles])
    share = rng.uniform(0, 0.5, len(roles)) * (bank.quality[others, views] > 0)
    own, other = bank.features[actors, views], bank.features[others, views]
    return np.asarray(own + share[..., np.newaxis] * (other - own), np.float32)


def _trajectory(num_peaks: int, speech: bool, steps: int, rng: np.random.Generator) -> Floats:
    """Shares (T, 4) of rest, first peak, second peak and flicker at each step; rows sum to 1."""
    t = np.arange(steps)
    strength = np.full(steps, rng.uniform(0.75, 1.0))
    if rng.random() < 0.55:
        rise = np.clip((t - rng.integers(0, steps // 3)) / rng.integers(2, 8), 0, 1)
        fall = np.clip((rng.integers(3 * steps // 4, steps + 8) - t) / rng.integers(2, 8), 0, 1)
        strength = strength * rise * fall
    change = np.zeros(steps)
    if num_peaks == 2:
        change = np.clip((t - rng.integers(steps // 4, 3 * steps // 4)) / rng.integers(2, 10), 0, 1)
    if speech:  # the mouth opens and closes two to four times a second
        phase = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.uniform(1.2, 2.6, steps))
        strength = strength * (0.5 + 0.5 * np.sin(phase))
    flicker = np.zeros(steps)
    if rng.random() < (0.9 if speech else 0.35):  # looks that last a moment and mean nothing
        for start in rng.integers(0, steps, rng.integers(1, 6)):
            flicker[start : start + rng.integers(1, 4)] = rng.uniform(0.2, 0.7)
    shares = np.stack([1 - strength, strength * (1 - change), strength * change, np.zeros(steps)], axis=1)
    shares *= (1 - flicker)[:, np.newaxis]
    shares[:, 3] = flicker
    return shares


def _flicker_pool(story: tuple[str, ...], rng: np.random.Generator) -> str:
    """What flickers: any look in a face that shows nothing, only rest and speech in one that shows an emotion."""
    if _shows_nothing(story):
        return str(
            rng.choice(["surprise", "sadness", "fear", "anger", "disgust", "happiness", "lowered eyes", "speech"])
        )
    return str(rng.choice(["neutral", "speech", "lowered eyes"]))


def _shows_nothing(story: tuple[str, ...]) -> bool:
    return all(name in NEUTRAL_POOLS for name in story)


def _pick(bank: Bank, name: str, rng: np.random.Generator) -> int:
    pool = bank.pools[name] if len(bank.pools[name]) else bank.pools["neutral"]
    return int(pool[rng.integers(len(pool))])
