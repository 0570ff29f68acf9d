"""A clip of a study judged in this process: what fails becomes a sentence, never the end of a run."""

import hashlib
import logging
import time
from pathlib import Path

from emo_core.analysis import Analysis
from emo_core.errors import UNEXPECTED, EmoError, NoFaceError, VideoError, os_remedy
from emo_core.files import scratch
from emo_core.inference.pipeline import analyze
from emo_core.model.bundle import Bundle
from emo_core.report.export import export_all
from emo_core.studies.judged import Judged, Work, rows_of, tables_of


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
        analysis = analyze(path, bundle, name=work.name, part=work.part, threads=1)
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


def _reports(path: Path, analysis: Analysis, bundle: Bundle) -> dict[str, bytes]:
    """What ``analyze --out`` writes of one clip, by file name."""
    with scratch.folder() as folder:
        export_all(folder, path, analysis, bundle)
        return {
            str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
        }
