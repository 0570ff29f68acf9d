"""Everything that can be taken away of an analysis, as files of a folder that appear together or not at all."""

import io
import json
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from emo_core.analysis import Analysis
from emo_core.errors import ExportError
from emo_core.files import folders, scratch
from emo_core.inference.pipeline import Progress
from emo_core.model.bundle import Bundle
from emo_core.report.annotated_video import write_annotated
from emo_core.report.annotations import Annotations
from emo_core.report.charts.catalog import Chart, charts_of
from emo_core.report.charts.images import to_png
from emo_core.report.html import html_report
from emo_core.report.key_frames import key_frames
from emo_core.report.serialization import write_json
from emo_core.report.tables import frames_csv, segments_vtt, windows_csv

FILES = ("analysis.json", "frames.csv", "windows.csv", "segments.vtt", "report.html", "annotated.mp4")
"""What a folder of exports holds beside the charts, ``chart_<name>.png``."""

_SAMPLES = folders.ROOT / "assets" / "samples.json"


@contextmanager
def folder_to_fill(out: Path) -> Iterator[Path]:
    """A hidden folder inside `out`, made if needed; what it holds at the end of the block moves up, else it is gone.

    Raises:
        ExportError: `out` cannot be written.
    """
    part, made = out / f".{uuid.uuid4().hex}.part", not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        part.mkdir()
    except OSError as error:
        raise _cannot(out, error) from error
    try:
        yield part
        for path in sorted(path for path in part.rglob("*") if path.is_file()):
            target = out / path.relative_to(part)
            target.parent.mkdir(exist_ok=True)
            path.replace(target)
    except OSError as error:
        raise _cannot(out, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if made and not any(out.iterdir()):
            out.rmdir()


def _cannot(out: Path, error: OSError) -> ExportError:
    reason = (error.strerror or "it cannot be written").lower()
    return ExportError(f"The results cannot be written to {out} ({reason}): choose another folder or free its disk.")


def export_all(
    folder: Path,
    source: Path | str | bytes,
    analysis: Analysis,
    bundle: Bundle,
    annotations: Annotations | None = None,
    progress: Progress | None = None,
) -> None:
    """Write :data:`FILES` and the charts into an existing folder.

    Args:
        folder: of :func:`folder_to_fill`.
        source: the clip that `analysis` is of; decoded twice more.
        analysis: what to tell.
        bundle: the model that made it.
        annotations: what a person says.
        progress: called as the work goes on.

    Raises:
        VideoError: the clip cannot be read any more.
    """
    tell = progress or (lambda stage, share: None)
    human = annotations or Annotations()
    for name, table in (("frames.csv", frames_csv), ("windows.csv", windows_csv), ("segments.vtt", segments_vtt)):
        write_table(folder / name, table, analysis, human, progress=tell)
    write_json(folder / "analysis.json", analysis, human)
    tell("Drawing the charts", 0.1)
    charts = charts_of(analysis, human)
    for name, picture in chart_pictures(charts, analysis).items():
        (folder / f"chart_{name}").write_bytes(picture)
    tell("Writing the report", 0.2)
    frames = key_frames(source, bundle, analysis, progress=lambda stage, share: tell(stage, 0.2 + 0.1 * share))
    credit = sample_credit(source)
    (folder / "report.html").write_text(html_report(analysis, human, bundle, charts, frames, credit), "utf-8")
    write_annotated(
        folder / "annotated.mp4", source, analysis, human, lambda stage, share: tell(stage, 0.3 + 0.7 * share)
    )
    tell("Done", 1.0)


def zip_all(
    target: Path,
    source: Path | str | bytes,
    analysis: Analysis,
    bundle: Bundle,
    annotations: Annotations,
    *,
    progress: Progress,
) -> None:
    """What :func:`export_all` writes, as one archive.

    Args:
        target: the file to write.
        source: the clip, as there; and so the others.
        analysis: what to tell.
        bundle: the model that made it.
        annotations: what a person says.
        progress: called as the work goes on.

    Raises:
        VideoError: the clip cannot be read any more.
    """
    with scratch.folder() as folder, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        export_all(folder, source, analysis, bundle, annotations, progress)
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)


def chart_pictures(charts: Sequence[Chart], analysis: Analysis) -> dict[str, bytes]:
    """Charts as PNG by file name; each says of which model it is."""
    of = f"model {analysis.model.title}"
    return {f"{chart.name}.png": to_png(chart.figure, f"{chart.title} ({of})") for chart in charts}


def zipped_charts(analysis: Analysis, annotations: Annotations, *, progress: Progress) -> bytes:
    """Every chart of an analysis as PNG, in an archive; `progress` is called as the work goes on."""
    progress("Drawing the charts", 0.0)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, picture in chart_pictures(charts_of(analysis, annotations), analysis).items():
            archive.writestr(name, picture)
    return buffer.getvalue()


def write_table(
    target: Path,
    table: Callable[[Analysis, Annotations], str],
    analysis: Analysis,
    annotations: Annotations,
    *,
    progress: Progress,
) -> None:
    """Write one of :mod:`emo_core.report.tables`.

    Args:
        target: the file.
        table: the function that makes it.
        analysis: what to tell.
        annotations: what a person says.
        progress: called before.
    """
    progress("Writing the file", 0.0)
    target.write_bytes(table(analysis, annotations).encode("utf-8"))


def report_of(
    source: Path | str | bytes,
    analysis: Analysis,
    bundle: Bundle,
    annotations: Annotations,
    made_at: datetime,
    *,
    progress: Progress,
) -> bytes:
    """The report of an analysis as one HTML file.

    Args:
        source: the clip that `analysis` is of; decoded once more.
        analysis: what to tell.
        bundle: the model that made it.
        annotations: what a person says.
        made_at: when the analysis was made.
        progress: called as the work goes on.

    Raises:
        VideoError: the clip cannot be read any more.
    """
    frames = key_frames(source, bundle, analysis, progress=progress)
    charts, credit = charts_of(analysis, annotations), sample_credit(source)
    return html_report(analysis, annotations, bundle, charts, frames, credit, made_at).encode()


def sample_credit(source: Path | str | bytes) -> str:
    """Whose clip a bundled sample is; empty for any other clip."""
    if isinstance(source, bytes) or not _SAMPLES.is_file():
        return ""
    for row in json.loads(_SAMPLES.read_text("utf-8")):
        if (_SAMPLES.parent / row["file"]).resolve() == Path(source).resolve():
            return f"{row['credit']} ({row['licence']})"
    return ""
