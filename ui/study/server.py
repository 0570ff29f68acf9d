"""The studies of this server, shared by all visitors: a folder each below ``EMO_STUDIES``, run one at a time.

<study>/clips/       clips that were uploaded, with the manifest that came along; a folder without it is all clips
<study>/results/     what was found
"""

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from emo_core import config
from emo_core.errors import StudyError
from emo_core.files import folders
from ui.state import trainings

if TYPE_CHECKING:
    from emo_core.jobs.queue import JobQueue, JobStatus
    from emo_core.studies.tables import Study

UPLOADED, RESULTS, MANIFEST = "clips", "results", "manifest.csv"


@dataclass(frozen=True, slots=True)
class ServerStudy:
    """A study of the server: its folder, and that folder's path below ``EMO_STUDIES`` as its name."""

    name: str
    path: Path

    @property
    def clips(self) -> Path:
        """Where its clips lie."""
        uploaded = self.path / UPLOADED
        return uploaded if uploaded.is_dir() else self.path

    @property
    def results(self) -> Path:
        """Where its tables lie, or will lie."""
        return self.path / RESULTS

    @property
    def key(self) -> str:
        """Name of its order, and part of the keys of widgets."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return f"{re.sub(r'[^A-Za-z0-9-]', '_', self.name)[:60]}-{digest}"


def known() -> dict[str, ServerStudy]:
    """The folders directly below ``EMO_STUDIES`` by name."""
    place = folders.studies()
    try:
        found = sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return {}
    return {path.name: ServerStudy(path.name, path) for path in found if folders.is_study_of_server(path)}


def named(words: str) -> ServerStudy:
    """The study in the folder that a visitor means.

    Raises:
        StudyError: it lies elsewhere, or there is none.
    """
    path = folders.visitors_study(words)
    if not path.is_dir():
        raise StudyError(f"There is no folder {path.name}: name one below the studies of this server.")
    return ServerStudy(str(path.relative_to(folders.studies().resolve())), path)


def make(name: str, files: list[tuple[str, Path]], manifest: Path | None) -> ServerStudy:
    """A new study of uploaded clips.

    Args:
        name: of its folder.
        files: name of each clip, and where it lies.
        manifest: where the table lies that says who is shown; None without one.

    Raises:
        StudyError: the name is taken, two clips have one name, or nothing was uploaded.
        DatasetError: the name cannot be one.
        OSError: the disk refuses.
    """
    from emo_core.datasets.names import check_name
    from emo_core.files.atomic_write import write_whole
    from emo_core.video.source import clean_name

    config.refuse_if_public("keeps no studies")
    study = ServerStudy(check_name(name, "study"), folders.studies() / name)
    if not files:
        raise StudyError("Nothing was uploaded: choose the clips of the study first.")
    names = [clean_name(file) for file, _ in files]
    if twice := sorted({item for item in names if names.count(item) > 1}):
        raise StudyError(f"Two clips are called {twice[0]}: rename one, and upload them again.")
    place = study.path / UPLOADED
    study.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        study.path.mkdir()
    except FileExistsError:  # of two who ask at once, one gets the name
        raise StudyError(f"There is a study {name} already: choose another name.") from None
    try:
        place.mkdir()
        for item, (_, content) in zip(names, files, strict=True):
            write_whole(place / item, content)
        if manifest is not None:
            write_whole(place / MANIFEST, manifest)
    except OSError:  # no half study that has the name
        shutil.rmtree(study.path, ignore_errors=True)
        raise
    return study


def remove(study: ServerStudy) -> None:
    """Delete what was found, and the clips that were uploaded; clips of a folder of the server stay.

    Raises:
        OSError: the disk refuses.
    """
    jobs().stop(study.key)
    shutil.rmtree(study.results, ignore_errors=True)
    if (study.path / UPLOADED).is_dir():
        shutil.rmtree(study.path / UPLOADED)
        if not any(study.path.iterdir()):
            study.path.rmdir()


def jobs() -> "JobQueue":
    """The runs of studies of this server."""
    return trainings.queue("studies")


def status(study: ServerStudy) -> "JobStatus | None":
    """How far the run of a study is; None before its first."""
    return jobs().status(study.key)


def submit(study: ServerStudy, model: Path) -> None:
    """Ask for a run with a model; it goes on with what is done.

    Raises:
        StudyError: its clips cannot be used.
    """
    from emo_core.jobs.queue import Order
    from emo_core.studies.clips import check_inside, find_clips

    config.refuse_if_public("runs no studies")
    check_inside(find_clips([study.clips], leave_out=study.results), study.path)
    shown = folders.shown
    jobs().submit(
        Order(
            "study", study.key, shown(study.clips), shown(study.results), str(folders.cache()), base=shown(model)
        )
    )  # fmt: skip


def found(study: ServerStudy) -> "Study | None":
    """The tables of a study; None before there are any.

    Raises:
        StudyError: they cannot be read.
    """
    record = study.results / "study.json"
    if not (study.results / "clips.parquet").is_file() or not record.is_file():
        return None
    return _loaded(study.results, record.stat().st_mtime_ns)


@st.cache_resource(max_entries=4, show_spinner=False)
def _loaded(results: Path, changed_ns: int) -> "Study":
    from emo_core.studies.tables import load_study

    del changed_ns  # part of the key
    return load_study(results)
