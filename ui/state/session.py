"""What one visitor has here: the clip waiting for its analysis, the last results, and what the visitor says of them.

Clips stay in the memory of the session and go with it, or at once when the visitor says so; nothing is written to a
folder. What is kept is bounded: the oldest clips go first, then the oldest results.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from emo_core.report.annotations import Annotations

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.model.bundle import Bundle

MOST_RESULTS = 8
"""Results kept at a time."""

MOST_BYTES = 512 * 2**20
"""Bytes of clips and results kept at a time; the one on show is kept whatever it takes."""

_JOB = "_job"
_RESULT = "_result"
_RESULTS = "_results"
_SAID = "_said"
_STOPPED = "_stopped"
_GENERATION = "_generation"
_PERSON = ".person-"  # in the key of a result, before the number of whom it is about
_KEPT = ("_entered", _GENERATION)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A clip to analyse: its name for the visitor, and a path of ours or the uploaded content, empty once dropped."""

    name: str
    data: Path | bytes

    @property
    def mime(self) -> str:
        """Media type that lets a browser try to play it."""
        kinds = {"webm": "video/webm", "mkv": "video/x-matroska", "avi": "video/x-msvideo"}
        return kinds.get(Path(self.name).suffix.lower().lstrip("."), "video/mp4")

    @property
    def is_kept(self) -> bool:
        """Whether the clip is still there; an old one makes room for newer ones."""
        return self.data != b""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A finished analysis, the clip it is of, and the model that made it; `key` names it within the visit.

    Whatever shows the result asks its own `bundle`: the visit may choose another model later, and a model may be taught
    anew in the same folder.
    """

    source: Source
    analysis: "Analysis"
    bundle: "Bundle"
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if self.analysis.model != self.bundle.info:
            raise ValueError(f"an analysis by {self.analysis.model} cannot be shown with {self.bundle.info}")

    @property
    def num_bytes(self) -> int:
        """Memory that the clip and the arrays of the analysis take."""
        people = self.analysis.people
        parts = [part for person in people for part in (person.track, person.normalized, person.features)]
        arrays = [getattr(part, name) for part in parts for name in part.__slots__ if name != "components"]
        arrays += [array for person in people for array in person.normalized.components.values()]
        clip = len(self.source.data) if isinstance(self.source.data, bytes) else 0
        return clip + sum(int(array.nbytes) for array in arrays)


def submit(source: Source) -> None:
    """Ask for an analysis; the Analyze page runs it."""
    st.session_state[_JOB] = source
    st.session_state[_STOPPED] = None


def submit_upload(key: str) -> None:
    """Ask for an analysis of what the file uploader `key` holds; nothing happens when it was just emptied."""
    upload: Any = st.session_state.get(key)
    if upload is not None:
        submit(Source(upload.name, upload.getvalue()))


def job() -> Source | None:
    """The clip waiting for its analysis."""
    found: Source | None = st.session_state.get(_JOB)
    return found


def drop_job() -> None:
    """Forget the waiting clip."""
    st.session_state[_JOB] = None


def stop() -> None:
    """Callback of the stop button: end the running analysis; an earlier result stays, and so does the clip."""
    st.session_state[_STOPPED] = job()
    drop_job()


def stopped() -> Source | None:
    """The clip whose analysis the visitor stopped, until another one is asked for."""
    found: Source | None = st.session_state.get(_STOPPED)
    return found


def start_again() -> None:
    """Callback: ask once more for the analysis that was stopped."""
    if (source := stopped()) is not None:
        submit(source)


def keep(source: Source, analysis: "Analysis", bundle: "Bundle") -> None:
    """Make `analysis` by `bundle` the result on show; the oldest ones make room for it."""
    shown = Result(source, analysis, bundle)
    st.session_state[_RESULT] = shown
    st.session_state[_RESULTS] = _with_room(st.session_state.get(_RESULTS, ()), shown, said())
    drop_job()


def again() -> None:
    """Ask for the clip on show once more, such as with another model; what was said of it is dropped."""
    found = result()
    if found is not None:
        st.session_state[_RESULT] = None
        submit(found.source)


def result() -> Result | None:
    """The result on show."""
    found: Result | None = st.session_state.get(_RESULT)
    return found


def results() -> tuple[Result, ...]:
    """The results that are kept, the newest first."""
    found: tuple[Result, ...] = st.session_state.get(_RESULTS, ())
    return found[::-1]


def take_up(found: list[Result], words: dict[str, Annotations], shown: str) -> None:
    """Begin with the results of an earlier visit, in order of time, and what was said of them.

    Args:
        found: the results.
        words: by the key of the result.
        shown: key of the one that was on show.
    """
    st.session_state[_RESULTS], st.session_state[_SAID] = tuple(found), words
    st.session_state[_RESULT] = next((item for item in found if item.key == whole(shown)), found[-1] if found else None)
    if shown != whole(shown):
        show_person(int(shown.rpartition("-")[2]))


def show(key: str) -> None:
    """Make an earlier result the one on show; nothing happens if it is no longer kept."""
    found = next((item for item in results() if item.key == key), None)
    if found is not None:
        st.session_state[_RESULT] = found


def show_person(number: int) -> None:
    """Make the result on show one about another of its people: it has a key, and so words and marks, of its own."""
    shown = result()
    kept = shown and next((item for item in results() if item.key == whole(shown.key)), None)
    if kept:
        st.session_state[_RESULT] = about(kept, number)


def about(found: Result, number: int) -> Result:
    """A result as one about another of its people, counted from 1."""
    if number == 1:
        return found
    return replace(found, analysis=found.analysis.about(number), key=f"{found.key}{_PERSON}{number}")


def whole(key: str) -> str:
    """Key of the result that one about a person is of."""
    return key.partition(_PERSON)[0]


def said() -> dict[str, Annotations]:
    """What the visitor says, by the key of the result; the same dictionary for the whole visit."""
    found: dict[str, Annotations] = st.session_state.setdefault(_SAID, {})
    return found


def annotations(key: str) -> Annotations:
    """What the visitor says of the result called `key`."""
    return said().get(key, Annotations())


def annotate(key: str, what: Annotations) -> None:
    """Keep what the visitor says of the result called `key`, in the place of what was said before."""
    said()[key] = what


def _with_room(kept: tuple[Result, ...], shown: Result, words: dict[str, Annotations]) -> tuple[Result, ...]:
    """Results in order of time with the one on show; those of which nothing is said go first."""
    found = [item for item in kept if item is not shown]
    marked = {whole(key) for key, what in words.items() if what}
    while len(found) >= MOST_RESULTS:
        found.remove(next((item for item in found if item.key not in marked), found[0]))
    for place, item in enumerate(found):
        if _together(found, shown) <= MOST_BYTES:
            break
        if isinstance(item.source.data, bytes):
            found[place] = replace(item, source=replace(item.source, data=b""))
    while found and _together(found, shown) > MOST_BYTES:
        found.pop(0)
    left = {item.key for item in (*found, shown)}
    for key in [key for key in words if whole(key) not in left]:
        del words[key]
    return (*found, shown)


def _together(found: list[Result], shown: Result) -> int:
    return sum(item.num_bytes for item in (*found, shown))


def fresh_key(name: str) -> str:
    """Key of a widget that holds something of the visitor; another one after :func:`forget`, so that it is empty."""
    generation = st.session_state.get(_GENERATION, 0)
    return f"{name}-{generation}" if generation else name


def forget() -> None:
    """Drop everything the visitor brought and everything made of it, the server's uploads and downloads included."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
    if runtime.exists():
        files = runtime.get_instance().media_file_mgr
        files.clear_session_refs()
        files.remove_orphaned_files()  # a download gets a second chance, which ends with this run
    generation = st.session_state.get(_GENERATION, 0)
    for key in list(st.session_state):
        if key not in _KEPT:
            del st.session_state[key]
    st.session_state[_GENERATION] = generation + 1
