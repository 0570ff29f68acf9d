"""Clips whose verdict a person corrected, as a data set in a zip file that a model can be taught from."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from emo_core.datasets.clips import MANIFEST
from emo_core.datasets.names import check_label
from emo_core.files.csv_files import to_csv
from emo_core.files.formats import VIDEO_SUFFIXES
from emo_core.video.source import clean_name

COLUMNS = ("path", "label", "person", "source")
_SOURCE = "corrected"


@dataclass(frozen=True, slots=True)
class Correction:
    """A clip, what it is called, the label that a person says is right, and who is shown, empty if that is unknown."""

    path: Path
    name: str
    label: str
    person: str = ""


def zip_corrections(target: Path | BinaryIO, corrections: Sequence[Correction]) -> None:
    """Write a folder for each label with ``<person>__<clip>`` in it, and the ``manifest.csv`` that says the same.

    Args:
        target: the zip to write.
        corrections: what goes into it.

    Raises:
        DatasetError: a label cannot name a class.
    """
    rows: list[tuple[str, ...]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # clips are compressed as they are
        for number, item in enumerate(corrections, start=1):
            label, person = check_label(item.label), _plain(item.person)
            path = PurePosixPath(label) / _file_name(item.name, number, person)
            archive.write(item.path, str(path))
            rows.append((str(path), label, person, _SOURCE))
        archive.writestr(MANIFEST, to_csv(COLUMNS, rows))


def _file_name(name: str, number: int, person: str) -> str:
    """``<person>__<number>_<clip>``; without a person nothing that could be taken for one."""
    path = PurePosixPath(clean_name(name))
    suffix = path.suffix.lower() if path.suffix.lower() in VIDEO_SUFFIXES else ".mp4"
    stem = f"{number}_{_plain(path.stem)[:60]}".rstrip("_")
    return (f"{person}__" if person else "") + stem + suffix


def _plain(text: str) -> str:
    """Letters, digits, - and single _ of a text: a name that every file system takes."""
    return re.sub(r"_+", "_", re.sub(r"[^\w\-]+", "_", text)).strip("_")[:60]
