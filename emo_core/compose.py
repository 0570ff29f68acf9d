"""Clips composed from stills in feature space: training and evaluation data for the LSTM head.

No labelled video corpus can be bundled, so stories are told with face pictures on which annotators agree: a rest face,
an onset, one or two peaks, an offset; speech and flicker that mean nothing; frames damaged as real clips are. Features
of neighbouring frames are mixtures of the features of real pictures. People change inside every clip of every class,
so a change of person is never a cue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core import quality as quality_stage
from emo_core.bundle import FrameNetwork
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.faces import eye_centres, eye_distance, normalize_intensity
from emo_core.stills import DAMAGES, Stills, align, damage, shrink
from emo_core.types import Booleans, Bytes, FaceTrack, Floats

Indices = NDArray[np.intp]

PLAIN, MIRRORED, MOVED, DAMAGED = range(4)
"""Views of each still in a :class:`Bank`."""

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

NEUTRAL_POOLS = ("neutral", "speech", "lowered eyes", "turned away")
"""Pools of faces that show nothing."""

_MOUTH, _EYES = (13, 14), ((159, 145), (386, 374))  # upper and lower inner lips; upper and lower lids
_MOUTH_OPEN, _EYES_LOWERED, _TURNED_DEG = 0.12, 0.085, 22.0  # gaps as shares of the eye distance


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Stills in feature space, seen in several ways.

    Attributes:
        features: (N, 4, m) float32, views in the order plain, mirrored, moved, damaged.
        quality: (N, 4) float32 in [0, 1]; 0 where no usable face was found.
        pools: name → indices of stills.
    """

    features: Floats
    quality: Floats
    pools: Mapping[str, Indices]

    def subset(self, chosen: Booleans) -> "Bank":
        """The same stills and views, pools reduced to the stills where `chosen` (N,) is True."""
        return Bank(self.features, self.quality, {name: pool[chosen[pool]] for name, pool in self.pools.items()})


@dataclass(frozen=True, slots=True, eq=False)
class ComposedClips:
    """Clips in feature space.

    Attributes:
        features: (N, T, m) float32; 0 where masked.
        weights: (N, T) float32 in [0, 1], quality; 0 = no face or padding.
        labels: (N,) int, index of the class.
        stories: (N,) names of the peaks, joined by arrows.
    """

    features: Floats
    weights: Floats
    labels: Indices
    stories: tuple[str, ...]

    @property
    def quality(self) -> Floats:
        """Mean quality of the valid frames of each clip, (N,) float32."""
        valid = np.maximum((self.weights > 0).sum(axis=1), 1)
        return np.asarray(self.weights.sum(axis=1) / valid, np.float32)


def build_bank(images: Bytes, stills: Stills, cnn: FrameNetwork, *, seed: int, cache: Path | None = None) -> Bank:
    """See every still of a pool in four ways.

    Args:
        images: (N, H, H) uint8, the pictures before alignment.
        stills: the same pictures aligned.
        cnn: frame CNN.
        seed: of the damage and the movement.
        cache: folder for the alignment of damaged pictures.

    Raises:
        DatasetError: there is no picture that people agree on.
    """
    rng = np.random.default_rng(seed)
    pools = find_pools(stills.votes, stills.track)
    used = np.unique(np.concatenate(list(pools.values())))
    if not len(used):
        raise DatasetError("No picture shows a face with an emotion that people agree on: use more pictures.")
    worse = [_worse(images[i], rng) for i in used]
    damaged = align(worse, stills.votes[used], stills.crops.shape[1], cache).track
    moved = np.stack([_move(stills.crops[i], rng) for i in used])
    plain = stills.crops[used]
    views = (plain, plain[:, :, ::-1], moved, damaged.crops)
    seen = np.stack([cnn(normalize_intensity(view))[0] for view in views], axis=1)
    clear, unclear = _usable_quality(stills.track)[used], _usable_quality(damaged)
    features = np.zeros((len(images), len(views), seen.shape[2]), np.float32)
    quality = np.zeros((len(images), len(views)), np.float32)
    features[used] = seen
    quality[used] = np.stack([clear, clear, clear, unclear], axis=1)
    return Bank(features, quality, {name: pool[quality[pool, PLAIN] > 0] for name, pool in pools.items()})


def find_pools(votes: NDArray[np.uint8], track: FaceTrack) -> dict[str, Indices]:
    """Stills by what people agree to see in them, and by what the landmarks say of mouth, eyes and pose."""
    counts = {name: votes[:, index].astype(int) for index, name in enumerate(EMOTIONS)}
    clear = votes[:, len(EMOTIONS) :].max(axis=1) <= 1
    mouth, eyes = _gap(track, (_MOUTH,)), _gap(track, _EYES)
    turned = np.abs(np.nan_to_num(track.pose_deg[:, 0])) > _TURNED_DEG

    def single(name: str, least: int) -> Booleans:
        return np.asarray(clear & (counts[name] >= least))

    def blend(first: str, second: str) -> Booleans:
        a, b = counts[first], counts[second]
        return np.asarray(clear & (a >= 2) & (b >= 2) & (a + b >= 6))

    open_mouth, lowered = mouth > _MOUTH_OPEN, eyes < _EYES_LOWERED
    chosen = {
        "neutral": single("neutral", 7),
        "speech": single("neutral", 5) & open_mouth,
        "lowered eyes": single("neutral", 6) & lowered,
        "turned away": single("neutral", 6) & turned,
        "happiness": single("happiness", 7),
        "laughter": single("happiness", 8) & open_mouth,
        "surprise": single("surprise", 7),
        "happiness+surprise": blend("happiness", "surprise"),
        "sadness": single("sadness", 6),
        "quiet sadness": single("sadness", 5) & ~open_mouth & (lowered | (counts["neutral"] >= 2)),
        "fear": single("fear", 5),
        "sadness+fear": blend("sadness", "fear"),
        "anger": single("anger", 6),
        "disgust": single("disgust", 4),
        "contempt": single("contempt", 4),
    }
    return {name: np.flatnonzero(mask & track.detected) for name, mask in chosen.items()}


