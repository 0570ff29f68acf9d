"""Which clips a study is of: files, folders and all below them, patterns, or a table that says who is shown when.

    manifest.csv     path, relative to it; participant, condition, session, start_s, end_s, mark_s if known

A part of a file is from `start_s` on and before `end_s`; `mark_s` is a moment to line clips up at. Times are seconds on
the file's own clock. A folder of labelled clips has a manifest of its own: its people are the participants, its labels
the conditions. Nothing is guessed: what no table says is empty.
"""

import glob
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emo_core.datasets.clip_paths import ClipFolder
from emo_core.datasets.clips import read_manifest
from emo_core.datasets.names import tidy
from emo_core.errors import DatasetError, StudyError
from emo_core.files.csv_files import Row, Table, check_lines, read_csv
from emo_core.files.formats import has_video_name
from emo_core.video.source import clean_name

MANIFEST = "manifest.csv"
COLUMNS = ("path", "participant", "condition", "session", "start_s", "end_s", "mark_s")
"""Columns of a manifest; any other one is refused, for it may be one of these with a slip in its name."""

MOST_CLIPS = 5000
"""Clips of one study."""

_LABEL = "label"
_PATTERN = "*?["


@dataclass(frozen=True, slots=True)
class StudyClip:
    """One clip of a study.

    Attributes:
        path: the video file.
        name: its path below the folder that holds all clips of the study, with forward slashes.
        participant, condition, session: who is shown, and when; empty where nothing says so.
        start_s, end_s: the part of the file that is meant; by default all of it.
        mark_s: a moment to line clips up at; None where there is none.
    """

    path: Path
    name: str
    participant: str = ""
    condition: str = ""
    session: str = ""
    start_s: float = 0.0
    end_s: float = math.inf
    mark_s: float | None = None

    @property
    def part(self) -> tuple[float, float] | None:
        """Start and end of the part that is meant; None for the whole file."""
        return None if (self.start_s, self.end_s) == (0.0, math.inf) else (self.start_s, self.end_s)


def is_study(places: Sequence[Path]) -> bool:
    """Whether words of a command line mean many clips rather than one file.

    Example:
        >>> is_study([Path("a.mp4")]), is_study([Path("a.mp4"), Path("b.mp4")]), is_study([Path("assets")])
        (False, True, True)
        >>> is_study([Path("clips.csv")]), is_study([Path("clips/*.mp4")])
        (True, True)
    """
    return len(places) != 1 or _is_dir(places[0]) or _is_table(places[0]) or _is_pattern(places[0])


def find_clips(places: Sequence[Path], leave_out: Path | None = None) -> list[StudyClip]:
    """The clips of a study, in order.

    Args:
        places: files, folders, patterns, and tables.
        leave_out: a folder that is not looked into: that of the results.

    Raises:
        StudyError: there are none or too many, one is missing or twice among them, or a table cannot be used.

    Example:
        >>> clip = find_clips([Path("assets/demo")])[0]
        >>> clip.name, clip.condition
        ('person_01/amusement_surprise_0.mp4', 'amusement_surprise')
    """
    found: list[StudyClip] = []
    for place in places:
        found += _clips_at(place, leave_out)
        if len(found) > MOST_CLIPS:
            raise StudyError(
                f"There are {len(found):,} clips, and a study takes at most {MOST_CLIPS:,}: make several of them, each "
                "with a folder of its own."
            )
    if not found:
        what = clean_name(places[0].name) if len(places) == 1 else "What is named"
        raise StudyError(f"{what} holds no clips: name video files, folders that hold some, or a {MANIFEST}.")
    return _named(_each_once(found))


def check_inside(clips: Sequence[StudyClip], folder: Path) -> None:
    """Make sure that every clip lies inside a folder, whatever links lead to it.

    Raises:
        StudyError: one does not.
    """
    root = folder.resolve()
    for clip in clips:
        if not clip.path.resolve().is_relative_to(root):
            raise StudyError(
                f"{clean_name(clip.path.name)} is a link that leads out of the study: put the clip itself there."
            )


def _clips_at(place: Path, leave_out: Path | None) -> list[StudyClip]:
    try:
        if _is_pattern(place):
            return _of_pattern(place, leave_out)
        if _is_dir(place):
            manifest = place / MANIFEST
            return _of_table(manifest) if manifest.is_file() else _of_folder(place, leave_out)
        if not place.exists():
            raise StudyError(f"There is no {clean_name(place.name)}: name video files, folders or a {MANIFEST}.")
        return _of_table(place) if _is_table(place) else [StudyClip(place, "")]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StudyError(f"{clean_name(place.name)} cannot be read ({reason}): name one that you may open.") from error


def _of_pattern(pattern: Path, leave_out: Path | None) -> list[StudyClip]:
    paths = [Path(path) for path in sorted(glob.glob(str(pattern), recursive=True))]  # noqa: PTH207 (any root)
    meant = [path for path in paths if _is_dir(path) or has_video_name(path.name)]
    if leave_out is not None:
        meant = [path for path in meant if not path.resolve().is_relative_to(leave_out.resolve())]
    clips = [clip for path in meant for clip in _clips_at(path, leave_out)]
    if not clips:
        raise StudyError(f"No video file matches {clean_name(pattern.name)}: correct the pattern, or name a folder.")
    return clips


