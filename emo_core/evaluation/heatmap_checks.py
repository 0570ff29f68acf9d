"""Whether heatmaps can be believed: deletion, planted evidence and shuffled weights, on real face pictures.

A picture is judged as a clip that holds it for a whole window, by the class that the model finds in it. A heatmap that
shows what the model uses must mark pixels whose loss hurts (Petsiuk et al. 2018), lie where the only evidence is, and
be another one when the weights are others (Adebayo et al. 2018).
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from emo_core.datasets.pictures.ferplus import Stills
from emo_core.errors import DatasetError
from emo_core.evaluation.metrics import bootstrap_interval
from emo_core.explain.attribution import Evidence, Indices, blank_map, log_odds, path_gradients
from emo_core.explain.numpy_lstm import LstmHead, randomized
from emo_core.inference.pipeline import extract_features, normalize_clip
from emo_core.method_records import ClassDifference, Deletion, HeatmapChecks, Planted, Randomized
from emo_core.model.bundle import Bundle, FrameNetwork
from emo_core.types import Booleans, Floats

DELETED_SHARE = 0.2
_BLANK = 0.5  # the mean of every normalized crop
_RANDOM_DRAWS, _SHUFFLED_HEADS = 10, 5
_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Judges pictures as clips that stand still.

    Attributes:
        bundle: the model.
        head: its LSTM, or another of its shape.
        cnn: its frame CNN.
    """

    bundle: Bundle
    head: LstmHead
    cnn: FrameNetwork

    def features(self, faces: Floats, others: Floats) -> Floats:
        """Frame features (N, m) of faces (N, S, S); `others` (N, k) stand behind those of the CNN."""
        return np.concatenate([self.cnn(faces)[0], others], axis=1)

    def scores(self, features: Floats, quality: Floats) -> Floats:
        """Log-odds (N, C) of every class after a window of nothing but the picture."""
        return log_odds(self.head.run(self._window(features, quality), self._weights(quality)).logits[:, -1])

    def heatmaps(self, faces: Floats, features: Floats, quality: Floats, labels: Indices) -> Floats:
        """Heatmap (N, h, w) in [0, 1] of each face for its class, made as those of a clip.

        Args:
            faces: (N, S, S) float32 in [0, 1], normalized.
            features: (N, m) of the faces.
            quality: (N,) in [0, 1].
            labels: (N,) class whose heatmap is drawn.
        """
        blank = blank_map(self.cnn, faces.shape[1])
        baseline = features.copy()
        baseline[:, : blank.shape[-1]] = blank.mean(axis=(0, 1))
        deviation = self.bundle.features.statistics(quality)[1]
        found = []
        for first in range(0, len(faces), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            windows, start = (self._window(values[some], quality[some]) for values in (features, baseline))
            gradients = path_gradients(self.head, windows, start, self._weights(quality[some])).sum(axis=2)
            own = (gradients[labels[some], np.arange(len(windows))] / deviation[some])[:, : blank.shape[-1]]
            activations = self.cnn.feature_maps(faces[some])
            found.append(Evidence(activations, activations - blank, own[np.newaxis]).heatmaps[0])
        return np.concatenate(found)

    def _window(self, features: Floats, quality: Floats) -> Floats:
        normalized = self.bundle.features.transform(features, quality)
        return np.repeat(normalized[:, np.newaxis], self.bundle.config.window_steps, axis=1)

    def _weights(self, quality: Floats) -> Floats:
        return np.repeat(quality[:, np.newaxis], self.bundle.config.window_steps, axis=1)


def check_heatmaps(
    bundle: Bundle,
    head: LstmHead,
    stills: Stills,
    num_images: int,
    seed: int,
    say: Callable[[str], None],
) -> HeatmapChecks:
    """Run every check on pictures that hold a usable face, as many of each class as there are, up to a third each.

    Args:
        bundle: the model.
        head: its LSTM.
        stills: aligned pictures to choose from.
        num_images: pictures to take at most.
        seed: of the choice, the random deletions and the shuffled weights.
        say: called with a line of text as the work goes on.

    Raises:
        DatasetError: no picture holds a usable face.
    """
    from emo_core.faces.blendshapes import BlendshapeModel

    judge = Judge(bundle, head, bundle.frame_network(2))
    clip = normalize_clip(stills.track)
    blendshapes = BlendshapeModel() if bundle.config.blendshapes else None
    features = extract_features(stills.track, clip, judge.cnn, blendshapes).features
    usable = np.flatnonzero(clip.mask)
    if not len(usable):
        raise DatasetError("No picture holds a usable face: check heatmaps on pictures of faces.")
    scores = judge.scores(features[usable], clip.quality[usable])
    chosen = _as_many_of_each(scores.argmax(axis=1), num_images, len(bundle.classes))
    frames = usable[chosen]
    faces, quality, own = clip.faces[frames], clip.quality[frames], features[frames]
    labels = scores[chosen].argmax(axis=1)
    say(f"{len(frames)} pictures; drawing their heatmaps")
    maps = judge.heatmaps(faces, own, quality, labels)
    others = own[:, judge.cnn.num_features :]
    before = scores[chosen][np.arange(len(frames)), labels]

    def fall(cells: Booleans) -> Floats:
        """How far the score of its class falls when cells (N, h, w) of each picture are blank."""
        after = judge.scores(judge.features(_without(faces, cells), others), quality)
        return np.asarray(before - after[np.arange(len(frames)), labels], np.float32)

    say("deleting parts of the pictures")
    rng = np.random.default_rng(seed)
    deletion = _deletion(maps, labels, bundle.info.labels, fall, rng)
    say("covering halves of the pictures")
    planted = _planted(judge, faces, others, quality, labels)
    say("shuffling the weights")
    shuffled = [Judge(bundle, randomized(head, rng), judge.cnn) for _ in range(_SHUFFLED_HEADS)]
    drawn = [other.heatmaps(faces, own, quality, labels) for other in shuffled]
    return HeatmapChecks(deletion, planted, _alike(maps, drawn), seed)


def _as_many_of_each(labels: Indices, num_images: int, num_classes: int) -> Indices:
    """Places of the first pictures of every class, at most `num_images` together."""
    each = max(1, num_images // num_classes)
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:each] for label in range(num_classes)]))


