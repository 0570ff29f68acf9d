"""The folder of a study: what is done is in it, whatever ended the run, and is not done again.

    study.json                      what, when, with which versions, by which command, and how far it is
    clips.parquet, clips.csv        a row for each clip and person; a clip that failed is a row with its sentence
    windows.parquet, frames.parquet, segments.csv
    reports/<clip>/                 where they were asked for: what ``analyze --out`` makes of one clip
    parts/                          what was found in each clip, a file each, called by content, part and model

Parts appear whole or not at all, so a process that is killed loses at most the clips in its hands.
"""

import fcntl
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from emo_core.errors import StudyError
from emo_core.files.atomic_write import remove_leftovers, write_whole
from emo_core.files.kept import kept_lines
from emo_core.studies.clips import StudyClip
from emo_core.studies.judge import content_digest
from emo_core.studies.judged import Judged
from emo_core.video.source import clean_name

RECORD = "study.json"
CLIPS, CLIPS_CSV, FRAMES, WINDOWS, SEGMENTS = (
    "clips.parquet", "clips.csv", "frames.parquet", "windows.parquet", "segments.csv",
)  # fmt: skip
REPORTS = "reports"
SCHEMA = "hybrid-emotion-study/1"

_PARTS, _CONTENTS, _LOCK = "parts", "contents.jsonl", "lock"


class ModelRecord(Struct, frozen=True):
    """The model of a study."""

    name: str
    version: str
    digest: str
    labels: tuple[str, ...]


class StudyRecord(Struct, frozen=True):
    """``study.json``.

    Attributes:
        model: that judged every clip.
        folder: that the names of the clips are below.
        clips: their names.
        command: that makes or goes on with the study.
        versions: of the program and of what it leans on.
        state: ``running``, ``done``, ``stopped``; one that runs under no process was killed.
        started_at, changed_at: ISO 8601, UTC.
        num_done, num_failed: clips with a result, and of these those that are a sentence.
        seconds: of all runs together.
    """

    schema: str
    model: ModelRecord
    folder: str
    clips: tuple[str, ...]
    command: str
    versions: dict[str, str]
    started_at: str
    changed_at: str
    state: str = "running"
    num_done: int = 0
    num_failed: int = 0
    seconds: float = 0.0


class _Content(Struct, frozen=True):
    """What stands for a clip while its size and the time of its last change (ns) stay as they are."""

    path: str
    state: tuple[int, int]
    sha256: str


