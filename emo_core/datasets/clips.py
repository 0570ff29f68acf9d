"""Data sets of labelled video clips: how they are read from a folder or a manifest, and the clips as the CNN sees them.

    <label>/<person>__<anything>.mp4       a folder for each class; people from the names of the files
    manifest.csv                           path, label; person, session, source, story, degradation if known

A clip that names no person is one unknown person of its own: people are never guessed.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_core.config import PipelineConfig
from emo_core.datasets.feature_cache import ClipReader
from emo_core.datasets.windows import LabelledClips
from emo_core.emotions import UNSURE
from emo_core.errors import DatasetError, NoFaceError, VideoError
from emo_core.inference.windows import window_starts
from emo_core.model.bundle import FrameNetwork
from emo_core.types import Floats
from emo_core.video.source import clean_name

MANIFEST = "manifest.csv"
CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".flv", ".mpg", ".mpeg", ".wmv"})
"""What a file in a folder of clips ends with."""

_LABEL_LENGTH = 60
_LINE_LENGTH = 10_000


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
        session: the occasion on which it was recorded; empty where that is unknown.
        person_known: whether the data set says who is shown.
    """

    path: Path
    label: str
    person: str
    source: str = ""
    story: str = ""
    degradation: str = "none"
    session: str = ""
    person_known: bool = True


def read_dataset(path: Path) -> list[DatasetClip]:
    """Clips of a data set: a ``manifest.csv``, a folder that holds one, or a folder with a folder for each label.

    Raises:
        DatasetError: there is no such data set, it holds no clips, or a label cannot be used; see :func:`check_label`.

    Example:
        >>> len(read_dataset(Path("assets/demo")))
        396
    """
    name = clean_name(path.name)
    if path.is_dir() and not (path / MANIFEST).exists():
        return _read_folders(path)
    if path.is_dir():
        return read_manifest(path / MANIFEST)
    if not path.exists():
        raise DatasetError(f"There is no data set {name}: give a folder with a folder for each label, or a {MANIFEST}.")
    return read_manifest(path)


def check_label(label: str) -> str:
    """`label`, if it can be the name of a class and of a folder.

    Raises:
        DatasetError: it cannot.

    Example:
        >>> check_label("joy_fear")
        'joy_fear'
    """
    shown = clean_name(label.replace("/", "∕").replace("\\", "∖")) if label.strip() else ""
    if not shown:
        raise DatasetError("A label is empty: name the class in letters, such as joy_fear.")
    if label == UNSURE:
        raise DatasetError(f"A class cannot be called {UNSURE}, because that is what a model says without a verdict.")
    if len(label) > _LABEL_LENGTH or not re.fullmatch(r"\w[\w \-+]*", label):
        raise DatasetError(
            f"The label “{shown}” cannot name a class: use at most {_LABEL_LENGTH} letters, digits, _, - and spaces, "
            "and neither a slash nor a dot."
        )
    return label


def person_of(path: Path) -> str:
    """Who a clip is of by its file name, ``<person>__<anything>``; empty where that does not say.

    Example:
        >>> person_of(Path("joy_fear/anna__3.mp4")), person_of(Path("joy_fear/clip.mp4"))
        ('anna', '')
    """
    person, parted, _ = path.stem.partition("__")
    return person.strip() if parted else ""


def is_clip(path: Path) -> bool:
    """Whether a file looks like a clip; hidden files, such as one that is still being written, do not."""
    return path.suffix.lower() in CLIP_SUFFIXES and not path.name.startswith(".") and path.is_file()


def is_dataset(path: Path) -> bool:
    """Whether a folder is a data set: its manifest has the columns of one, or it holds a folder with clips."""
    try:
        if path.name.startswith(".") or not path.is_dir():
            return False
        if (path / MANIFEST).exists():
            return _is_manifest(path / MANIFEST)
        inner = [item for item in path.iterdir() if item.is_dir() and not item.name.startswith(".")]
        return any(is_clip(file) for folder in inner for file in folder.iterdir())
    except OSError:  # what may not be looked into is none
        return False


def _is_manifest(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return {"path", "label"} <= set(next(csv.reader([file.readline(_LINE_LENGTH)]), []))


def _read_folders(path: Path) -> list[DatasetClip]:
    folders = sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))
    files = [(folder.name, file) for folder in folders for file in sorted(folder.iterdir()) if is_clip(file)]
    if not files:
        raise DatasetError(
            f"{clean_name(path.name)} holds no clips: put them into a folder for each label, as "
            f"<label>/<person>__<anything>.mp4, or list them in a {MANIFEST}."
        )
    clips = []
    for number, (label, file) in enumerate(files, start=1):
        person = person_of(file)
        clips.append(DatasetClip(file, check_label(label), person or f"unknown {number}", person_known=bool(person)))
    return clips


def read_manifest(path: Path) -> list[DatasetClip]:
    """Clips of a ``manifest.csv``: columns path (relative to it) and label; further ones as far as they are known.

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
                _label_of(row, name, line),
                row.get("person") or f"unknown {line}",
                row.get("source") or "",
                row.get("story") or "",
                row.get("degradation") or "none",
                row.get("session") or "",
                person_known=bool(row.get("person")),
            )
        )
    return clips


def _label_of(row: Mapping[str, str], name: str, line: int) -> str:
    try:
        return check_label(row["label"])
    except DatasetError as error:
        raise DatasetError(f"{name}, line {line}: {error}") from error


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
    progress: Callable[[int, int], None] = lambda done, total: None,
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
        progress: called with the number of clips seen and of all.

    Raises:
        DatasetError: a label is unknown, or no clip can be judged.
    """
    if unknown := {clip.label for clip in clips} - set(labels):
        raise DatasetError(f"Clips are labelled {', '.join(sorted(unknown))}; this model knows {', '.join(labels)}.")
    eyes = ClipReader(cnn, config, cache)
    rows: list[tuple[int, Floats, Floats]] = []
    for index, clip in enumerate(clips):
        progress(index, len(clips))
        if not index % 50:
            say(f"Seeing clip {index + 1} of {len(clips)}")
        try:
            seen = eyes.read(clip.path)
        except (NoFaceError, VideoError) as error:
            say(f"Left out: {error}")
            continue
        for start in window_starts(len(seen.weights), config.window_steps, config.hop_steps):
            rows.append((index, *_window(seen.features, seen.weights, start, config.window_steps)))
    progress(len(clips), len(clips))
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