def _without(faces: Floats, cells: Booleans) -> Floats:
    """Faces (N, S, S) whose `cells` (N, h, w) are blank."""
    side = faces.shape[1]
    covers = [cv2.resize(cover.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST) for cover in cells]
    return np.where(np.stack(covers) > 0, np.float32(_BLANK), faces).astype(np.float32)


def _brightest(maps: NDArray[np.floating], count: int) -> Booleans:
    """The `count` brightest cells of each map (N, h, w)."""
    flat = maps.reshape(len(maps), -1)
    chosen = np.zeros(flat.shape, np.bool_)
    np.put_along_axis(chosen, np.argsort(-flat, axis=1, kind="stable")[:, :count], True, axis=1)
    return chosen.reshape(maps.shape)


def _deletion(
    maps: Floats,
    labels: Indices,
    names: tuple[str, ...],
    fall: Callable[[Booleans], Floats],
    rng: np.random.Generator,
) -> Deletion:
    """Fall of the class score without the brightest fifth of the map, against a random fifth and another map's."""
    cells = maps.shape[1] * maps.shape[2]
    count = round(DELETED_SHARE * cells)
    top = fall(_brightest(maps, count))
    random = np.mean([fall(_brightest(rng.random(maps.shape), count)) for _ in range(_RANDOM_DRAWS)], axis=0)
    other = fall(_brightest(maps[_another(labels, rng)], count))
    above, members = top - random, [labels == label for label in range(len(names))]
    return Deletion(
        num_images=len(maps),
        num_cells_deleted=count,
        num_cells=cells,
        num_random_draws=_RANDOM_DRAWS,
        fall_top=float(top.mean()),
        fall_random=float(random.mean()),
        fall_map_of_another_picture=float(other.mean()),
        difference=float(above.mean()),
        difference_interval=bootstrap_interval(above.astype(np.float64)),
        share_more_than_random=float((top > random).mean()),
        share_interval=bootstrap_interval((top > random).astype(np.float64)),
        per_class=tuple(
            ClassDifference(name, int(own.sum()), float(above[own].mean()) if own.any() else None)
            for name, own in zip(names, members, strict=True)
        ),
    )


def _another(labels: Indices, rng: np.random.Generator) -> Indices:
    """For each picture another one of its class; itself where it is the only one."""
    result = np.arange(len(labels))
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        result[own] = np.roll(own, 1)
    return result


def _planted(judge: Judge, faces: Floats, others: Floats, quality: Floats, labels: Indices) -> Planted:
    """Share of the map in the half that is left of a face, on pictures whose class is still found in it."""
    _, rows, columns = judge.cnn.feature_maps(faces[:1]).shape[:3]
    shares = np.full((4, len(faces)), np.nan)
    halves = ((0, slice(None, rows // 2)), (0, slice(rows // 2, None)), (1, slice(None, columns // 2)),
              (1, slice(columns // 2, None)))  # fmt: skip
    for row, (axis, half) in enumerate(halves):
        hidden = np.zeros((rows, columns), np.bool_)
        hidden[(half, slice(None)) if axis == 0 else (slice(None), half)] = True
        covered = _without(faces, np.broadcast_to(hidden, (len(faces), rows, columns)))
        features = judge.features(covered, others)
        found = np.flatnonzero(judge.scores(features, quality).argmax(axis=1) == labels)
        if len(found):
            maps = judge.heatmaps(covered[found], features[found], quality[found], labels[found])
            mass = maps.sum(axis=(1, 2))
            shares[row, found] = np.where(mass > 0, maps[:, ~hidden].sum(axis=1) / np.maximum(mass, 1e-12), np.nan)
    seen = np.isfinite(shares)
    if not seen.any():
        return Planted(0, 0)
    of_pictures = np.nansum(shares, axis=0)[seen.any(axis=0)] / seen.sum(axis=0)[seen.any(axis=0)]
    return Planted(int(seen.sum()), len(of_pictures), float(of_pictures.mean()), bootstrap_interval(of_pictures))


def _alike(maps: Floats, drawn: list[Floats]) -> Randomized:
    """Rank correlation of maps with those of shuffled weights, mean over pictures and heads."""
    values = []
    for others in drawn:
        for ours, theirs in zip(maps, others, strict=True):
            if ours.any() and theirs.any():
                values.append(float(np.corrcoef(rankdata(ours), rankdata(theirs))[0, 1]))
    found = np.asarray(values, np.float64)
    return Randomized(len(maps), len(drawn), float(found.mean()) if len(found) else None, len(found))
