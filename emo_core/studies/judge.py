"""A clip of a study judged in this process: what fails becomes a sentence, never the end of a run."""

import hashlib
import logging
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from emo_core.analysis import Analysis
from emo_core.errors import UNEXPECTED, EmoError, NoFaceError, VideoError, os_remedy
from emo_core.files import scratch
from emo_core.inference.pipeline import Change, Passes, analyze
from emo_core.model.bundle import Bundle
from emo_core.report.export import export_all
from emo_core.studies.judged import Judged, Work, rows_of, tables_of
from emo_core.types import Clip
from emo_core.video.source import video_error


def judge_clip(work: Work, path: Path, bundle: Bundle) -> Judged:
    """Judge a clip on one thread.

    Args:
        work: what to do.
        path: where the file lies for this process.
        bundle: the model.
    """
    started = time.perf_counter()
    found = _judge(work, path, bundle)
    found.seconds = round(time.perf_counter() - started, 3)
    return found


def _judge(work: Work, path: Path, bundle: Bundle) -> Judged:
    try:
        change = _cut(work.name, *work.part) if work.part else None
        analysis = analyze(path, bundle, name=work.name, change=change, threads=1)
        reports = _reports(path, analysis, bundle) if work.reports else {}
        return Judged(
            work.name, rows_of(analysis, bundle.config.sample_rate_hz), tables=tables_of(analysis), reports=reports
        )
    except (VideoError, NoFaceError) as error:
        return Judged(work.name, error=str(error), is_final=path.is_file())
    except EmoError as error:
        return Judged(work.name, error=str(error), is_final=False)
    except OSError as error:
        words = f"Reading or writing failed ({error.strerror or error}). {os_remedy(error)}"
        return Judged(work.name, error=words, is_final=False)
    except Exception:
        logging.getLogger(__name__).exception("unexpected error in a clip of a study")
        return Judged(work.name, error=UNEXPECTED, is_final=False)


def content_digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cut(name: str, start_s: float, end_s: float) -> Change:
    """The part of the video called `name` between two times, which stay those of the file."""

    def part(passes: Passes) -> Generator[Clip, None, None]:
        is_empty = True
        with closing(passes()) as clips:
            for clip in clips:
                inside = (clip.timestamps_s >= start_s) & (clip.timestamps_s < end_s)
                if inside.any():
                    is_empty = False
                    yield Clip(clip.frames[inside], clip.timestamps_s[inside], clip.width, clip.height)
                if clip.timestamps_s[-1] >= end_s:
                    break
        if is_empty:
            raise video_error(name, f"shows nothing between {start_s:g} and {end_s:g} s; correct start_s and end_s")

    return part


def _reports(path: Path, analysis: Analysis, bundle: Bundle) -> dict[str, bytes]:
    """What ``analyze --out`` writes of one clip, by file name."""
    with scratch.folder() as folder:
        export_all(folder, path, analysis, bundle)
        return {
            str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
        }
