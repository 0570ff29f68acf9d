"""Which files a data set may name: those inside its folder, and those that an import recorded for this very folder."""

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from emo_core.errors import DatasetError, printable
from emo_core.files.atomic_write import write_whole

RECORD = ".imported.json"
"""Name of the record of an import, in the folder of the data set."""


class ClipFolder:
    """The folder of a data set, links resolved, and the folders outside it that its import recorded.

    A manifest alone reaches nothing outside. The record of an import holds the number that the file system gave to the
    folder, so one that came along with a data set from elsewhere, or was copied from another one, counts for nothing.

    Args:
        folder: of the data set.

    Raises:
        OSError: it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inside = folder.resolve()
        self._roots = (self._inside, *_recorded(folder))
        self._listings: dict[Path, dict[str, list[Path]]] = {}

    def holds(self, path: Path) -> bool:
        """Whether a file lies inside the data set itself."""
        return _resolved(path).is_relative_to(self._inside)

    def admits(self, path: Path) -> bool:
        """Whether a file lies inside the data set, or where its import took clips from."""
        place = _resolved(path)
        return any(place.is_relative_to(root) for root in self._roots)

    def entry_of(self, path: Path) -> Path | None:
        """What to unlink to remove a clip from the data set: its file, or its link; None where neither is inside."""
        entry = _resolved(path.parent) / path.name
        return entry if entry.is_relative_to(self._inside) and entry != self._inside else None

    def find(self, cell: str) -> Path:
        """The clip that a manifest means, however a spreadsheet or another system spells its path.

        Raises:
            DatasetError: there is none, or it lies outside.
        """
        outside = False
        for spelled in _spellings(cell):
            path = self._folder / spelled
            if not self.admits(path):
                outside = True
            elif _is_file(path):
                return path
        if not outside and (alike := self._alike(cell)):
            return alike
        name = printable(cell)[-80:]
        if outside:
            raise DatasetError(
                f"the clip {name} lies outside the data set; put a copy into its folder, or import the data set again, "
                "if it was made so."
            )
        raise DatasetError(f"there is no clip {name}; correct the path.")

    def _alike(self, cell: str) -> Path | None:
        """The one file whose path differs by case or by how letters are composed, as other systems do not mind."""
        path = self._folder
        for part in PurePosixPath(cell.replace("\\", "/")).parts:
            if path not in self._listings:
                self._listings[path] = _listing(path)
            found = self._listings[path].get(_folded(part), [])
            if len(found) != 1:
                return None
            path = found[0]
        return path if self.admits(path) and _is_file(path) else None


def record_import(folder: Path, source: Path, clips: Iterable[Path]) -> None:
    """Let a data set name files outside its folder: those below `source`, and where links in it lead.

    Raises:
        OSError: the record cannot be written.
    """
    roots = {source.resolve()}
    for path in clips:
        place = path.resolve()
        if not any(place.is_relative_to(root) for root in roots):
            roots.add(place.parent)
    record = {"folder": folder.stat().st_ino, "roots": sorted(map(str, roots))}
    write_whole(folder / RECORD, json.dumps(record, indent=1) + "\n")


def _recorded(folder: Path) -> tuple[Path, ...]:
    """Folders outside that an import recorded for this very folder."""
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        if record["folder"] != folder.stat().st_ino:
            return ()
        return tuple(root for root in map(Path, record["roots"]) if root.is_absolute())
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def _spellings(cell: str) -> Iterator[str]:
    """A path as it stands; with slashes of this system; with letters composed, as most systems do, or not."""
    for slashes in dict.fromkeys((cell, cell.replace("\\", "/"))):
        yield from dict.fromkeys((slashes, *(unicodedata.normalize(form, slashes) for form in ("NFC", "NFD"))))


def _listing(folder: Path) -> dict[str, list[Path]]:
    """What is in a folder by folded name; nothing if that may not be seen."""
    found = defaultdict[str, list[Path]](list)
    with suppress(OSError):
        for path in folder.iterdir():
            found[_folded(path.name)].append(path)
    return found


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _resolved(path: Path) -> Path:
    """Where a path leads, links and ``..`` followed; nowhere inside any folder if that cannot be told."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a name that no file can have
        return Path("/")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
