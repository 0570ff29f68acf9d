"""Many clips from Python: results as they come, each with its tables as data frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from emo_core import extras
from emo_core.model.bundle import Bundle
from emo_core.studies.clips import StudyClip, find_clips
from emo_core.studies.judge import content_digest
from emo_core.studies.judged import Judged, Work
from emo_core.studies.store import ModelRecord
from emo_core.studies.tables import clip_rows, table_of_clip
from emo_core.studies.works import engine_of, model_record, work_on

if TYPE_CHECKING:
    from distributed import Client
    from pandas import DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class ClipResult:
    """What a study found in one clip.

    Attributes:
        clip: the clip.
        error: why it failed, one sentence; empty if it did not.
        seconds: of work.

    Example:
        >>> results = {result.clip.name: result for result in analyze_many(["clips"], bundle)}   # doctest: +SKIP
        >>> results["anna.mp4"].segments()                                                       # doctest: +SKIP
    """

    clip: StudyClip
    error: str
    seconds: float
    _found: Judged
    _model: ModelRecord
    _digest: str

    def people(self) -> "DataFrame":
        """A row for each person, or one that says why there is none: as in :meth:`~.tables.Study.clips`."""
        from pandas import DataFrame

        return DataFrame(clip_rows(self.clip, self._digest, self._found, self._model))

    def frames(self) -> "DataFrame":
        """A row for each sampled frame, as in :mod:`emo_core.columns`; none where the clip failed."""
        return table_of_clip(self._found, "frames")

    def windows(self) -> "DataFrame":
        """A row for each window, as in :mod:`emo_core.columns`; none where the clip failed."""
        return table_of_clip(self._found, "windows")

    def segments(self) -> "DataFrame":
        """A row for each span of one verdict, as in :mod:`emo_core.columns`; none where the clip failed."""
        return table_of_clip(self._found, "segments")


def analyze_many(paths: Sequence[Path | str], bundle: Bundle, client: "Client | None" = None) -> Iterator[ClipResult]:
    """Judge many clips; what fails is a result with its sentence.

    Args:
        paths: video files, folders, patterns, or tables, see :mod:`emo_core.studies.clips`.
        bundle: the model.
        client: of a Dask cluster whose workers judge, in whatever order they are done; without one, this process
            judges one clip after the other.

    Raises:
        StudyError: there are no such clips, or the cluster cannot be used.
        MissingPackageError: this installation cannot make studies.

    Example:
        >>> from emo_core import load_bundle
        >>> for result in analyze_many(["assets/demo/clips/person_01/other_4.mp4"], load_bundle()):
        ...     print(result.clip.name, result.error or "judged")
        other_4.mp4 judged
    """
    extras.need("pyarrow")
    clips = find_clips([Path(path) for path in paths])
    model = model_record(bundle)
    asked: dict[str, tuple[StudyClip, str]] = {}

    def works() -> Iterator[Work]:
        for number, clip in enumerate(clips):
            try:
                digest = content_digest(clip.path)
            except OSError:
                digest = ""
            work = work_on(clip, digest, bundle, reports=False)
            work = msgspec.structs.replace(work, key=f"{work.key}-{number}")  # each is told, copies as well
            asked[work.key] = clip, digest
            yield work

    for work, found in engine_of(bundle, client)(works(), lambda: None):
        clip, digest = asked.pop(work.key)
        yield ClipResult(clip, found.error, found.seconds, found, model, digest)
