"""Where evaluations are kept: by the content of the model and the state of the data set, in a cache that may go.

The page and the command line find what the other one measured.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from emo_core.datasets.clips import DatasetClip
from emo_core.errors import DatasetError
from emo_core.files.kept import keep
from emo_core.model.bundle_files import model_digest
from emo_core.records import Protocols


def evaluation_path(cache: Path, model: Path, clips: Sequence[DatasetClip], *, everyone: bool) -> Path:
    """Where the evaluation of a model on a data set is kept.

    Args:
        cache: folder of the cache.
        model: bundle directory.
        clips: of the data set.
        everyone: whether people that the model has seen are judged, too.
    """
    return cache / "evaluations" / f"{_digest(model, clips, str(everyone))}.json"


def protocols_path(cache: Path, model: Path, clips: Sequence[DatasetClip]) -> Path:
    """Where the comparison of protocols with the recipe of a model on a data set is kept."""
    return cache / "protocols" / f"{_digest(model, clips, 'protocols')}.json"


def store_protocols(path: Path, found: Protocols) -> None:
    """Write a comparison of protocols into the cache, whole or not at all."""
    keep(path, lambda part: part.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"))


def load_protocols(path: Path) -> Protocols | None:
    """A stored comparison of both protocols; None where there is none.

    Raises:
        DatasetError: the file is damaged.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Protocols)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        found = Protocols()
    if None in (found.random, found.subject, found.leakage):
        raise DatasetError("This stored comparison cannot be read: compare the protocols again.")
    return found


def forget(cache: Path, data: str, paths: Collection[str]) -> None:
    """Delete evaluations that list clips which are gone; those of the others are measured again, from what is kept.

    Args:
        cache: folder of the cache.
        data: name of the data set, as the evaluations have it.
        paths: of the clips, relative to the folder of the data set.
    """
    with suppress(OSError):
        for stored in (cache / "evaluations").glob("*.json"):
            with suppress(OSError, ValueError, KeyError, TypeError):
                told = json.loads(stored.read_bytes())
                listed = {row["path"] for part in ("clips", "left_out") for row in told[part]}
                if told["data"] == data and listed & set(paths):
                    stored.unlink(missing_ok=True)


def _digest(model: Path, clips: Sequence[DatasetClip], kind: str) -> str:
    """Another one when the model, a clip, or what is said of a clip has changed."""
    digest = hashlib.sha256(f"{kind}\n{model_digest(model)}\n".encode())
    for clip in clips:
        path = clip.path.resolve()
        state = path.stat()
        span = (clip.start_s, clip.end_s)
        told = (path, clip.label, clip.person, clip.session, clip.source, state.st_size, state.st_mtime_ns, span)
        digest.update(f"{told}\n".encode())
    return digest.hexdigest()[:24]
