"""Where evaluations are kept: by the content of the model and the state of the data set, in a cache that may go.

The page and the command line find what the other one measured.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from emo_core.datasets.clips import DatasetClip
from emo_core.errors import DatasetError
from emo_core.files.cache import keep
from emo_core.model.bundle_files import model_digest


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


def store_table(path: Path, table: Mapping[str, Any]) -> None:
    """Write a table of figures into the cache, whole or not at all."""
    text = json.dumps(table, indent=1, ensure_ascii=False) + "\n"
    keep(path, lambda part: part.write_text(text, "utf-8"))


class _Split(msgspec.Struct, frozen=True):
    """One way to split, as far as it is shown."""

    accuracy: float
    macro_f1: float
    interval_over_people: tuple[float, float] | None
    macro_f1_interval_over_people: tuple[float, float] | None = None


class _Protocols(msgspec.Struct, frozen=True):
    """The comparison of protocols, as far as it is shown."""

    random: _Split
    subject: _Split
    leakage: float
    leakage_interval: tuple[float, float] | None
    num_windows: int = 0
    num_people: int = 0
    joined: _Split | None = None
    sources: list[str] = []
    same_people: list[str] = []
    command: str = ""
    made_at: str = ""


def load_protocols(path: Path) -> dict[str, Any] | None:
    """A stored comparison of protocols; None where there is none.

    Raises:
        DatasetError: the file is damaged.
    """
    try:
        table: dict[str, Any] = json.loads(path.read_text("utf-8"))
        msgspec.convert(table, _Protocols)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError("This stored comparison cannot be read: compare the protocols again.") from error
    return table


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
