"""``analyze``: judge a clip, or the many clips of a study."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emo_core.cli.study import Cluster, study
from emo_core.cli.terminal import PATH, POSITIVE, json_option, model_option, progress_line
from emo_core.errors import NoFaceError
from emo_core.files.quiet import native_messages_dropped

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.inference.pipeline import Progress
    from emo_core.model.bundle import Bundle


EVERYBODY = 0
"""Stands for every person."""


class PersonType(click.ParamType[int]):
    """``all`` or a number from 1."""

    name = "person"

    def convert(self, value: str | int, *_: object) -> int:
        """The number; :data:`EVERYBODY` for all."""
        if value == "all":
            return EVERYBODY
        if isinstance(value, int) or (value.isdecimal() and int(value) > 0):
            return int(value)
        self.fail(f"{value!r} is neither a number from 1 nor “all”.")


@click.command()
@click.argument("clips", type=PATH, metavar="CLIP|DIR|FILES…", nargs=-1, required=True)
@model_option()
@json_option("Write everything as JSON; - for standard output.")
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="Write report, video, tables, subtitles and charts; of a study, its tables, and go on with what is there.",
)
@click.option("--person", type=PersonType(), default=1, metavar="N|all", help="Whom to tell about; 1 is the main one.")
@click.option("--every-frame", is_flag=True, help="Tables and JSON of every frame, not only of the samples.")
@click.option("--reports", is_flag=True, help="Of a study: also write what --out writes of one clip, for each.")
@click.option("--workers", type=POSITIVE, metavar="N", help="Of a study: processes that judge; one a core by default.")
@click.option(
    "--worker-memory",
    type=click.IntRange(min=256),
    metavar="MB",
    help="Of a study: at which a process is ended and its clip done again; by default its share of the machine's.",
)
@click.option("--scheduler", metavar="ADDRESS", default="", help="Of a study: whose workers judge, as tcp://HOST:8786.")
@click.option("--quiet", is_flag=True, help="Show no progress; it is shown on a terminal only.")
def analyze(
    clips: tuple[Path, ...],
    model: Path,
    json_file: Path | None,
    out: Path | None,
    person: int,
    workers: int | None,
    worker_memory: int | None,
    scheduler: str,
    *,
    every_frame: bool,
    reports: bool,
    quiet: bool,
) -> None:
    """Judge everybody in CLIP, a video of faces.

    With --person all, DIR holds a folder for each person.

    Several files, a folder, a pattern or a table (manifest.csv: path; participant, condition, session, start_s, end_s,
    mark_s if known) are a study: DIR then holds clips.parquet and .csv, windows.parquet, frames.parquet, segments.csv
    and study.json, and the same command goes on where it was ended.
    """
    from emo_core.studies.clips import is_study

    cluster = Cluster(workers, worker_memory, scheduler)
    if is_study(clips):
        if out is None:
            raise click.UsageError("Many clips are a study, which needs --out DIR for its tables.")
        if json_file or every_frame or person != 1:
            raise click.UsageError("--json, --person and --every-frame are for one clip; a study tells of everybody.")
        study(clips, model, out, cluster, reports=reports, quiet=quiet)
        return
    if reports or cluster != Cluster():
        raise click.UsageError("--reports, --workers, --worker-memory and --scheduler are for a study of many clips.")
    _analyze_one(clips[0], model, json_file, out, person, every_frame=every_frame, quiet=quiet)


def _analyze_one(
    clip: Path, model: Path, json_file: Path | None, out: Path | None, person: int, *, every_frame: bool, quiet: bool
) -> None:
    from emo_core.model.bundle import load_bundle
    from emo_core.report.serialization import json_parts, to_text, write_json

    with native_messages_dropped():
        bundle = load_bundle(model)
        bundle.head_network()
    with progress_line(quiet=quiet) as tell:
        work = _Work(clip, bundle, person, every_frame, tell)
        told = work.export_into(out) if out else work.analyze()
    if json_file == Path("-"):
        for part in json_parts(told[0].frames):
            print(part, end="")
        print()
        return
    if json_file:
        write_json(json_file, told[0].frames)
    print("\n\n".join(to_text(one.analysis) for one in told))


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told about one person, and the same with the frames to write: every one, if so wished."""

    analysis: "Analysis"
    frames: "Analysis"


@dataclass(frozen=True, slots=True)
class _Work:
    """What the command is asked for."""

    clip: Path
    bundle: "Bundle"
    person: int
    every_frame: bool
    tell: "Progress"

    def analyze(self) -> list[_Told]:
        """The analysis as told about one person, or about each of them in turn."""
        from emo_core.inference import pipeline

        whole = pipeline.analyze(self.clip, self.bundle, progress=self.tell, limits=None)
        told = _about(whole, self.person)
        if not self.every_frame:
            return [_Told(analysis, analysis) for analysis in told]
        from emo_core.inference.every_frame import measure_every_frame

        dense = _about(measure_every_frame(self.clip, self.bundle, whole, self.tell), self.person)
        return [_Told(*pair) for pair in zip(told, dense, strict=True)]

    def export_into(self, out: Path) -> list[_Told]:
        """Analyze and write every export; the folder is tried first, so that no work is lost on it."""
        from emo_core.report.annotations import Annotations
        from emo_core.report.export import export_all, folder_to_fill
        from emo_core.report.serialization import write_json
        from emo_core.report.tables import frames_csv

        with folder_to_fill(out) as folder:
            told = self.analyze()
            for one in told:
                own = folder / f"person_{one.analysis.person}" if len(told) > 1 else folder
                own.mkdir(exist_ok=True)
                export_all(own, self.clip, one.analysis, self.bundle, progress=self.tell)
                if self.every_frame:
                    write_json(own / "analysis.json", one.frames)
                    (own / "frames.csv").write_bytes(frames_csv(one.frames, Annotations()).encode("utf-8"))
        return told


def _about(analysis: "Analysis", person: int) -> list["Analysis"]:
    """The analysis as told about one person, or about each of them in turn."""
    count = len(analysis.people)
    if person == EVERYBODY:
        return [analysis.about(number) for number in range(1, count + 1)]
    if person > count:
        seen = "1 person was" if count == 1 else f"{count} people were"
        raise NoFaceError(f"There is no person {person}: {seen} judged in {analysis.video.name}. Use --person all.")
    return [analysis.about(person)]
