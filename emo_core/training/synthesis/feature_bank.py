"""Stills in feature space, sorted into pools by what people agree to see in them: what composed clips are told with."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core.datasets.pictures.ferplus import Stills, align
from emo_core.emotions import EMOTIONS
from emo_core.errors import DatasetError
from emo_core.faces import quality as quality_stage
from emo_core.faces.alignment import eye_centres, eye_distance, normalize_intensity
from emo_core.faces.blendshapes import BlendshapeModel
from emo_core.files.kept import keep, kept_array
from emo_core.model.bundle import FrameNetwork
from emo_core.training.synthesis.augmentation import augment
from emo_core.training.synthesis.corruption import CORRUPTIONS, corrupt, shrink
from emo_core.types import Booleans, Bytes, FaceTrack, Floats, concatenate

Indices = NDArray[np.intp]

PLAIN, MOVED, DAMAGED = range(3)
"""Views of each still in a :class:`Bank`."""

_CACHE_VERSION = 2  # raise when what is seen of a still changes
_MOUTH, _EYES = (13, 14), ((159, 145), (386, 374))  # upper and lower inner lips; upper and lower lids
_MOUTH_OPEN, _EYES_LOWERED, _TURNED_DEG = 0.12, 0.085, 22.0  # gaps as shares of the eye distance


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Stills in feature space, seen in several ways.

    Attributes:
        features: (N, 3, m + K) float32, features of the CNN and blendshapes, views in the order plain, moved, damaged.
        quality: (N, 3) float32 in [0, 1]; 0 where no usable face was found.
        pools: name → indices of stills.
    """

    features: Floats
    quality: Floats
    pools: Mapping[str, Indices]

    def usable_views(self) -> tuple[Floats, Floats]:
        """Features (V, m) and quality (V,) > 0 of every usable view of the stills in the pools."""
        used = np.unique(np.concatenate(list(self.pools.values())))
        features, quality = self.features[used], self.quality[used]
        return features[quality > 0], quality[quality > 0]

    def subset(self, chosen: Booleans) -> "Bank":
        """The same stills and views, pools reduced to the stills where `chosen` (N,) is True."""
        return Bank(self.features, self.quality, {name: pool[chosen[pool]] for name, pool in self.pools.items()})


def build_banks(
    images: Sequence[Bytes] | Bytes, stills: Stills, cnn: FrameNetwork, *,
    seed: int, num_varied: int = 0, cache: Path | None = None,
) -> tuple[Bank, ...]:  # fmt: skip
    """See every still of a pool in three ways; and again, varied as the frame CNN's training varies faces.

    The CNN knows by heart the pictures that it learned from, but less so what they look like turned, scaled and lit
    otherwise: a head that learns from them then meets frames as unsure as those of strangers.

    Args:
        images: N pictures (side, side) uint8 as they were before alignment.
        stills: the same pictures aligned.
        cnn: frame CNN.
        seed: of the damage, the movement and the variation.
        num_varied: how many banks of varied faces to add.
        cache: folder for what was seen, found again by content.

    Returns:
        The bank, and those of the same stills varied.

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
    views = stills.crops[used], np.stack([_move(stills.crops[i], rng) for i in used]), damaged.crops
    shapes = _see_shapes(concatenate([_part(stills.track, used), damaged]), cache)
    clear, unclear = _usable_quality(stills.track)[used], _usable_quality(damaged)
    quality = np.zeros((len(images), len(views)), np.float32)
    quality[used] = np.stack([clear, clear, unclear], axis=1)
    pools = {name: pool[quality[pool, PLAIN] > 0] for name, pool in pools.items()}
    banks = []
    for number in range(1 + num_varied):
        seen = _see(_vary(*views[::2], np.random.default_rng((seed, number))) if number else views, cnn, cache)
        features = np.zeros((len(images), len(views), seen.shape[2] + shapes.shape[2]), np.float32)
        features[used] = np.concatenate([seen, shapes], axis=2)
        banks.append(Bank(features, quality, pools))
    return tuple(banks)


def _vary(plain: Bytes, damaged: Bytes, rng: np.random.Generator) -> tuple[Bytes, Bytes, Bytes]:
    """Faces turned, scaled, mirrored and lit otherwise; these moved a little; and damaged faces likewise."""
    varied, worse = (np.stack([augment(crop, rng, 0.0) for crop in crops]) for crops in (plain, damaged))
    return varied, np.stack([_move(crop, rng) for crop in varied]), worse


def _see(views: tuple[Bytes, Bytes, Bytes], cnn: FrameNetwork, cache: Path | None) -> Floats:
    """Features (M, 3, m) of M faces in three views."""
    content = [cnn.digest.encode(), *(view.tobytes() for view in views)]
    return _kept(cache, content, lambda: np.stack([cnn(normalize_intensity(view))[0] for view in views], axis=1))


def _see_shapes(track: FaceTrack, cache: Path | None) -> Floats:
    """Blendshapes (M, 3, K) of M clear faces, twice, and of the damaged behind them in the track."""

    def look() -> Floats:
        shapes = BlendshapeModel()(track.landmarks, track.detected)
        clear, unclear = np.split(shapes, 2)
        return np.stack([clear, clear, unclear], axis=1)

    return _kept(cache, [np.nan_to_num(track.landmarks).tobytes(), track.detected.tobytes()], look)


def _kept(cache: Path | None, content: Sequence[bytes], look: Callable[[], Floats]) -> Floats:
    """What `look` sees, from the folder `cache` if it was seen there before."""
    digest = hashlib.sha256(str(_CACHE_VERSION).encode())
    for part in content:
        digest.update(part)
    path = cache / f"seen-{digest.hexdigest()[:20]}.npy" if cache else None
    found = kept_array(path) if path else None
    if found is not None:
        return np.asarray(found, np.float32)
    seen = look()
    if path:
        keep(path, lambda part: np.save(part, seen))
    return seen


def _part(track: FaceTrack, chosen: Indices) -> FaceTrack:
    return FaceTrack(**{name: getattr(track, name)[chosen] for name in FaceTrack.__slots__})


def find_pools(votes: NDArray[np.uint8], track: FaceTrack) -> dict[str, Indices]:
    """Stills by what people agree to see in them, votes (N, 10), and by what landmarks say of mouth, eyes and pose."""
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
    kind = str(rng.choice(CORRUPTIONS))
    return shrink(image, rng) if kind == "small" else corrupt(image, kind, rng)


def _move(crop: Bytes, rng: np.random.Generator) -> Bytes:
    """The crop as a tracker's jitter would give it: up to two pixels off."""
    padded = np.pad(crop, 2, mode="edge")
    y, x = rng.integers(0, 5, 2)
    return padded[y : y + crop.shape[0], x : x + crop.shape[1]]
