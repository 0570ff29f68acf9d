"""A model as one ZIP file, to take away and to bring in: read within bounds, checked whole before it gets its name.

    <name>/bundle.json, <name>/…     the bundle, as it lies in its directory
    <name>/README.md                 its card with a header for programs, as the Hugging Face Hub reads it; no part of
                                     the bundle: only what was measured is in it, each figure with its data set

Nothing of a ZIP is executed or trusted: names, sizes and hashes are checked, and the networks are tried in a process of
their own, as whenever a model is loaded.
"""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from emo_core.errors import BundleError
from emo_core.extras import DISTRIBUTION
from emo_core.files import archives
from emo_core.model.bundle import load_bundle
from emo_core.model.bundle_files import (
    MANIFEST,
    MOST_BYTES,
    MOST_FILE_BYTES,
    json_object,
    listed_files,
    read_entries,
    read_record,
    read_verified,
)

README = "README.md"

_LICENCE_LINK = "THIRD_PARTY.md"
_MOST_FILES, _LONGEST_NAME = 66, 255
_WHEN = (1980, 1, 1, 0, 0, 0)  # the same model gives the same bytes


def export_bundle(path: Path) -> bytes:
    """The model in a directory as a ZIP; the same model gives the same bytes.

    Raises:
        BundleError: it is missing, damaged or not finished.
    """
    bundle = load_bundle(path)
    entries = read_entries(path)
    names = sorted(entries["files"])
    contents = read_verified(path, names).contents
    top = path.resolve().name
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        _put(archive, f"{top}/{README}", (card_header(entries, bundle.metrics) + "\n" + bundle.card).encode())
        _put(archive, f"{top}/{MANIFEST}", read_record(path, MANIFEST))
        for name in names:
            _put(archive, f"{top}/{name}", contents[name])
    return written.getvalue()


def name_in(content: bytes) -> str:
    """What a model in a ZIP calls itself.

    Raises:
        BundleError: the file is no ZIP with one model.
    """
    with _opened(content) as archive:
        top = _top_of(archive)
        found = json_object(Path(top or "ZIP"), MANIFEST, _read(archive, f"{top}{MANIFEST}"))
    return str(found.get("name", ""))


def import_bundle(content: bytes, target: Path) -> None:
    """Write the model in a ZIP into a new directory, whole and checked, or not at all.

    Args:
        content: of the ZIP.
        target: directory that is not there yet.

    Raises:
        BundleError: there is one already, or the file is no ZIP with one finished model that this version reads.
    """
    if target.exists():
        raise BundleError(f"There is a model {target.name} already: bring this one in under another name.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=target.parent) as place:
        part = Path(place) / target.name  # what is wrong with it is told with its name
        part.mkdir()
        with _opened(content) as archive:
            _unpack(archive, part)
        listed = {*listed_files(part), MANIFEST}
        for path in part.iterdir():
            if path.name not in listed:  # its hash would not be checked
                path.unlink()
        load_bundle(part)
        part.rename(target)


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _WHEN)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(info, content)


@contextmanager
def _opened(content: bytes) -> Iterator[zipfile.ZipFile]:
    """The ZIP; whatever it turns out to be, an error says so in one sentence."""
    try:
        with archives.opened(content) as archive:
            yield archive
    except ValueError as error:
        raise _no_model("it is damaged, encrypted or no ZIP") from error


def _top_of(archive: zipfile.ZipFile) -> str:
    """The folder of the one model, with a slash; empty where its files lie at the top."""
    found = [info.filename for info in archive.infolist() if PurePosixPath(info.filename).name == MANIFEST]
    if len(found) != 1 or found[0].count("/") > 1:
        raise _no_model(f"it holds {len(found)} files {MANIFEST}" if len(found) != 1 else f"{MANIFEST} lies too deep")
    return found[0].removesuffix(MANIFEST)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    top, room = _top_of(archive), MOST_BYTES
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > _MOST_FILES:
        raise _no_model(f"it holds {len(files)} files")
    for info in files:
        name = info.filename.removeprefix(top)
        if not info.filename.startswith(top) or name != Path(name).name or "\\" in name or name.startswith("."):
            raise _no_model("it holds files outside the model's folder")
        if len(name.encode()) > _LONGEST_NAME:
            raise _no_model("the name of a file in it is too long")
        content = _read(archive, info.filename, min(room, MOST_FILE_BYTES))
        room -= len(content)
        (folder / name).write_bytes(content)


