"""What a worker of a cluster does: it holds the model, finds clips by their content, and judges them.

The model comes once, as the files of its folder, and is kept by its digest. A clip is read from the path that the study
names, if the very same content lies there; else it is asked for, and its content comes in pieces.
"""

from pathlib import Path
from typing import Any

import msgspec
from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from emo_core import __version__
from emo_core.errors import StudyError
from emo_core.files.quiet import native_messages_dropped
from emo_core.model.bundle import Bundle, load_bundle
from emo_core.model.bundle_files import model_digest
from emo_core.studies.judge import content_digest, judge_clip
from emo_core.studies.judged import Judged, Work

_MODELS: dict[str, Bundle] = {}  # by digest; of this process
_FOLDER = "hybrid-emotion"
_COMING = ".coming"  # of a clip that is not whole yet


class Unseen(msgspec.Struct, frozen=True):
    """The answer of a worker that does not see a clip: its address, to which the content can be sent."""

    address: str


class ModelOnWorker(WorkerPlugin):
    """Brings a model to each worker, once, also to those that join later.

    Args:
        files: content of the files of the bundle, by name.
        digest: of the bundle.
        name: of its folder, for the sentences that name it.
    """

    idempotent = True

    def __init__(self, files: dict[str, bytes], digest: str, name: str) -> None:
        self.name = f"hybrid-emotion-{digest}"
        self._files, self._digest, self._folder = files, digest, name
        self._version = __version__

    def setup(self, worker: Worker) -> None:
        """Write the files, check them and load the model.

        Raises:
            StudyError: the worker runs another version of the program.
            BundleError: a file did not arrive as it was sent.
        """
        if self._version != __version__:
            raise StudyError(
                f"A worker runs version {__version__} and the study {self._version}: install the same on every machine."
            )
        if self._digest in _MODELS:
            return
        folder = Path(worker.local_directory) / _FOLDER / self._digest / self._folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self._files.items():
            (folder / name).write_bytes(content)
        with native_messages_dropped():
            bundle = load_bundle(folder)
            bundle.head_network()
        if model_digest(folder) != self._digest:
            raise StudyError("The model did not arrive at a worker as it was sent: run the study again.")
        _MODELS[self._digest] = bundle


def judge_here(work: Work) -> Judged | Unseen:
    """Judge a clip on this worker, if it sees it."""
    worker = get_worker()
    sent = _sent(worker, work.digest)
    path = sent if sent.is_file() else Path(work.path)
    try:
        if content_digest(path) != work.digest:
            return Unseen(worker.address)
    except OSError:
        return Unseen(worker.address)
    try:
        return judge_clip(work, path, _MODELS[work.model])
    finally:
        sent.unlink(missing_ok=True)


def receive(digest: str, offset: int, content: bytes, dask_worker: Any = None) -> None:
    """Take a piece of a clip; pieces come in order.

    Args:
        digest: SHA-256 of the whole clip.
        offset: of the piece in it, in bytes.
        content: of the piece.
        dask_worker: this worker, as Dask gives it.

    Raises:
        OSError: the disk refuses.
        ValueError: an earlier piece is missing.
    """
    path = _sent(dask_worker, digest).with_suffix(_COMING)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if offset else "wb") as file:
        if file.tell() != offset:
            raise ValueError(f"a piece from {offset} on came to a file of {file.tell()} bytes")
        file.write(content)


def take(digest: str, dask_worker: Any = None) -> None:
    """The clip that `digest` stands for is whole."""
    path = _sent(dask_worker, digest)
    path.with_suffix(_COMING).replace(path)


def _sent(worker: Any, digest: str) -> Path:
    """Where a clip lies that was sent to a worker."""
    return Path(worker.local_directory) / _FOLDER / "clips" / digest
