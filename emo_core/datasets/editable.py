"""A data set that grows: classes and clips are added, every write whole or not at all, nothing deleted by accident.

The clips lie in a folder for each class under names of ours; ``manifest.csv`` says who, when and from where. A clip
that was written while the manifest was not (the machine went down in between) is taken up when the folder is opened.
"""

import csv
import fcntl
import io
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emo_core.datasets.clips import MANIFEST, DatasetClip, check_label, is_clip, is_dataset, person_of, read_manifest
from emo_core.errors import DatasetError
from emo_core.files.atomic_write import write_whole
from emo_core.video.source import clean_name

COLUMNS = ("path", "label", "person", "session", "source", "story", "degradation")
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

    Raises:
        DatasetError: the folder is missing or is no data set, or its manifest cannot be read.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no data set {clean_name(folder.name)}: create it first.")
    _check_ours(folder)
    with _locked(folder):
        clips = _read(folder)
        known = {clip.path.resolve() for clip in clips}
        found = [path for label in _labels(folder) for path in sorted((folder / label).iterdir()) if is_clip(path)]
        if lost := [path for path in found if path.resolve() not in known]:
            clips += [_clip(path, path.parent.name, person_of(path), "", "") for path in lost]
            _write(folder, clips)
            clips = _read(folder)
    labels = sorted({*_labels(folder), *(clip.label for clip in clips)})
    return Collection(folder, tuple(labels), tuple(clips))


def create(folder: Path, labels: Iterable[str]) -> Collection:
    """Make an empty data set with its classes; one that exists is given further classes.

    Raises:
        DatasetError: a label cannot be used, no folder can be made there, or one is there that is no data set.
    """
    names = [check_label(label.strip()) for label in labels]
    try:
        if folder.exists():
            _check_ours(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).mkdir(exist_ok=True)
        with _locked(folder):
            if not (folder / MANIFEST).exists():
                _write(folder, [])
    except OSError as error:
        raise _not_written(folder, error) from error
    return open_collection(folder)


def add_clip(
    folder: Path, content: bytes, suffix: str, label: str, person: str, *, session: str = "", source: str = ""
) -> Path:
    """Keep a clip; when this returns it is on disk, and if it fails nothing has changed.

    Args:
        folder: of the data set.
        content: of the video file.
        suffix: of its name, such as ``.mp4``.
        label: its class.
        person: who is shown; empty if nobody says.
        session: the occasion.
        source: where it is from.

    Raises:
        DatasetError: label or person cannot be used, the folder is no data set, or the disk takes no more.
    """
    check_label(label)
    who = check_person(person)
    if folder.exists():
        _check_ours(folder)
    try:
        (folder / label).mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            clips = _read(folder)
            path = _free_name(folder / label, who, suffix.lower())
            write_whole(path, content)
            try:
                _write(folder, [*clips, _clip(path, label, who, session, source)])
            except OSError:
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise _not_written(folder, error) from error
    return path


def remove_clips(folder: Path, paths: Sequence[Path]) -> None:
    """Delete clips for good; ask before.

    Raises:
        DatasetError: a path is none of the data set's clips, or the disk refuses.
    """
    with _locked(folder):
        clips = _read(folder)
        gone = {path.resolve() for path in paths}
        if gone - {clip.path.resolve() for clip in clips}:
            raise DatasetError("That clip is no longer in the data set: reload the page.")
        try:
            _write(folder, [clip for clip in clips if clip.path.resolve() not in gone])
            for path in gone:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _not_written(folder, error) from error


def check_person(person: str) -> str:
    """A name that tells a person apart and can stand in the name of a file; empty stays empty.

    Raises:
        DatasetError: it is too long, or has a sign that no file name may have.

    Example:
        >>> check_person(" anna 2 ")
        'anna 2'
    """
    name = " ".join(person.split())
    if name and (len(name) > 40 or "__" in name or not re.fullmatch(r"\w[\w \-]*", name)):
        raise DatasetError(
            "Name the person in at most 40 letters, digits, spaces, - and single _, such as anna or person 3."
        )
    return name


def check_name(name: str, what: str = "model") -> str:
    """`name`, if a model or a data set can be called so: it becomes a folder.

    Raises:
        DatasetError: it cannot.
    """
    if not name or len(name) > 40 or not all(sign.isalnum() or sign in "_-" for sign in name):
        raise DatasetError(f"Name the {what} in at most 40 letters, digits, _ and -, such as my_people.")
    return name


def write_manifest(folder: Path, clips: Sequence[DatasetClip]) -> None:
    """Replace the manifest of a folder whole.

    Raises:
        DatasetError: the disk takes no more.
    """
    try:
        with _locked(folder):
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
    """Clips of the manifest; none where it lists none yet."""
    return read_manifest(folder / MANIFEST) if _rows(folder) else []


def _rows(folder: Path) -> list[dict[str, str]]:
    """Lines of the manifest as they are, with columns of others."""
    path = folder / MANIFEST
    return list(csv.DictReader(path.read_text("utf-8").splitlines())) if path.exists() else []


def _write(folder: Path, clips: Sequence[DatasetClip]) -> None:
    """Replace the manifest; what other columns said of a clip stays."""
    earlier = {(folder / row["path"]).resolve(): row for row in _rows(folder) if row.get("path")}
    others = [name for name in next(iter(earlier.values()), {}) if name not in COLUMNS]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*COLUMNS, *others], lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for clip in clips:
        path = clip.path.resolve()
        own = {
            "path": Path(os.path.relpath(path, folder.resolve())).as_posix(),
            "label": clip.label,
            "person": clip.person if clip.person_known else "",
            "session": clip.session,
            "source": clip.source,
            "story": clip.story,
            "degradation": clip.degradation,
        }
        writer.writerow({**earlier.get(path, {}), **own})
    write_whole(folder / MANIFEST, buffer.getvalue().encode())


def _clip(path: Path, label: str, person: str, session: str, source: str) -> DatasetClip:
    return DatasetClip(path, label, person, source, session=session, person_known=bool(person))


def _labels(folder: Path) -> list[str]:
    """Folders of classes: those that hold clips, or nothing yet, but no folders."""
    folders = [item for item in folder.iterdir() if item.is_dir() and not item.name.startswith(".")]
    return sorted(item.name for item in folders if not any(inner.is_dir() for inner in item.iterdir()))


def _free_name(folder: Path, person: str, suffix: str) -> Path:
    """``<person>__<number>`` that no clip has; without a person the number alone."""
    plain = unicodedata.normalize("NFC", person).replace(" ", "-")
    numbers = [int(found[1]) for path in folder.iterdir() if (found := re.search(r"(\d+)$", path.stem))]
    number = max(numbers, default=0) + 1
    return folder / (f"{plain}__{number:04d}{suffix}" if plain else f"{number:04d}{suffix}")


def _not_written(folder: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"The data set {clean_name(folder.name)} could not be written ({error.strerror or error}); nothing was "
        "changed. Free some space or choose another folder, then try again."
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time, whatever process it is in."""
    with (folder / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
