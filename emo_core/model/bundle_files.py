"""The files of a model directory: read within bounds, every one checked against its hash; written whole or not at all.

bundle.json         schema, name, version, classes, pipeline settings, temperature, SHA-256 of every file below
frame_cnn.tflite    frame CNN for serving        frame_cnn.keras   the same for training and gradients
head.tflite         LSTM head for serving        head.keras        the same
normalizer.npz      Q-based normalizations of features and of scores
metrics.json, history.csv, predictions.npz, MODEL_CARD.md         records of how it was made and measured
"""

import hashlib
import json
import shutil
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from emo_core.errors import BundleError

SCHEMA = 1
MANIFEST = "bundle.json"
FRAME_CNN, HEAD, NORMALIZER = "frame_cnn.tflite", "head.tflite", "normalizer.npz"
KERAS_FRAME_CNN, KERAS_HEAD = "frame_cnn.keras", "head.keras"
METRICS, HISTORY, PREDICTIONS, CARD = "metrics.json", "history.csv", "predictions.npz", "MODEL_CARD.md"
OF_THE_HEAD = (HEAD, KERAS_HEAD, NORMALIZER, MANIFEST, METRICS, HISTORY, PREDICTIONS)
"""What another frame CNN makes invalid: the head and every record that mentions it."""

MOST_RECORD_BYTES = 16 * 2**20
"""Largest file that is read as JSON or as text."""

MOST_FILE_BYTES = 256 * 2**20
"""Largest file of a model."""

MOST_BYTES = 1024 * 2**20
"""Most bytes that all files of a model may take."""

_Name = Annotated[str, Meta(pattern=r"\A\w[\w .+-]{0,99}\Z")]
_Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Kind = TypeVar("_Kind")


class _Listing(msgspec.Struct, frozen=True):
    """What ``bundle.json`` says of the files."""

    files: Annotated[dict[_Name, _Digest], Meta(max_length=64)]
    schema: Any = None


def damaged(path: Path, name: str = MANIFEST) -> BundleError:
    """The error for a file of a model that is not what it should be."""
    return BundleError(f"The model {path.name} is damaged ({name}): restore it or train it again.")


def converted(path: Path, entries: Any, kind: type[_Kind]) -> _Kind:
    """Entries of a record as the type that describes them.

    Raises:
        BundleError: an entry lacks, or has another type or value than the type allows.
    """
    try:
        return msgspec.convert(entries, kind)
    except (ValueError, RecursionError) as error:
        raise damaged(path) from error


