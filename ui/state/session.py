"""What one visitor has here: the clip waiting for its analysis, the last results, and what the visitor says of them.

Clips, and what is large of every frame, lie in temporary folders that go with the session, or at once when the visitor
says so. What is kept is bounded: the oldest clips go first, then the oldest results, and the page says so.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from emo_core.config import ServerConfig
from emo_core.report.annotations import Annotations
from ui.state import sources

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.model.bundle import Bundle

MOST_RESULTS = 8
"""Results kept at a time."""

MOST_MEMORY_BYTES = 64 * 2**20
"""Memory that the results of a visit may take, beside what lies on the disk; the one on show is kept whatever it takes.
"""

_JOB = "_job"
_RESULT = "_result"
_RESULTS = "_results"
_SAID = "_said"
_STOPPED = "_stopped"
_GENERATION = "_generation"
_MADE_ROOM = "_made_room"
_PERSON = ".person-"  # in the key of a result, before the number of whom it is about
_KEPT = ("_entered", _GENERATION)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A finished analysis, the clip it is of, and the model that made it; `key` names it within the visit.

    Whatever shows the result asks its own `bundle`: the visit may choose another model later, and a model may be taught
    anew in the same folder.
    """

    source: sources.Source
    analysis: "Analysis"
    bundle: "Bundle"
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if self.analysis.model != self.bundle.info:
            raise ValueError(f"an analysis by {self.analysis.model} cannot be shown with {self.bundle.info}")

    @property
    def num_bytes(self) -> tuple[int, int]:
        """Bytes that the arrays of the analysis take in memory, and that they and the clip take on the disk."""
        people = self.analysis.people
        parts = [part for person in people for part in (person.track, person.normalized, person.features)]
        arrays = [getattr(part, name) for part in parts for name in part.__slots__ if name != "components"]
        arrays += [array for person in people for array in person.normalized.components.values()]
        all_bytes = sum(int(array.nbytes) for array in arrays)
        in_files = sum(int(array.nbytes) for array in arrays if getattr(array, "path", None) is not None)
        clip = self.source.path.stat().st_size if self.source.is_own else 0
        return all_bytes - in_files, in_files + clip


def submit(source: sources.Source) -> None:
    """Ask for an analysis; the Analyze page runs it."""
    st.session_state[_JOB] = source
    st.session_state[_STOPPED] = None


def submit_upload(key: str) -> None:
    """Ask for an analysis of what the file uploader `key` holds; nothing happens when it was just emptied."""
    upload: Any = st.session_state.get(key)
    if upload is not None:
        submit(sources.uploaded(upload))


def job() -> sources.Source | None:
    """The clip waiting for its analysis."""
    found: sources.Source | None = st.session_state.get(_JOB)
    return found


def drop_job() -> None:
    """Forget the waiting clip."""
    st.session_state[_JOB] = None


def stop() -> None:
    """Callback of the stop button: end the running analysis; an earlier result stays, and so does the clip."""
    st.session_state[_STOPPED] = job()
    drop_job()


def stopped() -> sources.Source | None:
    """The clip whose analysis the visitor stopped, until another one is asked for."""
    found: sources.Source | None = st.session_state.get(_STOPPED)
    return found


def start_again() -> None:
    """Callback: ask once more for the analysis that was stopped."""
    if (source := stopped()) is not None:
        submit(source)


def keep(source: sources.Source, analysis: "Analysis", bundle: "Bundle") -> None:
    """Make `analysis` by `bundle` the result on show; the oldest ones make room for it."""
    shown, before = Result(source, analysis, bundle), st.session_state.get(_RESULTS, ())
    after = _with_room(before, shown, said())
    left = {item.key: item.source.is_kept for item in after}
    gone = [item.source.name for item in before if item.key not in left]
    clips = [item.source.name for item in before if item.source.is_kept and not left.get(item.key, True)]
    st.session_state.update({_RESULT: shown, _RESULTS: after, _MADE_ROOM: (gone, clips)})
    drop_job()


def made_room() -> tuple[list[str], list[str]]:
    """Names of the clips whose results made room for the newest one, and of those of which only the clip did."""
    found: tuple[list[str], list[str]] = st.session_state.get(_MADE_ROOM, ([], []))
    return found


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
        if _over(found, shown)[1] <= 0:
            break
        if item.source.is_own:
            found[place] = replace(item, source=replace(item.source, is_kept=False))
    while found and max(_over(found, shown)) > 0:
        found.pop(0)
    left = {item.key for item in (*found, shown)}
    for key in [key for key in words if whole(key) not in left]:
        del words[key]
    return (*found, shown)


def _over(found: list[Result], shown: Result) -> tuple[int, int]:
    """Bytes by which results and the one on show exceed what a visit may take in memory, and on the disk."""
    memory, disk = (sum(sizes) for sizes in zip(*(item.num_bytes for item in (*found, shown)), strict=True))
    return memory - MOST_MEMORY_BYTES, disk - ServerConfig.from_environment().visit_mb * 2**20


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
            files.clear_session_refs(context.session_id)  # by name, so that nothing is held any more
            files.remove_orphaned_files()  # a download gets a second chance, which ends with this run
    generation = st.session_state.get(_GENERATION, 0)
    for key in list(st.session_state):
        if key not in _KEPT:
            del st.session_state[key]
    st.session_state[_GENERATION] = generation + 1
