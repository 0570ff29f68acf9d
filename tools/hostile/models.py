"""Models in zips, zips of clips and what was kept, as somebody means them ill."""

import hashlib
import io
import json
import pickle
import stat
import warnings
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from emo_core.errors import BundleError, EmoError
from emo_core.evaluation import results
from emo_core.evaluation.store import load_protocols
from emo_core.explain.numpy_lstm import load_lstm
from emo_core.files import archives, packed
from emo_core.files.arrays import read_npy, read_npz
from emo_core.files.folders import SHIPPED_MODEL
from emo_core.files.quiet import native_messages_dropped
from emo_core.model.archive import export_bundle, import_bundle, name_in
from emo_core.model.bundle import KERAS_HEAD, MANIFEST, NORMALIZER, load_bundle, write_bundle
from emo_core.studies.store import read_record
from tests.tiny import CONFIG, write_tiny_bundle
from tools.hostile.apart import OutsideError
from tools.hostile.damage import Numbers, damaged

_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**63, 10**30, 1e308, -1e308, float("nan"), float("inf"), 0.5, "", "a" * 10**6, "\0", "../x",
    "<script>", "é", [], {}, [[]], [1] * 10_000, {"a": 1}, {str(k): k for k in range(5000)}, "deep",
)  # fmt: skip
"""What an entry of a record may hold; *deep* stands for lists in lists."""

_NAMES = (
    "../evil.txt", "/evil.txt", "..\\evil.txt", "C:\\evil.txt", "tiny/../../evil.txt", "tiny/sub/evil.txt", "a" * 300,
    "tiny/" + "b" * 300, "tiny/\x07", "tiny/.hidden", "", "/", ".", "..", "tiny/nul\0.txt", "tiny/ä\u202e.txt",
    "a/" * 200 + "x", "con.txt", "tiny", "tiny/bundle.json", "bundle.json", "tiny/bundle.json/x", "joy/a.mp4", "joy",
    "joy/a.mp4/b.mp4",
)  # fmt: skip
"""What a member of a zip may be called."""


@dataclass(frozen=True, slots=True)
class Models:
    """What the cases are made from: a small, whole model as files and as a zip, and a whole evaluation as JSON."""

    files: Mapping[str, bytes]
    exported: bytes
    evaluation: str


def prepare(folder: Path, evaluation: Path) -> Models:
    """Write the model into a folder."""
    path = write_tiny_bundle(folder / "tiny")
    write_bundle(path, {}, {KERAS_HEAD: (SHIPPED_MODEL / KERAS_HEAD).read_bytes()})
    files = {file.name: file.read_bytes() for file in sorted(path.iterdir())}
    whole = json.loads(evaluation.read_text("utf-8"))
    whole["clips"] = whole["clips"][:20]
    return Models(files, export_bundle(path), json.dumps(whole))


def model(models: Models, rng: Numbers, folder: Path) -> tuple[str, Callable[[], object]]:
    """A model in a zip: what was done to it, and bringing it into `folder` and using it."""
    ways = (_zip_damaged, _entry_changed, _file_damaged, _file_damaged, _members_added, _array_changed)
    what, content = ways[int(rng.integers(len(ways)))](models, rng)

    def bring_in() -> None:
        target = folder / "models" / "mine"
        try:
            name_in(content)
            import_bundle(content, target)
        finally:
            _only(folder, "models/mine" if target.exists() else "models")
        bundle = load_bundle(target)
        with native_messages_dropped():
            bundle.frame_network()(np.zeros((1, CONFIG.crop_side_px, CONFIG.crop_side_px), np.float32))
        export_bundle(target)
        with suppress(BundleError):  # it has the head of another model, so that HDF5 has something to read
            load_lstm(bundle)

    return what, bring_in


