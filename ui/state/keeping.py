"""Results that outlive a reload, if the visitor asks for it: on the server's disk for at most a day.

Off by default. The browser holds the key, a cookie that nobody can guess; the folder is named by the key's digest, so a
key cannot be read from the disk, and a key that was never given opens nothing. *Delete* removes the folder.

Several tabs of one browser have one key, and they may be held by several processes: each writes under the lock of the
folder and leaves what the others added, and none goes on after one of them deleted it.
"""

import hashlib
import json
import logging
import os
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
from emo_core.files import folders, packed, scratch
from emo_core.files.atomic_write import whole_folder
from emo_core.files.kept import keep
from emo_core.files.lock import locked_if_possible
from emo_core.report.annotations import Annotations, Marker
from ui.state import models, session, sources
from ui.state.datasets import CACHE

COOKIE = "studio_visit"
MOST_S = 24 * 3600.0
"""How long anything is kept."""

MOST_STORED_BYTES = 4 * 2**30
"""So much may be kept of all visits before another one begins."""

_KEY, _WRITTEN, _ENDED = "_keep_key", "_keep_written", "_keep_ended"
_KNOWN = "_keep_known"
_AHEAD_S = 60.0
_LISTED = "visit.json"
_CLIP = "clip"
_MOST_BYTES = 256 * 2**20  # of a result in memory; what is large stays in its files
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
        with locked_if_possible(_lock_of(key())):
            shutil.rmtree(_folder(key()), ignore_errors=True)
            _lock_of(key()).unlink(missing_ok=True)
    _end_here()


def _end_here() -> None:
    for name in (_KEY, _WRITTEN, _KNOWN):
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
        row = next((row for row in _listed(kept)["results"] if row["key"] == name), None)
        return _result(kept, row) if row else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def is_behind() -> bool:
    """Whether results should be kept but are not, for the disk takes no more; it is tried again at every run."""
    return bool(key()) and _WRITTEN in st.session_state and st.session_state[_WRITTEN] is None


def for_browser() -> dict[str, Any]:
    """What the browser has to do: hold the key, forget it, or warn before the page with its results is left."""
    ended, warn = bool(st.session_state.get(_ENDED)), bool(session.results()) and (not key() or is_behind())
    return {"cookie": COOKIE, "key": key(), "forget": ended, "warn": warn}


def save() -> None:
    """Write what is new since the last time; called as every run begins, after its callbacks."""
    if not key():
        return
    results, words, shown = session.results()[::-1], session.said(), session.result()
    state = ([item.key for item in results], {name: repr(what) for name, what in words.items()}, shown and shown.key)
    if st.session_state.get(_WRITTEN) == state:
        return
    with locked_if_possible(_lock_of(key())):
        if st.session_state.get(_KNOWN) and not _folder(key()).is_dir():  # deleted in another tab, or a day is over
            _lock_of(key()).unlink(missing_ok=True)
            _end_here()
            return
        is_whole = _save(_folder(key()), results, words, shown)
        st.session_state[_WRITTEN] = state if is_whole else None


def _save(
    own: Path, results: tuple[session.Result, ...], words: dict[str, Annotations], shown: session.Result | None
) -> bool:
    """Write a visit's results beside those that other visits with the same key added; whether the disk took all.

    The lock is held.
    """
    mine = {item.key for item in results}
    known: set[str] = st.session_state.setdefault(_KNOWN, set())
    others = [row for row in _listed(own).get("results", ()) if row["key"] not in mine | known]
    if not all((own / item.key).exists() or _write_result(own / item.key, item) for item in results):
        return False
    theirs = {row["key"] for row in others}
    said = {name: row for name, row in _listed(own).get("said", {}).items() if name.partition(".")[0] in theirs}
    rows = [*others, *(_told(item) for item in results)]
    listed = {"results": rows, "said": {**said, **_said(words)}, "shown": shown.key if shown else ""}
    if not keep(own / _LISTED, lambda part: part.write_text(json.dumps(listed), "utf-8")):
        return False
    known |= mine
    _remove_others(own, mine | theirs)
    return True