def compose(
    bank: Bank,
    labels: Sequence[str],
    count: int,
    steps: int,
    *,
    damaged_share: float,
    rng: np.random.Generator,
    stories: Mapping[str, Sequence[tuple[str, ...]]] = STORIES,
) -> ComposedClips:
    """Compose `count` clips of `steps` frames, classes equally often.

    Args:
        bank: stills to tell the stories with.
        labels: classes in label order; each has stories.
        count: N.
        steps: T.
        damaged_share: share of the clips in which a run of frames is damaged.
        rng: every random choice.
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
    names = []
    for clip, label in enumerate(classes):
        options = told[labels[label]]
        story = options[rng.integers(len(options))]
        features[clip], weights[clip] = _tell(bank, story, steps, rng.random() < damaged_share, rng)
        names.append(" → ".join(story))
    return ComposedClips(features, weights, classes, tuple(names))


def tellable(bank: Bank, stories: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The stories whose pools hold stills; none where there is no rest face to start from."""
    return [story for story in stories if all(len(bank.pools[name]) for name in ("neutral", *story))]


def _tell(
    bank: Bank, story: tuple[str, ...], steps: int, damaged: bool, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Features (T, m) and weights (T,) of one clip: a mixture of rest, first peak, second peak and flicker."""
    actors = np.array([_pick(bank, name, rng) for name in ("neutral", story[0], story[-1], _flicker_pool(story, rng))])
    shares = _trajectory(len(story), "speech" in story, steps, rng)
    views = np.where(rng.random((steps, 1)) < 0.5, rng.choice([PLAIN, MIRRORED]), MOVED)
    views = np.broadcast_to(views, shares.shape).copy()
    if damaged:
        start, length = rng.integers(0, steps - 8), rng.integers(8, steps + 1)
        views[start : start + length] = DAMAGED
    quality = bank.quality[actors, views]
    weights = (shares * quality).sum(axis=1)
    lost = quality[np.arange(steps), shares.argmax(axis=1)] == 0  # no face where the picture shown has none
    if rng.random() < 0.15:
        start = rng.integers(0, steps)
        lost[start : start + rng.integers(1, 12)] = True
    if rng.random() < 0.2:
        lost[rng.integers(8, steps) :] = True  # a short clip, padded on the right
    if lost.all():
        lost[:] = False
        views[:] = PLAIN
        weights = (shares * bank.quality[actors, views]).sum(axis=1)
    features = np.einsum("ta,tam->tm", shares, bank.features[actors, views])
    features[lost], weights[lost] = 0, 0
    return features.astype(np.float32), weights.astype(np.float32)


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
    if all(name in NEUTRAL_POOLS for name in story):
        return str(
            rng.choice(["surprise", "sadness", "fear", "anger", "disgust", "happiness", "lowered eyes", "speech"])
        )
    return str(rng.choice(["neutral", "speech", "lowered eyes"]))


def _pick(bank: Bank, name: str, rng: np.random.Generator) -> int:
    pool = bank.pools[name] if len(bank.pools[name]) else bank.pools["neutral"]
    return int(pool[rng.integers(len(pool))])


def _gap(track: FaceTrack, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Mean distance of pairs of landmarks as a share of the eye distance, (N,); 0 where no face was found."""
    gaps = np.zeros(len(track.detected), np.float32)
    for i in np.flatnonzero(track.detected):
        points = track.landmarks[i]
        distances = [np.linalg.norm(points[a] - points[b]) for a, b in pairs]
        gaps[i] = np.mean(distances) / max(eye_distance(eye_centres(points)), 1e-6)
    return gaps


def _usable_quality(track: FaceTrack) -> Floats:
    quality = quality_stage.overall_quality(quality_stage.measure_quality(track))
    return np.where(quality_stage.usable(track.detected, quality), quality, np.float32(0))


def _worse(image: Bytes, rng: np.random.Generator) -> Bytes:
    kind = str(rng.choice(DAMAGES))
    return shrink(image, rng) if kind == "small" else damage(image, kind, rng)


def _move(crop: Bytes, rng: np.random.Generator) -> Bytes:
    """The crop as a tracker's jitter would give it: up to two pixels off."""
    padded = np.pad(crop, 2, mode="edge")
    y, x = rng.integers(0, 5, 2)
    return padded[y : y + crop.shape[0], x : x + crop.shape[1]]