def _read(archive: zipfile.ZipFile, name: str, most: int = MOST_FILE_BYTES) -> bytes:
    """Content of a file; what it says of its size is not believed."""
    with archive.open(name) as opened:
        content = opened.read(most + 1)
    if len(content) > most:
        raise _no_model("it is larger than any model that this version reads")
    return content


def _no_model(why: str) -> BundleError:
    return BundleError(f"This file holds no model to bring in ({why}): choose a ZIP that was exported as one.")


@dataclass(frozen=True, slots=True)
class _Measured:
    """A figure of ``metrics.json``: on what, which one, how many samples, and where it lies."""

    data: str
    metric: str
    count: tuple[str, ...]
    place: tuple[str | int, ...]


_MEASURED = (
    _Measured("real clips, cross-validated by person", "macro_recall", ("real_clips", "num_clips"),
              ("real_clips", "parts", 0, "cross_validated", "macro_recall")),
    _Measured("portraits of people it never saw", "accuracy", ("portraits", "num_pictures"),
              ("portraits", "scores", "accuracy", "value")),
    _Measured("FER+ valid.npz, single frames", "accuracy", ("real_stills", "num_images"), ("real_stills", "accuracy")),
    _Measured("clips composed from pictures kept out of training", "macro_f1", ("composed_clips", "clean", "num_clips"),
              ("composed_clips", "clean", "macro_f1")),
    _Measured("rendered clips of synthetic people it never saw", "macro_f1", ("rendered_clips", "num_clips"),
              ("rendered_clips", "macro_f1")),
    _Measured("test clips of its own data set", "accuracy", ("taught_clips", "num_clips"),
              ("taught_clips", "scores", "accuracy", "value")),
    _Measured("test clips of its own data set", "macro_f1", ("taught_clips", "num_clips"),
              ("taught_clips", "scores", "f1", "value")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Result:
    """A figure of a model on a data set with so many samples."""

    data: str
    metric: str
    value: float
    num_samples: int

    def entry(self) -> dict[str, object]:
        """As the Hugging Face Hub reads it."""
        return {
            "task": {"type": "video-classification"},
            "dataset": {"name": self.data, "type": "own", "num_samples": self.num_samples},
            "metrics": [{"type": self.metric, "value": round(self.value, 4)}],
        }


def card_header(entries: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """The header, with its fences; every value is JSON, which YAML is a superset of.

    Args:
        entries: of ``bundle.json``.
        metrics: content of ``metrics.json``.

    Example:
        >>> entries = {"name": "mine", "version": "1.0", "schema": 1, "classes": [{"name": "joy_fear"}]}
        >>> print(card_header(entries, {})[:64])
        ---
        license: "other"
        license_name: "research-only-training-data"
    """
    title = f"{entries['name']} {entries['version']}"
    told = {
        "license": "other",
        "license_name": "research-only-training-data",
        "license_link": _LICENCE_LINK,
        "library_name": DISTRIBUTION,
        "pipeline_tag": "video-classification",
        "tags": ["facial-expression", "compound-emotion", *(item["name"] for item in entries["classes"])],
        "datasets": _data_of(entries),
        "model-index": [{"name": title, "results": [item.entry() for item in _results(metrics)]}],
        "bundle_schema": entries["schema"],
        "model_version": entries["version"],
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    return "\n".join(["---", *lines, "---", ""])


def _data_of(entries: Mapping[str, Any]) -> list[str]:
    taught = entries.get("taught")
    if isinstance(taught, Mapping):
        return [str(taught.get("data", "unknown")), "FER+ (frame CNN)"]
    return ["FER+", "rendered clips of synthetic people"]


def _results(metrics: Mapping[str, Any]) -> Iterator[_Result]:
    for item in _MEASURED:
        value, count = _at(metrics, item.place), _at(metrics, item.count)
        if isinstance(value, int | float) and isinstance(count, int):
            yield _Result(item.data, item.metric, float(value), count)


def _at(record: Any, place: Sequence[str | int]) -> Any:
    """What lies at a place of a record; None where there is nothing."""
    for step in place:
        try:
            record = record[step]
        except (LookupError, TypeError):
            return None
    return record
