"""A data set that grows: classes and clips are added, every write whole or not at all, nothing deleted by accident.

The clips lie in a folder for each class under names of ours; ``manifest.csv`` says who, when and from where. A clip
that was written while the manifest was not (the machine went down in between) is taken up when the folder is opened.
Only what lies inside the folder is ever deleted.
"""

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from emo_core.datasets.clip_paths import RECORD, ClipFolder
from emo_core.datasets.clips import (
    COLUMNS,
    MANIFEST,
    DatasetClip,
    is_clip,
    is_dataset,
    person_of,
    read_dataset,
    read_manifest,
)
from emo_core.datasets.feature_cache import forget
from emo_core.datasets.names import check_label, check_person
from emo_core.errors import DatasetError, os_remedy
from emo_core.files.atomic_write import remove_leftovers, write_whole
from emo_core.files.csv_files import Table, read_csv, to_csv
from emo_core.files.formats import VIDEO_SUFFIXES
from emo_core.files.lock import locked
from emo_core.video.source import clean_name

_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Collection:
    """A data set as it is now.

    Attributes:
        folder: where it lies.
        labels: classes, those without a clip yet among them.
        clips: its clips.
    """

    folder: Path
    labels: tuple[str, ...]
    clips: tuple[DatasetClip, ...]


