"""Data sets of labelled video clips: how they are read from a folder or a manifest, and the clips as the CNN sees them.

    <label>/<person>__<anything>.mp4       a folder for each class; people from the names of the files
    manifest.csv                           path, label; person, session, source, story, degradation if known
    segments.csv                           path, start_s, end_s, label; person, is_gif, note if known: parts of videos

A clip that names no person is one unknown person of its own: people are never guessed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emo_core.datasets.clip_paths import ClipFolder
from emo_core.datasets.names import check_label, tidy
from emo_core.datasets.skipped_files import skipped_files
from emo_core.errors import DatasetError
from emo_core.files.csv_files import Row, check_lines, has_columns, read_csv
from emo_core.files.formats import has_video_name
from emo_core.video.source import clean_name

MANIFEST, SEGMENTS = "manifest.csv", "segments.csv"
COLUMNS = ("path", "label", "person", "session", "source", "story", "degradation")
"""Columns of a manifest that are known; others are kept as they are."""

_NEEDED = COLUMNS[:2]


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
        start_s, end_s: the part of the file that is meant, on the file's clock; by default all of it.
    """

    path: Path
    label: str
    person: str
    source: str = ""
    story: str = ""
    degradation: str = "none"
    session: str = ""
    person_known: bool = True
    start_s: float = 0.0
    end_s: float = math.inf

    @property
    def short_name(self) -> str:
        """Its file and the folder that this lies in, for people."""
        return f"{self.path.parent.name}/{self.path.name}"


