"""Links that show one kept result to whoever has them: read-only, for a day at most, withdrawn at will.

A link is a key that nobody can guess. The disk holds its digest alone, in the folder of the visit that it is of: what
removes that folder (*Delete my clips and results*, or the end of the day that anything is kept for) ends its links too.
"""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import streamlit as st

from emo_core.errors import EmoError
from emo_core.files.kept import keep
from ui.state import keeping, session

LASTING_S = {"1 hour": 3600.0, "8 hours": 8 * 3600.0, "1 day": 24 * 3600.0}
"""How long a link may open something, by its name; less where the result itself goes before."""

_SUFFIX = ".share"
_KEYS, _OPENED = "_share_keys", "_share_opened"


class SharingError(EmoError):
    """A link opens nothing, or none can be made."""


class _Record(msgspec.Struct, frozen=True):
    """What lies on the disk of a link: which result it opens, and until when (seconds of the server's clock)."""

    result: str
    until_s: float


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a link opened for its reader, read once: by which digest, the result, and the same about whom is shown."""

    name: str
    whole: session.Result
    shown: session.Result


@dataclass(frozen=True, slots=True)
class Share:
    """A link of this visit.

    Attributes:
        name: digest of its key.
        until_s: when it ends, in seconds since 1970.
        key: what opens it; empty where another run of the visit made it, for the disk does not tell it.
    """

    name: str
    until_s: float
    key: str


def make(shown: session.Result, lasts_s: float) -> None:
    """Make a link to a result of this visit; :func:`own` lists it.

    Args:
        shown: the result, about whichever of its people.
        lasts_s: seconds until it ends, at most a day.

    Raises:
        SharingError: the result is not kept, or the disk takes nothing more.
    """
    own_place, name = keeping.place(), session.whole(shown.key)
    if own_place is None or keeping.result_of(own_place, name) is None:
        raise SharingError("This result is not kept on the server, so no link can open it: analyze the clip again.")
    key = secrets.token_urlsafe(32)
    until_s = min(time.time() + min(lasts_s, keeping.MOST_S), keeping.ends_s(own_place))
    content = msgspec.json.encode(_Record(name, until_s))
    if not keep(own_place / f"{_digest(key)}{_SUFFIX}", lambda part: part.write_bytes(content)):
        raise SharingError("The server cannot store another link now: try again in some minutes.")
    _keys()[_digest(key)] = key


def own(shown: session.Result) -> list[Share]:
    """The links to a result of this visit that have not ended, those that end first in front."""
    place = keeping.place()
    if place is None:
        return []
    found = {path.stem: record for path in place.glob(f"*{_SUFFIX}") if (record := _read(path)) is not None}
    mine = [
        Share(name, record.until_s, _keys().get(name, ""))
        for name, record in found.items()
        if record.result == session.whole(shown.key) and record.until_s > time.time()
    ]
    return sorted(mine, key=lambda item: item.until_s)


def withdraw(name: str) -> None:
    """Callback: end one link of this visit at once."""
    place = keeping.place()
    if place is not None:
        (place / f"{Path(name).name}{_SUFFIX}").unlink(missing_ok=True)


def opened(key: str) -> session.Result:
    """The result that a link opens; asked anew by every run, so that a link which ends shows nothing more.

    Raises:
        SharingError: the key was never given, has ended or was withdrawn, or its result cannot be shown any more.
    """
    path = _find(key)
    record = _read(path) if path else None
    if path is None or record is None or record.until_s <= time.time() or keeping.ends_s(path.parent) <= time.time():
        st.session_state.pop(_OPENED, None)
        raise SharingError(
            "This link no longer works: it has expired, was withdrawn by whoever made it, or is incomplete; ask for a "
            "new one."
        )
    known: _Opened | None = st.session_state.get(_OPENED)
    if known is not None and known.name == path.stem:
        return known.shown
    found = keeping.result_of(path.parent, record.result)
    if found is None:
        raise SharingError(
            "The result behind this link cannot be shown any more, because it was removed or its model was changed; "
            "ask for a new link."
        )
    st.session_state[_OPENED] = _Opened(path.stem, found, found)
    return found


def show_person(number: int) -> None:
    """Callback: show its reader another of the people in the result that a link opened, counted from 1."""
    known: _Opened | None = st.session_state.get(_OPENED)
    if known is not None:
        st.session_state[_OPENED] = replace(known, shown=session.about(known.whole, number))


def _find(key: str) -> Path | None:
    """The file of a link; a key that looks like none is not even looked for."""
    if not re.fullmatch(r"[\w-]{43}", key, re.ASCII):
        return None
    return next((path for place in keeping.places() if (path := place / f"{_digest(key)}{_SUFFIX}").exists()), None)


def _read(path: Path) -> _Record | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Record)
    except (OSError, ValueError):
        return None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _keys() -> dict[str, str]:
    """Digest → key of the links that this session of the visit made."""
    found: dict[str, str] = st.session_state.setdefault(_KEYS, {})
    return found
