"""``analyze``: judge a clip."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emo_core.cli.terminal import PATH, json_option, model_option, native_messages_dropped, progress_line
from emo_core.errors import NoFaceError

if TYPE_CHECKING:
    from emo_core.inference.pipeline import Progress
    from emo_core.model.bundle import Bundle
    from emo_core.types import Analysis


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
@click.argument("clip", type=PATH, metavar="CLIP")
@model_option()
@json_option("Write everything as JSON; - for standard output.")
@click.option("--out", type=PATH, metavar="DIR", help="Write report, video, tables, subtitles and charts.")
@click.option("--person", type=PersonType(), default=1, metavar="N|all", help="Whom to tell about; 1 is the main one.")
@click.option("--quiet", is_flag=True, help="Show no progress; it is shown on a terminal only.")
def analyze(clip: Path, model: Path, json_file: Path | None, out: Path | None, person: int, quiet: bool) -> None:
    """Judge everybody in CLIP, a video of faces.

    With --person all, DIR holds a folder for each person.
    """
    from emo_core.inference import pipeline
    from emo_core.model.bundle import load_bundle
    from emo_core.report.serialization import to_json, to_text

    with native_messages_dropped():
        bundle = load_bundle(model)
        bundle.head_network()
    with progress_line(quiet=quiet) as tell:
        if out:
            told = _analyze_into(out, clip, bundle, person, tell)
        else:
            told = _about(pipeline.analyze(clip, bundle, progress=tell), person)
    if json_file == Path("-"):
        print(to_json(told[0]))
        return
    if json_file:
        json_file.write_text(to_json(told[0]) + "\n", "utf-8")
    print("\n\n".join(to_text(analysis) for analysis in told))


def _about(analysis: "Analysis", person: int) -> list["Analysis"]:
    """The analysis as told about one person, or about each of them in turn."""
    count = len(analysis.people)
    if person == EVERYBODY:
        return [analysis.about(number) for number in range(1, count + 1)]
    if person > count:
        seen = "1 person was" if count == 1 else f"{count} people were"
        raise NoFaceError(f"There is no person {person}: {seen} judged in {analysis.video.name}. Use --person all.")
    return [analysis.about(person)]


def _analyze_into(out: Path, clip: Path, bundle: "Bundle", person: int, tell: "Progress") -> list["Analysis"]:
    """Analyze and write every export; the folder is tried first, so that no work is lost on it."""
    from emo_core.inference import pipeline
    from emo_core.report.export import export_all, folder_to_fill

    with folder_to_fill(out) as folder:
        told = _about(pipeline.analyze(clip, bundle, progress=tell), person)
        for analysis in told:
            own = folder / f"person_{analysis.person}" if len(told) > 1 else folder
            own.mkdir(exist_ok=True)
            export_all(own, clip, analysis, bundle, progress=tell)
    return told