def read_dataset(path: Path) -> list[DatasetClip]:
    """Clips of a data set: a ``manifest.csv`` or ``segments.csv``, a folder that holds one, or a folder for each label.

    Raises:
        DatasetError: there is no such data set, it holds no clips, a label cannot be used, see
            :func:`emo_core.datasets.names.check_label`, or a clip lies outside it, see
            :mod:`emo_core.datasets.clip_paths`.

    Example:
        >>> len(read_dataset(Path("assets/demo")))
        396
    """
    try:
        for listed, read in ((MANIFEST, read_manifest), (SEGMENTS, read_segments)):
            if path.is_dir() and (path / listed).exists():
                return read(path / listed)
        if path.is_dir():
            return _read_folders(path)
        if path.exists():
            return read_segments(path) if path.name == SEGMENTS else read_manifest(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(
            f"The data set {clean_name(path.name)} cannot be read ({reason}): give a folder that you may open."
        ) from error
    name = clean_name(path.name)
    raise DatasetError(f"There is no data set {name}: give a folder with a folder for each label, or a {MANIFEST}.")


def person_of(path: Path) -> str:
    """Who a clip is of by its file name, ``<person>__<anything>``; empty where that does not say.

    Example:
        >>> person_of(Path("joy_fear/anna__3.mp4")), person_of(Path("joy_fear/clip.mp4"))
        ('anna', '')
    """
    person, parted, _ = path.stem.partition("__")
    return tidy(person) if parted else ""


def is_clip(path: Path) -> bool:
    """Whether a file looks like a clip; hidden files, such as one that is still being written, do not."""
    return has_video_name(path.name) and path.is_file()


def is_dataset(path: Path) -> bool:
    """Whether a folder is a data set: its manifest has the columns of one, or it holds a folder with clips."""
    try:
        if path.name.startswith(".") or not path.is_dir():
            return False
        if (path / MANIFEST).exists():
            return has_columns(path / MANIFEST, _NEEDED)
        return any(is_clip(file) for folder in _folders(path) for file in _files(folder))
    except (OSError, ValueError):  # what may not be looked into is none
        return False


def count_skipped(path: Path, clips: Sequence[DatasetClip]) -> dict[str, int]:
    """Why files in the folder of a data set are none of its clips, and how many each.

    Args:
        path: of the data set, a folder or a manifest.
        clips: of the data set.
    """
    paths = [clip.path for clip in clips]
    if path.is_dir():
        return skipped_files(path, paths, MANIFEST if (path / MANIFEST).exists() else "")
    return skipped_files(path.parent, paths, path.name)


def _folders(path: Path) -> list[Path]:
    return sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    """What is in a folder; nothing if that may not be seen."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _read_folders(path: Path) -> list[DatasetClip]:
    files = [(folder.name, file) for folder in _folders(path) for file in _files(folder) if is_clip(file)]
    if not files:
        reasons = ", ".join(f"{count} × {reason}" for reason, count in list(count_skipped(path, ()).items())[:5])
        raise DatasetError(
            f"{clean_name(path.name)} holds no clips{f' (skipped: {reasons})' if reasons else ''}: put them into a "
            f"folder for each label, as <label>/<person>__<anything>.mp4, or list them in a {MANIFEST}."
        )
    place, clips = ClipFolder(path), []
    for number, (label, file) in enumerate(files, start=1):
        if not place.admits(file):
            raise DatasetError(
                f"{clean_name(label)}/{clean_name(file.name)} is a link that leads outside the data set: put the clips "
                "themselves there."
            )
        person = person_of(file)
        clips.append(DatasetClip(file, check_label(label), person or f"unknown {number}", person_known=bool(person)))
    return clips


def read_manifest(path: Path) -> list[DatasetClip]:
    """Clips of a ``manifest.csv``: columns path (relative to it) and label; further ones as far as they are known.

    Labels and names of people are taken in one form, see :func:`emo_core.datasets.names.tidy`.

    Raises:
        DatasetError: the file is missing or unreadable, lacks a column or a value, or names a clip that is not there or
            lies outside; the lines are named.
    """
    return _read_table(path, _NEEDED, COLUMNS, _clip_of)


def read_segments(path: Path) -> list[DatasetClip]:
    """Parts of videos of a ``segments.csv``: columns path, label, start_s, end_s; further ones as far as known.

    `source` tells GIF and video apart where a column `is_gif` does.

    Raises:
        DatasetError: as :func:`read_manifest`, or a part is none.
    """
    return _read_table(path, (*_NEEDED, "start_s", "end_s"), (*COLUMNS, "is_gif", "note"), _segment_of)


def _read_table(
    path: Path, needs: Sequence[str], may: Sequence[str], read: Callable[[Row, ClipFolder], DatasetClip]
) -> list[DatasetClip]:
    name = clean_name(path.name)
    rows = read_csv(path, needs, may).rows
    if not rows:
        raise DatasetError(f"{name} lists no clips: it needs columns {', '.join(needs)} and a line for each clip.")
    place, clips, faults = ClipFolder(path.parent), [], []
    for row in rows:
        try:
            clips.append(read(row, place))
        except DatasetError as error:
            faults.append((row.line, str(error)))
    check_lines(name, faults)
    return clips


def _clip_of(row: Row, place: ClipFolder) -> DatasetClip:
    cells = row.cells
    if not cells["path"] or not cells["label"]:
        raise DatasetError("path or label is empty; fill in both or remove the line.")
    label, person = check_label(cells["label"]), tidy(cells.get("person", ""))
    return DatasetClip(
        place.find(cells["path"]),
        label,
        person or f"unknown {row.line}",
        tidy(cells.get("source", "")),
        cells.get("story", ""),
        cells.get("degradation", "") or "none",
        tidy(cells.get("session", "")),
        person_known=bool(person),
    )


def _segment_of(row: Row, place: ClipFolder) -> DatasetClip:
    cells = row.cells
    try:
        start_s, end_s = float(cells["start_s"]), float(cells["end_s"])
    except ValueError:
        start_s = end_s = math.nan
    if not 0 <= start_s < end_s < math.inf:
        raise DatasetError("start_s and end_s must be seconds, the start before the end.")
    clip = _clip_of(row, place)
    kind = {"1": "GIF", "0": "video"}.get(cells.get("is_gif", ""), clip.source)
    return replace(clip, source=kind, story=cells.get("note", "") or clip.story, start_s=start_s, end_s=end_s)