def clips(models: Models, rng: Numbers, folder: Path) -> tuple[str, Callable[[], object]]:
    """A zip of clips: what was done to it, and unpacking it into `folder`."""
    members: list[tuple[str, bytes]] = [("set/joy/a.mp4", b"clip" * 100), ("set/other/b.mp4", b"clip" * 100)]
    what = "damage"
    if rng.random() < 0.6:
        what, members = _with_members(members, rng)
    content = _zipped(members, rng)
    if rng.random() < 0.5:
        more, content = damaged(content, rng, _ZIP_MARKS)
        what = f"{what}; {more}"
    place = folder / "in"
    place.mkdir()

    def unpack() -> None:
        try:
            archives.unpack(content, place)
            archives.content_root(place)
        finally:
            _only(folder, "in")

    return what, unpack


def kept(models: Models, rng: Numbers, folder: Path) -> tuple[str, Callable[[], object]]:
    """Something that the product keeps for itself: what was done to it, and reading it."""
    way = int(rng.integers(5))
    if way == 0:
        packed.pack({"a": np.arange(500.0), "large": np.zeros(2**17)}, folder)
        path = sorted(folder.iterdir())[int(rng.integers(2))]
        what, content = damaged(path.read_bytes(), rng, _NPY_MARKS)
        path.write_bytes(content)
        return f"{path.name}: {what}", _refusing_values(lambda: _read_all(packed.unpack(folder, {}, 2**28)))
    if way == 1:
        buffer = io.BytesIO()
        np.savez(buffer, a=np.arange(500.0), b=np.array(["x", "yy"]))
        what, content = damaged(buffer.getvalue(), rng, _NPY_MARKS)
        return what, _refusing_values(lambda: read_npz(content, 2**28))
    if way == 2:
        buffer = io.BytesIO()
        np.save(buffer, np.arange(500.0))
        what, content = damaged(buffer.getvalue(), rng, _NPY_MARKS)
        return what, _refusing_values(lambda: read_npy(content))
    what, content = _record_changed(models.evaluation.encode(), rng)
    path = folder / ("study.json" if way == 3 else "evaluation.json")
    path.write_bytes(content)
    return what, (lambda: results.load(path)) if way == 4 else (lambda: (read_record(folder), load_protocols(path)))


def _read_all(found: object) -> object:
    """What was unpacked, its arrays added up: those in files are only read when they are looked at."""
    arrays = [array for array in found.values() if isinstance(array, np.ndarray)] if isinstance(found, dict) else []
    return [float(array.sum()) for array in arrays if array.dtype.kind in "biuf"]


_ZIP_MARKS = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")
_NPY_MARKS = (*_ZIP_MARKS, b"\x93NUMPY", b"descr", b"shape")


def _refusing_values(read: Callable[[], object]) -> Callable[[], object]:
    """Reading what nobody but the product writes: it is dropped, so a ValueError is all that is promised."""

    def work() -> None:
        try:
            read()
        except ValueError as error:
            raise EmoError("what was kept is damaged: it is made anew.") from error

    return work


def _only(folder: Path, place: str) -> None:
    """Make sure that nothing but `place`, what is in it and what leads to it is in a folder."""
    own = folder / place
    for path in folder.rglob("*"):
        if not (path.is_relative_to(own) or own.is_relative_to(path)) or path.is_symlink():
            raise OutsideError(f"{path.relative_to(folder)} was written beside {place}")
    if any((folder.parent / name).exists() for name in ("evil.txt", "etc")) or Path("/evil.txt").exists():
        raise OutsideError("a file was written outside of the folder")
    if place == "models" and own.exists() and any(own.iterdir()):
        raise OutsideError("a refusal left files")


def _zip_damaged(models: Models, rng: Numbers) -> tuple[str, bytes]:
    return damaged(models.exported, rng, _ZIP_MARKS)


def _entry_changed(models: Models, rng: Numbers) -> tuple[str, bytes]:
    what, record = _record_changed(models.files[MANIFEST], rng)
    return f"{MANIFEST}: {what}", _zip_of(models, {MANIFEST: record}, rng, rehash=False)


def _file_damaged(models: Models, rng: Numbers) -> tuple[str, bytes]:
    """A file of the model, with the hash that it has then."""
    names = sorted(set(models.files) - {MANIFEST})
    name = names[int(rng.integers(len(names)))]
    what, content = damaged(models.files[name] + bytes(16), rng)
    if rng.random() < 0.2:
        what, content = "a pickle", pickle.dumps({"a": np.arange(9)})
    return f"{name}: {what}", _zip_of(models, {name: content}, rng)