def _of_folder(folder: Path, leave_out: Path | None) -> list[StudyClip]:
    """Every video below a folder that is not hidden; links to folders are not followed."""
    clips = []
    for path, folders, files in os.walk(folder):
        here = Path(path)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not _is_same(here / name, leave_out)
        )
        clips += [StudyClip(here / name, "") for name in sorted(files) if has_video_name(name)]
    return clips


def _of_table(path: Path) -> list[StudyClip]:
    try:
        table = read_csv(path, COLUMNS[:1], (*COLUMNS[1:], _LABEL))
        return _of_data_set(path) if _LABEL in table.columns else _of_manifest(path, table)
    except DatasetError as error:
        raise StudyError(str(error)) from error


def _of_data_set(path: Path) -> list[StudyClip]:
    """Clips of a data set, its people as participants and its labels as conditions."""
    return [
        StudyClip(clip.path, "", clip.person if clip.person_known else "", clip.label, clip.session)
        for clip in read_manifest(path)
    ]


def _of_manifest(path: Path, table: Table) -> list[StudyClip]:
    name = clean_name(path.name)
    if unknown := [column for column in table.columns if column not in COLUMNS]:
        raise StudyError(
            f"{name} has a column {clean_name(unknown[0])!r}, which a study does not know: rename or remove it; known "
            f"are {', '.join(COLUMNS)}."
        )
    place, clips, faults = ClipFolder(path.parent), [], []
    lines: dict[tuple[Path, float, float], int] = {}
    for row in table.rows:
        try:
            clip = _clip_of(row, place, path.parent)
            same = (clip.path, clip.start_s, clip.end_s)
            if same in lines:
                raise StudyError(f"the same clip stands in line {lines[same]}; remove one of them.")
            lines[same] = row.line
            clips.append(clip)
        except (DatasetError, StudyError) as error:
            faults.append((row.line, str(error)))
    check_lines(name, faults)
    return clips


def _clip_of(row: Row, place: ClipFolder, folder: Path) -> StudyClip:
    cells = row.cells
    if not cells["path"]:
        raise StudyError("path is empty; fill it in or remove the line.")
    if not place.admits(folder / cells["path"].replace("\\", "/")):
        raise StudyError(
            f"{clean_name(cells['path'])} lies outside the folder of the manifest; put the manifest into a folder that "
            "holds all clips."
        )
    start_s, end_s = _seconds(cells, "start_s", 0.0), _seconds(cells, "end_s", math.inf)
    if not start_s < end_s:
        raise StudyError("start_s must come before end_s.")
    mark_s = _seconds(cells, "mark_s", math.nan)
    participant, condition, session = (tidy(cells.get(column, "")) for column in COLUMNS[1:4])
    return StudyClip(
        place.find(cells["path"]), "", participant, condition, session, start_s, end_s,
        None if math.isnan(mark_s) else mark_s,
    )  # fmt: skip


def _seconds(cells: Mapping[str, str], column: str, default: float) -> float:
    text = cells.get(column, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise StudyError(f"{column} is {clean_name(text)!r}, expected seconds from the start of the file.")
    return value


def _each_once(clips: Sequence[StudyClip]) -> list[StudyClip]:
    """The same clips; those that several words of the command line name are one.

    Raises:
        StudyError: two tables say different things of one clip.
    """
    known: dict[tuple[str, float, float], StudyClip] = {}
    for clip in clips:
        key = (os.path.realpath(clip.path), clip.start_s, clip.end_s)
        earlier = known.setdefault(key, clip)
        if (earlier.participant, earlier.condition, earlier.session, earlier.mark_s) != (
            clip.participant, clip.condition, clip.session, clip.mark_s
        ):  # fmt: skip
            raise StudyError(f"{clean_name(clip.path.name)} is named twice, and differently: leave one of them out.")
    return list(known.values())


def _named(clips: Sequence[StudyClip]) -> list[StudyClip]:
    """The clips with their names below the folder that holds all of them."""
    paths = [os.path.abspath(clip.path) for clip in clips]  # noqa: PTH100 (links keep the names that the user gave)
    root = os.path.commonpath([os.path.dirname(path) for path in paths])  # noqa: PTH120
    names = [os.path.relpath(path, root).replace(os.sep, "/") for path in paths]
    return [replace(clip, name=name) for clip, name in zip(clips, names, strict=True)]


def _is_table(place: Path) -> bool:
    return place.suffix.lower() == ".csv"


def _is_pattern(place: Path) -> bool:
    return any(sign in str(place) for sign in _PATTERN) and not _exists(place)


def _is_dir(place: Path) -> bool:
    return _asked(place.is_dir)


def _exists(place: Path) -> bool:
    return _asked(place.exists)


def _asked(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (OSError, ValueError):  # a name that no file can have: opening it says so
        return False


def _is_same(folder: Path, other: Path | None) -> bool:
    return other is not None and folder.resolve() == other.resolve()
