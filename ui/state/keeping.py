"""Results that outlive a reload, if the visitor asks for it: on the server's disk for at most a day.

Off by default. The browser holds the key, a cookie that nobody can guess; the folder is named by the key's digest, so a
key cannot be read from the disk, and a key that was never given opens nothing. *Delete* removes the folder.
"""

import hashlib
import json
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from emo_core import analysis as analysis_types
from emo_core import types as flow_types
from emo_core.errors import EmoError
from emo_core.files import folders, packed
from emo_core.files.cache import keep
from emo_core.report.annotations import Annotations, Marker
from ui.state import models, session
from ui.state.datasets import CACHE

COOKIE = "studio_visit"
MOST_S = 24 * 3600.0
"""How long anything is kept."""

MOST_STORED_BYTES = 4 * 2**30
"""So much may be kept of all visits before another one begins."""

_KEY, _WRITTEN, _ENDED = "_keep_key", "_keep_written", "_keep_ended"
_LISTED = "visit.json"
_MOST_BYTES = 2**30
_TYPES = {
    name: item
    for module in (analysis_types, flow_types)
    for name, item in vars(module).items()
    if isinstance(item, type) and is_dataclass(item)
}


class KeepingError(EmoError):
    """There is no room to keep the results of one more visit."""


def key() -> str:
    """The key of this visit; empty while nothing is kept."""
    return str(st.session_state.get(_KEY, ""))


def begin() -> None:
    """Keep results and marks of this visit from now on.

    Raises:
        KeepingError: the server keeps as much as it may already.
    """
    if _stored_bytes() > MOST_STORED_BYTES:
        raise KeepingError(
            "The server keeps as much as it may for others now: export what you need, or try again tomorrow."
        )
    st.session_state[_KEY] = secrets.token_urlsafe(32)
    st.session_state[_ENDED] = False


def end() -> None:
    """Keep nothing any more, and remove what was kept."""
    if key():
        shutil.rmtree(_folder(key()), ignore_errors=True)
    for name in (_KEY, _WRITTEN):
        st.session_state.pop(name, None)
    st.session_state[_ENDED] = True


def place() -> Path | None:
    """The folder of what this visit keeps; None while nothing is kept."""
    return _folder(key()) if key() else None


def places() -> list[Path]:
    """The folders of all visits of which something is kept."""
    return sorted((CACHE / "kept").glob("*/"))


def ends_s(kept: Path) -> float:
    """When what lies in the folder of a visit goes, in seconds of the server's clock; 0 where nothing does."""
    return max(0.0, time.time() - _age_s(kept) + MOST_S)


def result_of(kept: Path, name: str) -> session.Result | None:
    """The result of that key in the folder of a visit; None where it is not there, or cannot be shown any more."""
    try:
        listed = json.loads((kept / _LISTED).read_bytes())
        row = next((row for row in listed["results"] if row["key"] == name), None)
        return _result(kept, row) if row else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def for_browser() -> dict[str, Any]:
    """What the browser has to do: hold the key, forget it, or warn before the page with its results is left."""
    ended = bool(st.session_state.get(_ENDED))
    return {"cookie": COOKIE, "key": key(), "forget": ended, "warn": not key() and bool(session.results())}


def save() -> None:
    """Write what is new since the last time; called as every run begins, after its callbacks."""
    if not key():
        return
    results, words, shown = session.results()[::-1], session.said(), session.result()
    state = ([item.key for item in results], {name: repr(what) for name, what in words.items()}, shown and shown.key)
    if st.session_state.get(_WRITTEN) == state:
        return
    own = _folder(key())
    for item in results:
        if not (own / f"{item.key}.npz").exists():
            _write(own / f"{item.key}.npz", packed.pack(item.analysis))
            if isinstance(item.source.data, bytes):
                _write(own / f"{item.key}.clip", item.source.data)
    listed = {"results": [_told(item) for item in results], "said": _said(words), "shown": shown.key if shown else ""}
    if _write(own / _LISTED, json.dumps(listed).encode()):
        st.session_state[_WRITTEN] = state
    _remove_others(own, {item.key for item in results})


def restore() -> int:
    """Take up what this browser's key opens; how many results that are. A wrong or an old key opens nothing."""
    given = st.context.cookies.get(COOKIE)
    if not isinstance(given, str) or not re.fullmatch(r"[\w-]{43}", given):  # whatever a browser sends
        return 0
    kept = _folder(given)
    if _age_s(kept) > MOST_S:
        return 0
    try:
        listed = json.loads((kept / _LISTED).read_bytes())
        found = [item for row in listed["results"] if (item := _result(kept, row)) is not None]
        words = {name: _annotations(row) for name, row in listed["said"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return 0
    session.take_up(found, words, str(listed.get("shown", "")))
    st.session_state[_KEY] = given
    return len(found)


def sweep() -> None:
    """Remove what is older than :data:`MOST_S`, whoever it was of."""
    with suppress(OSError):
        for kept in places():
            if _age_s(kept) > MOST_S:
                shutil.rmtree(kept, ignore_errors=True)


def _write(path: Path, content: bytes) -> bool:
    return keep(path, lambda part: part.write_bytes(content))


def _remove_others(own: Path, left: set[str]) -> None:
    """Remove the files of results that the visit no longer keeps."""
    for path in own.glob("*.*"):
        if path.suffix in (".npz", ".clip") and path.stem not in left:
            path.unlink(missing_ok=True)


def _folder(secret: str) -> Path:
    return CACHE / "kept" / hashlib.sha256(secret.encode()).hexdigest()


def _stored_bytes() -> int:
    """Bytes that are kept of all visits."""
    with suppress(OSError):
        return sum(path.stat().st_size for path in (CACHE / "kept").rglob("*") if path.is_file())
    return 0


def _age_s(kept: Path) -> float:
    """Seconds since the first result was kept there."""
    try:
        return time.time() - min(path.stat().st_mtime for path in [kept, *kept.iterdir()])
    except OSError:
        return float("inf")


def _told(item: session.Result) -> dict[str, Any]:
    """What a result is, beside its arrays: which clip, which model, when."""
    path = str(item.source.data) if isinstance(item.source.data, Path) else ""
    return {
        "key": item.key, "name": item.source.name, "path": path, "model": folders.shown(item.bundle.path),
        "made_at": item.made_at.isoformat(),
    }  # fmt: skip


def _result(kept: Path, row: dict[str, Any]) -> session.Result | None:
    """A result as it was; None where its model is another one by now, or its file is damaged."""
    name = Path(row["key"]).name
    try:
        found = packed.unpack((kept / f"{name}.npz").read_bytes(), _TYPES, _MOST_BYTES)
        bundle = models.load(folders.ROOT / row["model"])
        clip = kept / f"{name}.clip"
        data = Path(row["path"]) if row["path"] else clip.read_bytes() if clip.exists() else b""
        return session.Result(
            session.Source(row["name"], data), found, bundle, row["key"], datetime.fromisoformat(row["made_at"])
        )
    except (EmoError, OSError, ValueError):
        return None


def _said(words: dict[str, Annotations]) -> dict[str, Any]:
    return {
        name: {"label": what.label, "markers": [[mark.time_s, mark.note] for mark in what.markers]}
        for name, what in words.items()
    }


def _annotations(row: dict[str, Any]) -> Annotations:
    return Annotations(tuple(Marker(float(time_s), str(note)) for time_s, note in row["markers"]), row["label"])