def open_collection(folder: Path) -> Collection:
    """Read a data set that may still be empty; clips that the manifest does not know are taken up into it.

    One that cannot be written is read as it is.

    Raises:
        DatasetError: the folder is missing or is no data set, or its manifest cannot be read.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no data set {clean_name(folder.name)}: create it first.")
    _check_ours(folder)
    try:
        with locked(folder / _LOCK):
            clips = _take_up(folder)
    except OSError:  # read only, or a full disk
        clips = _read(folder)
    labels = sorted({*_labels(folder), *(clip.label for clip in clips)})
    return Collection(folder, tuple(labels), tuple(clips))


def create(folder: Path, labels: Iterable[str]) -> Collection:
    """Make an empty data set with its classes; one that exists is given further classes.

    Raises:
        DatasetError: a label cannot be used, no folder can be made there, or one is there that is no data set.
    """
    names = [check_label(label) for label in labels]
    try:
        if folder.exists():
            _check_ours(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).mkdir(exist_ok=True)
        with locked(folder / _LOCK):
            if not (folder / MANIFEST).exists():
                _write(folder, _read(folder))
    except (OSError, ValueError) as error:
        raise _not_written(folder, error) from error
    return open_collection(folder)


def add_clip(
    folder: Path, content: bytes | Path, suffix: str, label: str, person: str, *, session: str = "", source: str = ""
) -> Path:
    """Keep a clip; when this returns it is on disk, and if it fails nothing has changed.

    Args:
        folder: of the data set.
        content: of the video file, or where that lies.
        suffix: of its name, such as ``.mp4``.
        label: its class.
        person: who is shown; empty if nobody says.
        session: the occasion.
        source: where it is from.

    Raises:
        DatasetError: label or person cannot be used, the folder is no data set, or the disk takes no more.
    """
    label, who = check_label(label), check_person(person)
    ending = suffix.lower() if suffix.lower() in VIDEO_SUFFIXES else VIDEO_SUFFIXES[0]
    if folder.exists():
        _check_ours(folder)
    try:
        (folder / label).mkdir(parents=True, exist_ok=True)
        if not ClipFolder(folder).holds(folder / label):
            raise DatasetError(f"The folder {label} leads outside the data set: choose another class.")
        with locked(folder / _LOCK):
            clips = _read(folder)
            path = _free_name(folder / label, who, ending)
            write_whole(path, content)
            try:
                _write(folder, [*clips, _clip(path, label, who, session, source)])
            except OSError:
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise _not_written(folder, error) from error
    return path


def remove_clips(folder: Path, paths: Sequence[Path], cache: Path) -> list[Path]:
    """Take clips out of a data set for good, with what was seen of them; ask before.

    Args:
        folder: of the data set.
        paths: of the clips.
        cache: folder that holds what was seen of clips.

    Returns:
        The files that stay where they are, because they lie outside the data set.

    Raises:
        DatasetError: a path is none of the data set's clips, or the disk refuses.
    """
    try:
        with locked(folder / _LOCK):
            clips, place = _read(folder), ClipFolder(folder)
            gone = {path.resolve() for path in paths}
            if gone - {clip.path.resolve() for clip in clips}:
                raise DatasetError("That clip is no longer in the data set: reload the page.")
            kept = [clip for clip in clips if clip.path.resolve() not in gone]
            removed = [clip.path for clip in clips if clip.path.resolve() in gone]
            _write(folder, kept)
            forget(cache, removed, still_there=[clip.path for clip in kept])
            for path in {*removed, *gone}:  # a link and what it leads to, where that is inside as well
                if entry := place.entry_of(path):
                    entry.unlink(missing_ok=True)
            return sorted(path for path in gone if not place.holds(path))
    except OSError as error:
        raise _not_written(folder, error) from error


def remove_dataset(folder: Path, cache: Path) -> list[Path]:
    """Take a data set away for good: its clips, what was seen of them, its manifest; files that are none of it stay.

    Args:
        folder: of the data set.
        cache: folder that holds what was seen of clips.

    Returns:
        The clips that stay where they are, because they lie outside it.

    Raises:
        DatasetError: it cannot be read, or the disk refuses.
    """
    outside = remove_clips(folder, [clip.path for clip in open_collection(folder).clips], cache)
    try:
        with locked(folder / _LOCK):
            if _read(folder):  # somebody added a clip meanwhile: it stays, and so does what is said of it
                return outside
            for name in (MANIFEST, RECORD, _LOCK):
                (folder / name).unlink(missing_ok=True)
        for item in [*(item for item in folder.iterdir() if item.is_dir() and not item.is_symlink()), folder]:
            with suppress(OSError):  # not empty: it holds something else
                item.rmdir()
    except OSError as error:
        raise _not_written(folder, error) from error
    return outside


def write_manifest(folder: Path, clips: Sequence[DatasetClip]) -> None:
    """Replace the manifest of a folder whole.

    Raises:
        DatasetError: the disk takes no more.
    """
    try:
        with locked(folder / _LOCK):
            _write(folder, clips)
    except OSError as error:
        raise _not_written(folder, error) from error


def _check_ours(folder: Path) -> None:
    """Raise :class:`DatasetError` if a folder holds something else than a data set, which is never written into."""
    begun = all(item.name == _LOCK or (item.is_dir() and not any(item.iterdir())) for item in folder.iterdir())
    if not begun and not is_dataset(folder):
        raise DatasetError(
            f"{clean_name(folder.name)} holds other things than a data set and is left alone: choose another name, or "
            f"give its {MANIFEST} the columns path and label."
        )


def _read(folder: Path) -> list[DatasetClip]:
    """Clips of the manifest, or of a folder for each label; none where there are none yet."""
    if (folder / MANIFEST).exists():
        return read_manifest(folder / MANIFEST) if _table(folder).rows else []
    return read_dataset(folder) if is_dataset(folder) else []


def _take_up(folder: Path) -> list[DatasetClip]:
    """Clips of the manifest, and those that were written when it was not; the lock is held."""
    clips, place = _read(folder), ClipFolder(folder)
    known = {clip.path.resolve() for clip in clips}
    places = [folder / label for label in _labels(folder)]
    for path in (folder, *places):
        remove_leftovers(path, older_than_s=0)
    found = [path for label in places for path in sorted(label.iterdir()) if is_clip(path) and place.holds(path)]
    lost = [path for path in found if path.resolve() not in known]
    if not lost:
        return clips
    _write(folder, [*clips, *(_clip(path, path.parent.name, person_of(path), "", "") for path in lost)])
    return _read(folder)


def _table(folder: Path) -> Table:
    """The manifest as it is, with columns of others."""
    path = folder / MANIFEST
    return read_csv(path, ("path", "label"), COLUMNS) if path.exists() else Table(COLUMNS, ())


def _write(folder: Path, clips: Sequence[DatasetClip]) -> None:
    """Replace the manifest; what other columns said of a clip stays."""
    table, place, inside = _table(folder), ClipFolder(folder), folder.resolve()
    columns = [*COLUMNS, *(name for name in table.columns if name not in COLUMNS)]
    earlier = {}
    for row in table.rows:
        with suppress(DatasetError):
            earlier[place.find(row.cells["path"]).resolve()] = row.cells
    rows = []
    for clip in clips:
        relative = Path(os.path.relpath(clip.path.parent.resolve() / clip.path.name, inside)).as_posix()
        cells = {
            **earlier.get(clip.path.resolve(), {}),
            "path": relative if relative[0].isalnum() or relative[0] in "_." else f"./{relative}",
            "label": clip.label,
            "person": clip.person if clip.person_known else "",
            "session": clip.session,
            "source": clip.source,
            "story": clip.story,
            "degradation": clip.degradation,
        }
        rows.append([cells.get(name, "") for name in columns])
    write_whole(folder / MANIFEST, to_csv(columns, rows))


def _clip(path: Path, label: str, person: str, session: str, source: str) -> DatasetClip:
    return DatasetClip(path, label, person, source, session=session, person_known=bool(person))


def _labels(folder: Path) -> list[str]:
    """Folders of classes: those that hold clips, or nothing yet, but no folders, and lie inside."""
    place, names = ClipFolder(folder), []
    for item in sorted(folder.iterdir()):
        with suppress(OSError, DatasetError):
            if item.is_dir() and place.holds(item) and not any(inner.is_dir() for inner in item.iterdir()):
                check_label(item.name)
                names.append(item.name)
    return names


def _free_name(folder: Path, person: str, suffix: str) -> Path:
    """``<person>__<number>`` that no clip has; without a person the number alone."""
    plain = person.replace(" ", "-")
    numbers = [int(found[1]) for path in folder.iterdir() if (found := re.search(r"(\d+)$", path.stem))]
    number = max(numbers, default=0) + 1
    return folder / (f"{plain}__{number:04d}{suffix}" if plain else f"{number:04d}{suffix}")


def _not_written(folder: Path, error: OSError | ValueError) -> DatasetError:
    remedy = os_remedy(error) if isinstance(error, OSError) else "Choose another name."
    return DatasetError(
        f"The data set {clean_name(folder.name)} could not be written ({getattr(error, 'strerror', None) or error}); "
        f"nothing was changed. {remedy}"
    )
