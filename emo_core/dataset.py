"""Data sets of labelled video clips: the manifest, the people in it, and the clips as the frame CNN sees them."""

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core.blendshapes import BlendshapeModel
from emo_core.bundle import FrameNetwork
from emo_core.config import PipelineConfig
from emo_core.errors import DatasetError, NoFaceError, VideoError
from emo_core.judge import window_starts
from emo_core.labelled import LabelledClips
from emo_core.pipeline import watch
from emo_core.types import Floats
from emo_core.videofile import clean_name

_CACHE_VERSION = 1  # raise when what is seen of a clip changes


@dataclass(frozen=True, slots=True)
class DatasetClip:
    """One labelled clip.

    Attributes:
        path: the video file.
        label: its class.
        person: who is shown; clips whose manifest names nobody are of one unknown person each.
        source: where it is from, such as ``rendered``.
        story: what is shown, in the data set's own words.
        degradation: what is wrong with the picture; ``none`` for a clean clip.
    """

    path: Path
    label: str
    person: str
    source: str = ""
    story: str = ""
    degradation: str = "none"


def read_manifest(path: Path) -> list[DatasetClip]:
    """Clips of a ``manifest.csv``: columns path (relative to it), label; person, source, story, degradation if known.

    Raises:
        DatasetError: the file is missing or unreadable, lacks a column or a value, or names a clip that is not there.
    """
    name = clean_name(path.name)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {name}: give the path of a manifest.csv with path and label.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{name} cannot be read: it must be a CSV file with columns path and label.") from error
    if not rows or not {"path", "label"} <= set(rows[0]):
        raise DatasetError(f"{name} lists no clips: it needs columns path and label and a line for each clip.")
    clips = []
    for line, row in enumerate(rows, start=2):
        if not row["path"] or not row["label"]:
            raise DatasetError(f"{name}, line {line}: path or label is empty; fill in both or remove the line.")
        file_path = path.parent / row["path"]
        if not file_path.is_file():
            raise DatasetError(f"{name}, line {line}: there is no clip {clean_name(row['path'])}; correct the path.")
        clips.append(
            DatasetClip(
                file_path,
                row["label"],
                row.get("person") or f"unknown {line}",
                row.get("source") or "",
                row.get("story") or "",
                row.get("degradation") or "none",
            )
        )
    return clips


def split_people(people: Sequence[str], shares: Sequence[float], *, seed: int) -> list[set[str]]:
    """People in disjoint groups, subject-independently: nobody is in two of them.

    Example:
        >>> groups = split_people(["a", "b", "c", "d", "a"], (0.5, 0.25, 0.25), seed=0)
        >>> [len(group) for group in groups]
        [2, 1, 1]
    """
    names = np.random.default_rng(seed).permutation(sorted(set(people)))
    ends = np.round(np.cumsum(shares) * len(names)).astype(int)
    return [set(part.tolist()) for part in np.split(names, ends[:-1])]


def see_clips(
    clips: Sequence[DatasetClip],
    labels: Sequence[str],
    cnn: FrameNetwork,
    config: PipelineConfig,
    cache: Path,
    say: Callable[[str], None] = lambda line: None,
) -> LabelledClips:
    """The clips in feature space, blendshapes behind the features of the CNN; kept in the folder `cache` by content.

    Clips in which no face can be judged are left out and named by `say`.

    Args:
        clips: what to see.
        labels: classes in label order; every clip has one of them.
        cnn: frame CNN.
        config: how to sample, crop and part in windows.
        cache: folder for what was seen.
        say: called with a line of text as the work goes on.

    Raises:
        DatasetError: a label is unknown, or no clip can be judged.
    """
    if unknown := {clip.label for clip in clips} - set(labels):
        raise DatasetError(f"Clips are labelled {', '.join(sorted(unknown))}; this model knows {', '.join(labels)}.")
    blendshapes = BlendshapeModel()
    rows: list[tuple[int, Floats, Floats]] = []
    for index, clip in enumerate(clips):
        if not index % 50:
            say(f"Seeing clip {index + 1} of {len(clips)}")
        try:
            features, weights = _see(clip.path, cnn, blendshapes, config, cache)
        except (NoFaceError, VideoError) as error:
            say(f"Left out: {error}")
            continue
        for start in window_starts(len(weights), config.window_steps, config.hop_steps):
            rows.append((index, *_window(features, weights, start, config.window_steps)))
    if not rows:
        raise DatasetError("None of the clips shows a face that can be judged: use other clips.")
    members = [clips[index] for index, _, _ in rows]
    return LabelledClips(
        np.stack([features for _, features, _ in rows]),
        np.stack([weights for _, _, weights in rows]),
        np.array([labels.index(clip.label) for clip in members]),
        tuple(clip.story for clip in members),
        tuple(clip.person for clip in members),
        np.array([index for index, _, _ in rows]),
    )


def _see(
    path: Path, cnn: FrameNetwork, blendshapes: BlendshapeModel, config: PipelineConfig, cache: Path
) -> tuple[Floats, Floats]:
    """Features (T, m + K) and weights (T,) of a clip, from the cache where the same content was seen before."""
    settings = f"{_CACHE_VERSION} {cnn.digest} {config.sample_rate_hz} {config.crop_side_px}"
    key = hashlib.sha256(settings.encode() + path.read_bytes()).hexdigest()[:24]
    stored = cache / "clips" / f"{key}.npz"
    if stored.exists():
        with np.load(stored, allow_pickle=False) as arrays:
            return arrays["features"], arrays["weights"]
    seen = watch(path, cnn, config, blendshapes)
    weights = np.where(seen.normalized.mask, seen.normalized.quality, 0).astype(np.float32)
    stored.parent.mkdir(parents=True, exist_ok=True)
    part = stored.with_suffix(".part.npz")
    np.savez(part, features=seen.features.features, weights=weights)
    part.replace(stored)
    return seen.features.features, weights


def _window(features: Floats, weights: Floats, start: int, steps: int) -> tuple[Floats, Floats]:
    """One window (T, m), (T,), padded on the right."""
    span = slice(start, start + steps)
    padding = steps - len(weights[span])
    seen = np.pad(features[span] * (weights[span] > 0)[:, np.newaxis], ((0, padding), (0, 0)))
    return seen.astype(np.float32), np.pad(weights[span], (0, padding)).astype(np.float32)


def clip_probabilities(probabilities: Floats, windows: LabelledClips) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Windows together as clips: probabilities (M, C), qualities (M,) and the first window (M,) of each clip.

    A window counts by its evidence, the summed quality of its frames, as in the verdict on a clip.
    """
    _, first, member = np.unique(windows.clips, return_index=True, return_inverse=True)
    evidence = windows.weights.sum(axis=1)
    sums = np.zeros((len(first), probabilities.shape[1]))
    np.add.at(sums, member, probabilities * evidence[:, np.newaxis])
    total = np.bincount(member, evidence)
    quality = np.bincount(member, windows.quality * evidence) / total
    return (sums / total[:, np.newaxis]).astype(np.float32), quality.astype(np.float32), first