def _array_changed(models: Models, rng: Numbers) -> tuple[str, bytes]:
    """An array of the normalizer with another type, shape or numbers."""
    with np.load(io.BytesIO(models.files[NORMALIZER])) as data:
        arrays = {name: data[name] for name in data}
    name = sorted(arrays)[int(rng.integers(len(arrays)))]
    old = np.atleast_1d(arrays[name])
    changes: dict[str, Any] = {
        "objects": np.array([{}], object), "text": np.array(["a"]), "nothing": old[:0], "one more": np.append(old, 0),
        "not finite": np.full_like(old, np.nan, float), "without bounds": np.full_like(old, np.inf, float),
        "zeros": np.zeros_like(old), "huge": np.full_like(old, 1e300, float), "complex": old.astype(complex),
        "many": np.zeros((200, 2000, 20), np.float32), "other axes": old.T[..., np.newaxis],
        "downward": -old.astype(float),
    }  # fmt: skip
    what = sorted(changes)[int(rng.integers(len(changes)))]
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **{**arrays, name: changes[what]})
    return f"{name}: {what}", _zip_of(models, {NORMALIZER: buffer.getvalue()}, rng)


def _members_added(models: Models, rng: Numbers) -> tuple[str, bytes]:
    members = [(f"tiny/{name}", content) for name, content in models.files.items()]
    what, members = _with_members(members, rng)
    return what, _zipped(members, rng)


def _with_members(members: list[tuple[str, bytes]], rng: Numbers) -> tuple[str, list[tuple[str, bytes]]]:
    way = int(rng.integers(4))
    if way == 0:
        return "seven thousand files", [*members, *((f"tiny/{k}.txt", b"") for k in range(7000))]
    if way == 1:
        return "zeros", [*members, ("tiny/zeros.txt", bytes(300 * 2**20))]
    names = [_NAMES[int(place)] for place in rng.integers(0, len(_NAMES), 1 + int(rng.integers(3)))]
    return f"files {', '.join(repr(name[:30]) for name in names)}", [*members, *((name, b"evil") for name in names)]


def _record_changed(content: bytes, rng: Numbers) -> tuple[str, bytes]:
    """A record with another value at some place, or damaged as text."""
    if rng.random() < 0.2:
        return damaged(content, rng)
    record = json.loads(content)
    at, words = record, ""
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = keys[int(rng.integers(len(keys)))]
        words += f"/{key}"
        if not (isinstance(at[key], (dict, list)) and at[key] and rng.random() < 0.7):
            break
        at = at[key]
    value = _VALUES[int(rng.integers(len(_VALUES)))]
    at[key] = "DEEP" if value == "deep" else value
    text = json.dumps(record).replace('"DEEP"', "[" * 50_000 + "]" * 50_000)
    return f"{words}: {str(value)[:30]!r}", text.encode()


def _zip_of(models: Models, changed: Mapping[str, bytes], rng: Numbers, *, rehash: bool = True) -> bytes:
    files = {**models.files, **changed}
    if rehash:
        record = json.loads(files[MANIFEST])
        record["files"] |= {name: hashlib.sha256(content).hexdigest() for name, content in changed.items()}
        files[MANIFEST] = msgspec.json.encode(record)
    return _zipped([(f"tiny/{name}", content) for name, content in files.items()], rng)


def _zipped(members: list[tuple[str, bytes]], rng: Numbers) -> bytes:
    """Members in a zip, some as links, locked, or packed in a rare way."""
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", kinds[int(rng.integers(len(kinds)))]) as archive:
        warnings.simplefilter("ignore")  # of names that stand twice, which is meant
        for name, content in members:
            info = zipfile.ZipInfo(name or "x")
            info.filename = name
            info.compress_type = archive.compression
            is_link = rng.random() < 0.02
            info.external_attr = ((stat.S_IFLNK | 0o777) if is_link else 0o600) << 16
            archive.writestr(info, b"/etc/passwd" if is_link else content)
    return buffer.getvalue()
