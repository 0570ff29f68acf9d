"""The tables of a study: written clip by clip from what is kept of each, read back as data frames."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emo_core import SOFTWARE, extras
from emo_core.columns import components
from emo_core.emotions import EMOTIONS, UNSURE
from emo_core.errors import StudyError
from emo_core.files.atomic_write import replaced_whole
from emo_core.files.csv_files import to_csv, unescaped
from emo_core.studies.clips import StudyClip
from emo_core.studies.judged import Judged
from emo_core.studies.parquet import ParquetRows, ParquetTables, behind, from_ipc
from emo_core.studies.store import (
    CLIPS,
    CLIPS_CSV,
    FRAMES,
    SEGMENTS,
    WINDOWS,
    ModelRecord,
    StudyRecord,
    read_record,
)
from emo_core.video.source import clean_name

if TYPE_CHECKING:
    from pandas import DataFrame

_TEXTS = (
    "clip",
    "participant",
    "condition",
    "session",
    "verdict",
    "reason",
    "warnings",
    "model",
    "model_version",
    "software",
    "error",
)


@dataclass(frozen=True, slots=True)
class Study:
    """A study that was made, complete or not.

    Attributes:
        path: its folder.
        record: ``study.json``.

    Example:
        >>> study = load_study("results")                              # doctest: +SKIP
        >>> study.clips().groupby("condition").quality.mean()          # doctest: +SKIP
    """

    path: Path
    record: StudyRecord

    def clips(self) -> "DataFrame":
        """A row for each clip and person.

        ``clip``, ``participant``, ``condition``, ``session``, ``start_s``, ``end_s``, ``mark_s`` as the study was asked
        for; what was found as in :func:`emo_core.studies.judged.person_row`; ``model``, ``model_version``; ``content``:
        SHA-256 of the file; ``error``: why it failed, else empty.
        """
        return self._parquet(CLIPS)

    def frames(self, columns: Sequence[str] | None = None) -> "DataFrame":
        """A row for each sampled frame, as documented in :mod:`emo_core.columns`, behind the clip and its groups.

        Args:
            columns: to read; all of them by default.
        """
        return _counted(self._parquet(FRAMES, columns))

    def windows(self) -> "DataFrame":
        """A row for each window, as documented in :mod:`emo_core.columns`, behind the clip and its groups."""
        return self._parquet(WINDOWS)

    def segments(self) -> "DataFrame":
        """A row for each span of one verdict, as in :mod:`emo_core.columns`, behind the clip and its groups."""
        import pandas

        self._check(SEGMENTS)
        texts = dict.fromkeys(_TEXTS, "str")
        table = pandas.read_csv(self.path / SEGMENTS, dtype=texts, keep_default_na=False, na_values=[""])
        for name in set(_TEXTS) & set(table.columns):
            table[name] = table[name].fillna("").map(unescaped)
        return table

    def _parquet(self, name: str, columns: Sequence[str] | None = None) -> "DataFrame":
        import pandas

        self._check(name)
        return pandas.read_parquet(self.path / name, columns=columns if columns is None else list(columns))

    def _check(self, name: str) -> None:
        if not (self.path / name).is_file():
            raise StudyError(
                f"{clean_name(self.path.name)} has no {name} yet, for its run was ended: run the same command again."
            )


def load_study(path: Path | str) -> Study:
    """A study that ``analyze … --out`` made.

    Raises:
        StudyError: there is none in that folder.

    Example:
        >>> study = load_study("results")                                                   # doctest: +SKIP
        >>> study.clips().groupby("condition").time_share_amusement_surprise.mean()         # doctest: +SKIP
    """
    extras.need("pyarrow")
    path = Path(path)
    record = read_record(path)
    if record is None:
        raise StudyError(f"There is no study in {clean_name(path.name)}: name a folder that analyze --out has made.")
    return Study(path, record)


def write_tables(folder: Path, model: ModelRecord, rows: Iterator[tuple[StudyClip, str, Judged]]) -> tuple[int, int]:
    """Write every table of a study whole, holding a few thousand rows at a time.

    Args:
        folder: of the study.
        model: that judged.
        rows: every clip with the digest of its content and what was found in it, in order.

    Returns:
        How many clips have a result, and how many of these failed.

    Raises:
        OSError: the disk refuses; earlier tables are as they were then.
    """
    columns, done, failed = clip_columns(model.labels), 0, 0
    with ExitStack() as files:
        clips = files.enter_context(ParquetRows(files.enter_context(replaced_whole(folder / CLIPS)), columns))
        clips_csv, segments = (
            files.enter_context(files.enter_context(replaced_whole(folder / name)).open("w", encoding="utf-8"))
            for name in (CLIPS_CSV, SEGMENTS)
        )
        tables = {
            name: files.enter_context(
                ParquetTables(files.enter_context(replaced_whole(folder / file)), _identity(None))
            )
            for name, file in (("frames", FRAMES), ("windows", WINDOWS))
        }
        clips_csv.write(to_csv(list(columns), []))
        has_segments = False
        for clip, digest, found in rows:
            done, failed = done + 1, failed + bool(found.error)
            listed = clip_rows(clip, digest, found, model)
            clips.write_rows(listed)
            clips_csv.write(_lines(columns, listed))
            for name, table in tables.items():
                if name in found.tables:
                    table.write(behind(_identity(clip), from_ipc(found.tables[name])))
            if "segments" in found.tables:
                spans = behind(_identity(clip), from_ipc(found.tables["segments"]))
                if not has_segments:
                    segments.write(to_csv(spans.column_names, []))
                has_segments = True
                segments.write(_lines(dict.fromkeys(spans.column_names), spans.to_pylist()))
        if not has_segments:
            segments.write(to_csv(list(_identity(None)), []))
    return done, failed


def clip_columns(labels: Sequence[str]) -> dict[str, str]:
    """Columns of the table of clips in order, each with its type: ``text``, ``number``, ``count`` or ``truth``."""
    parts = components(labels)
    numbers = [
        "probability", *(f"probability_{name}" for name in labels), *(f"presence_{name}" for name in parts),
        *(f"salience_{name}" for name in parts), *(f"emotion_{name}" for name in EMOTIONS),
        *(f"time_share_{name}" for name in (*labels, UNSURE)), "quality", "judged_s", "on_screen_s", "duration_s",
    ]  # fmt: skip
    return {
        **dict.fromkeys(_identity(None), "text"), **dict.fromkeys(("start_s", "end_s", "mark_s"), "number"),
        "person": "count", "verdict": "text", "is_blend": "truth", **dict.fromkeys(numbers, "number"),
        "num_windows": "count",
        **dict.fromkeys(
            ("reason", "warnings", "model", "model_version", "software", "content", "error"), "text"
        ),
    }  # fmt: skip


def clip_rows(clip: StudyClip, digest: str, found: Judged, model: ModelRecord) -> list[dict[str, Any]]:
    """Rows of the table of clips: one for each person, or one that says why there is none.

    Args:
        clip: as the study was asked for it.
        digest: SHA-256 of its content.
        found: in it.
        model: that judged.
    """
    part = {"start_s": clip.start_s, "end_s": clip.end_s} if clip.part else {}
    about = {**_identity(clip), **part, "mark_s": clip.mark_s, "content": digest, "error": found.error}
    of_model = {"model": model.name, "model_version": model.version, "software": SOFTWARE}
    return [{**about, **person, **of_model} for person in found.people or [{}]]


def table_of_clip(found: Judged, name: str) -> "DataFrame":
    """One of the tables of a clip; empty where it failed."""
    import pandas

    return _counted(from_ipc(found.tables[name]).to_pandas()) if name in found.tables else pandas.DataFrame()


def _counted(table: "DataFrame") -> "DataFrame":
    """The table with the numbers of frames as such where some are missing."""
    return table.astype({"source_frame": "Int64"}) if "source_frame" in table.columns else table


def _identity(clip: StudyClip | None) -> dict[str, str]:
    """The columns that say which clip a row is of."""
    names = ("clip", "participant", "condition", "session")
    if clip is None:
        return dict.fromkeys(names, "")
    part = f"#t={clip.start_s:g},{clip.end_s:g}" if clip.part else ""
    return dict(zip(names, (clip.name + part, clip.participant, clip.condition, clip.session), strict=True))


def _lines(columns: Mapping[str, object], rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV lines of rows; empty cells for what they do not have."""
    cells = [
        ["" if (value := row.get(name)) is None or value != value else _cell(value) for name in columns] for row in rows
    ]
    return to_csv(cells[0], cells[1:]) if cells else ""


def _cell(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