def json_object(path: Path, name: str, content: bytes) -> dict[str, Any]:
    """The JSON object in a record of the model in `path`; NaN is let in, which older records may hold.

    Raises:
        BundleError: it is none.
    """
    try:
        return msgspec.convert(json.loads(content), dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise damaged(path, name) from error


def read_entries(path: Path) -> dict[str, Any]:
    """Entries of ``bundle.json`` of the model in `path`.

    Raises:
        BundleError: there is none, or it is damaged.
    """
    return json_object(path, MANIFEST, _manifest(path))


def listed_files(path: Path) -> frozenset[str]:
    """Names of the files that ``bundle.json`` of the model in `path` lists.

    Raises:
        BundleError: there is none, or it is damaged.
    """
    return frozenset(converted(path, read_entries(path), _Listing).files)


def model_digest(path: Path) -> str:
    """What stands for the content of a model: its manifest holds the hash of every file.

    Raises:
        BundleError: there is none.
    """
    return _digest_of(_manifest(path))


@dataclass(frozen=True, slots=True)
class VerifiedFiles:
    """What was read of a model directory.

    Attributes:
        digest: as :func:`model_digest` gives it.
        entries: of ``bundle.json``.
        contents: file name → content.
    """

    digest: str
    entries: Mapping[str, Any]
    contents: Mapping[str, bytes]


def read_verified(path: Path, needed: Sequence[str], wanted: Sequence[str] = ()) -> VerifiedFiles:
    """Entries of ``bundle.json``, and the content of some files, every listed file checked against its hash.

    Args:
        path: model directory.
        needed: files without which the model is not finished.
        wanted: files to give back if the model has them.

    Raises:
        BundleError: it is missing, damaged, of another schema, not finished, or too large.
    """
    manifest = _manifest(path)
    entries = json_object(path, MANIFEST, manifest)
    listing = converted(path, entries, _Listing)
    if listing.schema != SCHEMA:
        newer = isinstance(listing.schema, int) and listing.schema > SCHEMA
        remedy = "it was written by a newer version of the program, so update this one" if newer else "train it again"
        raise BundleError(
            f"The model {path.name} has schema {_short(listing.schema)}, this version reads {SCHEMA}: {remedy}."
        )
    missing = [name for name in needed if name not in listing.files]
    if missing:
        raise BundleError(f"The model {path.name} is not finished ({missing[0]} is missing): run the train command.")
    contents, room = {}, MOST_BYTES
    for name, expected in listing.files.items():
        try:
            content = _read(path, name, min(room, MOST_FILE_BYTES))
        except OSError as error:
            raise BundleError(f"The model {path.name} lacks its file {name}: restore it or train it again.") from error
        room -= len(content)
        if hashlib.sha256(content).hexdigest() != expected:
            raise BundleError(
                f"The model {path.name} was changed after it was written ({name}): restore it or train it again."
            )
        if name in needed or name in wanted:
            contents[name] = content
    return VerifiedFiles(_digest_of(manifest), entries, contents)


def write_bundle(
    path: Path | str, manifest: Mapping[str, Any], files: Mapping[str, bytes], drop: Sequence[str] = ()
) -> None:
    """Write a model directory whole: entries of `manifest` and `files` replace those of an earlier one.

    Everything is written beside the target first, so an interruption leaves the earlier model as it was.

    Args:
        path: target directory.
        manifest: entries of ``bundle.json`` (name, version, classes, pipeline, temperature …).
        files: file name → content.
        drop: names of earlier files that the new ones make invalid.
    """
    path = Path(path)
    part, old = (path.with_name(f".{path.name}.{suffix}") for suffix in ("part", "old"))
    if old.exists() and not path.exists():
        old.rename(path)  # the process was killed between the two renames at the end
    for leftover in (part, old):
        shutil.rmtree(leftover, ignore_errors=True)
    if path.exists():
        shutil.copytree(path, part)
    part.mkdir(parents=True, exist_ok=True)
    for name in drop:
        (part / name).unlink(missing_ok=True)
    for name, content in files.items():
        (part / name).write_bytes(content)
    earlier = json.loads((part / MANIFEST).read_text("utf-8")) if (part / MANIFEST).exists() else {}
    hashes = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(part.iterdir())
        if file.is_file() and file.name != MANIFEST
    }
    entries = {**earlier, **manifest, "schema": SCHEMA, "files": hashes}
    (part / MANIFEST).write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if path.exists():
        path.rename(old)
    try:
        part.rename(path)
    except BaseException:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _manifest(path: Path) -> bytes:
    try:
        return _read(path, MANIFEST, MOST_RECORD_BYTES)
    except OSError as error:
        raise BundleError(f"There is no model in {path.name!r}: name a folder that holds a {MANIFEST}.") from error


def _digest_of(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:16]


def read_record(path: Path, name: str) -> bytes:
    """Content of a record of the model in `path`; empty where it has none.

    Raises:
        BundleError: it cannot be read or is too large.
    """
    try:
        return _read(path, name, MOST_RECORD_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise damaged(path, name) from error


def _read(path: Path, name: str, most: int) -> bytes:
    """Content of a regular file of at most so many bytes; a pipe or a device would never end.

    Raises:
        OSError: it cannot be read.
        BundleError: it is too large.
    """
    file = path / name
    state = file.stat()
    if not stat.S_ISREG(state.st_mode):
        raise FileNotFoundError(f"{name} is no file")
    if state.st_size <= most:
        with file.open("rb") as opened:
            content = opened.read(most + 1)  # it may have grown
        if len(content) <= most:
            return content
    raise BundleError(
        f"The model {path.name} is larger than any that this version reads ({name}, {state.st_size / 2**20:.0f} MB): "
        "restore it or train it again."
    )


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | None) else "of another type"
    return text if len(text) <= 40 else f"{text[:40]} …"