def restore() -> int:
    """Take up what this browser's key opens; how many results that are. A wrong or an old key opens nothing."""
    given = st.context.cookies.get(COOKIE)
    if not isinstance(given, str) or not re.fullmatch(r"[\w-]{43}", given):  # whatever a browser sends
        return 0
    kept = _folder(given)
    if _age_s(kept) > MOST_S:
        return 0
    try:
        listed = _listed(kept)
        found = [item for row in listed["results"] if (item := _result(kept, row)) is not None]
        words = {name: _annotations(row) for name, row in listed["said"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return 0
    session.take_up(found, words, str(listed.get("shown", "")))
    st.session_state[_KEY], st.session_state[_KNOWN] = given, {item.key for item in found}
    return len(found)


def sweep() -> None:
    """Remove what is older than :data:`MOST_S`, whoever it was of.

    What seems to be of a time to come, because the clock was set back, is of now: it has a day from here.
    """
    with suppress(OSError):
        for kept in places():
            age_s = _age_s(kept)
            if age_s > MOST_S:
                shutil.rmtree(kept, ignore_errors=True)
            elif age_s < -_AHEAD_S:
                for path in [*kept.iterdir(), kept]:
                    os.utime(path)
        for lock in (CACHE / "kept").glob("*.lock"):
            if abs(time.time() - lock.stat().st_mtime) > MOST_S:  # nobody waits a day for one
                lock.unlink(missing_ok=True)


def _listed(kept: Path) -> dict[str, Any]:
    """What the list of a folder holds; {} where there is none that can be read."""
    try:
        found = json.loads((kept / _LISTED).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _lock_of(secret: str) -> Path:
    return _folder(secret).with_suffix(".lock")


def _write_result(place: Path, item: session.Result) -> bool:
    """Write a result and its clip into a folder, by links to the visit's files where it can; whether there was room."""
    if _stored_bytes() + sum(item.num_bytes) > MOST_STORED_BYTES:
        return False
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(place) as part:
            packed.pack(item.analysis, part)
            if item.source.is_own:
                packed.same_file(item.source.path, part / _CLIP)
    except OSError as error:
        logging.getLogger(__name__).warning("a result cannot be kept: %s", error.strerror or error)
        return False
    return True


def _remove_others(own: Path, left: set[str]) -> None:
    """Remove the results that the visit no longer keeps."""
    for path in own.glob("*/"):
        if path.name not in left:
            shutil.rmtree(path, ignore_errors=True)


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
        oldest_s: float = min(path.stat().st_mtime for path in [kept, *kept.iterdir()])
        return time.time() - oldest_s
    except OSError:
        return float("inf")


def _told(item: session.Result) -> dict[str, Any]:
    """What a result is, beside its arrays: which clip, which model, when."""
    path = "" if item.source.is_own or not item.source.is_kept else str(item.source.path)
    return {
        "key": item.key, "name": item.source.name, "path": path, "model": folders.shown(item.bundle.path),
        "made_at": item.made_at.isoformat(),
    }  # fmt: skip


def _result(kept: Path, row: dict[str, Any]) -> session.Result | None:
    """A result as it was; None where its model is another one by now, or its file is damaged."""
    place = scratch.Lasting()
    try:
        for path in (kept / Path(row["key"]).name).iterdir():  # what is removed there is still here for those who look
            packed.same_file(path, place.path / path.name)
        found = packed.unpack(place.path, _TYPES, _MOST_BYTES)
        bundle, clip = models.load(folders.ROOT / row["model"]), place.path / _CLIP
        if row["path"]:
            source = sources.Source(row["name"], Path(row["path"]))
        else:
            source = sources.Source(row["name"], clip, is_kept=clip.exists())
        return session.Result(source, found, bundle, row["key"], datetime.fromisoformat(row["made_at"]))
    except (EmoError, OSError, ValueError):
        return None


def _said(words: dict[str, Annotations]) -> dict[str, Any]:
    return {
        name: {"label": what.label, "markers": [[mark.time_s, mark.note] for mark in what.markers]}
        for name, what in words.items()
    }


def _annotations(row: dict[str, Any]) -> Annotations:
    return Annotations(tuple(Marker(float(time_s), str(note)) for time_s, note in row["markers"]), row["label"])