class StudyFolder:
    """A study on disk; made by :func:`opened`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parts = path / _PARTS
        self._digests = {row.path: row for row in kept_lines(self._parts / _CONTENTS, _Content)}

    def digest(self, path: Path) -> str:
        """SHA-256 of a clip; one that was not changed since is not read again.

        Raises:
            OSError: it cannot be read.
        """
        place, found = os.path.abspath(path), path.stat()  # noqa: PTH100 (links keep their names)
        state = (found.st_size, found.st_mtime_ns)
        known = self._digests.get(place)
        if known is not None and known.state == state:
            return known.sha256
        row = self._digests[place] = _Content(place, state, content_digest(path))
        with (self._parts / _CONTENTS).open("ab") as file:
            file.write(msgspec.json.encode(row) + b"\n")
        return row.sha256

    def has(self, key: str) -> bool:
        """Whether there is a result under that key."""
        return self._part(key).is_file()

    def put(self, key: str, found: Judged) -> None:
        """Keep a result.

        Raises:
            OSError: the disk refuses.
        """
        part = self._part(key)
        part.parent.mkdir(exist_ok=True)
        write_whole(part, msgspec.msgpack.encode(msgspec.structs.replace(found, reports={})))

    def get(self, key: str) -> Judged | None:
        """The result under that key; None where there is none, or a damaged one, which is dropped."""
        try:
            return msgspec.msgpack.decode(self._part(key).read_bytes(), type=Judged)
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, ValueError):
            logging.getLogger(__name__).warning("a result in the study was damaged: run it again to make it anew")
            self._part(key).unlink(missing_ok=True)
            return None

    def report_folder(self, clip: StudyClip) -> Path:
        """Where the reports on a clip lie."""
        part = clip.part
        folder = self.path / REPORTS / clip.name
        return folder / f"{part[0]:g}-{part[1]:g}s" if part else folder

    def has_reports(self, clip: StudyClip) -> bool:
        """Whether the reports on a clip are there."""
        return (self.report_folder(clip) / "annotated.mp4").is_file()

    def put_reports(self, clip: StudyClip, files: Mapping[str, bytes]) -> None:
        """Write the reports on a clip, the video last: it tells that the others are there.

        Raises:
            OSError: the disk refuses.
        """
        folder = self.report_folder(clip)
        for name, content in sorted(files.items(), key=lambda item: item[0] == "annotated.mp4"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)

    def record(self) -> StudyRecord | None:
        """What ``study.json`` says; None where there is none."""
        return read_record(self.path)

    def note(self, record: StudyRecord) -> None:
        """Write ``study.json``.

        Raises:
            OSError: the disk refuses.
        """
        text = msgspec.json.format(msgspec.json.encode(record), indent=1)
        write_whole(self.path / RECORD, text + b"\n")

    def _part(self, key: str) -> Path:
        return self._parts / key[:2] / f"{key}.judged"


@contextmanager
def opened(path: Path, model: ModelRecord, clips: Sequence[StudyClip]) -> Iterator[StudyFolder]:
    """The folder of a study, held against every other process while the block runs; made where it is missing.

    Raises:
        StudyError: another process writes to it, or it holds something else: a study with another model or of other
            clips, or files of another origin.
    """
    name = clean_name(path.name)
    _check_same(path, name, model, clips)
    try:
        (path / _PARTS).mkdir(parents=True, exist_ok=True)
        with (path / _PARTS / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StudyError(
                    f"Another run is writing into {name}: wait for its end, or choose another folder."
                ) from None
            _check_same(path, name, model, clips)  # somebody may have come between
            for folder in (path, *(path / _PARTS).glob("??")):
                remove_leftovers(folder, older_than_s=0)
            yield StudyFolder(path)
    except (NotADirectoryError, FileExistsError, PermissionError) as error:
        reason = (error.strerror or "it cannot be written").lower()
        raise StudyError(f"The study cannot be written to {name} ({reason}): choose another folder.") from error


def read_record(path: Path) -> StudyRecord | None:
    """What the ``study.json`` in a folder says; None where there is none.

    Raises:
        StudyError: it cannot be read.
    """
    try:
        return msgspec.json.decode((path / RECORD).read_bytes(), type=StudyRecord)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise StudyError(
            f"The {RECORD} in {clean_name(path.name)} cannot be read: restore it, or remove it and run the study again."
        ) from error


def now() -> str:
    """This moment as the record tells it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _check_same(path: Path, name: str, model: ModelRecord, clips: Sequence[StudyClip]) -> None:
    """Refuse a folder that is another study's, or that holds files which a study would replace."""
    earlier = read_record(path)
    if earlier is None:
        if taken := [file for file in (CLIPS, CLIPS_CSV, FRAMES, WINDOWS, SEGMENTS) if (path / file).exists()]:
            raise StudyError(f"{name} holds a {taken[0]} that is of no study: choose another folder.")
        return
    if earlier.model.digest != model.digest:
        raise StudyError(
            f"{name} holds a study made with {earlier.model.name} {earlier.model.version}, another model: choose "
            "another folder."
        )
    places = {f"{earlier.folder}/{clip}" for clip in earlier.clips}
    known = any(clip.name in earlier.clips or os.path.abspath(clip.path) in places for clip in clips)  # noqa: PTH100
    if not known:
        raise StudyError(f"{name} holds a study of other clips: choose another folder.")


def details(record: StudyRecord, **changes: Any) -> StudyRecord:
    """The record with some of its entries changed, as of now."""
    return msgspec.structs.replace(record, changed_at=now(), **changes)
