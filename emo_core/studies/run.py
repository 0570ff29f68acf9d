"""A study from end to end: clips in, results as they come, the folder that keeps them."""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from emo_core import __version__
from emo_core.errors import os_remedy
from emo_core.model.bundle import Bundle
from emo_core.studies.clips import StudyClip
from emo_core.studies.judged import Judged, Work
from emo_core.studies.store import SCHEMA, ModelRecord, StudyFolder, StudyRecord, details, now, opened
from emo_core.studies.tables import write_tables
from emo_core.studies.works import Engine, engine_of, key_of, model_record, work_on

if TYPE_CHECKING:
    from distributed import Client


_PACKAGES = ("numpy", "pandas", "pyarrow", "dask", "distributed", "av", "ai-edge-litert", "opencv-python-headless")


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a run is.

    Attributes:
        done, total: clips with a result, those of earlier runs among them, and all.
        failed: clips of `done` whose result is a sentence.
        judged: clips judged in this run.
        seconds: since its start.
    """

    done: int
    total: int
    failed: int
    judged: int
    seconds: float

    @property
    def per_minute(self) -> float:
        """Clips judged a minute."""
        return 60 * self.judged / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the end, as far as can be told."""
        return (self.total - self.done) * self.seconds / self.judged if self.judged else None

    def words(self) -> str:
        """In one line."""
        left = self.seconds_left
        ends = "" if left is None or self.done == self.total else f", {_clock(left)} left"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.total} clips{failed}; {self.per_minute:.0f} a minute{ends}"


def _clock(seconds: float) -> str:
    """A time to wait.

    Example:
        >>> _clock(42), _clock(600), _clock(9000)
        ('42 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def run_study(
    clips: Sequence[StudyClip],
    bundle: Bundle,
    out: Path,
    client: "Client | None",
    *,
    command: str,
    tell: Callable[[Pace], None],
    reports: bool = False,
) -> StudyRecord:
    """Judge what is not judged yet, keep it, and write the tables, also when the run is stopped.

    Args:
        clips: of the study.
        bundle: the model.
        out: folder of the study.
        client: of a Dask cluster; None for this process.
        command: that goes on with the study.
        tell: called about once a second; an exception that it raises stops the run.
        reports: whether to write what ``analyze --out`` makes of one clip, for each.

    Raises:
        StudyError: the folder or the cluster cannot be used.
        OSError: the disk refuses.
    """
    model = model_record(bundle)
    with opened(out, model, clips) as folder:
        run = _Run(folder, clips, bundle, model, tell, reports)
        record = run.begin(command)
        state = "stopped"
        try:
            run.judge(engine_of(bundle, client))
            state = "done"
        finally:
            record = run.end(record, state)
    return record


class _Run:
    """One run over the clips of a study."""

    def __init__(
        self, folder: StudyFolder, clips: Sequence[StudyClip], bundle: Bundle, model: ModelRecord,
        tell: Callable[[Pace], None], reports: bool,
    ) -> None:  # fmt: skip
        self._folder, self._clips, self._bundle, self._model = folder, clips, bundle, model
        self._tell_pace, self._reports = tell, reports
        self._failures: dict[str, Judged] = {}  # by name of the clip; tried again by the next run
        self._asked: dict[str, list[StudyClip]] = {}
        self._done = self._failed = self._judged = 0
        self._started_s = time.monotonic()

    def begin(self, command: str) -> StudyRecord:
        """Note what is asked for."""
        earlier = self._folder.record()
        first = self._clips[0]
        path = os.path.abspath(first.path)  # noqa: PTH100 (links keep their names)
        record = StudyRecord(
            schema=SCHEMA,
            model=self._model,
            folder=path.removesuffix(f"/{first.name}"),
            clips=tuple(clip.name for clip in self._clips),
            command=command,
            versions=_versions(),
            started_at=earlier.started_at if earlier else now(),
            changed_at=now(),
            seconds=earlier.seconds if earlier else 0.0,
        )
        self._folder.note(record)
        return record

    def judge(self, engine: Engine) -> None:
        """Judge what is missing."""
        for work, found in engine(self._missing(), self._tell):
            if found.is_final:
                self._folder.put(work.key, found)
            for clip in self._asked.pop(work.key):
                self._keep(clip, found)
            self._judged += 1
            self._tell()
        self._tell()

    def end(self, record: StudyRecord, state: str) -> StudyRecord:
        """Write the tables of what is done, and how the run ended."""
        done, failed = write_tables(self._folder.path, self._model, self._results())
        spent_s = record.seconds + time.monotonic() - self._started_s
        ended = details(record, state=state, num_done=done, num_failed=failed, seconds=round(spent_s, 1))
        self._folder.note(ended)
        return ended

    def _keep(self, clip: StudyClip, found: Judged) -> None:
        self._done += 1
        self._failed += bool(found.error)
        if not found.is_final:
            self._failures[_title(clip)] = found
        if found.reports:
            self._folder.put_reports(clip, found.reports)

    def _missing(self) -> Iterator[Work]:
        """What has no result yet, copies of one clip once; taken as the work goes on."""
        for clip in self._clips:
            try:
                digest = self._folder.digest(clip.path)
            except OSError as error:
                self._keep(clip, _unread(clip, error))
                continue
            work = work_on(clip, digest, self._bundle, reports=self._reports)
            if (found := self._found(clip, work.key)) is not None:
                self._done += 1
                self._failed += bool(found.error)
            elif work.key in self._asked:
                self._asked[work.key].append(clip)
            else:
                self._asked[work.key] = [clip]
                yield work

    def _found(self, clip: StudyClip, key: str) -> Judged | None:
        """What an earlier run found, with all that is asked for now."""
        found = self._folder.get(key) if self._folder.has(key) else None
        if found is None or (self._reports and not found.error and not self._folder.has_reports(clip)):
            return None
        return found

    def _results(self) -> Iterator[tuple[StudyClip, str, Judged]]:
        """Every clip with a result, in order."""
        for clip in self._clips:
            if (failed := self._failures.get(_title(clip))) is not None:
                yield clip, "", failed
                continue
            try:
                digest = self._folder.digest(clip.path)
            except OSError:
                continue
            found = self._folder.get(key_of(clip, digest, self._bundle))
            if found is not None:
                yield clip, digest, found.renamed(clip.path.name)

    def _tell(self) -> None:
        elapsed_s = time.monotonic() - self._started_s
        self._tell_pace(Pace(self._done, len(self._clips), self._failed, self._judged, elapsed_s))


def _title(clip: StudyClip) -> str:
    return f"{clip.name} {clip.part}"


def _unread(clip: StudyClip, error: OSError) -> Judged:
    name = clip.path.name
    what = "was not found; check its name and folder" if isinstance(error, FileNotFoundError) else "cannot be read"
    remedy = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror or error}); {os_remedy(error)}"
    return Judged(name, error=f"“{name}” {what}{remedy}".rstrip(".") + ".", is_final=False)


def _versions() -> dict[str, str]:
    found = {"hybrid-emotion-studio": __version__, "python": platform.python_version()}
    return found | {name: version(name) for name in _PACKAGES} | {"system": f"{sys.platform} {platform.machine()}"}
